// SPDX-License-Identifier: GPL-2.0-or-later
#include "spec.h"

#include "registry.h"
#include "spelling.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_SIZE = 1024, CHOICES_MAX = 64 };

static const char *const copy_kinds[] = {"process", "thread", NULL};

static const struct bench_parameter common[] = {
	{.name = "placement", .words = placement_names},
	{.name = "copies", .min = 1, .max = COPIES_MAX},
	{.name = "copy_kind", .words = copy_kinds},
};
enum { COMMON_COUNT = sizeof(common) / sizeof(common[0]) };

/* One parameter=value, taken apart. */
struct setting {
	char *name;
	char *value;
};

struct request {
	char words[WORDS_SIZE];
	struct setting settings[PARAMETERS_MAX + COMMON_COUNT];
	size_t setting_count;
	char *complaint;
	size_t complaint_size;
};

__attribute__((format(printf, 2, 3))) static bool complain(struct request *request,
							   const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(request->complaint, request->complaint_size, format, arguments);
	va_end(arguments);
	return false;
}

static size_t parameter_count(const struct bench *bench)
{
	size_t count = 0;

	while (bench->parameters != NULL && bench->parameters[count].name != NULL)
		count++;
	return count;
}

struct spec spec_default(const struct bench *bench, enum placement placement)
{
	struct spec spec = {.bench = bench, .placement = placement, .copies = 1};

	for (size_t i = 0; i < parameter_count(bench) && i < PARAMETERS_MAX; i++) {
		const struct bench_parameter *parameter = &bench->parameters[i];
		spec.values[i] = parameter->value;
		if (parameter->text != NULL)
			(void)snprintf(spec.texts[i], TEXT_SIZE, "%s", parameter->text);
	}
	return spec;
}

unsigned spec_tasks(const struct spec *spec)
{
	const struct bench *bench = spec->bench;
	unsigned tasks = bench->tasks;

	if (bench->tasks_parameter != NULL)
		for (size_t i = 0; i < parameter_count(bench); i++)
			if (strcmp(bench->parameters[i].name, bench->tasks_parameter) == 0)
				tasks += (unsigned)spec->values[i];
	return (tasks == 0 ? 1 : tasks) * spec->copies;
}

/* The colon before a parameter: others belong to a text, as in peer=[::1]:7000. */
static char *next_setting(char *words)
{
	for (char *colon = strchr(words, ':'); colon != NULL; colon = strchr(colon + 1, ':')) {
		size_t length = strspn(colon + 1, "abcdefghijklmnopqrstuvwxyz0123456789_");
		if (length > 0 && colon[1 + length] == '=')
			return colon;
	}
	return NULL;
}

static bool take_apart(struct request *request, const char *words)
{
	if (snprintf(request->words, WORDS_SIZE, "%s", words) >= WORDS_SIZE)
		return complain(request, "more than %d characters in one request", WORDS_SIZE - 1);
	char *rest = next_setting(request->words);
	while (rest != NULL) {
		*rest++ = '\0';
		char *following = next_setting(rest);
		size_t length = following == NULL ? strlen(rest) : (size_t)(following - rest);
		char *equals = memchr(rest, '=', length);
		if (equals == NULL || equals + 1 == rest + length)
			return complain(request, "%s: '%.*s' is not parameter=value", words,
					(int)length, rest);
		*equals = '\0';
		if (request->setting_count == PARAMETERS_MAX + COMMON_COUNT)
			return complain(request, "%s: too many parameters", words);
		request->settings[request->setting_count++] =
			(struct setting){.name = rest, .value = equals + 1};
		rest = following;
	}
	const char *colon = strchr(request->words, ':');
	if (colon != NULL)
		return complain(request, "%s: '%s' is not parameter=value", words, colon + 1);
	return true;
}

static bool parse_number(const char *text, const char *end, int64_t *number)
{
	static const char suffixes[] = "kMG";
	char *stop = NULL;

	errno = 0;
	long long value = strtoll(text, &stop, 10);
	if (errno != 0 || stop == text)
		return false;
	const char *suffix = *stop == '\0' ? NULL : strchr(suffixes, *stop);
	if (suffix != NULL && stop < end) {
		int shift = 10 * (int)(suffix - suffixes + 1);
		if (value > INT64_MAX >> shift || value < 0)
			return false;
		value <<= shift;
		stop++;
	}
	*number = value;
	return stop == end;
}

