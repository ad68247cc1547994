// SPDX-License-Identifier: GPL-2.0-or-later
/* Many messages in one direction, counted where they arrive. */
#include "bench_net.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Filling and draining what lies between the two sides is a part of each batch that must stay
 * small: a batch is many times a socket's buffer. But messages of few bytes take long. */
enum { BATCH_BYTES = 16 << 20, BATCH_MESSAGES = 256 };

int bench_bulk_open(struct bench_state *state, struct bench_bulk *bulk, int to, int from,
		    size_t message_bytes)
{
	size_t messages = (BATCH_BYTES + message_bytes - 1) / message_bytes;

	if (messages > BATCH_MESSAGES)
		messages = BATCH_MESSAGES;
	*bulk = (struct bench_bulk){.to = to,
				    .from = from,
				    .message_bytes = message_bytes,
				    .messages_per_iteration = messages,
				    .message = bench_net_pages(message_bytes)};
	if (bulk->message == NULL)
		return bench_fail(state, "no memory for %zu bytes", message_bytes);
	bench_set_operations_per_iteration(state, messages);
	bench_set_bytes_per_operation(state, message_bytes);
	return BENCH_OK;
}

void bench_bulk_close(struct bench_bulk *bulk)
{
	if (bulk->message != NULL)
		(void)munmap(bulk->message, bulk->message_bytes);
	bulk->message = NULL;
}

int bench_bulk_announce(struct bench_state *state, struct bench_bulk *bulk, uint64_t iterations)
{
	uint64_t messages = iterations * bulk->messages_per_iteration;
	uint64_t accepted = 0;

	if (!bench_write_number(bulk->to, messages))
		return bench_fail(state, "cannot announce a batch: %s", bench_net_error());
	if (!bench_read_number(bulk->from, &accepted))
		return bench_fail(state, "no answer before a batch: %s", bench_net_error());
	if (accepted != messages)
		return bench_fail(state, "the reader expects %llu messages of %llu",
				  (unsigned long long)accepted, (unsigned long long)messages);
	return BENCH_OK;
}

int bench_bulk_write(struct bench_state *state, struct bench_bulk *bulk, uint64_t iterations)
{
	uint64_t messages = iterations * bulk->messages_per_iteration;

	for (uint64_t i = 0; i < messages; i++)
		if (!bench_write_all(bulk->to, bulk->message, bulk->message_bytes))
			return bench_fail(state, "write: %s", bench_net_error());
	return BENCH_OK;
}

int bench_bulk_confirm(struct bench_state *state, struct bench_bulk *bulk)
{
	if (!bench_read_number(bulk->from, &bulk->counted_bytes))
		return bench_fail(state, "the reader does not confirm: %s", bench_net_error());
	return BENCH_OK;
}

uint64_t bench_bulk_messages(const struct bench_bulk *bulk)
{
	return bulk->counted_bytes / bulk->message_bytes;
}

int bench_bulk_prepare(struct bench_state *state, uint64_t iterations)
{
	return bench_bulk_announce(state, bench_data(state), iterations);
}

int bench_bulk_run(struct bench_state *state, uint64_t iterations)
{
	struct bench_bulk *bulk = bench_data(state);
	int error = bench_bulk_write(state, bulk, iterations);

	return error != 0 ? error : bench_bulk_confirm(state, bulk);
}

uint64_t bench_bulk_work(struct bench_state *state)
{
	return bench_bulk_messages(bench_data(state));
}

static bool drain(int from, void *message, size_t message_bytes, uint64_t left, uint64_t *counted)
{
	while (left > 0) {
		size_t wanted = left < message_bytes ? (size_t)left : message_bytes;
		ssize_t got = read(from, message, wanted);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		left -= (uint64_t)got;
		*counted += (uint64_t)got;
	}
	return true;
}

int bench_bulk_serve(int from, int to, size_t message_bytes)
{
	unsigned char *message = bench_net_pages(message_bytes);
	uint64_t counted = 0;
	uint64_t messages = 0;

	if (message == NULL)
		return 1;
	for (;;) {
		errno = 0;
		if (!bench_read_number(from, &messages))
			break;
		if (messages > UINT64_MAX / message_bytes || !bench_write_number(to, messages) ||
		    !drain(from, message, message_bytes, messages * message_bytes, &counted) ||
		    !bench_write_number(to, counted)) {
			errno = EPROTO;
			break;
		}
	}
	(void)munmap(message, message_bytes);
	return errno == 0 || errno == ECONNRESET ? 0 : 1;
}
