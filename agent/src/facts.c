/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "facts.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#define TOKEN_ARGUMENT "kdyno.token="

/* First line of a small file in /proc, without its newline; empty if there is none. */
static void read_line(const char *path, char *line, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	line[0] = '\0';
	if (fd < 0)
		return;
	got = read(fd, line, size - 1);
	close(fd);
	if (got < 0)
		got = 0;
	line[got] = '\0';
	line[strcspn(line, "\n")] = '\0';
}

void facts_blank_token(char *cmdline)
{
	char *value = cmdline;

	while ((value = strstr(value, TOKEN_ARGUMENT)) != NULL) {
		value += strlen(TOKEN_ARGUMENT);
		for (; *value != '\0' && *value != ' '; value++)
			*value = '*';
	}
}

void facts_read(struct facts *facts)
{
	struct utsname names;
	struct sysinfo memory;

	memset(facts, 0, sizeof(*facts));
	if (uname(&names) == 0) {
		snprintf(facts->uname_release, sizeof(facts->uname_release), "%s", names.release);
		snprintf(facts->version, sizeof(facts->version), "%s", names.version);
	}
	read_line("/proc/cmdline", facts->cmdline, sizeof(facts->cmdline));
	facts_blank_token(facts->cmdline);
	read_line("/proc/sys/kernel/random/boot_id", facts->boot_id, sizeof(facts->boot_id));
	facts->cpus = sysconf(_SC_NPROCESSORS_ONLN);
	if (sysinfo(&memory) == 0)
		facts->mem_kb = (int64_t)((uint64_t)memory.totalram * memory.mem_unit / 1024);
}
