// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The same operations as some of kbench's benchmarks, done the plain way: clock, a fixed batch,
 * clock, the best decile of the batches beside which the CPU was as quick as ever. Shares no code
 * with bench-c on purpose, so that the two can be wrong in different ways only. bench_c_probe CPU
 * SECONDS FILE NAME...: JSON of nanoseconds per operation (or per byte) on stdout.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { FILES = 100, PAGE = 4096, PAGES = 1024, CHASE = 256 << 10, LINE = 64, LARGE = 128 << 20 };

static const char *path;
static int fds[2], echo_fds[2], ready[FILES];
static char *memory, *other;
static void **chain;
static sem_t *sems;
static volatile sig_atomic_t handled;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

#define MUST(condition)                                                                            \
	do {                                                                                       \
		if (!(condition))                                                                  \
			die(#condition);                                                           \
	} while (0)

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

static void *anonymous(size_t size)
{
	void *place = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	MUST(place != MAP_FAILED);
	MUST(madvise(place, size, MADV_NOHUGEPAGE) == 0);
	return place;
}

/* ---- one task */

#define LOOP(name, ...)                                                                            \
	static void name(long n)                                                                   \
	{                                                                                          \
		for (long i = 0; i < n; i++) {                                                     \
			__VA_ARGS__;                                                               \
		}                                                                                  \
	}

LOOP(empty_loop, __asm__ volatile("" ::: "memory"))
LOOP(do_getppid, MUST(syscall(SYS_getppid) > 0))
LOOP(do_gettid, MUST(syscall(SYS_gettid) > 0))
LOOP(do_yield, MUST(sched_yield() == 0))
LOOP(do_dup, MUST(close(dup(fds[0])) == 0))
LOOP(do_getfl, MUST(fcntl(fds[0], F_GETFL) >= 0))
LOOP(do_flock, MUST(flock(fds[0], LOCK_EX) == 0 && flock(fds[0], LOCK_UN) == 0))
LOOP(do_poll, MUST(poll((struct pollfd *)memory, FILES, 0) == FILES))
LOOP(do_epoll, struct epoll_event event; MUST(epoll_wait(fds[0], &event, 1, 0) == 1))
LOOP(do_memfd, MUST(close(memfd_create("probe", MFD_CLOEXEC)) == 0))
LOOP(do_protect, MUST(mprotect(memory, 16 * PAGE, i & 1 ? PROT_READ | PROT_WRITE : PROT_READ) == 0))
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

static void do_map(long n)
{
	for (long i = 0; i < n; i++) {
		void *place = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		MUST(place != MAP_FAILED && munmap(place, 1 << 20) == 0);
	}
}

static void do_fork(long n)
{
	for (long i = 0; i < n; i++) {
		pid_t pid = fork();
		if (pid == 0)
			_exit(0);
		MUST(pid > 0 && waitpid(pid, NULL, 0) == pid);
	}
}

/* Apart from the loop, whose counter the child could change. */
static __attribute__((noinline)) void one_vfork(void)
{
	pid_t pid = vfork();

	if (pid == 0)
		_exit(0);
	MUST(pid > 0 && waitpid(pid, NULL, 0) == pid);
}

LOOP(do_vfork, one_vfork())

static void *thread_body(void *argument)
{
	return argument;
}

static void do_thread(long n)
{
	for (long i = 0; i < n; i++) {
		pthread_t thread;
		MUST(pthread_create(&thread, NULL, thread_body, NULL) == 0 &&
		     pthread_join(thread, NULL) == 0);
	}
}

static void do_chase(long n)
{
	void **place = chain;

	for (long i = 0; i < n; i++)
		place = *place;
	__asm__ volatile("" ::"r"(place));
}

static void do_copy(long n)
{
	for (long i = 0; i < n; i++) {
		memcpy(other, memory, LARGE);
		__asm__ volatile("" ::: "memory");
	}
}

static void do_clear(long n)
{
	for (long i = 0; i < n; i++) {
		memset(memory, 0, LARGE);
		__asm__ volatile("" ::: "memory");
	}
}

/* Touching, without the giving back of the pages, which is before each batch. */
static void do_fault(long n)
{
	for (long i = 0; i < n; i++)
		((volatile char *)memory)[i * PAGE] = 1;
}

static void give_back(void)
{
	MUST(madvise(memory, (size_t)PAGES * PAGE, MADV_DONTNEED) == 0);
}

/* ---- two tasks on one CPU */

static void child(void (*body)(void))
{
	pid_t pid = fork();

	MUST(pid >= 0);
	if (pid > 0)
		return;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;)
		body();
}

static void echo_byte(void)
{
	char byte;

	if (read(echo_fds[0], &byte, 1) != 1 || write(echo_fds[1], &byte, 1) != 1)
		_exit(0);
}

static void echo_word(void)
{
	char word[4];

	if (read(echo_fds[0], word, 4) != 4 || write(echo_fds[1], word, 4) != 4)
		_exit(0);
}

static void echo_event(void)
{
	uint64_t value;

	if (read(echo_fds[0], &value, 8) != 8 || write(echo_fds[1], &value, 8) != 8)
		_exit(0);
}

