// SPDX-License-Identifier: GPL-2.0-or-later
#include "host.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
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

static int by_name(const void *left, const void *right)
{
	const struct vulnerability *a = left;
	const struct vulnerability *b = right;

	return strcmp(a->name, b->name);
}

void host_vulnerabilities(struct vulnerabilities *found)
{
	static const char directory[] = "/sys/devices/system/cpu/vulnerabilities";
	char path[sizeof(directory) + VULNERABILITY_NAME_SIZE];
	DIR *entries = opendir(directory);

	found->count = 0;
	if (entries == NULL)
		return;
	while (found->count < VULNERABILITIES_MAX) {
		const struct dirent *entry = readdir(entries);
		struct vulnerability *next = &found->of[found->count];
		if (entry == NULL)
			break;
		size_t length = strlen(entry->d_name);
		if (entry->d_name[0] == '.' || length >= sizeof(next->name))
			continue;
		memcpy(next->name, entry->d_name, length + 1);
		(void)snprintf(path, sizeof(path), "%s/%s", directory, next->name);
		next->state[0] = '\0';
		read_line(path, "", next->state);
		found->count++;
	}
	(void)closedir(entries);
	qsort(found->of, found->count, sizeof(found->of[0]), by_name);
}
