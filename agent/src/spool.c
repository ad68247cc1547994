/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define TAG_LENGTH 2 /* "E " */

static int __attribute__((format(printf, 2, 3)))
fail(struct spool_error *error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error->text, sizeof(error->text), format, args);
	va_end(args);
	return -1;
}

static int add_entry(struct spool *spool, const struct spool_entry *entry)
{
	if (spool->count == spool->capacity) {
		size_t capacity = spool->capacity > 0 ? spool->capacity * 2 : 64;
		struct spool_entry *grown = realloc(spool->entries, capacity * sizeof(*grown));

		if (grown == NULL)
			return -1;
		spool->entries = grown;
		spool->capacity = capacity;
	}
	spool->entries[spool->count++] = *entry;
	return 0;
}

/* Returns -1 if it is no event, or memory is short. */
static int load_event(struct spool *spool, const char *text, size_t length, int64_t offset)
{
	json_t *event = json_loadb(text, length, 0, NULL);
	const char *phase = json_string_value(json_object_get(event, "phase"));
	const char *kind = json_string_value(json_object_get(event, "kind"));
	const char *boot_id = json_string_value(json_object_get(event, "boot_id"));
	const char *outcome = json_string_value(json_object_get(event, "outcome"));
	struct spool_entry entry = {.offset = offset, .length = length};
	int result = -1;

	if (phase != NULL && strlen(phase) <= JOB_NAME_MAX && kind != NULL && boot_id != NULL &&
	    event_kind_parse(kind, &entry.kind)) {
		snprintf(entry.phase, sizeof(entry.phase), "%s", phase);
		entry.seq = json_integer_value(json_object_get(event, "seq"));
		entry.failed = entry.kind == EVENT_PHASE_FINISHED &&
			       (outcome == NULL || strcmp(outcome, "done") != 0);
		if (spool->count == 0)
			snprintf(spool->boot_id, sizeof(spool->boot_id), "%s", boot_id);
		result = add_entry(spool, &entry);
	}
	json_decref(event);
	return result;
}

static int load_acknowledged(struct spool *spool, const char *text, size_t length)
{
	json_t *pairs = json_loadb(text, length, 0, NULL);
	const json_t *pair;
	size_t i;

	if (!json_is_array(pairs)) {
		json_decref(pairs);
		return -1;
	}
	json_array_foreach(pairs, i, pair)
	{
		const char *phase = json_string_value(json_array_get(pair, 0));
		json_int_t seq = json_integer_value(json_array_get(pair, 1));
		int64_t index = phase != NULL ? spool_find(spool, phase, seq) : -1;

		if (index >= 0)
			spool->entries[index].acknowledged = true;
	}
	json_decref(pairs);
	return 0;
}

/* One line without its newline. Returns -1 if it is no record. */
static int load_record(struct spool *spool, const char *line, size_t length, int64_t offset)
{
	const char *text = line + TAG_LENGTH;
	json_t *job;

	if (length <= TAG_LENGTH || line[1] != ' ')
		return -1;
	length -= TAG_LENGTH;
	switch (line[0]) {
	case 'J':
		job = json_loadb(text, length, 0, NULL);
		if (job == NULL)
			return -1;
		json_decref(job);
		free(spool->job);
		spool->job = strndup(text, length);
		return spool->job != NULL ? 0 : -1;
	case 'E':
		return load_event(spool, text, length, offset + TAG_LENGTH);
	case 'A':
		return load_acknowledged(spool, text, length);
	default:
		return -1;
	}
}

/*
 * Reads the journal up to its end. Only the last record can be torn, because each is synced
 * before the next is written; anything else is damage that nobody should build on.
 */
static int load(struct spool *spool, struct spool_error *error)
{
	int copy = dup(spool->fd);
	FILE *file = copy >= 0 ? fdopen(copy, "r") : NULL;
	char *line = NULL;
	size_t size = 0;
	ssize_t length;
	bool torn = false;
	int64_t position = 0;

	if (file == NULL) {
		if (copy >= 0)
			close(copy);
		return fail(error, "cannot read the journal: %s", strerror(errno));
	}
	while ((length = getline(&line, &size, file)) > 0) {
		if (torn)
			break; /* something follows the bad record: it is not the last one */
		torn = line[length - 1] != '\n' ||
		       load_record(spool, line, (size_t)length - 1, position) != 0;
		position += length;
		if (!torn)
			spool->end = position;
	}
	free(line);
	fclose(file);
	if (torn && length > 0)
		return fail(error,
			    "the journal is damaged at byte %lld; move it away to start anew",
			    (long long)spool->end);
	if (ftruncate(spool->fd, spool->end) != 0)
		return fail(error, "cannot drop the torn end of the journal: %s", strerror(errno));
	return 0;
}

static int sync_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result;

	if (fd < 0)
		return -1;
	result = fsync(fd);
	close(fd);
	return result;
}

int spool_open(struct spool *spool, const char *directory, int64_t attempt_id,
	       struct spool_error *error)
{
	char path[4096];

