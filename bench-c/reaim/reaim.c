// SPDX-License-Identifier: GPL-2.0-or-later
/* reaim: a re-aim style workload, independent implementation. */
#include "complain.h"
#include "document.h"
#include "options.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

static struct options options; /* and a run: too large for a stack of ulimit -s */
static struct run run;

/* Where neither option nor file gives a seed: any, but one that can be typed again. */
static int choose_seed(void)
{
	uint32_t seed = 0;

	for (size_t i = 0; i < setting_count(); i++)
		if (options.given[i] && setting_at(i)->kind == SETTING_SEED)
			return EXIT_DONE;
	if (options.settings.seed != 0)
		return EXIT_DONE;
	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		return complain(EXIT_FAILED, "no random seed: %s; give --seed", strerror(errno));
	options.settings.seed = seed;
	return EXIT_DONE;
}

static bool is_given(size_t offset)
{
	for (size_t i = 0; i < setting_count(); i++)
		if (options.given[i] && setting_at(i)->offset == offset)
			return true;
	return false;
}

/* Options beat the workfile, which beats the configuration file. */
static void choose_sizes(void)
{
	const struct workfile *workfile = &run.workfile;

	run.file_bytes = options.settings.file_bytes;
	run.pool_bytes = options.settings.pool_bytes;
	if (workfile->has_file_bytes && !is_given(offsetof(struct settings, file_bytes)))
		run.file_bytes = workfile->file_bytes;
	if (workfile->has_pool_bytes && !is_given(offsetof(struct settings, pool_bytes)))
		run.pool_bytes = workfile->pool_bytes;
}

static int check_sizes(void)
{
	if (run.file_bytes > 0 || run.pool_bytes > 0 || !workfile_has_disk_tests(&run.workfile))
		return EXIT_DONE;
	return complain(
		EXIT_FAILED,
		"%s has disk sub-tests, but FILESIZE and POOLSIZE are both zero: set one in "
		"%s, in the workfile or by option",
		options.settings.workfile, options.settings.config);
}

static int prepare(void)
{
	int status = options_read_config(&options);

	if (status == EXIT_DONE)
		status = options_check(&options);
	if (status == EXIT_DONE)
		status = choose_seed();
	if (status == EXIT_DONE)
		status = workfile_read(&run.workfile, options.settings.workfile);
	choose_sizes();
	return status == EXIT_DONE ? check_sizes() : status;
}

static int execute(void)
{
	int status = run_everything(&run);

	if (options.settings.json && document_write(&run) != EXIT_DONE)
		status = EXIT_FAILED;
	run_free(&run);
	return status;
}

static int answer(void)
{
	const struct settings *settings = &options.settings;

	if (settings->help)
		options_help();
	else if (settings->version)
		(void)printf("reaim %s: re-aim style workload, independent implementation\n",
			     KBENCH_VERSION);
	else if (settings->list)
		list_write(stdout, settings->json);
	else
		plan_write(stdout, &run);
	if (fflush(stdout) != 0)
		return complain(EXIT_FAILED, "standard output: %s", strerror(errno));
	return EXIT_DONE;
}

int main(int argc, char **argv)
{
	const struct settings *settings = &options.settings;

	settings_default(&options.settings);
	run.settings = settings;
	int status = options_parse(&options, argc, argv);
	if (status != EXIT_DONE)
		return status;
	if (settings->help || settings->version || settings->list)
		return answer();
	status = prepare();
	if (status != EXIT_DONE)
		return status;
	return settings->plan ? answer() : execute();
}
