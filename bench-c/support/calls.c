// SPDX-License-Identifier: GPL-2.0-or-later
/* What benchmarks of one system call do around their loops. */
#include "bench_entry.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

uint64_t bench_calls_work(struct bench_state *state)
{
	const struct bench_calls *calls = bench_data(state);

	return calls->answered;
}

void bench_calls_teardown(struct bench_state *state)
{
	const struct bench_calls *calls = bench_data(state);

	if (calls->fd > 0)
		(void)close(calls->fd);
}

int bench_memory_file(struct bench_state *state, int *fd)
{
	*fd = memfd_create("kbench", MFD_CLOEXEC);
	if (*fd >= 0)
		return BENCH_OK;
	return errno == ENOSYS ? bench_skip(state, "no memfd_create: needs CONFIG_MEMFD_CREATE")
			       : bench_fail(state, "memfd_create: %s", strerror(errno));
}
