/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processes of a pass: started, waited for, ended. Signals arrive as events. */
#ifndef KDYNO_REAIM_CREW_H
#define KDYNO_REAIM_CREW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Block SIGCHLD and what ends the program, so that both come through event_wait(). Once, at
 * the start. 0, or -1 and errno. */
int events_open(void);

enum event {
	EVENT_READY,	 /* the descriptor has data */
	EVENT_CHILD,	 /* some process ended; see crew_next_ended() */
	EVENT_INTERRUPT, /* SIGINT, SIGTERM or SIGHUP */
	EVENT_TIMEOUT,
};

/* Wait for the next event until deadline_ns (CLOCK_MONOTONIC); fd -1: none. */
enum event event_wait(int fd, uint64_t deadline_ns);
/* Look for one without waiting, in work that takes long: true ends it. */
bool event_is_interrupt_pending(void);
/* The signal that ended the program, or 0. Stays. */
int event_interrupt(void);

struct crew {
	pid_t *pids; /* 0: ended */
	size_t count;
	size_t alive;
};

/* 0, or -1 and errno. */
int crew_new(struct crew *crew, size_t size);
/* Adds a process that leads its own group. */
void crew_add(struct crew *crew, pid_t pid);

/* A process that has ended and was not waited for yet, or 0. Not reaped: while it is a zombie
 * nobody else can have its number. */
pid_t crew_next_ended(void);
/* Wait for it; its wait status. */
int reap(pid_t pid);
/* Which member it is, or -1. */
ssize_t crew_index(const struct crew *crew, pid_t pid);
/* End what is left of an ended member's group and give its wait status. */
int crew_reap(struct crew *crew, size_t index);

/* End them all and wait for each. */
void crew_kill(struct crew *crew);
/* Ends what is left of it, waits for all helpers, gives the memory back. */
void crew_free(struct crew *crew);

#endif
