/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tree.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define STOP_PASSES_MAX 16

struct process {
	pid_t pid;
	pid_t parent;
	char state; /* as in /proc/PID/stat: T stopped, Z zombie, ... */
};

struct process_list {
	struct process *items;
	size_t count;
	size_t capacity;
};

int tree_adopt_orphans(void)
{
	return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

/* Returns false if the process is gone. */
static bool read_process(const char *pid_text, struct process *process)
{
	char path[64], stat[512];
	const char *after_name;
	ssize_t got;
	int fd;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", pid_text);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	got = read(fd, stat, sizeof(stat) - 1);
	close(fd);
	if (got <= 0)
		return false;
	stat[got] = '\0';
	/* the name may hold anything, brackets too: it ends at the last one */
	after_name = strrchr(stat, ')');
	if (after_name == NULL)
		return false;
	process->pid = (pid_t)strtol(pid_text, NULL, 10);
	return sscanf(after_name + 1, " %c %d", &process->state, &process->parent) == 2;
}

static bool add_process(struct process_list *list, const struct process *process)
{
	if (list->count == list->capacity) {
		size_t capacity = list->capacity > 0 ? list->capacity * 2 : 256;
		struct process *grown = realloc(list->items, capacity * sizeof(*grown));

		if (grown == NULL)
			return false;
		list->items = grown;
		list->capacity = capacity;
	}
	list->items[list->count++] = *process;
	return true;
}

static int by_pid(const void *left, const void *right)
{
	const struct process *a = left, *b = right;

	return (a->pid > b->pid) - (a->pid < b->pid);
}

/* All processes of the machine, sorted by pid. Empty if /proc cannot be read. */
static struct process_list list_processes(void)
{
	struct process_list list = {0};
	struct process process;
	const struct dirent *entry;
	DIR *proc = opendir("/proc");

	if (proc == NULL)
		return list;
	while ((entry = readdir(proc)) != NULL) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		if (read_process(entry->d_name, &process) && !add_process(&list, &process))
			break;
	}
	closedir(proc);
	if (list.count > 0)
		qsort(list.items, list.count, sizeof(*list.items), by_pid);
	return list;
}

static bool descends_from(const struct process_list *list, const struct process *process,
			  pid_t ancestor)
{
	/* the list is no snapshot, so a loop in it is thinkable: bound the walk */
	for (size_t steps = 0; process != NULL && steps <= list->count; steps++) {
		struct process parent = {.pid = process->parent};

		if (process->parent == ancestor)
			return true;
		process = bsearch(&parent, list->items, list->count, sizeof(parent), by_pid);
	}
	return false;
}

/* Returns how many descendants, neither zombie nor stopped, got the signal. */
static size_t tree_signal(int signal_number)
{
	struct process_list list = list_processes();
	pid_t self = getpid();
	size_t running = 0;

	for (size_t i = 0; i < list.count; i++) {
		const struct process *process = &list.items[i];

		if (process->state == 'Z' || process->state == 'X' ||
		    !descends_from(&list, process, self))
			continue;
		if (kill(process->pid, signal_number) == 0 && process->state != 'T')
			running++;
	}
	free(list.items);
	return running;
}

void tree_terminate(void)
{
	tree_signal(SIGTERM);
	tree_signal(SIGCONT);
}

void tree_kill(void)
{
	for (int pass = 0; pass < STOP_PASSES_MAX; pass++)
		if (tree_signal(SIGSTOP) == 0)
			break;
	tree_signal(SIGKILL);
}
