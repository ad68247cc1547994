/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The journal of one attempt: what the agent was given, what it has to tell, what the server has
 * acknowledged. Each line is one record, on the disk before the agent acts on it:
 *
 *	J <job document>
 *	E <event, as it will be uploaded>
 *	A [["<phase>", <seq>], ...]		acknowledged by the server
 *
 * A line torn by a crash is dropped when the journal is opened again: it was never acted on.
 * Events stay on the disk; only where they lie is kept in memory.
 */
#ifndef KDYNO_SPOOL_H
#define KDYNO_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buffer.h"
#include "event.h"

struct spool_entry {
	char phase[JOB_NAME_MAX + 1]; /* "" is the job itself */
	int64_t seq;
	enum event_kind kind;
	bool failed;	/* it tells of a phase that is not done */
	int64_t offset; /* bytes, of the event in the journal */
	size_t length;
	bool acknowledged;
};

struct spool {
	int fd;
	int64_t end; /* bytes: where the next record goes */
	char *job;   /* the job document; NULL if there is none yet */
	struct spool_entry *entries;
	size_t count;
	size_t capacity;
	char boot_id[64]; /* of the first event found by spool_open(); "" if there was none */
};

struct spool_error {
	char text[512];
};

/* Opens or creates the journal and locks it against a second agent. Returns 0 or -1. */
int spool_open(struct spool *spool, const char *directory, int64_t attempt_id,
	       struct spool_error *error);
void spool_close(struct spool *spool);

/* Each returns 0 once the record is on the disk, or -1 with errno set and nothing changed. */
int spool_put_job(struct spool *spool, const char *document);

/* Of the entry, phase, seq, kind and failed are given; the rest is found here. */
int spool_put_event(struct spool *spool, const struct spool_entry *entry,
		    const struct buffer *event);

/* Marks events as acknowledged. */
int spool_acknowledge(struct spool *spool, const size_t *indices, size_t count);

/* The index of an event, or -1. */
int64_t spool_find(const struct spool *spool, const char *phase, int64_t seq);
bool spool_has(const struct spool *spool, const char *phase, enum event_kind kind);
int64_t spool_next_seq(const struct spool *spool, const char *phase);
size_t spool_pending(const struct spool *spool);
bool spool_job_failed(const struct spool *spool);

/* Adds an event's text to a buffer. Returns 0, or -1 with errno set. */
int spool_read_event(const struct spool *spool, size_t index, struct buffer *text);

#endif
