// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: the whole life of a connection through a unix socket: socket(), connect(), until the
 * server has accepted and closed it, and close().
 * Why: what a request costs a service that is asked by short connections, such as a name
 * service or a database's pool.
 * Source: lmbench's unix connection latency; unix(7), accept(2).
 */
#include "bench_turns.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 16 };
enum { FILE_NAME, ABSTRACT };
static const char *const addresses[] = {"file", "abstract", NULL};

struct data {
	struct bench_turns *turns;
	struct sockaddr_un address;
	socklen_t length;
	int listener;
};

static int serve(struct bench_state *state)
{
	struct data *data = bench_data(state);

	for (;;) {
		int connection = accept4(data->listener, NULL, NULL, SOCK_CLOEXEC);
		if (connection < 0)
			return bench_fail(state, "accept: %s", strerror(errno));
		if (bench_turns_stopped(data->turns))
			return BENCH_OK;
		bench_turns_count(data->turns); /* before the end of file that the client sees */
		if (close(connection) != 0)
			return bench_fail(state, "close: %s", strerror(errno));
	}
}

static int choose_address(struct bench_state *state)
{
	struct data *data = bench_data(state);
	struct sockaddr_un *address = &data->address;

	address->sun_family = AF_UNIX;
	data->length = sizeof(sa_family_t); /* the kernel chooses a name that is no file */
	if (bench_value(state, "address") == ABSTRACT)
		return BENCH_OK;
	const char *directory = bench_directory(state);
	if (directory == NULL)
		return BENCH_ERROR;
	int length = snprintf(address->sun_path, sizeof(address->sun_path), "%s/s", directory);
	if (length >= (int)sizeof(address->sun_path))
		return bench_skip(state, "%s is too long for the name of a socket", directory);
	data->length = sizeof(*address);
	return BENCH_OK;
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);

	data->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (data->listener < 0)
		return errno == EAFNOSUPPORT
			       ? bench_skip(state, "no unix sockets: needs CONFIG_UNIX")
			       : bench_fail(state, "socket: %s", strerror(errno));
	int error = choose_address(state);
	if (error != 0)
		return error;
	if (bind(data->listener, (const struct sockaddr *)&data->address, data->length) != 0)
		return errno == EPERM || errno == EOPNOTSUPP
			       ? bench_skip(state, "no sockets in this file system (choose another "
						   "--directory)")
			       : bench_fail(state, "bind: %s", strerror(errno));
	data->length = sizeof(data->address);
	if (getsockname(data->listener, (struct sockaddr *)&data->address, &data->length) != 0 ||
	    listen(data->listener, BACKLOG) != 0)
		return bench_fail(state, "listen: %s", strerror(errno));
	data->turns = bench_shared(state, sizeof(*data->turns));
	return data->turns == NULL ? BENCH_ERROR : bench_spawn(state, serve);
}

/* Whether the server took the connection and closed it. */
static bool connect_once(const struct data *data)
{
	char byte;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return false;
	bool closed = connect(fd, (const struct sockaddr *)&data->address, data->length) == 0 &&
		      read(fd, &byte, 1) == 0;
	int error = errno;
	bool gone = close(fd) == 0;
	errno = error;
	return closed && gone;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);

	for (uint64_t i = 0; i < iterations; i++)
		if (!connect_once(data))
			return bench_fail(state, "connection: %s", strerror(errno));
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return bench_turns_answered(data->turns);
}

static void teardown(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	if (data->turns != NULL) {
		bench_turns_stop(data->turns);
		(void)connect_once(data);
	}
	if (data->listener > 0)
		(void)close(data->listener);
}

static const struct bench_parameter parameters[] = {
	{.name = "address",
	 .about = "name of the server: a file, or a name that is no file",
	 .value = FILE_NAME,
	 .words = addresses},
	{0},
};

static const struct bench lat_unix_connect = {
	.name = "lat_unix_connect",
	.summary = "connect to a unix socket, be accepted and closed",
	.doc = "Times socket(), connect() to a unix stream socket where another process waits in\n"
	       "accept(), read() until that process has accepted and closed the connection, and\n"
	       "close(). All of it is in the figure: two sockets made and freed, the search for the\n"
	       "name, two wake-ups. The client reads to the end of file, so it never has more than\n"
	       "one connection under way and the backlog never decides the figure. With\n"
	       "address=abstract no file is looked up. Work proof: the server counts the connections\n"
	       "before it closes them, and on one CPU two context switches each were counted.\n"
	       "Idea: lmbench's unix connection latency, whose client does not wait for the close.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.tasks = 2,
	.expectations = {{BENCH_SWITCHES, 1.9, 0, .only_same_cpu = true}},
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_unix_connect);
