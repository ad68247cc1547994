// SPDX-License-Identifier: GPL-2.0-or-later
/* What the kernel says about caches (Documentation/ABI/testing/sysfs-devices-system-cpu). */
#include "levels.h"

#include <stdlib.h>
#include <string.h>

enum { INDEX_MAX = 10, PATH_SIZE = 256 };

static bool read_text(const char *directory, int index, const char *file, char *text)
{
	char path[PATH_SIZE];

	(void)snprintf(path, sizeof(path), "%s/cache/index%d/%s", directory, index, file);
	FILE *stream = fopen(path, "re");
	if (stream == NULL)
		return false;
	bool got = fgets(text, LEVELS_TEXT_SIZE, stream) != NULL;
	(void)fclose(stream);
	if (got)
		text[strcspn(text, "\n")] = '\0';
	return got;
}

/* "512K" and the like. */
static uint64_t parse_size(const char *text)
{
	char *end;
	uint64_t size = strtoull(text, &end, 10);

	if (*end == 'K')
		return size << 10;
	if (*end == 'M')
		return size << 20;
	return size;
}

static bool read_cache(const char *directory, int index, struct levels_cache *cache)
{
	char text[LEVELS_TEXT_SIZE];

	*cache = (struct levels_cache){0};
	if (!read_text(directory, index, "type", text) || strcmp(text, "Instruction") == 0)
		return false;
	if (!read_text(directory, index, "level", text))
		return false;
	cache->level = (unsigned)strtoul(text, NULL, 10);
	if (read_text(directory, index, "size", text))
		cache->said_size_bytes = parse_size(text);
	if (read_text(directory, index, "coherency_line_size", text))
		cache->said_line_bytes = strtoull(text, NULL, 10);
	(void)read_text(directory, index, "shared_cpu_list", cache->shared_cpus);
	return cache->level > 0;
}

size_t levels_read_said(const char *cpu_directory, struct levels_cache *caches)
{
	size_t count = 0;

	for (int index = 0; index < INDEX_MAX && count < LEVELS_CACHES_MAX; index++) {
		struct levels_cache cache;
		if (!read_cache(cpu_directory, index, &cache))
			continue;
		size_t at = count++;
		for (; at > 0 && caches[at - 1].level > cache.level; at--)
			caches[at] = caches[at - 1];
		caches[at] = cache;
	}
	return count;
}
