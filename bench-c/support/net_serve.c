// SPDX-License-Identifier: GPL-2.0-or-later
/* kbench serve: a process for each session, so that a session that goes wrong ends alone. */
#include "bench_net_wire.h"
#include "bench_serve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SESSIONS_MAX = 32, BACKLOG = 128, EXIT_USAGE = 2, PAUSE_MS = 100 };

static volatile sig_atomic_t stop;

static void ask_to_stop(int number)
{
	(void)number;
	stop = 1;
}

/* Only to interrupt ppoll(). */
static void child_ended(int number)
{
	(void)number;
}

static int open_listener(const char *text)
{
	struct sockaddr_storage address = {0};
	socklen_t length = 0;
	const int on = 1;

	if (!bench_net_parse(text, &address, &length)) {
		(void)fprintf(
			stderr,
			"kbench serve: '%s' is not a numeric ADDRESS:PORT or [ADDRESS]:PORT\n",
			text);
		return -EXIT_USAGE;
	}
	int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    bind(fd, (struct sockaddr *)&address, length) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	(void)fprintf(stderr, "kbench serve: cannot listen on %s: %s\n", text, strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

static void say_where(int listener)
{
	char host[INET6_ADDRSTRLEN] = "?";
	struct sockaddr_storage own = {0};
	socklen_t length = sizeof(own);

	if (getsockname(listener, (struct sockaddr *)&own, &length) != 0)
		return;
	bool six = own.ss_family == AF_INET6;
	const void *address = six ? (const void *)&((struct sockaddr_in6 *)&own)->sin6_addr
				  : (const void *)&((struct sockaddr_in *)&own)->sin_addr;
	(void)inet_ntop(own.ss_family, address, host, sizeof(host));
	(void)printf("kbench serve: listening on %s%s%s:%u\n", six ? "[" : "", host, six ? "]" : "",
		     bench_net_port(&own));
	(void)fflush(stdout);
}

static void serve_in_child(int listener, int control, pid_t parent, const sigset_t *mask)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	(void)signal(SIGTERM, SIG_DFL);
	(void)signal(SIGINT, SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, mask, NULL);
	(void)close(listener);
	_exit(bench_net_session(control, false));
}

static unsigned reap(unsigned sessions)
{
	while (sessions > 0 && waitpid(-1, NULL, WNOHANG) > 0)
		sessions--;
	return sessions;
}

/* Returns the sessions there are now. Out of descriptors or processes is not the end. */
static unsigned take_connection(int listener, unsigned sessions, const sigset_t *mask)
{
	pid_t parent = getpid();
	int control = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (control < 0) {
		if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
			(void)poll(NULL, 0, PAUSE_MS);
		return sessions;
	}
	if (sessions >= SESSIONS_MAX) {
		bench_net_refuse(control);
		return sessions;
	}
	pid_t pid = fork();
	if (pid == 0)
		serve_in_child(listener, control, parent, mask);
	if (pid < 0)
		bench_net_refuse(control);
	else
		(void)close(control);
	return pid < 0 ? sessions : sessions + 1;
}

static void install_handlers(sigset_t *mask)
{
	const struct sigaction ending = {.sa_handler = ask_to_stop};
	const struct sigaction child = {.sa_handler = child_ended};
	sigset_t blocked;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &blocked, mask);
	(void)sigaction(SIGTERM, &ending, NULL);
	(void)sigaction(SIGINT, &ending, NULL);
	(void)sigaction(SIGCHLD, &child, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
}

int bench_serve(const char *listen_address)
{
	unsigned sessions = 0;
	sigset_t mask;
	int listener = open_listener(listen_address);

	if (listener < 0)
		return -listener;
	install_handlers(&mask);
	say_where(listener);
	sigset_t waiting = mask; /* a signal that comes before ppoll() interrupts it all the same */
	sigdelset(&waiting, SIGTERM);
	sigdelset(&waiting, SIGINT);
	sigdelset(&waiting, SIGCHLD);
	while (!stop) {
		struct pollfd pollfd = {.fd = listener, .events = POLLIN};
		int ready = ppoll(&pollfd, 1, NULL, &waiting);
		sessions = reap(sessions);
		if (ready > 0)
			sessions = take_connection(listener, sessions, &mask);
	}
	(void)close(listener);
	return 0; /* the sessions end with us */
}