static bool check_number(struct request *request, const struct bench_parameter *parameter,
			 int64_t number)
{
	if (parameter->min == 0 && parameter->max == 0)
		return number == parameter->value ||
		       complain(request, "%s is always %lld", parameter->name,
				(long long)parameter->value);
	if (number >= parameter->min && number <= parameter->max)
		return true;
	return complain(request, "%s=%lld is not in %lld..%lld", parameter->name, (long long)number,
			(long long)parameter->min, (long long)parameter->max);
}

static bool parse_item(struct request *request, const struct bench_parameter *parameter,
		       const char *text, size_t length, int64_t *number)
{
	if (parameter->words == NULL)
		return (parse_number(text, text + length, number) ||
			complain(request, "%s=%.*s is not a whole number (k, M, G may follow)",
				 parameter->name, (int)length, text)) &&
		       check_number(request, parameter, *number);
	for (int64_t i = 0; parameter->words[i] != NULL; i++) {
		if (strlen(parameter->words[i]) == length &&
		    strncmp(parameter->words[i], text, length) == 0) {
			*number = i;
			return true;
		}
	}
	size_t used = (size_t)snprintf(request->complaint, request->complaint_size,
				       "%s=%.*s is unknown, it may be", parameter->name,
				       (int)length, text);
	for (size_t i = 0; parameter->words[i] != NULL && used < request->complaint_size; i++)
		used += (size_t)snprintf(request->complaint + used, request->complaint_size - used,
					 "%s %s", i == 0 ? "" : ",", parameter->words[i]);
	return false;
}

/* The values of a list and of the ranges in it. 0 after a complaint. */
static size_t parse_choices(struct request *request, const struct bench_parameter *parameter,
			    const char *text, int64_t choices[CHOICES_MAX])
{
	size_t count = 0;

	for (;;) {
		size_t length = strcspn(text, ",");
		const char *dots = parameter->words == NULL ? strstr(text, "..") : NULL;
		int64_t first = 0;
		int64_t last = 0;
		if (dots != NULL && dots < text + length) {
			if (!parse_item(request, parameter, text, (size_t)(dots - text), &first) ||
			    !parse_item(request, parameter, dots + 2,
					length - (size_t)(dots + 2 - text), &last))
				return 0;
			if (first < 1 || last < first) {
				(void)complain(request, "%s: a range goes upwards from 1 or more",
					       parameter->name);
				return 0;
			}
		} else if (!parse_item(request, parameter, text, length, &first)) {
			return 0;
		} else {
			last = first;
		}
		int64_t value = first;
		do {
			if (count == CHOICES_MAX) {
				(void)complain(request, "%s: more than %d values", parameter->name,
					       CHOICES_MAX);
				return 0;
			}
			choices[count++] = value;
		} while (first != last && value <= last / 2 && (value *= 2) <= last);
		if (text[length] == '\0')
			return count;
		text += length + 1;
	}
}

static bool is_same(const struct spec *left, const struct spec *right)
{
	bool same = left->bench == right->bench && left->placement == right->placement &&
		    left->copies == right->copies && left->threads == right->threads;

	for (size_t i = 0; i < PARAMETERS_MAX && same; i++)
		same = left->values[i] == right->values[i] &&
		       strcmp(left->texts[i], right->texts[i]) == 0;
	return same;
}

static bool append(struct request *request, struct spec_list *list, const struct spec *spec)
{
	if (list->count == SPECS_MAX)
		return complain(request, "more than %d runs asked for", SPECS_MAX);
	if (list->specs == NULL) {
		list->specs = calloc(SPECS_MAX, sizeof(*list->specs));
		if (list->specs == NULL)
			return complain(request, "no memory");
	}
	for (size_t i = 0; i < list->count; i++) /* asked for twice is run once */
		if (is_same(&list->specs[i], spec))
			return true;
	list->specs[list->count++] = *spec;
	return true;
}

static const struct bench_parameter *
find_parameter(struct request *request, const struct bench *bench, const char *name, size_t *index)
{
	const char *suggestion = NULL;
	size_t best = spelling_tolerance(name);

	for (size_t i = 0; i < parameter_count(bench) + COMMON_COUNT; i++) {
		bool own = i < parameter_count(bench);
		const struct bench_parameter *parameter =
			own ? &bench->parameters[i] : &common[i - parameter_count(bench)];
		size_t distance = spelling_distance(name, parameter->name);
		if (distance == 0) {
			*index = i;
			return parameter;
		}
		if (distance < best) {
			best = distance;
			suggestion = parameter->name;
		}
	}
	(void)complain(request, "%s has no parameter %s%s%s; see kbench show %s", bench->name, name,
		       suggestion == NULL ? "" : ", did you mean ",
		       suggestion == NULL ? "" : suggestion, bench->name);
	return NULL;
}

