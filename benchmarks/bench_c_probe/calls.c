// SPDX-License-Identifier: GPL-2.0-or-later
/* One task that asks the kernel, or only counts. */
#include "probe.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

enum { FILES = 100 };

static int fds[1], ready[FILES];
static struct pollfd polled[FILES];
static volatile sig_atomic_t handled;

LOOP(empty_loop, __asm__ volatile("" ::: "memory"))
LOOP(do_getppid, MUST(syscall(SYS_getppid) > 0))
LOOP(do_gettid, MUST(syscall(SYS_gettid) > 0))
LOOP(do_yield, MUST(sched_yield() == 0))
LOOP(do_dup, MUST(close(dup(fds[0])) == 0))
LOOP(do_getfl, MUST(fcntl(fds[0], F_GETFL) >= 0))
LOOP(do_flock, MUST(flock(fds[0], LOCK_EX) == 0 && flock(fds[0], LOCK_UN) == 0))
LOOP(do_poll, MUST(poll(polled, FILES, 0) == FILES))
LOOP(do_epoll, struct epoll_event event; MUST(epoll_wait(fds[0], &event, 1, 0) == 1))
LOOP(do_memfd, MUST(close(memfd_create("probe", MFD_CLOEXEC)) == 0))
LOOP(do_clock, struct timespec t; MUST(clock_gettime(CLOCK_MONOTONIC, &t) == 0))
LOOP(do_clock_call, struct timespec t; MUST(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t) == 0))
LOOP(do_read_zero, char byte; MUST(read(fds[0], &byte, 1) == 1))
LOOP(do_write_null, MUST(write(fds[0], "", 1) == 1))
LOOP(do_open, MUST(close(open(path, O_RDONLY)) == 0))
LOOP(do_stat, struct stat answer; MUST(syscall(SYS_newfstatat, AT_FDCWD, path, &answer, 0) == 0))
LOOP(do_random, char bytes[16]; MUST(syscall(SYS_getrandom, bytes, 16, 0) == 16))

/* Without libc, which would store the error, and return through a predictor that the kernel has
 * emptied. */
static void do_enosys(long n)
{
	for (long i = 0; i < n; i++) {
#if defined(__x86_64__)
		long answer = 9999;
		__asm__ volatile("syscall" : "+a"(answer)::"rcx", "r11", "memory");
#else
		register long number __asm__("x8") = 9999;
		register long answer __asm__("x0");
		__asm__ volatile("svc #0" : "=r"(answer) : "r"(number) : "memory");
#endif
		MUST(answer < 0);
	}
}

static void send_often(long n, int number)
{
	pid_t me = getpid();

	for (long i = 0; i < n; i++)
		MUST(kill(me, number) == 0);
}

static void do_kill(long n)
{
	send_often(n, SIGUSR1);
}

static void do_kill_nothing(long n)
{
	send_often(n, 0);
}

static void on_signal(int number)
{
	handled += number > 0;
}

static void on_signal_too(int number)
{
	handled -= number > 0;
}

static void do_sigaction(long n)
{
	struct sigaction actions[2] = {{.sa_handler = on_signal}, {.sa_handler = on_signal_too}};
	struct sigaction before;

	for (long i = 0; i < n; i++)
		MUST(sigaction(SIGUSR1, &actions[i & 1], &before) == 0);
}

static void do_select(long n)
{
	fd_set all, set;

	FD_ZERO(&all);
	for (int i = 0; i < FILES; i++)
		FD_SET(ready[i], &all);
	for (long i = 0; i < n; i++) {
		set = all;
		struct timeval zero = {0};
		MUST(select(ready[FILES - 1] + 1, NULL, &set, NULL, &zero) == FILES);
	}
}

static void do_socketpair(long n)
{
	for (long i = 0; i < n; i++) {
		int pair[2];
		MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
		MUST(close(pair[0]) == 0 && close(pair[1]) == 0);
	}
}

static void do_arm(long n)
{
	struct itimerspec before, later = {.it_value = {1000, 0}};

	for (long i = 0; i < n; i++)
		MUST(timerfd_settime(fds[0], 0, &later, &before) == 0);
}

static void open_zero(void)
{
	fds[0] = open("/dev/zero", O_RDONLY);
}

static void open_null(void)
{
	fds[0] = open("/dev/null", O_WRONLY);
}

static void open_memory_file(void)
{
	fds[0] = memfd_create("probe", MFD_CLOEXEC);
}

static void open_timer(void)
{
	fds[0] = timerfd_create(CLOCK_MONOTONIC, 0);
	do_arm(1);
}

static void open_files(void)
{
	for (int i = 0; i < FILES; i++) {
		ready[i] = i == 0 ? open(path, O_RDONLY) : dup(ready[0]);
		MUST(ready[i] >= 0);
		polled[i] = (struct pollfd){.fd = ready[i], .events = POLLOUT};
	}
}

static void open_epoll(void)
{
	fds[0] = epoll_create1(0);
	for (int i = 0; i < FILES; i++) {
		int fd = eventfd(i == FILES / 2, 0);
		struct epoll_event event = {.events = EPOLLIN};
		MUST(epoll_ctl(fds[0], EPOLL_CTL_ADD, fd, &event) == 0);
	}
}

static void open_signal(void)
{
	MUST(signal(SIGUSR1, on_signal) != SIG_ERR);
}

const struct probe call_probes[] = {
	{"loop", NULL, empty_loop, NULL, 0, 0},
	{"getppid", NULL, do_getppid, NULL, 0, 0},
	{"gettid", NULL, do_gettid, NULL, 0, 0},
	{"enosys", NULL, do_enosys, NULL, 0, 0},
	{"read", open_zero, do_read_zero, NULL, 0, 0},
	{"write", open_null, do_write_null, NULL, 0, 0},
	{"stat", NULL, do_stat, NULL, 0, 0},
	{"open", NULL, do_open, NULL, 0, 0},
	{"dup", open_null, do_dup, NULL, 0, 0},
	{"getfl", open_null, do_getfl, NULL, 0, 0},
	{"clock", NULL, do_clock, NULL, 0, 0},
	{"clock-syscall", NULL, do_clock_call, NULL, 0, 0},
	{"yield", NULL, do_yield, NULL, 0, 0},
	{"getrandom", NULL, do_random, NULL, 0, 0},
	{"sigaction", NULL, do_sigaction, NULL, 0, 0},
	{"kill", open_signal, do_kill, NULL, 0, 0},
	{"kill-nothing", NULL, do_kill_nothing, NULL, 0, 0},
	{"select", open_files, do_select, NULL, 0, 0},
	{"poll", open_files, do_poll, NULL, 0, 0},
	{"epoll", open_epoll, do_epoll, NULL, 0, 0},
	{"timer-arm", open_timer, do_arm, NULL, 0, 0},
	{"flock", open_memory_file, do_flock, NULL, 0, 0},
	{"memfd", NULL, do_memfd, NULL, 0, 0},
	{"socketpair", NULL, do_socketpair, NULL, 0, 0},
	{0},
};
