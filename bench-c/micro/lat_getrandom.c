// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: random bytes from the kernel's generator.
 * Why: keys, hash seeds and identifiers; a small request is kernel entry and one ChaCha20 block of
 * a generator of the CPU, a big one is the cipher's bandwidth.
 * Source: getrandom(2), random(4).
 */
#include "bench_entry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { BYTES = 16, BYTES_MAX = 1 << 20 };

typedef int loop_fn(struct bench_state *state, uint64_t iterations);

struct data {
	struct bench_calls calls;
	loop_fn *loop;
	long size;
	char *bytes;
};

static const char *const sources[] = {"syscall", "urandom", NULL};

static int loop_syscall(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	char *const bytes = data->bytes;
	const long size = data->size;
	uint64_t answered = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		if (syscall(SYS_getrandom, bytes, size, 0) != size)
			return bench_fail(state, "getrandom: %s", strerror(errno));
		answered++;
	}
	data->calls.answered += answered;
	return BENCH_OK;
}

static int loop_urandom(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	char *const bytes = data->bytes;
	const long size = data->size;
	const int fd = data->calls.fd;
	uint64_t answered = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		if (syscall(SYS_read, fd, bytes, size) != size)
			return bench_fail(state, "read of /dev/urandom: %s", strerror(errno));
		answered++;
	}
	data->calls.answered += answered;
	return BENCH_OK;
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	bool urandom = bench_value(state, "source") == 1;

	data->size = (long)bench_value(state, "size_bytes");
	data->loop = urandom ? loop_urandom : loop_syscall;
	data->bytes = calloc(1, (size_t)data->size);
	if (data->bytes == NULL)
		return bench_fail(state, "no memory for %ld bytes", data->size);
	if (syscall(SYS_getrandom, data->bytes, 1, GRND_NONBLOCK) != 1)
		return bench_skip(state, "needs getrandom and a seeded generator: %s",
				  strerror(errno));
	if (!urandom)
		return BENCH_OK;
	data->calls.fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	return data->calls.fd >= 0 ? BENCH_OK
				   : bench_skip(state, "needs /dev/urandom: %s", strerror(errno));
}

static int run(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);

	return data->loop(state, iterations);
}

static void teardown(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	bench_calls_teardown(state);
	free(data->bytes);
}

static const struct bench_parameter parameters[] = {
	{.name = "size_bytes",
	 .about = "of one request",
	 .value = BYTES,
	 .min = 1,
	 .max = BYTES_MAX},
	{.name = "source", .about = "the way to the generator", .words = sources},
	{0},
};

static const struct bench lat_getrandom = {
	.name = "lat_getrandom",
	.summary = "get random bytes from the kernel",
	.doc = "Times one request of `size_bytes` random bytes: source=syscall by syscall(SYS_getrandom),\n"
	       "source=urandom by read() of /dev/urandom, which has the way through the virtual file system\n"
	       "before the same generator. 16 bytes, a UUID or a key, are kernel entry, the lock of the CPU's\n"
	       "generator and one block of ChaCha20; 1048576 bytes are the cipher's speed and the copy to the\n"
	       "user. A libc that answers from the vDSO (getrandom() of glibc 2.41) is not measured. Work\n"
	       "proof: each call answers with all the bytes asked for.\n"
	       "Idea: getrandom(2).",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = bench_calls_work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_getrandom);
