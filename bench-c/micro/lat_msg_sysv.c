// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: a message to another process through a System V message queue, and back through
 * another.
 * Why: the older message queue, with a type that the receiver may select by: beside lat_mqueue.
 * Source: svipc(7); the shape of lmbench paper (USENIX 1996), interprocess communication.
 */
#include "bench_turns.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/stat.h>

enum { MESSAGE_BYTES = 1, MESSAGE_BYTES_MAX = 8192, TYPE = 1 };

struct message {
	long type;
	char text[];
};

struct data {
	struct bench_turns *turns;
	struct message *message;
	size_t bytes;
	int there;
	int back;
	char stamp;
};

static int answer(struct bench_state *state)
{
	struct data *data = bench_data(state);
	struct message *message = data->message;

	while (msgrcv(data->there, message, data->bytes, TYPE, 0) == (ssize_t)data->bytes) {
		bench_turns_count(data->turns);
		if (msgsnd(data->back, message, data->bytes, 0) != 0)
			break;
	}
	/* Teardown removes the queues under the receiver. */
	if (bench_turns_stopped(data->turns))
		return BENCH_OK;
	return bench_fail(state, "message queue: %s", strerror(errno));
}

static int open_queue(struct bench_state *state, int *queue)
{
	*queue = msgget(IPC_PRIVATE, S_IRUSR | S_IWUSR);
	if (*queue >= 0)
		return BENCH_OK;
	if (errno == ENOSYS || errno == ENOSPC)
		return bench_skip(state,
				  "no message queue (needs CONFIG_SYSVIPC and room in "
				  "kernel.msgmni): %s",
				  strerror(errno));
	return bench_fail(state, "msgget: %s", strerror(errno));
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);

	bench_turns_hide_ipc();
	data->there = -1;
	data->back = -1;
	data->bytes = (size_t)bench_value(state, "message_bytes");
	data->message = calloc(1, sizeof(*data->message) + data->bytes);
	if (data->message == NULL)
		return bench_fail(state, "no memory for a message");
	data->message->type = TYPE;
	memset(data->message->text, 'k', data->bytes);
	int error = open_queue(state, &data->there);
	if (error == 0)
		error = open_queue(state, &data->back);
	if (error != 0)
		return error;
	data->turns = bench_shared(state, sizeof(*data->turns));
	return data->turns == NULL ? BENCH_ERROR : bench_spawn(state, answer);
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	struct message *message = data->message;
	size_t bytes = data->bytes;

	for (uint64_t i = 0; i < iterations; i++) {
		char stamp = ++data->stamp;
		message->text[bytes - 1] = stamp;
		if (msgsnd(data->there, message, bytes, 0) != 0)
			return bench_fail(state, "msgsnd: %s", strerror(errno));
		if (msgrcv(data->back, message, bytes, TYPE, 0) != (ssize_t)bytes)
			return bench_fail(state, "msgrcv: %s", strerror(errno));
		if (message->text[bytes - 1] != stamp)
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

	if (data->turns != NULL)
		bench_turns_stop(data->turns);
	if (data->there >= 0 && data->message != NULL)
		(void)msgctl(data->there, IPC_RMID, NULL);
	if (data->back >= 0 && data->message != NULL)
		(void)msgctl(data->back, IPC_RMID, NULL);
	free(data->message);
}

static const struct bench_parameter parameters[] = {
	{.name = "message_bytes",
	 .about = "sent and sent back, without the type",
	 .value = MESSAGE_BYTES,
	 .min = 1,
	 .max = MESSAGE_BYTES_MAX},
	{0},
};

static const struct bench lat_msg_sysv = {
	.name = "lat_msg_sysv",
	.summary = "round trip of a message through two System V message queues",
	.doc = "Times msgsnd() to one queue and msgrcv() from another, while a second process\n"
	       "receives and sends back: two system calls, a wake-up and a context switch in each\n"
	       "direction. The receiver asks for the one type that is used. The kernel allocates a\n"
	       "copy of each message, of 8 KiB at most unless kernel.msgmax says otherwise. Work\n"
	       "proof: the other process counts the messages that it sends back, each has a stamp\n"
	       "that is checked, and on one CPU two context switches a round trip were counted. The\n"
	       "queues are removed at the end; root's are in an IPC namespace of their own and go with\n"
	       "it even if the run is killed, an ordinary user's are then left behind.\n"
	       "Idea: svipc(7), in the shape of the lmbench paper's latencies.",
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
BENCH_REGISTER(lat_msg_sysv);
