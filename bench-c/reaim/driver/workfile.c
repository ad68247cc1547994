// SPDX-License-Identifier: GPL-2.0-or-later
#include "workfile.h"

#include "catalogue.h"
#include "complain.h"
#include "lines.h"
#include "numbers.h"

#include <errno.h>
#include <string.h>

static struct test *find_test(struct workfile *workfile, const struct reaim_op *op)
{
	for (size_t i = 0; i < workfile->count; i++)
		if (workfile->tests[i].op == op)
			return &workfile->tests[i];
	return NULL;
}

static int unknown_test(const struct line *line)
{
	const char *meant = catalogue_suggest(line->rest);

	if (meant != NULL)
		return complain(EXIT_FAILED, "%s:%u: unknown sub-test %s, did you mean %s?",
				line->path, line->number, line->rest, meant);
	return complain(EXIT_FAILED, "%s:%u: unknown sub-test %s; see reaim --list", line->path,
			line->number, line->rest);
}

static int add_test(struct workfile *workfile, const struct line *line)
{
	long weight = 0;

	if (!parse_count(line->first, 0, WEIGHT_MAX, &weight))
		return complain(EXIT_FAILED, "%s:%u: %s is no weight (0 to %d)", line->path,
				line->number, line->first, WEIGHT_MAX);
	if (line->rest[0] == '\0')
		return complain(EXIT_FAILED, "%s:%u: no sub-test after the weight", line->path,
				line->number);
	const struct reaim_op *op = catalogue_find(line->rest);
	if (op == NULL)
		return unknown_test(line);
	struct test *test = find_test(workfile, op);
	if (test == NULL && workfile->count == TESTS_MAX)
		return complain(EXIT_FAILED, "%s:%u: more than %d sub-tests", line->path,
				line->number, TESTS_MAX);
	if (test == NULL)
		test = &workfile->tests[workfile->count++];
	test->op = op;
	test->weight = (uint32_t)weight;
	test->counted += (uint64_t)weight;
	test->line_count++;
	workfile->total_weight += (uint64_t)weight;
	workfile->line_count++;
	return EXIT_DONE;
}

static int take_size(const struct line *line, uint64_t *bytes, bool *given)
{
	*given = true;
	if (parse_size(line->rest, bytes))
		return EXIT_DONE;
	return complain(EXIT_FAILED, "%s:%u: %s %s must be a number with k or m, as in 10k or 5m",
			line->path, line->number, line->first, line->rest);
}

static int take_line(struct workfile *workfile, const struct line *line)
{
	if (strcmp(line->first, "FILESIZE:") == 0)
		return take_size(line, &workfile->file_bytes, &workfile->has_file_bytes);
	if (strcmp(line->first, "POOLSIZE:") == 0)
		return take_size(line, &workfile->pool_bytes, &workfile->has_pool_bytes);
	return add_test(workfile, line);
}

int workfile_read(struct workfile *workfile, const char *path)
{
	struct lines lines;
	struct line line;
	int status = EXIT_DONE;

	*workfile = (struct workfile){0};
	if (!lines_open(&lines, path))
		return complain(EXIT_FAILED, "workfile %s: %s", path, strerror(errno));
	while (status == EXIT_DONE && lines_next(&lines, &line))
		status = take_line(workfile, &line);
	if (status == EXIT_DONE)
		status = lines_end(&lines);
	lines_close(&lines);
	if (status == EXIT_DONE && workfile->total_weight == 0)
		return complain(EXIT_FAILED, "%s: no sub-test with a weight above 0", path);
	return status;
}

void workfile_remove(struct workfile *workfile, size_t test)
{
	struct test *gone = &workfile->tests[test];

	workfile->total_weight -= gone->counted;
	workfile->line_count -= gone->line_count;
	workfile->count--;
	memmove(gone, gone + 1, (workfile->count - test) * sizeof(*gone));
}

bool workfile_has_disk_tests(const struct workfile *workfile)
{
	for (size_t i = 0; i < workfile->count; i++)
		if (workfile->tests[i].op->kind == REAIM_DISK)
			return true;
	return false;
}

size_t workfile_blocks(uint64_t file_bytes, uint64_t pool_bytes, size_t users)
{
	return (size_t)((file_bytes + pool_bytes / users) / 1024);
}
