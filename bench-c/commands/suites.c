// SPDX-License-Identifier: GPL-2.0-or-later
/* Which benchmarks are in which suite: a row is what kbench run takes. */
#include "suites.h"

#include "command.h"
#include "registry.h"
#include "resolve.h"

#include <stdio.h>
#include <string.h>

/* Each question once, the cheap ones first. */
static const struct suite_row quick_rows[] = {
	{"null", SUITE_EVERY},
	{"lat_call", SUITE_EVERY},
	{"lat_clock", SUITE_EVERY},
	{"lat_syscall_getppid", SUITE_EVERY},
	{"lat_syscall_read", SUITE_EVERY},
	{"lat_syscall_write", SUITE_EVERY},
	{"lat_syscall_stat", SUITE_EVERY},
	{"lat_syscall_open", SUITE_EVERY},
	{"lat_signal_install", SUITE_EVERY},
	{"lat_signal_dispatch", SUITE_EVERY},
	{"lat_select", SUITE_EVERY},
	{"lat_epoll_wait", SUITE_EVERY},
	{"lat_io_uring_nop", SUITE_EVERY},
	{"lat_timer", SUITE_EVERY},
	{"lat_sched_yield", SUITE_EVERY},
	{"lat_fault_anonymous", SUITE_EVERY},
	{"lat_fault_file", SUITE_EVERY},
	{"lat_fault_cow", SUITE_EVERY},
	{"lat_mmap", SUITE_EVERY},
	{"lat_munmap", SUITE_EVERY},
	{"lat_thread_create", SUITE_EVERY},
	{"lat_vfork_exit", SUITE_EVERY},
	{"lat_fork_exit", SUITE_EVERY},
	{"lat_posix_spawn", SUITE_EVERY},
	{"lat_fork_exec", SUITE_EVERY},
	{"lat_shell", SUITE_EVERY},
	{"lat_ctx", SUITE_EVERY},
	{"lat_futex", SUITE_EVERY},
	{"lat_pipe", SUITE_EVERY},
	{"lat_eventfd", SUITE_EVERY},
	{"lat_unix_stream", SUITE_EVERY},
	{"lat_tcp", SUITE_EVERY},
	{"lat_udp", SUITE_EVERY},
	{"lat_tcp_connect", SUITE_EVERY},
	{"lat_futex:placement=cross-cpu", SUITE_EVERY},
	{"lat_pipe:placement=cross-cpu", SUITE_EVERY},
	{"lat_cache_to_cache:placement=cross-cpu", SUITE_EVERY},
	{"lat_mutex:placement=cross-cpu:threads=2", SUITE_EVERY},
	{"lat_mem:size_bytes=256k", SUITE_EVERY},
	{"lat_mem", SUITE_EVERY},
	{"bw_mem_read", SUITE_EVERY},
	{"bw_mem_write", SUITE_EVERY},
	{"bw_mem_copy", SUITE_EVERY},
	{"bw_pipe", SUITE_EVERY},
	{"bw_unix", SUITE_EVERY},
	{"bw_tcp", SUITE_EVERY},
	{"bw_file_read", SUITE_EVERY},
	{"bw_mmap_read", SUITE_EVERY},
	{"lat_file_create:files=100", SUITE_EVERY},
	{"lat_file_delete:files=100", SUITE_EVERY},
	{"lat_fsync", SUITE_EVERY},
	{"lat_disk_read", SUITE_EVERY},
	{0},
};

/* First each benchmark as it is, then the same elsewhere, then what a parameter changes: when
 * time runs out, the sweeps go first. */
