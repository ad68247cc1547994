// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sieve: Eratosthenes' sieve over the numbers below one million, five times. Memory in the
 * size of a second-level cache, strided writes, branches that are hard to foresee.
 */
#include "reaim_op.h"

#include <string.h>

enum { SIEVES = 5, LIMIT = 1000000, PRIMES_BELOW_LIMIT = 78498 };

struct data {
	bool composite[LIMIT];
};

static int primes_below_limit(bool *composite)
{
	int primes = 0;

	memset(composite, 0, LIMIT);
	for (int i = 2; i < LIMIT; i++) {
		if (composite[i])
			continue;
		primes++;
		for (int64_t multiple = (int64_t)i * i; multiple < LIMIT; multiple += i)
			composite[multiple] = true;
	}
	return primes;
}

static int run(struct reaim_job *job)
{
	struct data *data = reaim_data(job);

	for (int i = 0; i < SIEVES; i++) {
		int primes = primes_below_limit(data->composite);
		if (primes != PRIMES_BELOW_LIMIT)
			return reaim_fail(job, "found %d primes below %d instead of %d", primes,
					  LIMIT, PRIMES_BELOW_LIMIT);
		reaim_did(job, 1);
	}
	return REAIM_OK;
}

static const struct reaim_op sieve = {
	.name = "sieve",
	.unit = "Integer Sieves",
	.doc = "Sieves the numbers below 1,000,000 for primes, five times. Each time all 78,498 "
	       "must be found.",
	.operations = SIEVES,
	.work_per_job = SIEVES,
	.data_size = sizeof(struct data),
	.run = run,
};
REAIM_REGISTER(sieve);
