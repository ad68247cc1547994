// SPDX-License-Identifier: GPL-2.0-or-later
#include "host.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

static void copy_text(char *to, const char *from)
{
	(void)snprintf(to, HOST_TEXT_SIZE, "%s", from);
	to[strcspn(to, "\n")] = '\0';
}

/* The first line that starts with `key`, after the key and what separates it. */
static void read_line(const char *path, const char *key, char *to)
{
	char line[256];
	FILE *file = fopen(path, "re");

	if (file == NULL)
		return;
	while (fgets(line, sizeof(line), file) != NULL) {
		size_t length = strlen(key);
		if (strncmp(line, key, length) != 0)
			continue;
		copy_text(to, line + length + strspn(line + length, "\t :"));
		break;
	}
	(void)fclose(file);
}

struct host host_facts(void)
{
	struct host host = {.cpus_online = sysconf(_SC_NPROCESSORS_ONLN),
			    .page_size_bytes = sysconf(_SC_PAGESIZE)};
	struct utsname names;

	if (uname(&names) == 0) {
		copy_text(host.uname_release, names.release);
		copy_text(host.machine, names.machine);
	}
	read_line("/proc/cpuinfo", "model name", host.cpu_model);
	read_line("/sys/devices/system/clocksource/clocksource0/current_clocksource", "",
		  host.clocksource);
	return host;
}
