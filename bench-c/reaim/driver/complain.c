// SPDX-License-Identifier: GPL-2.0-or-later
#include "complain.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

static char first[PATH_MAX + 512]; /* most name a path */

int complain(int status, const char *format, ...)
{
	char text[sizeof(first)];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (first[0] == '\0')
		(void)snprintf(first, sizeof(first), "%s", text);
	(void)fprintf(stderr, "reaim: %s\n", text);
	return status;
}

void warn(const char *format, ...)
{
	va_list arguments;

	(void)fputs("reaim: warning: ", stderr);
	va_start(arguments, format);
	(void)vfprintf(stderr, format, arguments);
	va_end(arguments);
	(void)fputc('\n', stderr);
}

const char *first_complaint(void)
{
	return first;
}
