// SPDX-License-Identifier: GPL-2.0-or-later
/* The configuration file: one KEY value a line, keys being the long options in upper case. */
#include "complain.h"
#include "lines.h"
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_key_of(const char *key, const struct setting *setting)
{
	size_t i = 0;

	for (; key[i] != '\0' && setting->name[i] != '\0'; i++) {
		char expected = setting->name[i] == '-' ? '_' : setting->name[i];
		if (key[i] != toupper((unsigned char)expected))
			return false;
	}
	return key[i] == '\0' && setting->name[i] == '\0';
}

static const struct setting *find_key(const char *key, size_t *row)
{
	for (*row = 0; *row < setting_count(); (*row)++)
		if (setting_at(*row)->in_config && is_key_of(key, setting_at(*row)))
			return setting_at(*row);
	return NULL;
}

static int take_line(struct options *options, const struct line *line)
{
	size_t row = 0;
	const struct setting *setting = find_key(line->first, &row);

	if (setting == NULL && options->settings.compat) {
		warn("%s:%u: unknown key %s", line->path, line->number, line->first);
		return EXIT_DONE;
	}
	if (setting == NULL)
		return complain(
			EXIT_FAILED,
			"%s:%u: unknown key %s; keys are reaim's long options in upper case",
			line->path, line->number, line->first);
	if (line->rest[0] == '\0')
		return complain(EXIT_FAILED, "%s:%u: %s has no value", line->path, line->number,
				line->first);
	if (options->given[row])
		return EXIT_DONE;
	char *value = strdup(line->rest); /* lives as long as the settings: to the end */
	if (value == NULL)
		return complain(EXIT_FAILED, "%s: %s", line->path, strerror(errno));
	const char *problem = settings_set(&options->settings, setting, value);
	if (problem != NULL)
		return complain(EXIT_FAILED, "%s:%u: %s %s: %s", line->path, line->number,
				line->first, value, problem);
	return EXIT_DONE;
}

static bool was_named(const struct options *options)
{
	for (size_t i = 0; i < setting_count(); i++)
		if (options->given[i] &&
		    (setting_at(i)->offset == offsetof(struct settings, config) ||
		     (setting_at(i)->kind == SETTING_LIST)))
			return true;
	return false;
}

int options_read_config(struct options *options)
{
	struct lines lines;
	struct line line;
	int status = EXIT_DONE;
	bool command_multiuser = options->settings.multiuser;

	if (!lines_open(&lines, options->settings.config)) {
		if (errno == ENOENT && !was_named(options))
			return EXIT_DONE;
		return complain(EXIT_FAILED, "%s: %s", options->settings.config, strerror(errno));
	}
	while (status == EXIT_DONE && lines_next(&lines, &line))
		status = take_line(options, &line);
	if (status == EXIT_DONE)
		status = lines_end(&lines);
	lines_close(&lines);
	if (command_multiuser) /* -m beats ONEUSER of the file */
		options->settings.one_user = false;
	return status;
}
