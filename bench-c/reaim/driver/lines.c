// SPDX-License-Identifier: GPL-2.0-or-later
#include "lines.h"

#include "complain.h"

#include <string.h>

static const char blanks[] = " \t\r\n\f\v";

bool lines_open(struct lines *lines, const char *path)
{
	*lines = (struct lines){.path = path, .file = fopen(path, "re")};
	return lines->file != NULL;
}

static void split(struct lines *lines, struct line *line)
{
	char *text = lines->text + strspn(lines->text, blanks);

	text[strcspn(text, "#")] = '\0';
	size_t length = strlen(text);
	while (length > 0 && strchr(blanks, text[length - 1]) != NULL)
		text[--length] = '\0';
	char *rest = text + strcspn(text, blanks);
	if (*rest != '\0') {
		*rest++ = '\0';
		rest += strspn(rest, blanks);
	}
	*line = (struct line){lines->path, lines->number, text, rest};
}

bool lines_next(struct lines *lines, struct line *line)
{
	while (fgets(lines->text, sizeof(lines->text), lines->file) != NULL) {
		lines->number++;
		if (strlen(lines->text) + 1 == sizeof(lines->text)) {
			lines->too_long = true;
			return false;
		}
		split(lines, line);
		if (line->first[0] != '\0')
			return true;
	}
	return false;
}

int lines_end(const struct lines *lines)
{
	if (lines->too_long)
		return complain(EXIT_FAILED, "%s:%u: the line is longer than %d bytes", lines->path,
				lines->number, LINE_SIZE - 2);
	if (ferror(lines->file))
		return complain(EXIT_FAILED, "%s: cannot be read", lines->path);
	return EXIT_DONE;
}

void lines_close(struct lines *lines)
{
	(void)fclose(lines->file);
}
