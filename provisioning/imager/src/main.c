/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Process 1 of the imager: bring the disk to a known state, say so, reboot. Any failure is told on
 * the console and to the server, and ends in power-off: a half-written disk is never booted. */
#include "clock.h"
#include "disk.h"
#include "error.h"
#include "http.h"
#include "manifest.h"
#include "options.h"
#include "reimage.h"
#include "report.h"
#include "system.h"

#include <stdio.h>
#include <string.h>

static int prepare_machine(struct options *options, struct error *error)
{
	char command_line[4096];

	if (system_mount(error) < 0 || system_load_modules(error) < 0 ||
	    system_read_command_line(command_line, sizeof(command_line), error) < 0 ||
	    options_parse(command_line, options, error) < 0)
		return -1;
	return system_set_up_network(options, error);
}

static int write_image(const struct options *options, struct report *report, bool *reboot,
		       struct error *error)
{
	struct manifest manifest;
	struct disk disk;
	struct reimage_result result;
	int status;

	if (reimage_fetch_manifest(report->http, options->image_id, &manifest, error) < 0)
		return -1;
	report_line("image %s, %zu chunks, onto %s", options->image_id, manifest.chunk_count,
		    options->disk);
	status = report_started(report, manifest.size_bytes, error);
	if (status == 0)
		status = system_wait_for(options->disk, error);
	if (status == 0)
		status = disk_open(options->disk, &disk, error);
	if (status == 0) {
		status = reimage_disk(&manifest, &disk, report->http, report, &result, error);
		disk_close(&disk);
	}
	if (status == 0) {
		report_line("verified %s, %zu chunks rewritten", result.root_hex,
			    result.rewritten_chunks);
		status = report_verified(report, result.root_hex, result.rewritten_chunks,
					 manifest.size_bytes, reboot, error);
	}
	manifest_free(&manifest);
	return status;
}

int main(void)
{
	struct options options;
	struct error error = {{0}};
	struct http_client http;
	bool reboot = false;

	if (prepare_machine(&options, &error) < 0) {
		report_line("failed: %s", error.message);
		system_power_off();
	}
	http_init(&http, &options.server, options.server_name, options.token);

	struct report report = {
		.http = &http, .attempt_id = options.attempt_id, .started_ms = clock_ms()};

	if (write_image(&options, &report, &reboot, &error) < 0) {
		report_line("failed: %s", error.message);
		report_failed(&report, error.message);
		system_power_off();
	}
	if (!reboot) {
		report_line("the server did not say reboot: switching off");
		system_power_off();
	}
	report_line("rebooting");
	system_reboot();
}
