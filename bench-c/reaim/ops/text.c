// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * string_rtns and sort_rtns_1: the C library's functions on strings, and qsort() with
 * bsearch(). The results of each are checked by others or by comparison with the input.
 */
#include "reaim_op.h"

#include <stdlib.h>
#include <string.h>

enum { MANIPULATIONS = 100, SORTS = 10, ELEMENTS = 5000, SEARCHES = 500, LINE_BYTES = 512 };

static const char *const words[] = {
	"the", "kernel", "under", "test", "boots", "from", "network", "each",	 "time", "anew",
	"so",  "that",	 "no",	  "run",  "sees",  "what", "an",      "earlier", "one",	 "left"};

enum { WORDS = sizeof(words) / sizeof(words[0]) };

/* The words from `first` on, round the list, each with a space behind it. Its length. */
static size_t join(char *line, size_t first)
{
	size_t length = 0;

	line[0] = '\0';
	for (size_t i = 0; i < WORDS; i++) {
		const char *word = words[(first + i) % WORDS];
		strcat(line, word);
		strcat(line, " ");
		length += strlen(word) + 1;
	}
	return length;
}

/* Finds each word where it must be, by pieces cut at the spaces. */
static bool splits_into_its_words(char *line, size_t first)
{
	char *rest = NULL, *piece = strtok_r(line, " ", &rest);
	size_t i = 0;

	for (; piece != NULL; piece = strtok_r(NULL, " ", &rest), i++)
		if (i == WORDS || strcmp(piece, words[(first + i) % WORDS]) != 0)
			return false;
	return i == WORDS;
}

static bool manipulates_well(size_t first)
{
	char line[LINE_BYTES], copy[LINE_BYTES];
	const char *last_word = words[(first + WORDS - 1) % WORDS];
	size_t length = join(line, first);

	reaim_use(line);
	if (strlen(line) != length || strchr(line, ' ') != line + strlen(words[first % WORDS]) ||
	    strrchr(line, ' ') != line + length - 1 || strstr(line, last_word) == NULL ||
	    strcspn(line, "#") != length || strspn(line, "abcdefghijklmnopqrstuvwxyz ") != length ||
	    strpbrk(line, "!?") != NULL)
		return false;
	strncpy(copy, line, sizeof(copy));
	reaim_use(copy);
	if (strcmp(copy, line) != 0 || strncmp(copy, line, length) != 0 ||
	    strcasecmp(copy, line) != 0 || memchr(copy, '\0', sizeof(copy)) != copy + length)
		return false;
	strcpy(line + length, copy);
	return strlen(line) == 2 * length && splits_into_its_words(copy, first);
}

static int string_run(struct reaim_job *job)
{
	for (size_t i = 0; i < MANIPULATIONS; i++) {
		if (!manipulates_well(i))
			return reaim_fail(job, "a string of manipulation %zu is wrong", i);
		reaim_did(job, 1);
	}
	return REAIM_OK;
}

struct sort_data {
	uint32_t elements[ELEMENTS];
};

static int compare(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

static bool is_sorted(const uint32_t *elements)
{
	for (size_t i = 1; i < ELEMENTS; i++)
		if (elements[i - 1] > elements[i])
			return false;
	return true;
}

static bool finds_all(const uint32_t *elements)
{
	for (size_t i = 0; i < ELEMENTS; i += ELEMENTS / SEARCHES) {
		const uint32_t *found =
			bsearch(&elements[i], elements, ELEMENTS, sizeof(*elements), compare);
		if (found == NULL || *found != elements[i])
			return false;
	}
	return true;
}

static int sort_once(struct reaim_job *job, uint32_t *elements)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < ELEMENTS; i++) {
		elements[i] = (uint32_t)reaim_random_below(job, UINT32_MAX);
		sum += elements[i];
	}
	qsort(elements, ELEMENTS, sizeof(*elements), compare);
	for (size_t i = 0; i < ELEMENTS; i++)
		sum -= elements[i];
	if (!is_sorted(elements) || sum != 0)
		return reaim_fail(job, "qsort left %s",
				  sum == 0 ? "elements unsorted" : "other elements");
	if (!finds_all(elements))
		return reaim_fail(job, "bsearch did not find an element that is there");
	reaim_did(job, 1);
	return REAIM_OK;
}

static int sort_run(struct reaim_job *job)
{
	struct sort_data *data = reaim_data(job);
	int status = REAIM_OK;

	for (int i = 0; i < SORTS && status == REAIM_OK; i++)
		status = sort_once(job, data->elements);
	return status;
}

static const struct reaim_op string_rtns = {
	.name = "string_rtns",
	.unit = "String Manipulations",
	.doc = "Joins 20 words, measures, searches, copies and compares the line with the library's "
	       "functions on strings and cuts it into words again, 100 times. Each answer is known.",
	.operations = MANIPULATIONS,
	.work_per_job = MANIPULATIONS,
	.run = string_run,
};
REAIM_REGISTER(string_rtns);

static const struct reaim_op sort_rtns_1 = {
	.name = "sort_rtns_1",
	.unit = "Sort Operations",
	.doc = "Sorts 5,000 random numbers with qsort() and looks 500 of them up with bsearch(), ten "
	       "times. The numbers must be in order, sum up to the same and be found.",
	.operations = SORTS,
	.work_per_job = SORTS,
	.data_size = sizeof(struct sort_data),
	.run = sort_run,
};
REAIM_REGISTER(sort_rtns_1);
