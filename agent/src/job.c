/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "job.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * A phase inherits nothing from the agent: no secret can leak, and the size of the environment,
 * which shifts the stack and with it some timings, is the same on each machine.
 */
static const char *const base_env[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"HOME=/",
	"LANG=C.UTF-8",
};
#define BASE_ENV_COUNT (sizeof(base_env) / sizeof(base_env[0]))

/* Where in the document we are, for messages. */
struct place {
	size_t phase;
	struct job_error *error;
};

static int __attribute__((format(printf, 2, 3)))
refuse(const struct place *place, const char *format, ...)
{
	char what[192];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	snprintf(place->error->text, sizeof(place->error->text), "phases[%zu].%s", place->phase,
		 what);
	return -1;
}

static bool name_is_valid(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._:=,/+-";

	return name[0] != '\0' && strlen(name) <= JOB_NAME_MAX &&
	       name[strspn(name, letters)] == '\0';
}

static bool variable_is_valid(const char *name)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
				      "0123456789";

	return name[0] != '\0' && strchr("0123456789", name[0]) == NULL &&
	       strlen(name) <= JOB_VARIABLE_MAX && name[strspn(name, letters)] == '\0';
}

static int parse_integer(const json_t *phase, const char *member, int64_t low, int64_t high,
			 const struct place *place, int64_t *value)
{
	const json_t *number = json_object_get(phase, member);

	if (!json_is_integer(number))
		return refuse(place, "%s: an integer is required", member);
	*value = json_integer_value(number);
	if (*value < low || *value > high)
		return refuse(place, "%s: must be between %lld and %lld", member, (long long)low,
			      (long long)high);
	return 0;
}

static int parse_name(const json_t *source, const struct job *job, struct job_phase *phase,
		      const struct place *place)
{
	phase->name = json_string_value(json_object_get(source, "name"));
	if (phase->name == NULL || !name_is_valid(phase->name))
		return refuse(place, "name: 1 to %d of letters, digits and ._:=,/+- are required",
			      JOB_NAME_MAX);
	for (size_t i = 0; i < place->phase; i++)
		if (strcmp(job->phases[i].name, phase->name) == 0)
			return refuse(place, "name: \"%.64s\" is already the name of phase %zu",
				      phase->name, i);
	return 0;
}

static int parse_argv(const json_t *source, struct job_phase *phase, const struct place *place)
{
	const json_t *argv = json_object_get(source, "argv");
	size_t count = json_array_size(argv);

	if (count == 0 || count > JOB_ARGV_MAX)
		return refuse(place, "argv: an array of 1 to %d strings is required", JOB_ARGV_MAX);
	phase->argv = calloc(count + 1, sizeof(*phase->argv));
	if (phase->argv == NULL)
		return refuse(place, "argv: out of memory");
	for (size_t i = 0; i < count; i++) {
		const json_t *argument = json_array_get(argv, i);

		if (!json_is_string(argument))
			return refuse(place, "argv[%zu]: a string is required", i);
		if (json_string_length(argument) > JOB_STRING_MAX)
			return refuse(place, "argv[%zu]: longer than %d bytes", i, JOB_STRING_MAX);
		/* execve() takes char *const[] but changes nothing through it */
		phase->argv[i] = (char *)(uintptr_t)json_string_value(argument);
	}
	if (phase->argv[0][0] != '/')
		return refuse(place, "argv[0]: an absolute path is required");
	return 0;
}

static int add_variable(char **env, size_t *used, const char *name, const char *value)
{
	size_t length = strlen(name);

	/* a variable of the job takes the place of the base variable with its name */
	for (size_t i = 0; i < *used; i++) {
		if (strncmp(env[i], name, length) == 0 && env[i][length] == '=') {
			char *replaced = env[i];

			if (asprintf(&env[i], "%s=%s", name, value) < 0) {
				env[i] = replaced;
				return -1;
			}
			free(replaced);
			return 0;
		}
	}
	if (asprintf(&env[*used], "%s=%s", name, value) < 0) {
		env[*used] = NULL;
		return -1;
	}
	(*used)++;
	return 0;
}

static int parse_env(const json_t *source, struct job_phase *phase, const struct place *place)
{
	json_t *env = json_object_get(source, "env");
	const char *name;
	json_t *value;
	size_t used = 0;

	if (env != NULL && !json_is_object(env))
		return refuse(place, "env: an object is required");
	if (json_object_size(env) > JOB_ENV_MAX)
		return refuse(place, "env: more than %d variables", JOB_ENV_MAX);
	phase->env = calloc(BASE_ENV_COUNT + json_object_size(env) + 1, sizeof(*phase->env));
	if (phase->env == NULL)
		return refuse(place, "env: out of memory");
	for (; used < BASE_ENV_COUNT; used++) {
		phase->env[used] = strdup(base_env[used]);
		if (phase->env[used] == NULL)
			return refuse(place, "env: out of memory");
	}
	json_object_foreach(env, name, value)
	{
		if (!variable_is_valid(name))
			return refuse(place, "env: \"%.64s\" is no name of a variable", name);
		if (!json_is_string(value) || json_string_length(value) > JOB_STRING_MAX)
			return refuse(place, "env.%.64s: a string of at most %d bytes is required",
				      name, JOB_STRING_MAX);
		if (add_variable(phase->env, &used, name, json_string_value(value)) != 0)
			return refuse(place, "env: out of memory");
	}
	return 0;
}