static bool check_copies(struct request *request, const struct spec *spec)
{
	unsigned needed = spec->threads ? BENCH_AS_THREADS : BENCH_AS_PROCESSES;

	if (spec->copies == 1 || (spec->bench->copies & needed) != 0)
		return true;
	return complain(request, "%s cannot run as several %s at once", spec->bench->name,
			spec->threads ? "threads" : "copies");
}

static void apply(struct spec *spec, size_t index, int64_t value)
{
	size_t own = parameter_count(spec->bench);

	if (index < own)
		spec->values[index] = value;
	else if (index == own)
		spec->placement = (enum placement)value;
	else if (index == own + 1)
		spec->copies = (unsigned)value;
	else
		spec->threads = value == 1;
}

/* Settle the settings from `from` on: every value of the first with every way to settle the rest.
 */
static bool expand(struct request *request, struct spec_list *list, struct spec *spec, size_t from)
{
	int64_t choices[CHOICES_MAX];
	size_t index = 0;

	if (from == request->setting_count) {
		struct spec settled = *spec;
		settled.threads = spec->threads && spec->copies > 1; /* one copy is neither */
		return check_copies(request, &settled) && append(request, list, &settled);
	}
	const struct setting *setting = &request->settings[from];
	const struct bench_parameter *parameter =
		find_parameter(request, spec->bench, setting->name, &index);
	if (parameter == NULL)
		return false;
	if (parameter->text != NULL) {
		if (snprintf(spec->texts[index], TEXT_SIZE, "%s", setting->value) >= TEXT_SIZE)
			return complain(request, "%s is longer than %d characters", parameter->name,
					TEXT_SIZE - 1);
		return expand(request, list, spec, from + 1);
	}
	size_t count = parse_choices(request, parameter, setting->value, choices);
	for (size_t i = 0; i < count; i++) {
		apply(spec, index, choices[i]);
		if (!expand(request, list, spec, from + 1))
			return false;
	}
	return count > 0;
}

bool spec_list_add(struct spec_list *list, const char *words, enum placement placement,
		   char *complaint, size_t complaint_size)
{
	struct request request = {.complaint = complaint, .complaint_size = complaint_size};
	bool found = false;

	if (!take_apart(&request, words))
		return false;
	for (size_t i = 0; i < registry_count(); i++) {
		const struct bench *bench = registry_at(i);
		bool named = strcmp(request.words, bench->name) == 0;
		if (!named && (bench->hidden || fnmatch(request.words, bench->name, 0) != 0))
			continue;
		struct spec spec = spec_default(bench, placement);
		found = true;
		if (!expand(&request, list, &spec, 0))
			return false;
	}
	if (found)
		return true;
	const char *suggestion = registry_suggest(request.words);
	if (suggestion == NULL)
		return complain(&request, "no benchmark %s, see kbench list", request.words);
	return complain(&request, "no benchmark %s, did you mean %s?", request.words, suggestion);
}

void spec_list_free(struct spec_list *list)
{
	free(list->specs);
	*list = (struct spec_list){0};
}

void spec_text(const struct spec *spec, char *text, size_t size)
{
	const struct spec usual = spec_default(spec->bench, spec->placement);
	size_t used = (size_t)snprintf(text, size, "%s", spec->bench->name);

	for (size_t i = 0; i < parameter_count(spec->bench) && used < size; i++) {
		const struct bench_parameter *parameter = &spec->bench->parameters[i];
		if (parameter->text != NULL && strcmp(spec->texts[i], usual.texts[i]) != 0)
			used += (size_t)snprintf(text + used, size - used, ":%s=%s",
						 parameter->name, spec->texts[i]);
		else if (parameter->text == NULL && spec->values[i] != usual.values[i] &&
			 parameter->words != NULL)
			used += (size_t)snprintf(text + used, size - used, ":%s=%s",
						 parameter->name,
						 parameter->words[spec->values[i]]);
		else if (parameter->text == NULL && spec->values[i] != usual.values[i])
			used += (size_t)snprintf(text + used, size - used, ":%s=%lld",
						 parameter->name, (long long)spec->values[i]);
	}
	if (spec->copies > 1 && used < size)
		(void)snprintf(text + used, size - used, ":copies=%u%s", spec->copies,
			       spec->threads ? ":copy_kind=thread" : "");
}
