// SPDX-License-Identifier: GPL-2.0-or-later
/* Strings of JSON. */
#include "json_decode.h"

#include "json.h"

#include <string.h>

/* Four hexadecimal digits, or -1. */
static long read_hex(const char *at)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	long value = 0;

	for (int i = 0; i < 4; i++) {
		const char *digit = at[i] == '\0' ? NULL : strchr(digits, at[i]);
		if (digit == NULL)
			return -1;
		value = value * 16 + (digit - digits) % 16;
	}
	return value;
}

static char *put_utf8(char *to, unsigned long code)
{
	unsigned following = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
	static const unsigned char leads[] = {0, 0xc0, 0xe0, 0xf0};

	*to++ = (char)(leads[following] | code >> (6 * following));
	while (following-- > 0)
		*to++ = (char)(0x80 | (code >> (6 * following) & 0x3f));
	return to;
}

/* After \u; a character beyond U+FFFF comes as a pair of them. */
static const char *decode_code_point(char **at, char **to)
{
	long code = read_hex(*at);

	if (code < 0)
		return "\\u needs four hexadecimal digits";
	if (code == 0)
		return "a NUL character in a string";
	if (code >= 0xdc00 && code < 0xe000)
		return "the second half of a character without the first";
	*at += 4;
	if (code >= 0xd800 && code < 0xdc00) {
		long low = strncmp(*at, "\\u", 2) == 0 ? read_hex(*at + 2) : -1;
		if (low < 0xdc00 || low >= 0xe000)
			return "the first half of a character without the second";
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
		*at += 6;
	}
	*to = put_utf8(*to, (unsigned long)code);
	return NULL;
}

static const char *decode_escape(char **at, char **to)
{
	static const char letters[] = "\"\\/bfnrt";
	static const char meant[] = "\"\\/\b\f\n\r\t";
	char letter = (*at)[1];
	const char *found = letter == '\0' ? NULL : strchr(letters, letter);

	*at += 2;
	if (letter == 'u')
		return decode_code_point(at, to);
	if (found == NULL) {
		*at -= 2;
		return "an unknown escape in a string";
	}
	*(*to)++ = meant[found - letters];
	return NULL;
}

static const char *decode_character(char **at, char **to)
{
	size_t length = json_utf8_length((const unsigned char *)*at);

	if (**at == '\0')
		return "a string without an end";
	if ((unsigned char)**at < 0x20)
		return "a control character in a string";
	if (**at == '\\')
		return decode_escape(at, to);
	if (length == 0)
		return "this is not UTF-8";
	memmove(*to, *at, length);
	*to += length;
	*at += length;
	return NULL;
}

const char *json_decode(char **at, const char **text)
{
	char *to = *at; /* the quote: the first character moves to its place */

	*text = to;
	++*at;
	while (**at != '"') {
		const char *wrong = decode_character(at, &to);
		if (wrong != NULL)
			return wrong;
	}
	*to = '\0';
	++*at;
	return NULL;
}
