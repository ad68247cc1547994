// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench_descriptors.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SPARE = 32 }; /* descriptors that the program has or opens besides */

const char *const bench_descriptor_kinds[] = {"file", "tcp", NULL};

static int allow(struct bench_state *state, size_t count)
{
	struct rlimit limit;
	rlim_t wanted = count + SPARE;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return bench_fail(state, "getrlimit: %s", strerror(errno));
	if (limit.rlim_cur >= wanted)
		return BENCH_OK;
	if (limit.rlim_max < wanted)
		return bench_skip(
			state, "%zu descriptors are more than the hard limit (ulimit -Hn)", count);
	limit.rlim_cur = wanted;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		return bench_fail(state, "setrlimit: %s", strerror(errno));
	return BENCH_OK;
}

static int open_file(struct bench_state *state, int *fd)
{
	const char *directory = bench_directory(state);

	if (directory == NULL)
		return BENCH_ERROR;
	int at = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	*fd = openat(at, "watched", O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
	int error = errno;
	(void)close(at);
	return *fd >= 0 ? BENCH_OK : bench_fail(state, "cannot make a file: %s", strerror(error));
}

/* The connection waits in the listener's queue, so one thread can make both of its ends. */
static int open_connection(struct bench_state *state, int kept[2], int *fd)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);

	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0)
		return errno == EAFNOSUPPORT ? bench_skip(state, "no TCP: needs CONFIG_INET")
					     : bench_fail(state, "socket: %s", strerror(errno));
	kept[0] = listener;
	if (bind(listener, (const struct sockaddr *)&address, length) != 0)
		return errno == EADDRNOTAVAIL
			       ? bench_skip(state, "no 127.0.0.1: needs the loopback device up")
			       : bench_fail(state, "bind: %s", strerror(errno));
	if (listen(listener, 1) != 0 ||
	    getsockname(listener, (struct sockaddr *)&address, &length) != 0)
		return bench_fail(state, "listen: %s", strerror(errno));
	*fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return bench_fail(state, "socket: %s", strerror(errno));
	if (connect(*fd, (const struct sockaddr *)&address, length) != 0)
		return errno == ENETUNREACH
			       ? bench_skip(state, "no 127.0.0.1: needs the loopback device up")
			       : bench_fail(state, "connect: %s", strerror(errno));
	kept[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	return kept[1] >= 0 ? BENCH_OK : bench_fail(state, "accept: %s", strerror(errno));
}

static int open_first(struct bench_state *state, struct bench_descriptors *descriptors,
		      enum bench_descriptor_kind kind)
{
	int *fd = &descriptors->fds[0];

	if (kind == BENCH_FILES)
		return open_file(state, fd);
	if (kind == BENCH_TCP)
		return open_connection(state, descriptors->kept, fd);
	*fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (*fd < 0 && errno == ENOSYS)
		return bench_skip(state, "no eventfd: needs CONFIG_EVENTFD");
	return *fd >= 0 ? BENCH_OK : bench_fail(state, "eventfd: %s", strerror(errno));
}

int bench_descriptors_open(struct bench_state *state, struct bench_descriptors *descriptors,
			   enum bench_descriptor_kind kind)
{
	size_t count = (size_t)bench_value(state, "descriptors");

	int error = allow(state, count);
	if (error != 0)
		return error;
	descriptors->fds = malloc(count * sizeof(*descriptors->fds));
	if (descriptors->fds == NULL)
		return bench_fail(state, "no memory for %zu descriptors", count);
	descriptors->fds[0] = -1;
	descriptors->count = 1;
	error = open_first(state, descriptors, kind);
	while (error == 0 && descriptors->count < count) {
		int fd = kind == BENCH_EVENTFDS ? eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)
						: fcntl(descriptors->fds[0], F_DUPFD_CLOEXEC, 0);
		if (fd < 0)
			return bench_fail(state, "cannot open descriptor %zu: %s",
					  descriptors->count, strerror(errno));
		descriptors->fds[descriptors->count++] = fd;
	}
	return error;
}

int bench_descriptors_watch(struct bench_state *state, struct bench_descriptors *descriptors)
{
	int error = bench_descriptors_open(state, descriptors, BENCH_EVENTFDS);

	if (error != 0)
		return error;
	descriptors->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (descriptors->epoll < 0)
		return errno == ENOSYS ? bench_skip(state, "no epoll: needs CONFIG_EPOLL")
				       : bench_fail(state, "epoll_create1: %s", strerror(errno));
	for (size_t i = 0; i < descriptors->count; i++) {
		struct epoll_event event = {.events = EPOLLIN, .data.u64 = i};
		if (epoll_ctl(descriptors->epoll, EPOLL_CTL_ADD, descriptors->fds[i], &event) == 0)
			continue;
		if (errno == ENOSPC)
			return bench_skip(state, "more than fs.epoll.max_user_watches");
		return bench_fail(state, "epoll_ctl: %s", strerror(errno));
	}
	return BENCH_OK;
}

uint64_t bench_descriptors_work(struct bench_state *state)
{
	const struct bench_descriptors *descriptors = bench_data(state);

	return descriptors->right_answers;
}

void bench_descriptors_teardown(struct bench_state *state)
{
	struct bench_descriptors *descriptors = bench_data(state);

	if (descriptors->epoll > 0)
		(void)close(descriptors->epoll);
	for (size_t i = 0; i < descriptors->count; i++)
		if (descriptors->fds[i] >= 0)
			(void)close(descriptors->fds[i]);
	for (int i = 0; i < 2; i++)
		if (descriptors->kept[i] > 0)
			(void)close(descriptors->kept[i]);
	free(descriptors->fds);
	*descriptors = (struct bench_descriptors){0};
}
