// SPDX-License-Identifier: GPL-2.0-or-later
#include "result.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static size_t size_for(size_t samples_max)
{
	return sizeof(struct result) + (METRICS_MAX + 1) * samples_max * sizeof(double) +
	       SAMPLED_KINDS * samples_max * sizeof(float) + METRICS_MAX * samples_max;
}

static struct result *map(int fd, size_t size)
{
	int flags = MAP_SHARED | MAP_POPULATE | (fd < 0 ? MAP_ANONYMOUS : 0);
	struct result *result = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);

	return result == MAP_FAILED ? NULL : result;
}

void result_attach(struct result *result)
{
	double *space = (double *)(result + 1);
	void *behind = space + (METRICS_MAX + 1) * result->samples_max;
	float *counts = behind;
	uint8_t *flags = (uint8_t *)(counts + SAMPLED_KINDS * result->samples_max);

	for (size_t i = 0; i < METRICS_MAX; i++) {
		result->metrics[i].sampling.samples = space + i * result->samples_max;
		result->metrics[i].sampling.scratch = space + METRICS_MAX * result->samples_max;
		result->metrics[i].sampling.flags = flags + i * result->samples_max;
	}
	for (size_t kind = 0; kind < SAMPLED_KINDS; kind++)
		result->sample_counts.of_samples[kind] = counts + kind * result->samples_max;
}

struct result *result_new(const struct spec *spec, size_t samples_max)
{
	size_t size = size_for(samples_max);
	struct result *result = map(-1, size);

	if (result == NULL)
		return NULL;
	(void)snprintf(result->bench_name, NAME_SIZE, "%s", spec->bench->name);
	result->spec = *spec;
	result->samples_max = samples_max;
	result->status = STATUS_ERROR; /* until somebody knows better */
	result->shared_size = size;
	result_attach(result);
	return result;
}

/* A file in memory for one round: with a descriptor for each result there would be an end to how
 * many benchmarks one run can have, and each benchmark would inherit them all. */
int result_lend(const struct result *result)
{
	int fd = memfd_create("kbench-result", MFD_CLOEXEC);

	if (fd >= 0 && pwrite(fd, result, result->shared_size, 0) == (ssize_t)result->shared_size)
		return fd;
	int saved = errno;
	if (fd >= 0)
		(void)close(fd);
	errno = saved;
	return -1;
}

int result_take_back(struct result *result, int fd)
{
	const struct bench *bench = result->spec.bench;
	size_t size = result->shared_size;
	ssize_t got = pread(fd, result, size, 0);

	(void)close(fd);
	result->spec.bench = bench; /* the other process has put its own pointers there */
	result->shared_size = size;
	result_attach(result);
	return got == (ssize_t)size ? 0 : -1;
}

struct result *result_from(int shared_fd)
{
	struct stat stat;

	if (fstat(shared_fd, &stat) != 0 || (size_t)stat.st_size < sizeof(struct result))
		return NULL;
	struct result *result = map(shared_fd, (size_t)stat.st_size);
	if (result == NULL || result->shared_size != (size_t)stat.st_size)
		return NULL;
	result->spec.bench = registry_find(result->bench_name);
	if (result->spec.bench == NULL)
		return NULL;
	result_attach(result);
	return result;
}

const struct figure_kind *result_kind(const struct result *result, const struct metric *metric)
{
	static const struct figure_kind overhead = {"overhead", "ns/op", "lower"};

	return metric->is_overhead ? &overhead : figure_kind(result->spec.bench->figure);
}

void result_free(struct result *result)
{
	(void)munmap(result, result->shared_size);
}

void result_explain(struct result *result, const char *format, ...)
{
	va_list arguments;

	if (atomic_exchange(&result->is_explained, true))
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
