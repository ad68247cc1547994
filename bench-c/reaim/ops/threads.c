// SPDX-License-Identifier: GPL-2.0-or-later
#include "threads.h"

#include <errno.h>
#include <pthread.h>

int threads_run(struct reaim_job *job, unsigned int count, void *(*body)(void *argument),
		void (*begun)(void *arguments), void *arguments, size_t size)
{
	pthread_t threads[THREADS_MAX];
	unsigned int started = 0;
	int error = 0;

	while (started < count && started < THREADS_MAX && error == 0) {
		error = pthread_create(&threads[started], NULL, body,
				       (char *)arguments + started * size);
		started += error == 0;
	}
	if (started > 0 && begun != NULL)
		begun(arguments);
	for (unsigned int i = 0; i < started; i++)
		(void)pthread_join(threads[i], NULL);
	if (started == count)
		return REAIM_OK;
	errno = error;
	return reaim_fail(job, "thread %u of %u: %m", started + 1, count);
}
