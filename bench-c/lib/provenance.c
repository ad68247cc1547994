// SPDX-License-Identifier: GPL-2.0-or-later
#include "provenance.h"

#include "host.h"

static void write_harness(struct json *json)
{
	json_key(json, "harness");
	json_begin_object(json);
	json_put_string_at(json, "version", KBENCH_VERSION);
	json_put_string_at(json, "compiler", "gcc " __VERSION__);
	json_put_string_at(json, "flags", KBENCH_FLAGS);
	json_end_object(json);
}

static void write_mitigations(struct json *json)
{
	struct vulnerabilities found;

	host_vulnerabilities(&found);
	json_key(json, "mitigations");
	json_begin_object(json);
	for (size_t i = 0; i < found.count; i++)
		json_put_string_at(json, found.of[i].name, found.of[i].state);
	json_end_object(json);
}

static void write_host(struct json *json)
{
	struct host host = host_facts();

	json_key(json, "host");
	json_begin_object(json);
	json_put_string_at(json, "uname_release", host.uname_release);
	json_put_string_at(json, "machine", host.machine);
	json_put_integer_at(json, "cpus_online", host.cpus_online);
	json_put_string_at(json, "cpu_model", host.cpu_model);
	json_put_integer_at(json, "page_size_bytes", host.page_size_bytes);
	json_put_string_at(json, "clocksource", host.clocksource);
	write_mitigations(json);
	json_end_object(json);
}

void provenance_json(struct json *json)
{
	write_harness(json);
	write_host(json);
}
