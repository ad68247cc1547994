// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: a message to another process through a POSIX message queue, and back through another.
 * Why: messages with boundaries and priorities; the kernel hands a message straight to a
 * receiver that waits, so it is a different path from pipes and sockets.
 * Source: mq_overview(7); the shape of lmbench paper (USENIX 1996), interprocess communication.
 */
#include "bench_turns.h"

#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MESSAGE_BYTES = 1, MESSAGE_BYTES_MAX = 8192, QUEUE_LENGTH = 1 };

struct data {
	struct bench_turns *turns;
	mqd_t there;
	mqd_t back;
	size_t bytes;
	char *message;
	char stamp;
};

static int answer(struct bench_state *state)
{
	struct data *data = bench_data(state);

	while (mq_receive(data->there, data->message, data->bytes, NULL) == (ssize_t)data->bytes) {
		if (bench_turns_stopped(data->turns))
			return BENCH_OK;
		bench_turns_count(data->turns);
		if (mq_send(data->back, data->message, data->bytes, 0) != 0)
			break;
	}
	return bench_fail(state, "message queue: %s", strerror(errno));
}

/* The name is gone at once: the queue lives as long as its descriptors. */
static int open_queue(struct bench_state *state, const char *direction, mqd_t *queue)
{
	const struct data *data = bench_data(state);
	struct mq_attr attributes = {.mq_maxmsg = QUEUE_LENGTH, .mq_msgsize = (long)data->bytes};
	char name[64];

	(void)snprintf(name, sizeof(name), "/kbench-%d-%s", (int)getpid(), direction);
	*queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR,
			 &attributes);
	if (*queue >= 0) {
		(void)mq_unlink(name);
		return BENCH_OK;
	}
	if (errno == ENOSYS)
		return bench_skip(state, "no message queues: needs CONFIG_POSIX_MQUEUE");
	if (errno == EMFILE || errno == ENOSPC || errno == EINVAL)
		return bench_skip(state, "no room for a message queue (ulimit -q, fs.mqueue.*): %s",
				  strerror(errno));
	return bench_fail(state, "mq_open: %s", strerror(errno));
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);

	data->there = -1;
	data->back = -1;
	data->bytes = (size_t)bench_value(state, "message_bytes");
	data->message = malloc(data->bytes);
	if (data->message == NULL)
		return bench_fail(state, "no memory for a message");
	memset(data->message, 'k', data->bytes);
	int error = open_queue(state, "there", &data->there);
	if (error == 0)
		error = open_queue(state, "back", &data->back);
	if (error != 0)
		return error;
	data->turns = bench_shared(state, sizeof(*data->turns));
	return data->turns == NULL ? BENCH_ERROR : bench_spawn(state, answer);
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	char *message = data->message;
	size_t bytes = data->bytes;

	for (uint64_t i = 0; i < iterations; i++) {
		char stamp = ++data->stamp;
		message[bytes - 1] = stamp;
		if (mq_send(data->there, message, bytes, 0) != 0)
			return bench_fail(state, "mq_send: %s", strerror(errno));
		if (mq_receive(data->back, message, bytes, NULL) != (ssize_t)bytes)
			return bench_fail(state, "mq_receive: %s", strerror(errno));
		if (message[bytes - 1] != stamp)
			return bench_fail(state, "another message came back");
	}
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return bench_turns_answered(data->turns);
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	if (data->turns != NULL) {
		bench_turns_stop(data->turns);
		(void)mq_send(data->there, data->message, data->bytes, 0);
	}
	if (data->there >= 0)
		(void)mq_close(data->there);
	if (data->back >= 0)
		(void)mq_close(data->back);
	free(data->message);
}

static const struct bench_parameter parameters[] = {
	{.name = "message_bytes",
	 .about = "sent and sent back",
	 .value = MESSAGE_BYTES,
	 .min = 1,
	 .max = MESSAGE_BYTES_MAX},
	{0},
};

static const struct bench lat_mqueue = {
	.name = "lat_mqueue",
	.summary = "round trip of a message through two POSIX message queues",
	.doc = "Times mq_send() to one queue and mq_receive() from another, while a second process\n"
	       "receives and sends back: two system calls, a wake-up and a context switch in each\n"
	       "direction. Each queue holds one message of message_bytes, so that limits of an\n"
	       "ordinary user suffice, and all have one priority. A receiver that waits is handed\n"
	       "the message directly. Work proof: the other process counts the messages that it\n"
	       "sends back, each has a stamp that is checked, and on one CPU the kernel must have\n"
	       "counted two context switches a round trip.\n"
	       "Idea: mq_overview(7), in the shape of the lmbench paper's latencies.",
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
BENCH_REGISTER(lat_mqueue);
