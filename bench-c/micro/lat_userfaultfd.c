// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: a page fault that a thread of the program resolves through a userfaultfd.
 * Why: how long the guest of a live migration, or the user of a lazy snapshot or a garbage
 * collector, waits for a page: fault, wake-up of the handler, copy, wake-up of the faulter.
 * Source: userfaultfd(2), ioctl_userfaultfd(2); beside lmbench's page fault latency.
 */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PAGES = 1024, FILL = 0x5a };

/* One page more than run touches: its fault tells the handler to end. */
struct data {
	int faults; /* the userfaultfd */
	size_t page_bytes;
	unsigned char *pages;
	unsigned char *source; /* what a fault brings */
	bool handled_by_thread;
	uint64_t right_pages;
	uint32_t failed;
};

static size_t area_bytes(const struct data *data)
{
	return (PAGES + 1) * data->page_bytes;
}

static unsigned char *last_page(const struct data *data)
{
	return data->pages + PAGES * data->page_bytes;
}

static bool resolve(const struct data *data, uint64_t address)
{
	struct uffdio_copy copy = {.dst = address & ~(uint64_t)(data->page_bytes - 1),
				   .src = (uint64_t)(uintptr_t)data->source,
				   .len = data->page_bytes};

	return ioctl(data->faults, UFFDIO_COPY, &copy) == 0;
}

/* Nobody must wait for a handler that has failed: without the registration the kernel brings
 * empty pages, which run notices. */
static int give_up(struct bench_state *state, struct data *data, const char *what)
{
	struct uffdio_range range = {.start = (uint64_t)(uintptr_t)data->pages,
				     .len = area_bytes(data)};
	int error = errno;

	__atomic_store_n(&data->failed, 1, __ATOMIC_RELEASE);
	(void)ioctl(data->faults, UFFDIO_UNREGISTER, &range);
	return bench_fail(state, "%s: %s", what, strerror(error));
}

static int handle_faults(struct bench_state *state, unsigned index)
{
	struct data *data = bench_data(state);

	(void)index;
	for (;;) {
		struct uffd_msg message;
		if (read(data->faults, &message, sizeof(message)) != sizeof(message))
			return give_up(state, data, "cannot read a fault");
		if (message.event != UFFD_EVENT_PAGEFAULT)
			return give_up(state, data, "another event");
		if (!resolve(data, message.arg.pagefault.address))
			return give_up(state, data, "cannot resolve a fault");
		if (message.arg.pagefault.address >= (uint64_t)(uintptr_t)last_page(data))
			return BENCH_OK;
	}
}

/* Faults of user mode are all that is needed, and what an ordinary user may have. */
static int open_faults(struct bench_state *state, struct data *data)
{
	struct uffdio_api api = {.api = UFFD_API};

	data->faults = (int)syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
	if (data->faults < 0 && errno == EINVAL)
		data->faults = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	if (data->faults < 0 && errno == ENOSYS)
		return bench_skip(state, "no userfaultfd: needs CONFIG_USERFAULTFD");
	if (data->faults < 0 && errno == EPERM)
		return bench_skip(state, "userfaultfd is not permitted: needs "
					 "vm.unprivileged_userfaultfd=1 or Linux 5.11");
	if (data->faults < 0)
		return bench_fail(state, "userfaultfd: %s", strerror(errno));
	if (ioctl(data->faults, UFFDIO_API, &api) != 0)
		return bench_fail(state, "UFFDIO_API: %s", strerror(errno));
	return BENCH_OK;
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);

	data->page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	data->pages = mmap(NULL, area_bytes(data), PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	data->source = mmap(NULL, data->page_bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (data->pages == MAP_FAILED || data->source == MAP_FAILED)
		return bench_fail(state, "mmap: %s", strerror(errno));
	memset(data->source, FILL, data->page_bytes);
	int error = open_faults(state, data);
	if (error != 0)
		return error;
	struct uffdio_register registration = {
		.range = {.start = (uint64_t)(uintptr_t)data->pages, .len = area_bytes(data)},
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	if (ioctl(data->faults, UFFDIO_REGISTER, &registration) != 0)
		return bench_fail(state, "UFFDIO_REGISTER: %s", strerror(errno));
	error = bench_thread(state, handle_faults);
	data->handled_by_thread = error == 0;
	return error;
}

static int prepare(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);

	(void)iterations;
	if (madvise(data->pages, area_bytes(data), MADV_DONTNEED) != 0)
		return bench_fail(state, "madvise: %s", strerror(errno));
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	const volatile unsigned char *page = data->pages;
	uint64_t right_pages = 0;

	for (uint64_t i = 0; i < iterations; i++) {
		right_pages += *page == FILL;
		page += data->page_bytes;
	}
	data->right_pages += right_pages;
	return right_pages == iterations
		       ? BENCH_OK
		       : bench_fail(state, "a page did not come from the handler");
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->right_pages;
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	if (!data->handled_by_thread)
		return;
	if (__atomic_load_n(&data->failed, __ATOMIC_ACQUIRE) == 0)
		bench_use(*(const volatile unsigned char *)last_page(data));
}

static const struct bench lat_userfaultfd = {
	.name = "lat_userfaultfd",
	.summary = "a page fault that another thread resolves",
	.doc = "Times the first read of a page that is registered with a userfaultfd, while a second\n"
	       "thread reads the fault from it and resolves it by UFFDIO_COPY of one page: the\n"
	       "fault, the wake-up of the handler, two system calls, a page allocated, filled and\n"
	       "mapped, and the wake-up of the thread that waited. With cross-cpu both wake-ups go\n"
	       "to another CPU. Before each run, untimed, all pages are given back. The handler\n"
	       "reads without poll(), as it has nothing else to do. Only faults of user mode are\n"
	       "asked for, which an ordinary user may handle. Work proof: each page must hold what\n"
	       "the handler copied, and on one CPU two context switches each were counted.\n"
	       "Idea: userfaultfd(2), beside lmbench's page fault latency.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.tasks = 2,
	.iterations_max = PAGES,
	.expectations = {{BENCH_SWITCHES, 1.9, 0, .only_same_cpu = true}},
	.data_size = sizeof(struct data),
	.setup = setup,
	.prepare = prepare,
	.run = run,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_userfaultfd);
