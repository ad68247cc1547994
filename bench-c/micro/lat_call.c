// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: a call of a function of 0 to 7 arguments, and its return.
 * Why: the unit that the cost of entering the kernel is compared with. Six arguments travel in
 * registers on x86-64 and the seventh on the stack; arm64 has registers for eight.
 * Source: the procedure call of system measurement reports and of the lmbench programs.
 */
#include "bench.h"

/* The compiler may neither inline a callee, nor make a copy for constant arguments, nor use
 * what it knows about the callee in the caller. */
#define CALLEE __attribute__((noinline, noclone, noipa)) static uint64_t

typedef uint64_t loop_fn(uint64_t returned, uint64_t calls);

struct data {
	loop_fn *loop;
	uint64_t returned;
};

/* The callee must have its arguments in registers, so one passed on the stack is loaded. */
#define ARRIVED(argument) __asm__ volatile("" ::"r"(argument))

CALLEE callee_0(void)
{
	return 1;
}

CALLEE callee_1(uint64_t returned)
{
	return returned + 1;
}

CALLEE callee_2(uint64_t returned, uint64_t b)
{
	ARRIVED(b);
	return returned + 1;
}

CALLEE callee_3(uint64_t returned, uint64_t b, uint64_t c)
{
	ARRIVED(b);
	ARRIVED(c);
	return returned + 1;
}

CALLEE callee_4(uint64_t returned, uint64_t b, uint64_t c, uint64_t d)
{
	ARRIVED(b);
	ARRIVED(c);
	ARRIVED(d);
	return returned + 1;
}

CALLEE callee_5(uint64_t returned, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
	ARRIVED(b);
	ARRIVED(c);
	ARRIVED(d);
	ARRIVED(e);
	return returned + 1;
}

CALLEE callee_6(uint64_t returned, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
	ARRIVED(b);
	ARRIVED(c);
	ARRIVED(d);
	ARRIVED(e);
	ARRIVED(f);
	return returned + 1;
}

CALLEE callee_7(uint64_t returned, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f,
		uint64_t g)
{
	ARRIVED(b);
	ARRIVED(c);
	ARRIVED(d);
	ARRIVED(e);
	ARRIVED(f);
	ARRIVED(g);
	return returned + 1;
}

/* A value that the compiler cannot know, so that it is kept and moved for each call. */
static uint64_t unknown(uint64_t value)
{
	__asm__ volatile("" : "+r"(value));
	return value;
}

static uint64_t loop_0(uint64_t returned, uint64_t calls)
{
	for (uint64_t i = 0; i < calls; i++)
		returned += callee_0();
	return returned;
}

/* The answer of a call is an argument of the next one: none can be left out or be made early. */
#define LOOP(name, ...)                                                                            \
	static uint64_t name(uint64_t returned, uint64_t calls)                                    \
	{                                                                                          \
		const uint64_t b = unknown(2), c = unknown(3), d = unknown(4);                     \
		const uint64_t e = unknown(5), f = unknown(6), g = unknown(7);                     \
                                                                                                   \
		for (uint64_t i = 0; i < calls; i++)                                               \
			returned = __VA_ARGS__;                                                    \
		bench_use(b + c + d + e + f + g);                                                  \
		return returned;                                                                   \
	}
LOOP(loop_1, callee_1(returned))
LOOP(loop_2, callee_2(returned, b))
LOOP(loop_3, callee_3(returned, b, c))
LOOP(loop_4, callee_4(returned, b, c, d))
LOOP(loop_5, callee_5(returned, b, c, d, e))
LOOP(loop_6, callee_6(returned, b, c, d, e, f))
LOOP(loop_7, callee_7(returned, b, c, d, e, f, g))

static int setup(struct bench_state *state)
{
	static loop_fn *const loops[] = {loop_0, loop_1, loop_2, loop_3,
					 loop_4, loop_5, loop_6, loop_7};
	struct data *data = bench_data(state);

	data->loop = loops[bench_value(state, "arguments")];
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);

	data->returned = data->loop(data->returned, iterations);
	return BENCH_OK;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->returned;
}

static const struct bench_parameter parameters[] = {
	{.name = "arguments", .about = "64-bit integers that the function takes", .max = 7}, {0}};

static const struct bench lat_call = {
	.name = "lat_call",
	.summary = "call of a function and return",
	.doc = "Times a direct call of a function that takes `arguments` integers, its frame and its\n"
	       "return, with clock and loop subtracted. The arguments are live variables of the\n"
	       "caller, not constants, so each call moves them into the argument registers; with\n"
	       "seven, x86-64 stores the last on the stack and the callee loads it. The function is\n"
	       "neither inlined nor specialised, and keeps a frame pointer, as kernels do that are\n"
	       "traced with one. What a system call costs can be set against this. Calls are well\n"
	       "predicted: a mispredicted return costs ten times more. Work proof: the function adds\n"
	       "one to what the call before returned (without arguments it returns the one).\n"
	       "Idea: system measurement reports; unlike unoptimised code, a call here costs little\n"
	       "more with seven arguments than with none.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = work,
};
BENCH_REGISTER(lat_call);