static const struct suite_row micro_rows[] = {
	{"*", SUITE_EVERY},
	{"*:placement=cross-cpu,free", SUITE_OF_TASKS},
	{"*:placement=cross-cpu:copies={cpus}", SUITE_COPYABLE},
	{"lat_fault_anonymous:placement=cross-cpu:copies={cpus}:copy_kind=thread", SUITE_EVERY},
	{"lat_mmap:placement=cross-cpu:copies={cpus}:copy_kind=thread", SUITE_EVERY},
	{"lat_syscall_open:placement=cross-cpu:copies={cpus}:copy_kind=thread", SUITE_EVERY},
	{"lat_mutex:placement=cross-cpu:threads={cpus}", SUITE_EVERY},
	{"lat_spinlock:placement=cross-cpu:threads={cpus}", SUITE_EVERY},
	{"lat_atomic_add:placement=cross-cpu:threads={cpus}", SUITE_EVERY},
	{"lat_mem:size_bytes=16k,32k,128k,256k,1M,4M,16M,64M", SUITE_EVERY},
	{"lat_mem:size_bytes=64M:pattern=sequential", SUITE_EVERY},
	{"lat_mem:size_bytes=64M:pages=huge", SUITE_EVERY},
	{"bw_mem_read:size_bytes=16k,256k,4M", SUITE_EVERY},
	{"bw_mem_write:size_bytes=16k,256k,4M", SUITE_EVERY},
	{"bw_mem_copy:size_bytes=16k,256k,4M", SUITE_EVERY},
	{"lat_ctx:processes=8:footprint_bytes=0,16k,64k", SUITE_EVERY},
	{"lat_ctx:processes=16,64", SUITE_EVERY},
	{"lat_ctx:kind=thread", SUITE_EVERY},
	{"lat_futex:kind=thread", SUITE_EVERY},
	{"lat_call:arguments=7", SUITE_EVERY},
	{"lat_clock:source=clock_gettime_syscall", SUITE_EVERY},
	{"lat_fork_exit:touched_bytes=1M,16M,64M", SUITE_EVERY},
	{"lat_fork_exec:link=dynamic", SUITE_EVERY},
	{"lat_mmap:size_bytes=1M:touch=page,all", SUITE_EVERY},
	{"lat_munmap:size_bytes=1M", SUITE_EVERY},
	{"lat_select:descriptors=10,500", SUITE_EVERY},
	{"lat_poll:descriptors=10,1000", SUITE_EVERY},
	{"lat_epoll_wait:descriptors=10,1000", SUITE_EVERY},
	{"lat_pipe:message_bytes=4k,64k", SUITE_EVERY},
	{"lat_unix_stream:message_bytes=4k,64k", SUITE_EVERY},
	{"lat_tcp:message_bytes=1k,16k", SUITE_EVERY},
	{"bw_tcp:message_bytes=1,64,1k,64k", SUITE_EVERY},
	{"bw_pipe:message_bytes=512,4k", SUITE_EVERY},
	{"lat_disk_read:access=random", SUITE_EVERY},
	{"lat_disk_write:access=random", SUITE_EVERY},
	{"lat_contended_read:readers=2,4,8", SUITE_EVERY},
	{"lat_file_create:size_bytes=1k,4k,10k:files=100", SUITE_EVERY},
	{"lat_file_delete:size_bytes=1k,4k,10k:files=100", SUITE_EVERY},
	{"bw_file_read:open=each", SUITE_EVERY},
	{"bw_mmap_read:map=each", SUITE_EVERY},
	{"lat_timer:kind=timerfd,poll", SUITE_EVERY},
	{"lat_vdso:entry=kernel", SUITE_EVERY},
	{0},
};

/* McVoy and Staelin, "lmbench: Portable Tools for Performance Analysis", USENIX 1996, in the
 * order of the paper. Our own definitions: the figures are not those of that program. */
