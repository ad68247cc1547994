// SPDX-License-Identifier: GPL-2.0-or-later
#include "batch.h"

static int prove_work(struct bench_state *state)
{
	uint64_t done = state->bench->work(state);

	if (done == state->operations)
		return BENCH_OK;
	return bench_fail(state, "work proof failed: %llu operations asked, %llu done",
			  (unsigned long long)state->operations, (unsigned long long)done);
}

static int prepare(struct bench_state *state, const struct batch *batch)
{
	const struct bench *bench = state->bench;

	if (bench->prepare == NULL || bench->prepare(state, batch->iterations) == 0)
		return BENCH_OK;
	return bench_fail(state, "prepare failed");
}

int batch_run(struct bench_state *state, struct batch *batch)
{
	const struct bench *bench = state->bench;
	const struct batch_hooks *hooks = batch->hooks;
	int error = prepare(state, batch);

	state->took_ns = -1;
	if (error != 0)
		return error;
	if (hooks != NULL)
		hooks->begin(hooks->context);
	batch->begin_ns = clock_now(batch->clock);
	error = batch->run(state, batch->iterations);
	batch->end_ns = clock_now(batch->clock);
	if (hooks != NULL && hooks->end != NULL)
		hooks->end(hooks->context);
	if (error != 0) {
		result_explain(state->result, "run failed with code %d", error);
		return error;
	}
	if (batch->end_ns < batch->begin_ns)
		return bench_fail(state, "the clock went backwards");
	batch->took_ns = state->took_ns;
	batch->shortest_ns = (double)(batch->end_ns - batch->begin_ns);
	state->operations += batch->iterations * state->operations_per_iteration;
	error = prove_work(state);
	if (error == 0 && bench->restore != NULL && bench->restore(state, batch->iterations) != 0)
		return bench_fail(state, "restore failed");
	return error;
}
