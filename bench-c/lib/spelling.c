// SPDX-License-Identifier: GPL-2.0-or-later
#include "spelling.h"

#include <string.h>

enum { NAME_MAX_LENGTH = 63 };

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t spelling_distance(const char *from, const char *to)
{
	size_t row[NAME_MAX_LENGTH + 1];
	size_t width = strnlen(to, NAME_MAX_LENGTH);
	size_t height = strnlen(from, NAME_MAX_LENGTH);

	for (size_t j = 0; j <= width; j++)
		row[j] = j;
	for (size_t i = 1; i <= height; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= width; j++) {
			size_t above = row[j];
			size_t replaced = diagonal + (from[i - 1] != to[j - 1]);
			row[j] = smaller(replaced, 1 + smaller(above, row[j - 1]));
			diagonal = above;
		}
	}
	return row[width];
}

size_t spelling_tolerance(const char *name)
{
	return 2 + strnlen(name, NAME_MAX_LENGTH) / 3;
}
