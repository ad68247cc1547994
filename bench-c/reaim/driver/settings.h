/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the user asked for. Options, configuration file and help are made from one table. */
#ifndef KDYNO_REAIM_SETTINGS_H
#define KDYNO_REAIM_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DISK_DIRECTORIES_MAX = 64, USERS_MAX = 100000, JOBS_MAX = 1000000 };

struct settings {
	long debug;
	bool verbose;
	long start_users;
	long end_users; /* 0: not given */
	long increment;
	const char *workfile;
	const char *config;
	const char *log_prefix;
	bool crossover;
	bool quick;
	bool guess_peak;
	long jobs;
	bool multiuser;
	bool one_user;
	long period_s;
	bool timer_off;
	long repeat;
	bool brief;
	bool no_sync;
	const char *monitor;
	const char *monitor_arguments;
	uint64_t file_bytes; /* FILESIZE */
	uint64_t pool_bytes; /* POOLSIZE */
	uint64_t block_bytes;
	const char *directories[DISK_DIRECTORIES_MAX];
	size_t directory_count;
	const char *source_tree;
	bool common_file;
	uint64_t common_bytes; /* 0: more than memory */
	double cache_fraction;
	bool drop_cache;
	uint64_t seed;
	bool compat;
	bool skip_unavailable;
	long timeout_s; /* 0: by the released rule */
	long monitor_timeout_s;
	bool json;
	const char *json_path; /* NULL: standard output */
	bool list;
	bool plan;
	bool help;
	bool version;
};

enum setting_kind {
	SETTING_SWITCH, /* bool */
	SETTING_LEVEL,	/* long, optional value, repeatable */
	SETTING_COUNT,	/* long, min to max */
	SETTING_SEED,	/* uint64_t */
	SETTING_REAL,	/* double, above min to max */
	SETTING_SIZE,	/* uint64_t bytes, "10k" */
	SETTING_TEXT,	/* const char * */
	SETTING_FILE,	/* switch with an optional path: bool, and const char * at `second` */
	SETTING_LIST,	/* the paper's --list: a switch, or with =FILE the configuration */
	SETTING_BIG,	/* switch with an optional size: bool, and uint64_t at `second` */
	SETTING_FOLDER, /* one more disk directory */
};

struct setting {
	const char *name;
	int letter; /* 0: none */
	enum setting_kind kind;
	size_t offset;
	size_t second;
	double min;
	double max;
	bool in_config;	   /* allowed in the configuration file, in upper case */
	const char *value; /* what the help calls its value; NULL: none */
	const char *help;
};

size_t setting_count(void);
const struct setting *setting_at(size_t index);

void settings_default(struct settings *settings);
/* Take `text` (NULL: no value) for `setting`. What is wrong with it, or NULL. */
const char *settings_set(struct settings *settings, const struct setting *setting,
			 const char *text);

#endif
