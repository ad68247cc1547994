// SPDX-License-Identifier: GPL-2.0-or-later
#include "resolve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORDS_SIZE = 512 };

bool spec_same(const struct spec *a, const struct spec *b)
{
	const struct bench_parameter *p = a->bench->parameters;

	if (a->bench != b->bench || a->placement != b->placement || a->copies != b->copies ||
	    (a->copies > 1 && a->threads != b->threads))
		return false;
	for (size_t i = 0; p != NULL && p[i].name != NULL; i++)
		if (a->values[i] != b->values[i] || strcmp(a->texts[i], b->texts[i]) != 0)
			return false;
	return true;
}

size_t spec_find(const struct spec_list *list, const struct spec *spec)
{
	size_t i = 0;

	while (i < list->count && !spec_same(&list->specs[i], spec))
		i++;
	return i;
}

static bool has_value(const struct spec *spec, size_t index, const struct json_value *value)
{
	const struct bench_parameter *parameter = &spec->bench->parameters[index];

	if (value == NULL)
		return false;
	if (parameter->text != NULL)
		return value->kind == JSON_IS_STRING &&
		       strcmp(value->text, spec->texts[index]) == 0;
	if (parameter->words != NULL)
		return value->kind == JSON_IS_STRING &&
		       strcmp(value->text, parameter->words[spec->values[index]]) == 0;
	return value->kind == JSON_IS_NUMBER && value->number == (double)spec->values[index];
}

bool spec_is_of(const struct spec *spec, const struct json_value *benchmark)
{
	const struct json_value *values = json_get(benchmark, "parameters");
	const struct bench_parameter *p = spec->bench->parameters;

	if (strcmp(json_text_of(benchmark, "name", ""), spec->bench->name) != 0 ||
	    strcmp(json_text_of(benchmark, "placement", ""), placement_name(spec->placement)) !=
		    0 ||
	    json_number_of(values, "copies", 1) != spec->copies)
		return false;
	for (size_t i = 0; p != NULL && p[i].name != NULL; i++)
		if (!has_value(spec, i, json_get(values, p[i].name)))
			return false;
	return true;
}

/* In the middle between the cache before and this one; 0 if the kernel does not say. */
static long size_in_cache(unsigned level)
{
	static const int names[] = {_SC_LEVEL1_DCACHE_SIZE, _SC_LEVEL2_CACHE_SIZE,
				    _SC_LEVEL3_CACHE_SIZE};
	long size = sysconf(names[level - 1]);
	long before = level == 1 ? 0 : sysconf(names[level - 2]);

	if (size <= 0 || before < 0 || size <= before)
		return 0;
	/* a half of a large shared cache may be all that a core gets */
	return before > 0 && size > 4 * before ? 2 * before : (size + before) / 2;
}

/* The number behind the word in braces, or 0. */
static long number_for(const char *word, size_t length, unsigned cpus)
{
	if (length == 4 && strncmp(word, "cpus", 4) == 0)
		return (long)cpus;
	if (length == 2 && word[0] == 'l' && word[1] >= '1' && word[1] <= '3')
		return size_in_cache((unsigned)(word[1] - '0'));
	return 0;
}

static bool substitute(const char *words, unsigned cpus, char *out, size_t size)
{
	size_t used = 0;

	while (*words != '\0' && used + 1 < size) {
		const char *end = *words == '{' ? strchr(words, '}') : NULL;
		if (end == NULL) {
			out[used++] = *words++;
			continue;
		}
		long number = number_for(words + 1, (size_t)(end - words - 1), cpus);
		if (number <= 0)
			return false;
		used += (size_t)snprintf(out + used, size - used, "%ld", number);
		words = end + 1;
	}
	out[used < size ? used : size - 1] = '\0';
	return *words == '\0';
}

bool resolve_is_possible(const char *words, unsigned cpus)
{
	char real[WORDS_SIZE];

	return substitute(words, cpus, real, sizeof(real));
}

bool resolve_add(struct spec_list *list, const char *words, unsigned cpus, char *complaint,
		 size_t complaint_size)
{
	char real[WORDS_SIZE];
	size_t kept = list->count;

	if (!substitute(words, cpus, real, sizeof(real))) {
		(void)snprintf(complaint, complaint_size,
			       "%s: this machine does not say what stands there", words);
		return false;
	}
	if (!spec_list_add(list, real, PLACEMENT_SAME_CPU, complaint, complaint_size))
		return false;
	for (size_t i = kept; i < list->count; i++)
		if (spec_find(list, &list->specs[i]) == i)
			list->specs[kept++] = list->specs[i];
	list->count = kept;
	return true;
}
