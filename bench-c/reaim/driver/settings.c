// SPDX-License-Identifier: GPL-2.0-or-later
#include "settings.h"

#include "numbers.h"

#include <stdio.h>
#include <string.h>

#define AT(member_) offsetof(struct settings, member_)

enum { DAY_S = 86400 };

/* clang-format off */
static const struct setting table[] = {
	{"startusers", 's', SETTING_COUNT, AT(start_users), 0, 1, USERS_MAX, true, "N", "users in the first pass (1)"},
	{"endusers", 'e', SETTING_COUNT, AT(end_users), 0, 1, USERS_MAX, true, "N",
	 "users in the last pass (as many as in the first; no end with -x, -q or -g)"},
	{"increment", 'i', SETTING_COUNT, AT(increment), 0, 1, USERS_MAX, true, "N", "more users in each pass (1)"},
	{"file", 'f', SETTING_TEXT, AT(workfile), 0, 0, 0, true, "FILE", "workfile (workfile)"},
	{"config", 'c', SETTING_TEXT, AT(config), 0, 0, 0, false, "FILE", "configuration file (reaim.config)"},
	{"logprefix", 'l', SETTING_TEXT, AT(log_prefix), 0, 0, 0, true, "PREFIX", "start of the names of the result files (reaim)"},
	{"jobs", 'j', SETTING_COUNT, AT(jobs), 0, 1, JOBS_MAX, true, "N", "jobs per user, at least one per line of the workfile (100)"},
	{"crossover", 'x', SETTING_SWITCH, AT(crossover), 0, 0, 0, true, NULL, "end when jobs/min/user falls to 10"},
	{"quick", 'q', SETTING_SWITCH, AT(quick), 0, 0, 0, true, NULL, "end when jobs/min/user falls to 60"},
	{"guesspeak", 'g', SETTING_SWITCH, AT(guess_peak), 0, 0, 0, true, NULL, "end when jobs/min has reached its maximum (also -X)"},
	{"timeroff", 't', SETTING_SWITCH, AT(timer_off), 0, 0, 0, true, NULL, "keep the increment: no adaptive timer"},
	{"repeat", 'r', SETTING_COUNT, AT(repeat), 0, 1, 10000, true, "N", "do everything N times (1)"},
	{"multiuser", 'm', SETTING_SWITCH, AT(multiuser), 0, 0, 0, true, NULL, "users side by side (default)"},
	{"oneuser", 'o', SETTING_SWITCH, AT(one_user), 0, 0, 0, true, NULL, "one user, one sub-test after the other"},
	{"period", 'p', SETTING_COUNT, AT(period_s), 0, 1, DAY_S, true, "S", "seconds for each sub-test with -o (10)"},
	{"seed", 0, SETTING_SEED, AT(seed), 0, 0, 0, true, "N", "order of the jobs and data of the sub-tests (random; reported)"},
	{"filesize", 0, SETTING_SIZE, AT(file_bytes), 0, 0, 0, true, "SIZE", "size of each user's disk file: 10k, 5m"},
	{"poolsize", 0, SETTING_SIZE, AT(pool_bytes), 0, 0, 0, true, "SIZE", "shared out among the users, added to filesize"},
	{"diskdir", 0, SETTING_FOLDER, 0, 0, 0, 0, true, "DIR", "directory for disk files (.); repeatable, used in turn"},
	{"block-size", 0, SETTING_SIZE, AT(block_bytes), 0, 0, 0, true, "SIZE", "one disk transfer, 1k to 1m (1k)"},
	{"source-tree", 0, SETTING_TEXT, AT(source_tree), 0, 0, 0, true, "DIR", "tree that disk_src searches (one of its own)"},
	{"common-file", 0, SETTING_BIG, AT(common_file), AT(common_bytes), 0, 0, true, "SIZE",
	 "one file that all users read (a quarter more than memory)"},
	{"cache-fraction", 0, SETTING_REAL, AT(cache_fraction), 0, 0, 16, true, "F", "share of memory that the users' cached files take"},
	{"drop-cache", 0, SETTING_SWITCH, AT(drop_cache), 0, 0, 0, true, NULL, "drop the page cache before each pass"},
	{"nosync", 'y', SETTING_SWITCH, AT(no_sync), 0, 0, 0, true, NULL, "no sync before a pass and in disk sub-tests"},
	{"monitor", 'Z', SETTING_TEXT, AT(monitor), 0, 0, 0, true, "TOOL", "run TOOL setup|begin|halt|report USERS ARGS around each pass"},
	{"monitor-args", 'z', SETTING_TEXT, AT(monitor_arguments), 0, 0, 0, true, "ARGS", "ARGS of the monitor, split at blanks"},
	{"monitor-timeout", 0, SETTING_COUNT, AT(monitor_timeout_s), 0, 1, DAY_S, true, "S", "longest call of the monitor (30)"},
	{"timeout", 0, SETTING_COUNT, AT(timeout_s), 0, 1, 7 * DAY_S, true, "S",
	 "longest pass (users times the larger of 10 s and 1 s per KiB of file; at least 600)"},
	{"skip-unavailable", 0, SETTING_SWITCH, AT(skip_unavailable), 0, 0, 0, true, NULL, "leave out sub-tests that cannot run here"},
	{"compat", 0, SETTING_SWITCH, AT(compat), 0, 0, 0, true, NULL, "behave as released where that is worse; see reaim(1)"},
	{"brief", 'b', SETTING_SWITCH, AT(brief), 0, 0, 0, true, NULL, "also PREFIX.summary and PREFIX.html"},
	{"json", 0, SETTING_FILE, AT(json), AT(json_path), 0, 0, false, "FILE", "one JSON document, on stdout instead of the table or in FILE"},
	{"list", 0, SETTING_LIST, AT(list), AT(config), 0, 0, false, "CONFIG", "list the sub-tests; with =CONFIG the same as -c"},
	{"plan", 0, SETTING_SWITCH, AT(plan), 0, 0, 0, false, NULL, "print each user's jobs of the first pass, run nothing"},
	{"dry-run", 0, SETTING_SWITCH, AT(plan), 0, 0, 0, false, NULL, NULL},
	{"verbose", 'v', SETTING_SWITCH, AT(verbose), 0, 0, 0, true, NULL, "also the times of each sub-test"},
	{"debug", 'd', SETTING_LEVEL, AT(debug), 0, 0, 3, true, "N", "debugging notes in PREFIX.debuglog, level 1 to 3"},
	{"help", 'h', SETTING_SWITCH, AT(help), 0, 0, 0, false, NULL, "this message"},
	{"version", 0, SETTING_SWITCH, AT(version), 0, 0, 0, false, NULL, "the version"},
	{"guesspeak", 'X', SETTING_SWITCH, AT(guess_peak), 0, 0, 0, false, NULL, NULL},
};
/* clang-format on */

