// SPDX-License-Identifier: GPL-2.0-or-later
#include "options.h"

#include "complain.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

enum { LONG_BASE = 256 }; /* getopt's value of row i is LONG_BASE + i */

static bool value_is_optional(const struct setting *setting)
{
	return setting->kind == SETTING_LEVEL || setting->kind == SETTING_FILE ||
	       setting->kind == SETTING_LIST || setting->kind == SETTING_BIG;
}

static int argument_of(const struct setting *setting)
{
	if (value_is_optional(setting))
		return optional_argument;
	return setting->kind == SETTING_SWITCH ? no_argument : required_argument;
}

static void build_tables(struct option *names, char *letters)
{
	*letters++ = ':'; /* a missing value is told from an unknown option */
	for (size_t i = 0; i < setting_count(); i++) {
		const struct setting *setting = setting_at(i);
		int argument = argument_of(setting);

		names[i] = (struct option){setting->name, argument, NULL, LONG_BASE + (int)i};
		if (setting->letter == 0)
			continue;
		*letters++ = (char)setting->letter;
		for (int colons = 0; colons < argument; colons++)
			*letters++ = ':';
	}
	names[setting_count()] = (struct option){0};
	*letters = '\0';
}

static size_t row_of(int option)
{
	if (option >= LONG_BASE)
		return (size_t)(option - LONG_BASE);
	for (size_t i = 0; i < setting_count(); i++)
		if (setting_at(i)->letter == option)
			return i;
	return 0;
}

static int bad_value(const struct setting *setting, const char *text, const char *problem)
{
	return complain(EXIT_USAGE, "--%s %s: %s %s; see reaim --help", setting->name,
			text == NULL ? "" : text, setting->value == NULL ? "" : setting->value,
			problem);
}

int options_parse(struct options *options, int argc, char **argv)
{
	struct option names[SETTINGS_MAX + 1];
	char letters[3 * SETTINGS_MAX];
	int option;

	_Static_assert(SETTINGS_MAX >= 48, "the table fits");
	build_tables(names, letters);
	opterr = 0;
	optind = 1;
	while ((option = getopt_long(argc, argv, letters, names, NULL)) != -1) {
		if (option == ':')
			return complain(EXIT_USAGE, "%s needs a value; see reaim --help",
					argv[optind - 1]);
		if (option == '?')
			return complain(EXIT_USAGE, "unknown option %s; see reaim --help",
					argv[optind - 1]);
		size_t row = row_of(option);
		const char *problem = settings_set(&options->settings, setting_at(row), optarg);
		if (problem != NULL)
			return bad_value(setting_at(row), optarg, problem);
		options->given[row] = true;
	}
	if (optind < argc)
		return complain(EXIT_USAGE,
				"unexpected %s; an optional value is attached, as in -d2 or "
				"--list=FILE; see reaim --help",
				argv[optind]);
	return EXIT_DONE;
}

static void print_row(const struct setting *setting)
{
	char left[64];
	bool optional = value_is_optional(setting);
	const char *value = setting->value == NULL ? "" : setting->value;
	const char *open = *value == '\0' ? "" : optional ? "[=" : " ";
	const char *close = *value != '\0' && optional ? "]" : "";

	if (setting->letter != 0)
		(void)snprintf(left, sizeof(left), "-%c, --%s%s%s%s", setting->letter,
			       setting->name, open, value, close);
	else
		(void)snprintf(left, sizeof(left), "    --%s%s%s%s", setting->name, open, value,
			       close);
	(void)printf("  %-28s %s\n", left, setting->help);
}

void options_help(void)
{
	(void)fputs(
		"usage: reaim [options]\n"
		"       reaim --list [--json]\n"
		"\n"
		"A re-aim style workload, an independent implementation: users that run the jobs\n"
		"of a workfile side by side, in passes of more and more users. Its figures are\n"
		"not AIM results. reaim(1) explains all of it.\n"
		"\n"
		"options:\n",
		stdout);
	for (size_t i = 0; i < setting_count(); i++)
		if (setting_at(i)->help != NULL)
			print_row(setting_at(i));
	(void)fputs("\n"
		    "Most can stand in the configuration file, one KEY value a line in upper case\n"
		    "(FILESIZE 10k, DISKDIR /mnt/a); options beat the file.\n"
		    "\n"
		    "exit status: 0 done, 1 error, 2 usage, 4 every sub-test was skipped\n",
		    stdout);
}

int options_check(const struct options *options)
{
	const struct settings *settings = &options->settings;

	if (settings->end_users != 0 && settings->end_users < settings->start_users)
		return complain(EXIT_USAGE, "%ld end users are fewer than %ld start users",
				settings->end_users, settings->start_users);
	if (settings->multiuser && settings->one_user)
		return complain(EXIT_USAGE, "--multiuser and --oneuser exclude each other");
	if (settings->block_bytes < 1024 || settings->block_bytes > 1024 * 1024 ||
	    (settings->block_bytes & (settings->block_bytes - 1)) != 0)
		return complain(EXIT_USAGE, "--block-size must be a power of two from 1k to 1m");
	return EXIT_DONE;
}
