// SPDX-License-Identifier: GPL-2.0-or-later
#include "readable.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { STEPS = 4 };

static const struct {
	const char *unit;
	const char *names[STEPS]; /* each a thousand of the one before */
} scales[] = {
	{"ns/op", {"ns", "us", "ms", "s"}},
	{"B/s", {"B/s", "kB/s", "MB/s", "GB/s"}},
	{"op/s", {"op/s", "kop/s", "Mop/s", "Gop/s"}},
};

/* Rounds as the number will be, so that 999.97 is no "1000". */
static size_t step_of(double value)
{
	size_t step = 0;

	for (double left = fabs(value); left >= 999.95 && step + 1 < STEPS; left /= 1000)
		step++;
	return step;
}

struct readable_unit readable_unit(double value, const char *unit)
{
	for (size_t i = 0; i < sizeof(scales) / sizeof(scales[0]); i++) {
		if (strcmp(scales[i].unit, unit) != 0)
			continue;
		size_t step = step_of(value);
		return (struct readable_unit){pow(1000, (double)step), scales[i].names[step]};
	}
	return (struct readable_unit){1, unit};
}

void readable_number(double value, const struct readable_unit *unit, char *text, size_t size)
{
	double scaled = value / unit->divisor;
	double magnitude = fabs(scaled);
	int decimals = 3;

	if (magnitude >= 999.95)
		decimals = 0;
	else if (magnitude >= 99.995)
		decimals = 1;
	else if (magnitude >= 9.9995)
		decimals = 2;
	else if (magnitude < 0.9995)
		decimals = 4;
	(void)snprintf(text, size, "%.*f", decimals, scaled);
}
