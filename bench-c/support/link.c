// SPDX-License-Identifier: GPL-2.0-or-later
/* Two processes and one byte. A peer that dies is an end of file, so never a hang: each side
 * keeps only its own ends of the pipes. */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void close_end(int *end)
{
	if (*end >= 0)
		(void)close(*end);
	*end = -1;
}

int bench_link_open(struct bench_state *state, struct bench_link *link)
{
	*link = (struct bench_link){{-1, -1}, {-1, -1}, NULL};
	void *page = mmap(NULL, sizeof(*link->echoed), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (page == MAP_FAILED)
		return bench_fail(state, "cannot map a shared page: %s", strerror(errno));
	link->echoed = page;
	if (pipe2(link->to_child, O_CLOEXEC) == 0 && pipe2(link->to_parent, O_CLOEXEC) == 0)
		return BENCH_OK;
	int error = errno;
	bench_link_close(link);
	return bench_fail(state, "pipe: %s", strerror(error));
}

void bench_link_keep_parent(struct bench_link *link)
{
	close_end(&link->to_child[0]);
	close_end(&link->to_parent[1]);
}

void bench_link_keep_child(struct bench_link *link)
{
	close_end(&link->to_child[1]);
	close_end(&link->to_parent[0]);
}

void bench_link_close(struct bench_link *link)
{
	if (link->echoed == NULL)
		return; /* never opened */
	bench_link_keep_parent(link);
	bench_link_keep_child(link);
	(void)munmap(link->echoed, sizeof(*link->echoed));
	link->echoed = NULL;
}

int bench_token_pass(struct bench_state *state, int to, int from)
{
	char token = 'k';

	if (write(to, &token, 1) != 1)
		return bench_fail(state, "cannot pass the token: %s", strerror(errno));
	ssize_t got = read(from, &token, 1);
	if (got == 1)
		return BENCH_OK;
	if (got == 0)
		return bench_fail(state, "the other process ended early");
	return bench_fail(state, "cannot get the token back: %s", strerror(errno));
}

int bench_token_echo(struct bench_state *state, struct bench_link *link)
{
	int from = link->to_child[0];
	int to = link->to_parent[1];
	char token;
	ssize_t got;

	while ((got = read(from, &token, 1)) == 1) {
		++*link->echoed; /* before the answer: the parent reads it after */
		if (write(to, &token, 1) != 1)
			return bench_fail(state, "cannot send the token back: %s", strerror(errno));
	}
	if (got < 0)
		return bench_fail(state, "cannot read the token: %s", strerror(errno));
	return BENCH_OK;
}
