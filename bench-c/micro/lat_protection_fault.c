// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: a store to a page that may only be read, up to the end of the SIGSEGV handler that
 * makes the store be skipped.
 * Why: garbage collectors, checkpoints and emulators catch writes this way: the exception, the
 * search for the mapping, and the delivery of a signal with its cause.
 * Source: lmbench paper and programs (USENIX 1996), protection fault; sigaction(2).
 */
#include "bench.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

struct data {
	char *page;
	size_t page_size;
};

static volatile uint64_t caught; /* a handler gets no argument of ours */
static char *volatile expected;

/* A store, and the address behind it in a register where the handler finds it. */
static inline void store(char *to)
{
#if defined(__x86_64__)
	__asm__ volatile("lea 1f(%%rip), %%rdx\n\tmovb $1, (%0)\n1:" ::"r"(to) : "rdx", "memory");
#elif defined(__aarch64__)
	__asm__ volatile("adr x2, 1f\n\tstrb wzr, [%0]\n1:" ::"r"(to) : "x2", "memory");
#else
#error "no store of this machine is known here"
#endif
}

static void skip_store(ucontext_t *context)
{
#if defined(__x86_64__)
	context->uc_mcontext.gregs[REG_RIP] = context->uc_mcontext.gregs[REG_RDX];
#elif defined(__aarch64__)
	context->uc_mcontext.pc = context->uc_mcontext.regs[2];
#endif
}

/* Any other fault is a crash: it strikes again, without this handler. */
static void handler(int number, siginfo_t *info, void *context)
{
	if (info->si_addr != expected || info->si_code != SEGV_ACCERR) {
		(void)signal(number, SIG_DFL);
		return;
	}
	caught = caught + 1;
	skip_store(context);
}

static int setup(struct bench_state *state)
{
	const struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
	struct data *data = bench_data(state);

	caught = 0;
	data->page_size = (size_t)sysconf(_SC_PAGESIZE);
	char *page = mmap(NULL, data->page_size, PROT_READ,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (page == MAP_FAILED)
		return bench_fail(state, "mmap: %s", strerror(errno));
	data->page = page;
	expected = page;
	if (sigaction(SIGSEGV, &action, NULL) != 0)
		return bench_fail(state, "sigaction: %s", strerror(errno));
	return BENCH_OK;
}

static int run(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);
	char *page = data->page;

	for (uint64_t i = 0; i < iterations; i++)
		store(page);
	return *page == 0 ? BENCH_OK : bench_fail(state, "the page was written");
}

static uint64_t work(struct bench_state *state)
{
	(void)state;
	return caught;
}

static void teardown(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	(void)signal(SIGSEGV, SIG_DFL);
	if (data->page != NULL)
		(void)munmap(data->page, data->page_size);
}

static const struct bench lat_protection_fault = {
	.name = "lat_protection_fault",
	.summary = "write to a read-only page, caught by a handler",
	.doc = "Times a store to a page mapped without PROT_WRITE, the SIGSEGV that follows, its\n"
	       "handler, and the return behind the store: the handler moves the program counter, so\n"
	       "nothing is mended by another system call and each operation is one store, one\n"
	       "exception, one signal. In it: the exception's entry, the search for the mapping, the\n"
	       "cause (address and code) filled in and copied to the handler, and what is in\n"
	       "lat_signal_dispatch. Nothing is subtracted: the fault alone is this less\n"
	       "lat_signal_dispatch only roughly, whose signal comes from a system call that is\n"
	       "subtracted and whose handler asks for no cause. The kernel books a forbidden access as\n"
	       "no page fault. Work proof: the handler counts, and only if address and code are right;\n"
	       "the page is unchanged; the kernel must count no faults. Idea: the protection fault of the lmbench programs, which lets the\n"
	       "store fail again and again and subtracts the median of a run of signals.",
	.figure = BENCH_LATENCY,
	.timeout_s = 10,
	.copies = BENCH_AS_PROCESSES,
	.expectations = {{BENCH_MINOR_FAULTS, 0, 0.05}},
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_protection_fault);