size_t setting_count(void)
{
	return sizeof(table) / sizeof(table[0]);
}

const struct setting *setting_at(size_t index)
{
	return &table[index];
}

void settings_default(struct settings *settings)
{
	*settings = (struct settings){
		.start_users = 1,
		.increment = 1,
		.workfile = "workfile",
		.config = "reaim.config",
		.log_prefix = "reaim",
		.jobs = 100,
		.period_s = 10,
		.repeat = 1,
		.monitor_arguments = "",
		.monitor_timeout_s = 30,
		.block_bytes = 1024,
	};
}

/* A switch of the configuration file has a value: 1 is on. */
static const char *set_switch(bool *value, const char *text)
{
	if (text != NULL && strcmp(text, "0") != 0 && strcmp(text, "1") != 0)
		return "must be 0 or 1";
	*value = text == NULL || text[0] == '1';
	return NULL;
}

static const char *set_level(long *level, const char *text, double max)
{
	if (text != NULL)
		return parse_count(text, 0, (long)max, level) ? NULL : "must be 0 to 3";
	if (*level < (long)max)
		(*level)++;
	return NULL;
}

static const char *set_count(long *value, const char *text, const struct setting *setting)
{
	static char problem[64];

	if (parse_count(text, (long)setting->min, (long)setting->max, value))
		return NULL;
	(void)snprintf(problem, sizeof(problem), "must be a whole number from %.0f to %.0f",
		       setting->min, setting->max);
	return problem;
}

static const char *set_real(double *value, const char *text, const struct setting *setting)
{
	if (parse_real(text, value) && *value > setting->min && *value <= setting->max)
		return NULL;
	return "must be a number above 0 and at most 16";
}

static const char *set_size(uint64_t *bytes, const char *text)
{
	return parse_size(text, bytes) ? NULL : "must be a number with k or m, as in 10k or 5m";
}

static const char *add_directory(struct settings *settings, const char *text)
{
	if (settings->directory_count == DISK_DIRECTORIES_MAX)
		return "there are too many disk directories (64)";
	settings->directories[settings->directory_count++] = text;
	return NULL;
}

const char *settings_set(struct settings *settings, const struct setting *setting, const char *text)
{
	void *value = (char *)settings + setting->offset;
	void *second = (char *)settings + setting->second;

	switch (setting->kind) {
	case SETTING_SWITCH:
		return set_switch(value, text);
	case SETTING_LEVEL:
		return set_level(value, text, setting->max);
	case SETTING_COUNT:
		return set_count(value, text, setting);
	case SETTING_SEED:
		if (parse_unsigned(text, value) && *(uint64_t *)value <= INT64_MAX)
			return NULL;
		return "must be a whole number below 2^63";
	case SETTING_REAL:
		return set_real(value, text, setting);
	case SETTING_SIZE:
		return set_size(value, text);
	case SETTING_TEXT:
		*(const char **)value = text;
		return text[0] == '\0' && setting->letter != 'z' ? "must not be empty" : NULL;
	case SETTING_FILE:
		*(bool *)value = true;
		*(const char **)second = text;
		return NULL;
	case SETTING_LIST:
		*(bool *)value = text == NULL;
		if (text != NULL)
			*(const char **)second = text;
		return NULL;
	case SETTING_BIG:
		*(bool *)value = true;
		return text == NULL ? NULL : set_size(second, text);
	case SETTING_FOLDER:
		return add_directory(settings, text);
	}
	return "is unknown";
}