static const struct suite_row paper_rows[] = {
	{"bw_mem_copy", SUITE_EVERY},
	{"bw_mem_copy:method=unrolled", SUITE_EVERY},
	{"bw_mem_read", SUITE_EVERY},
	{"bw_mem_write", SUITE_EVERY},
	{"bw_pipe", SUITE_EVERY},
	{"bw_tcp", SUITE_EVERY},
	{"bw_file_read", SUITE_EVERY},
	{"bw_mmap_read", SUITE_EVERY},
	{"lat_mem:size_bytes=4k,16k,32k,64k,128k,256k,512k,1M,2M,4M,8M,16M,32M,64M", SUITE_EVERY},
	{"lat_syscall_write", SUITE_EVERY},
	{"lat_syscall_getppid", SUITE_EVERY},
	{"lat_signal_install", SUITE_EVERY},
	{"lat_signal_dispatch", SUITE_EVERY},
	{"lat_fork_exit", SUITE_EVERY},
	{"lat_fork_exec", SUITE_EVERY},
	{"lat_shell", SUITE_EVERY},
	{"lat_ctx:processes=2,8,16:footprint_bytes=0,16k,32k,64k", SUITE_EVERY},
	{"lat_pipe", SUITE_EVERY},
	{"lat_unix_stream", SUITE_EVERY},
	{"lat_tcp", SUITE_EVERY},
	{"lat_rpc", SUITE_EVERY},
	{"lat_udp", SUITE_EVERY},
	{"lat_tcp_connect", SUITE_EVERY},
	{"lat_file_create:size_bytes=0,1k,4k,10k:files=100", SUITE_EVERY},
	{"lat_file_delete:size_bytes=0,1k,4k,10k:files=100", SUITE_EVERY},
	{"lat_disk_overhead", SUITE_EVERY},
	{0},
};

const struct suite suites[] = {
	{"quick", "each question once, in a minute", 60, 2, quick_rows},
	{"micro",
	 "every benchmark, in all its placements, as many copies as CPUs, and the main sweeps, in ten "
	 "minutes",
	 600, 5, micro_rows},
	{"paper", "the rows of the 1996 paper on portable tools for performance analysis", 70, 3,
	 paper_rows},
	{0},
};

const struct suite *suite_find(const char *name)
{
	for (const struct suite *suite = suites; suite->name != NULL; suite++)
		if (strcmp(suite->name, name) == 0)
			return suite;
	return NULL;
}

static bool is_of_kind(const struct spec *spec, enum suite_kind kind)
{
	const struct spec usual = spec_default(spec->bench, spec->placement);

	switch (kind) {
	case SUITE_OF_TASKS:
		return spec_tasks(&usual) > 1;
	case SUITE_COPYABLE:
		return (spec->bench->copies & BENCH_AS_PROCESSES) != 0;
	case SUITE_EVERY:
		break;
	}
	return true;
}

/* A pattern would be refused as a whole where one of its benchmarks cannot be copied. */
static bool add_kind(struct spec_list *list, const struct suite_row *row, unsigned cpus,
		     char *complaint, size_t complaint_size)
{
	char words[256];

	for (size_t i = 0; i < registry_count(); i++) {
		const struct bench *bench = registry_at(i);
		const struct spec usual = spec_default(bench, PLACEMENT_SAME_CPU);
		if (bench->hidden || !is_of_kind(&usual, row->kind))
			continue;
		(void)snprintf(words, sizeof(words), "%s%s", bench->name, row->words + 1);
		if (!resolve_add(list, words, cpus, complaint, complaint_size))
			return false;
	}
	return true;
}

bool suite_expand(const struct suite *suite, unsigned cpus, struct spec_list *list, char *complaint,
		  size_t complaint_size)
{
	for (const struct suite_row *row = suite->rows; row->words != NULL; row++) {
		bool fine = true;
		if (!resolve_is_possible(row->words, cpus))
			(void)command_error("suite %s: %s is left out: this machine does not say "
					    "what stands there",
					    suite->name, row->words);
		else if (row->kind != SUITE_EVERY)
			fine = add_kind(list, row, cpus, complaint, complaint_size);
		else
			fine = resolve_add(list, row->words, cpus, complaint, complaint_size);
		if (!fine)
			return false;
	}
	return true;
}