static void echo_semaphore(void)
{
	(void)sem_wait(&sems[0]);
	(void)sem_post(&sems[1]);
}

LOOP(pass_byte, char byte; MUST(write(fds[1], "x", 1) == 1 && read(fds[0], &byte, 1) == 1))
LOOP(pass_word, char word[4] = "xyz";
     MUST(write(fds[1], word, 4) == 4 && read(fds[0], word, 4) == 4))
LOOP(pass_event, uint64_t one = 1; MUST(write(fds[1], &one, 8) == 8 && read(fds[0], &one, 8) == 8))
LOOP(pass_semaphore, MUST(sem_post(&sems[0]) == 0 && sem_wait(&sems[1]) == 0))

static void ends(int in, int out, int echo_in, int echo_out)
{
	fds[0] = in;
	fds[1] = out;
	echo_fds[0] = echo_in;
	echo_fds[1] = echo_out;
}

static void open_pipes(void)
{
	int there[2], back[2];

	MUST(pipe(there) == 0 && pipe(back) == 0);
	ends(back[0], there[1], there[0], back[1]);
	child(echo_byte);
}

static void open_unix(void)
{
	int pair[2];

	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	ends(pair[0], pair[0], pair[1], pair[1]);
	child(echo_byte);
}

static void open_events(void)
{
	int there = eventfd(0, 0), back = eventfd(0, 0);

	MUST(there >= 0 && back >= 0);
	ends(back, there, there, back);
	child(echo_event);
}

static void open_semaphores(void)
{
	sems = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	MUST(sems != MAP_FAILED && sem_init(&sems[0], 1, 0) == 0 && sem_init(&sems[1], 1, 0) == 0);
	child(echo_semaphore);
}

static struct sockaddr_in address_of(int fd)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t size = sizeof(address);

	if (fd >= 0)
		MUST(getsockname(fd, (struct sockaddr *)&address, &size) == 0);
	return address;
}

static int bound(int type)
{
	struct sockaddr_in any = address_of(-1);
	int fd = socket(AF_INET, type, 0);

	MUST(fd >= 0 && bind(fd, (struct sockaddr *)&any, sizeof(any)) == 0);
	return fd;
}

