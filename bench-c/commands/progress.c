// SPDX-License-Identifier: GPL-2.0-or-later
#include "progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

enum { COLUMNS = 79, IDENTITY_SIZE = 256 };

static bool shown; /* there is one terminal, so there is one line */

void progress_wipe(void)
{
	if (shown)
		(void)fputs("\r\033[K", stderr);
	shown = false;
}

void progress_say(const char *format, ...)
{
	char line[COLUMNS + 1];
	va_list arguments;

	if (isatty(STDERR_FILENO) != 1)
		return;
	va_start(arguments, format);
	(void)vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	progress_wipe();
	(void)fputs(line, stderr);
	(void)fflush(stderr);
	shown = true;
}

void progress_show(const struct progress *progress)
{
	char identity[IDENTITY_SIZE];
	char left[32] = "";

	if (progress->next == NULL) {
		progress_wipe();
		return;
	}
	if (progress->done > 0) {
		double left_s = progress->elapsed_s / (double)progress->done *
				(double)(progress->total - progress->done);
		(void)snprintf(left, sizeof(left), "  eta %ld:%02ld", (long)left_s / 60,
			       (long)left_s % 60);
	}
	spec_text(progress->next, identity, sizeof(identity));
	progress_say("[%zu/%zu] %.45s %s%s", progress->done + 1, progress->total, identity,
		     placement_name(progress->next->placement), left);
}
