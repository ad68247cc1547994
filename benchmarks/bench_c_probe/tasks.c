// SPDX-License-Identifier: GPL-2.0-or-later
/* Tasks that are made, and two that pass something to and fro on one CPU. */
#include "probe.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int fds[2], echo_fds[2];
static sem_t *sems;

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
	sems = mmap(NULL, 2 * sizeof(*sems), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		    0);
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

const struct probe task_probes[] = {
	{"fork", NULL, do_fork, NULL, 0, 0},
	{"vfork", NULL, do_vfork, NULL, 0, 0},
	{"thread", NULL, do_thread, NULL, 0, 0},
	{"pipe", open_pipes, pass_byte, NULL, 0, 0},
	{"unix", open_unix, pass_byte, NULL, 0, 0},
	{"eventfd", open_events, pass_event, NULL, 0, 0},
	{"semaphore", open_semaphores, pass_semaphore, NULL, 0, 0},
	{"tcp", open_tcp, pass_byte, NULL, 0, 0},
	{"udp", open_udp, pass_word, NULL, 0, 0},
	{0},
};