static void join_socket(int fd, int to)
{
	struct sockaddr_in address = address_of(to);

	MUST(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
}

static void open_udp(void)
{
	int one = bound(SOCK_DGRAM), two = bound(SOCK_DGRAM);

	join_socket(one, two);
	join_socket(two, one);
	ends(one, one, two, two);
	child(echo_word);
}

static void open_tcp(void)
{
	int listener = bound(SOCK_STREAM), one = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	MUST(listen(listener, 1) == 0);
	join_socket(one, listener);
	int two = accept(listener, NULL, NULL);
	MUST(two >= 0 && setsockopt(one, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0);
	MUST(setsockopt(two, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0);
	ends(one, one, two, two);
	child(echo_byte);
}

/* ---- what the loops need */

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
	memory = anonymous(PAGE);
	for (int i = 0; i < FILES; i++) {
		ready[i] = i == 0 ? open(path, O_RDONLY) : dup(ready[0]);
		MUST(ready[i] >= 0);
		((struct pollfd *)memory)[i] = (struct pollfd){.fd = ready[i], .events = POLLOUT};
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

static void open_guarded(void)
{
	char *all = mmap(NULL, 18 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	MUST(all != MAP_FAILED);
	memory = all + PAGE;
	MUST(mprotect(memory, 16 * PAGE, PROT_READ | PROT_WRITE) == 0);
	MUST(madvise(memory, 16 * PAGE, MADV_NOHUGEPAGE) == 0);
	memset(memory, 1, 16 * PAGE);
}

static void open_pages(void)
{
	memory = anonymous((size_t)PAGES * PAGE);
}

static void open_chain(void)
{
	enum { PLACES = CHASE / LINE };
	static unsigned order[PLACES];

	memory = anonymous(CHASE);
	srand(1);
	for (unsigned i = 0; i < PLACES; i++)
		order[i] = i;
	for (unsigned i = PLACES - 1; i > 0; i--) {
		unsigned j = (unsigned)rand() % i, kept = order[i]; /* one cycle: Sattolo */
		order[i] = order[j];
		order[j] = kept;
	}
	for (unsigned i = 0; i < PLACES; i++)
		*(void **)(memory + (size_t)i * LINE) = memory + (size_t)order[i] * LINE;
	chain = (void **)memory;
}

static void open_large(void)
{
	memory = anonymous(LARGE);
	other = (char *)anonymous(LARGE + PAGE) +
		13 * LINE; /* equal offsets must not share a cache set */
	memset(memory, 1, LARGE);
	memset(other, 1, LARGE);
}

struct probe {
	const char *name;
	void (*open)(void);
	void (*loop)(long n);
	void (*before)(void); /* each batch, not timed */
	long most;	      /* operations in a batch; 0: any */
	double per;	      /* operations in one; 0: 1 */
};

static const struct probe probes[] = {
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
	{"map", NULL, do_map, NULL, 0, 0},
	{"protect", open_guarded, do_protect, NULL, 0, 0},
	{"fault", open_pages, do_fault, give_back, PAGES, 0},
	{"fork", NULL, do_fork, NULL, 0, 0},
	{"vfork", NULL, do_vfork, NULL, 0, 0},
	{"thread", NULL, do_thread, NULL, 0, 0},
	{"pipe", open_pipes, pass_byte, NULL, 0, 0},
	{"unix", open_unix, pass_byte, NULL, 0, 0},
	{"eventfd", open_events, pass_event, NULL, 0, 0},
	{"semaphore", open_semaphores, pass_semaphore, NULL, 0, 0},
	{"tcp", open_tcp, pass_byte, NULL, 0, 0},
	{"udp", open_udp, pass_word, NULL, 0, 0},
	{"chase", open_chain, do_chase, NULL, 0, 0},
	{"copy", open_large, do_copy, NULL, 0, LARGE},
	{"clear", open_large, do_clear, NULL, 0, LARGE},
};

static double batch_ns(const struct probe *probe, long n)
{
	if (probe->before != NULL)
		probe->before();
	double begin_ns = now_ns();
	probe->loop(n);
	return now_ns() - begin_ns;
}

/* Slower when a sibling thread is busy, or the frequency lower. */
static double spin_ns(void)
{
	double least = 1e300;

	for (int chunk = 0; chunk < 3; chunk++) {
		double begin_ns = now_ns();
		for (volatile int i = 0; i < 5000; i++)
			;
		double took_ns = now_ns() - begin_ns;
		least = took_ns < least ? took_ns : least;
	}
	return least;
}

struct sample {
	double ns;
	double spin_ns; /* the slower one of before and after */
};

static int by_time(const void *left, const void *right)
{
	double a = ((const struct sample *)left)->ns;
	double b = ((const struct sample *)right)->ns;

	return (a > b) - (a < b);
}

static double best_decile_ns(struct sample *samples, size_t count)
{
	enum { FEW = 30 };
	double quickest = 1e300;
	size_t undisturbed = 0;

	qsort(samples, count, sizeof(*samples), by_time);
	double percentile = samples[count / 100].ns;
	for (size_t i = 0; i < count; i++)
		quickest = samples[i].spin_ns < quickest ? samples[i].spin_ns : quickest;
	for (size_t i = 0; i < count; i++)
		if (samples[i].spin_ns <= 1.05 * quickest)
			samples[undisturbed++] = samples[i];
	return undisturbed >= FEW ? samples[undisturbed / 10].ns : percentile;
}

static double quoted_ns(const struct probe *probe, double seconds)
{
	enum { SAMPLES_MAX = 20000 };
	static struct sample samples[SAMPLES_MAX];
	const double wanted_ns = 5e5;
	size_t count = 0;
	long n = 1;

	if (probe->open != NULL)
		probe->open();
	while (batch_ns(probe, n) < wanted_ns && (probe->most == 0 || 2 * n <= probe->most))
		n *= 2;
	double end_ns = now_ns() + 1e9 * seconds;
	double before_ns = spin_ns();
	while (count == 0 || (now_ns() < end_ns && count < SAMPLES_MAX)) {
		struct sample *sample = &samples[count++];
		sample->ns = batch_ns(probe, n) / (double)n;
		double after_ns = spin_ns();
		sample->spin_ns = after_ns > before_ns ? after_ns : before_ns;
		before_ns = after_ns;
	}
	return best_decile_ns(samples, count) / (probe->per > 0 ? probe->per : 1);
}

/* Each in a process of its own, which takes its children and descriptors with it. */
static double measured(const struct probe *probe, double seconds)
{
	double quoted = -1;
	int answer[2];

	MUST(pipe(answer) == 0);
	pid_t pid = fork();
	MUST(pid >= 0);
	if (pid == 0) {
		quoted = quoted_ns(probe, seconds);
		_exit(write(answer[1], &quoted, sizeof(quoted)) != sizeof(quoted));
	}
	(void)close(answer[1]);
	if (read(answer[0], &quoted, sizeof(quoted)) != sizeof(quoted))
		quoted = -1;
	(void)close(answer[0]);
	(void)waitpid(pid, NULL, 0);
	return quoted;
}

int main(int count, char **words)
{
	cpu_set_t cpus;
	const char *comma = "";

	if (count < 5)
		return 2;
	CPU_ZERO(&cpus);
	CPU_SET((size_t)atoi(words[1]), &cpus);
	MUST(sched_setaffinity(0, sizeof(cpus), &cpus) == 0);
	double seconds = atof(words[2]);
	path = words[3];
	printf("{");
	for (int i = 4; i < count; i++) {
		for (size_t j = 0; j < sizeof(probes) / sizeof(probes[0]); j++) {
			if (strcmp(probes[j].name, words[i]) != 0)
				continue;
			fflush(stdout);
			double quoted = measured(&probes[j], seconds);
			printf("%s\"%s\": %.6g", comma, words[i], quoted);
			comma = ", ";
		}
	}
	printf("}\n");
	return 0;
}
