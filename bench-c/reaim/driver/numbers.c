// SPDX-License-Identifier: GPL-2.0-or-later
#include "numbers.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool parse_unsigned(const char *text, uint64_t *value)
{
	char *end = NULL;

	if (!isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	unsigned long long number = strtoull(text, &end, 10);
	*value = number;
	return errno == 0 && *end == '\0';
}

bool parse_count(const char *text, long min, long max, long *value)
{
	uint64_t number = 0;

	if (!parse_unsigned(text, &number) || number < (uint64_t)min || number > (uint64_t)max)
		return false;
	*value = (long)number;
	return true;
}

bool parse_real(const char *text, double *value)
{
	char *end = NULL;

	errno = 0;
	*value = strtod(text, &end);
	return errno == 0 && end != text && *end == '\0' && isfinite(*value);
}

bool parse_size(const char *text, uint64_t *bytes)
{
	static const char units[] = "kmgt";
	char digits[24];
	size_t length = strspn(text, "0123456789");
	uint64_t number = 0;

	if (length == 0 || length >= sizeof(digits))
		return false;
	memcpy(digits, text, length);
	digits[length] = '\0';
	if (!parse_unsigned(digits, &number))
		return false;
	*bytes = 0;
	if (number == 0 && text[length] == '\0')
		return true;
	const char *unit =
		text[length] == '\0' ? NULL : strchr(units, tolower((unsigned char)text[length]));
	if (unit == NULL)
		return false;
	const char *rest = text + length + 1;
	if (*rest != '\0' && strcasecmp(rest, "b") != 0)
		return false;
	return !__builtin_mul_overflow(number, UINT64_C(1) << (10 * (unit - units + 1)), bytes);
}