	memset(spool, 0, sizeof(*spool));
	spool->fd = -1;
	if (mkdir(directory, 0700) != 0 && errno != EEXIST)
		return fail(error, "cannot make %.256s: %s", directory, strerror(errno));
	snprintf(path, sizeof(path), "%s/attempt-%lld.journal", directory, (long long)attempt_id);
	spool->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (spool->fd < 0)
		return fail(error, "cannot open %.256s: %s", path, strerror(errno));
	if (flock(spool->fd, LOCK_EX | LOCK_NB) != 0) {
		fail(error, "%.256s is in use by another agent", path);
	} else if (sync_directory(directory) != 0) {
		fail(error, "cannot sync %.256s: %s", directory, strerror(errno));
	} else if (load(spool, error) == 0) {
		return 0;
	}
	spool_close(spool);
	return -1;
}

void spool_close(struct spool *spool)
{
	if (spool->fd >= 0)
		close(spool->fd);
	free(spool->job);
	free(spool->entries);
	memset(spool, 0, sizeof(*spool));
	spool->fd = -1;
}

static int write_at(int fd, const char *bytes, size_t count, int64_t offset)
{
	while (count > 0) {
		ssize_t put = pwrite(fd, bytes, count, offset);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -1;
		bytes += put;
		count -= (size_t)put;
		offset += put;
	}
	return 0;
}

/* Appends one line and syncs it; or, with errno set, nothing. */
static int append(struct spool *spool, const char *tag, const char *text, size_t length)
{
	int64_t text_at = spool->end + TAG_LENGTH;
	int64_t newline_at = text_at + (int64_t)length;
	int failure;

	if (write_at(spool->fd, tag, TAG_LENGTH, spool->end) == 0 &&
	    write_at(spool->fd, text, length, text_at) == 0 &&
	    write_at(spool->fd, "\n", 1, newline_at) == 0 && fdatasync(spool->fd) == 0) {
		spool->end = newline_at + 1;
		return 0;
	}
	failure = errno;
	if (ftruncate(spool->fd, spool->end) != 0)
		failure = errno;
	errno = failure;
	return -1;
}

int spool_put_job(struct spool *spool, const char *document)
{
	char *copy = strdup(document);

	if (copy == NULL)
		return -1;
	if (append(spool, "J ", document, strlen(document)) != 0) {
		free(copy);
		return -1;
	}
	free(spool->job);
	spool->job = copy;
	return 0;
}

int spool_put_event(struct spool *spool, const struct spool_entry *entry,
		    const struct buffer *event)
{
	struct spool_entry added = *entry;

	added.offset = spool->end + TAG_LENGTH;
	added.length = event->length;
	added.acknowledged = false;
	if (append(spool, "E ", event->data, event->length) != 0)
		return -1;
	return add_entry(spool, &added);
}

int spool_acknowledge(struct spool *spool, const size_t *indices, size_t count)
{
	json_t *pairs = json_array();
	char *text;
	int result = -1;

	for (size_t i = 0; i < count; i++) {
		struct spool_entry *entry = &spool->entries[indices[i]];

		entry->acknowledged = true;
		json_array_append_new(pairs,
				      json_pack("[s, I]", entry->phase, (json_int_t)entry->seq));
	}
	text = json_dumps(pairs, JSON_COMPACT);
	if (text != NULL)
		result = append(spool, "A ", text, strlen(text));
	free(text);
	json_decref(pairs);
	return result;
}

int64_t spool_find(const struct spool *spool, const char *phase, int64_t seq)
{
	for (size_t i = 0; i < spool->count; i++)
		if (spool->entries[i].seq == seq && strcmp(spool->entries[i].phase, phase) == 0)
			return (int64_t)i;
	return -1;
}

bool spool_has(const struct spool *spool, const char *phase, enum event_kind kind)
{
	for (size_t i = 0; i < spool->count; i++)
		if (spool->entries[i].kind == kind && strcmp(spool->entries[i].phase, phase) == 0)
			return true;
	return false;
}

int64_t spool_next_seq(const struct spool *spool, const char *phase)
{
	int64_t highest = 0;

	for (size_t i = 0; i < spool->count; i++)
		if (strcmp(spool->entries[i].phase, phase) == 0 && spool->entries[i].seq > highest)
			highest = spool->entries[i].seq;
	return highest + 1;
}

size_t spool_pending(const struct spool *spool)
{
	size_t pending = 0;

	for (size_t i = 0; i < spool->count; i++)
		pending += !spool->entries[i].acknowledged;
	return pending;
}

bool spool_job_failed(const struct spool *spool)
{
	for (size_t i = 0; i < spool->count; i++)
		if (spool->entries[i].failed)
			return true;
	return false;
}

int spool_read_event(const struct spool *spool, size_t index, struct buffer *text)
{
	const struct spool_entry *entry = &spool->entries[index];
	char chunk[16384];
	size_t done = 0;

	while (done < entry->length) {
		size_t wanted = entry->length - done;
		ssize_t got =
			pread(spool->fd, chunk, wanted < sizeof(chunk) ? wanted : sizeof(chunk),
			      entry->offset + (int64_t)done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			errno = got == 0 ? EIO : errno;
			return -1;
		}
		if (buffer_add(text, chunk, (size_t)got) != 0) {
			errno = ENOMEM;
			return -1;
		}
		done += (size_t)got;
	}
	return 0;
}
