// SPDX-License-Identifier: GPL-2.0-or-later
#include "result.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>

struct result *result_new(const struct spec *spec, size_t samples_max)
{
	size_t doubles = (METRICS_MAX + 1) * samples_max;
	size_t size = sizeof(struct result) + doubles * sizeof(double);
	struct result *result = mmap(NULL, size, PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (result == MAP_FAILED)
		return NULL;
	result->spec = *spec;
	result->samples_max = samples_max;
	result->status = STATUS_ERROR; /* until somebody knows better */
	result->shared_size = size;
	double *space = (double *)(result + 1);
	for (size_t i = 0; i < METRICS_MAX; i++) {
		result->metrics[i].sampling.samples = space + i * samples_max;
		result->metrics[i].sampling.scratch = space + METRICS_MAX * samples_max;
	}
	return result;
}

const struct figure_kind *result_kind(const struct result *result, const struct metric *metric)
{
	static const struct figure_kind overhead = {"overhead", "ns/op", "lower"};

	return metric->is_overhead ? &overhead : figure_kind(result->spec.bench->figure);
}

void result_free(struct result *result)
{
	munmap(result, result->shared_size);
}

void result_explain(struct result *result, const char *format, ...)
{
	va_list arguments;

	if (result->reason[0] != '\0')
		return;
	va_start(arguments, format);
	(void)vsnprintf(result->reason, sizeof(result->reason), format, arguments);
	va_end(arguments);
}

int result_end(struct result *result, enum run_status status)
{
	result->status = status;
	if (status != STATUS_DONE)
		result->metric_count = 0;
	return (int)status;
}