static int parse_result_format(const json_t *source, struct job_phase *phase,
			       const struct place *place)
{
	static const struct {
		const char *name;
		enum result_format format;
	} known[] = {
		{"kbench", RESULT_KBENCH},
		{"reaim", RESULT_REAIM},
		{"profile", RESULT_PROFILE},
		{"none", RESULT_NONE},
	};
	const char *name = json_string_value(json_object_get(source, "result_format"));

	for (size_t i = 0; name != NULL && i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(name, known[i].name) == 0) {
			phase->result_format = known[i].format;
			return 0;
		}
	}
	return refuse(place, "result_format: kbench, reaim, profile or none is required");
}

static int parse_phase(const json_t *source, const struct job *job, struct job_phase *phase,
		       const struct place *place)
{
	int64_t timeout_s, term_grace_s, output_limit_bytes;

	if (!json_is_object(source)) {
		snprintf(place->error->text, sizeof(place->error->text),
			 "phases[%zu]: an object is required", place->phase);
		return -1;
	}
	if (parse_name(source, job, phase, place) != 0 || parse_argv(source, phase, place) != 0 ||
	    parse_env(source, phase, place) != 0 ||
	    parse_integer(source, "timeout_s", 1, JOB_TIMEOUT_MAX_S, place, &timeout_s) != 0 ||
	    parse_integer(source, "term_grace_s", 0, JOB_TERM_GRACE_MAX_S, place, &term_grace_s) !=
		    0 ||
	    parse_integer(source, "output_limit_bytes", 1, JOB_OUTPUT_MAX, place,
			  &output_limit_bytes) != 0 ||
	    parse_result_format(source, phase, place) != 0)
		return -1;
	phase->timeout_s = (int)timeout_s;
	phase->term_grace_s = (int)term_grace_s;
	phase->output_limit_bytes = (size_t)output_limit_bytes;
	return 0;
}

static int parse_phases(struct job *job, struct job_error *error)
{
	const json_t *phases = json_object_get(job->document, "phases");
	size_t count = json_array_size(phases);

	if (count == 0 || count > JOB_PHASES_MAX) {
		snprintf(error->text, sizeof(error->text),
			 "phases: an array of 1 to %d phases is required", JOB_PHASES_MAX);
		return -1;
	}
	job->phases = calloc(count, sizeof(*job->phases));
	if (job->phases == NULL) {
		snprintf(error->text, sizeof(error->text), "phases: out of memory");
		return -1;
	}
	job->phase_count = count;
	for (size_t i = 0; i < count; i++) {
		struct place place = {.phase = i, .error = error};

		if (parse_phase(json_array_get(phases, i), job, &job->phases[i], &place) != 0)
			return -1;
	}
	return 0;
}

static int parse_head(struct job *job, struct job_error *error)
{
	const char *schema = json_string_value(json_object_get(job->document, "schema"));
	const json_t *attempt_id = json_object_get(job->document, "attempt_id");

	if (schema == NULL || strcmp(schema, JOB_SCHEMA) != 0) {
		snprintf(error->text, sizeof(error->text), "schema: \"%s\" is required",
			 JOB_SCHEMA);
		return -1;
	}
	job->attempt_id = json_integer_value(attempt_id);
	if (job->attempt_id < 1) {
		snprintf(error->text, sizeof(error->text),
			 "attempt_id: a positive integer is required");
		return -1;
	}
	return 0;
}

int job_parse(const char *text, size_t length, struct job *job, struct job_error *error)
{
	json_error_t parse_error;

	memset(job, 0, sizeof(*job));
	if (length > JOB_DOCUMENT_MAX) {
		snprintf(error->text, sizeof(error->text), "longer than %d bytes",
			 JOB_DOCUMENT_MAX);
		return -1;
	}
	job->document = json_loadb(text, length, JSON_REJECT_DUPLICATES, &parse_error);
	if (job->document == NULL) {
		snprintf(error->text, sizeof(error->text), "not JSON: line %d: %.160s",
			 parse_error.line, parse_error.text);
		return -1;
	}
	if (parse_head(job, error) != 0 || parse_phases(job, error) != 0) {
		job_free(job);
		return -1;
	}
	return 0;
}

void job_free(struct job *job)
{
	for (size_t i = 0; i < job->phase_count; i++) {
		free(job->phases[i].argv);
		for (char **variable = job->phases[i].env; variable != NULL && *variable != NULL;
		     variable++)
			free(*variable);
		free(job->phases[i].env);
	}
	free(job->phases);
	json_decref(job->document);
	memset(job, 0, sizeof(*job));
}
