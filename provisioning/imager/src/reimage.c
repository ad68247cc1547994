/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reimage.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct work {
	const struct manifest *manifest;
	const struct disk *disk;
	struct http_client *http;
	struct report *report;
	uint8_t *buffer; /* one chunk, aligned for direct transfers */
	uint64_t differing_bytes;
	size_t differing_chunks;
	bool *differs; /* by chunk */
};

int reimage_fetch_manifest(struct http_client *http, const char *image_id,
			   struct manifest *manifest, struct error *error)
{
	char path[256];
	int result = -1;
	char *text = malloc(MANIFEST_BYTES_MAX + 1);
	struct http_response response = {.body = (uint8_t *)text, .capacity = MANIFEST_BYTES_MAX};

	if (text == NULL)
		return error_set(error, "manifest: out of memory");
	snprintf(path, sizeof(path), "/boot/image/%s/manifest.txt", image_id);
	if (http_get(http, path, &response, error) < 0)
		goto out;
	if (response.status != 200) {
		error_set(error, "manifest of image %s: the server answers %d", image_id,
			  response.status);
		goto out;
	}
	text[response.length] = '\0';
	if (manifest_parse(text, manifest, error) < 0)
		goto out;
	if (strcmp(manifest->image_id, image_id) != 0) {
		error_set(error, "manifest: image %.64s instead of %.64s", manifest->image_id,
			  image_id);
		manifest_free(manifest);
		goto out;
	}
	result = 0;
out:
	free(text);
	return result;
}

/* Comparing with itself, shifted, is one memcmp at full speed. */
static bool is_zero(const uint8_t *bytes, size_t length)
{
	return bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0;
}

/* The digest of what the disk holds now. Zeroes are not hashed where the answer is known: the
 * manifest's digest for a chunk of zeroes was proved when it was parsed. */
static int digest_of_disk(const struct work *work, size_t index, uint8_t *digest,
			  struct error *error)
{
	const struct chunk *expected = &work->manifest->chunks[index];
	size_t length = manifest_chunk_length(work->manifest, index);

	if (disk_read(work->disk, (uint64_t)index * work->manifest->chunk_bytes, work->buffer,
		      length, error) < 0)
		return -1;
	if (!is_zero(work->buffer, length))
		blake2b_256(work->buffer, length, digest);
	else if (expected->zero)
		memcpy(digest, expected->digest, BLAKE2B_256_BYTES);
	else
		memset(digest, 0,
		       BLAKE2B_256_BYTES); /* no known input has this digest: it differs */
	return 0;
}

static int find_differences(struct work *work, struct error *error)
{
	const struct manifest *manifest = work->manifest;
	uint8_t digest[BLAKE2B_256_BYTES];

	for (size_t i = 0; i < manifest->chunk_count; i++) {
		if (digest_of_disk(work, i, digest, error) < 0)
			return -1;
		if (memcmp(digest, manifest->chunks[i].digest, sizeof(digest)) != 0) {
			work->differs[i] = true;
			work->differing_chunks++;
			work->differing_bytes += manifest_chunk_length(manifest, i);
		}
		report_progress(work->report, STAGE_HASH, (uint64_t)i * manifest->chunk_bytes,
				manifest->size_bytes);
	}
	return 0;
}

static int fetch_chunk(struct work *work, size_t index, struct error *error)
{
	char path[256];
	uint8_t digest[BLAKE2B_256_BYTES];
	size_t length = manifest_chunk_length(work->manifest, index);
	struct http_response response = {.body = work->buffer, .capacity = length};

	snprintf(path, sizeof(path), "/boot/image/%s/chunk/%zu", work->manifest->image_id, index);
	if (http_get(work->http, path, &response, error) < 0)
		return -1;
	if (response.status != 200)
		return error_set(error, "chunk %zu: the server answers %d", index, response.status);
	if (response.length != length)
		return error_set(error, "chunk %zu: %zu bytes instead of %zu", index,
				 response.length, length);
	blake2b_256(work->buffer, length, digest);
	if (memcmp(digest, work->manifest->chunks[index].digest, sizeof(digest)) != 0)
		return error_set(
			error, "chunk %zu: the server sends something else than its manifest says",
			index);
	return 0;
}

static int rewrite_chunk(struct work *work, size_t index, struct error *error)
{
	uint64_t offset = (uint64_t)index * work->manifest->chunk_bytes;
	size_t length = manifest_chunk_length(work->manifest, index);

	if (work->manifest->chunks[index].zero)
		return disk_zero(work->disk, offset, length, error);
	if (fetch_chunk(work, index, error) < 0)
		return -1;
	return disk_write(work->disk, offset, work->buffer, length, error);
}

static int rewrite_differences(struct work *work, struct error *error)
{
	uint64_t done_bytes = 0;

	for (size_t i = 0; i < work->manifest->chunk_count; i++) {
		if (!work->differs[i])
			continue;
		if (rewrite_chunk(work, i, error) < 0)
			return -1;
		done_bytes += manifest_chunk_length(work->manifest, i);
		report_progress(work->report, STAGE_WRITE, done_bytes, work->differing_bytes);
	}
	return disk_flush(work->disk, error);
}

static int verify(struct work *work, struct reimage_result *result, struct error *error)
{
	const struct manifest *manifest = work->manifest;
	uint8_t digest[BLAKE2B_256_BYTES];
	struct blake2b state;

	blake2b_256_init(&state);
	for (size_t i = 0; i < manifest->chunk_count; i++) {
		if (digest_of_disk(work, i, digest, error) < 0)
			return -1;
		if (memcmp(digest, manifest->chunks[i].digest, sizeof(digest)) != 0)
			return error_set(error, "disk: chunk %zu reads back wrong%s", i,
					 work->differs[i] ? " after it was written" : "");
		blake2b_256_update(&state, digest, sizeof(digest));
		report_progress(work->report, STAGE_VERIFY, (uint64_t)i * manifest->chunk_bytes,
				manifest->size_bytes);
	}
	blake2b_256_final(&state, digest);
	if (memcmp(digest, manifest->root, sizeof(digest)) != 0)
		return error_set(error, "disk: the root hash is wrong");
	manifest_format_digest(digest, result->root_hex);
	return 0;
}

int reimage_disk(const struct manifest *manifest, const struct disk *disk, struct http_client *http,
		 struct report *report, struct reimage_result *result, struct error *error)
{
	struct work work = {.manifest = manifest, .disk = disk, .http = http, .report = report};
	int status = -1;

	memset(result, 0, sizeof(*result));
	if (disk->size_bytes < manifest->size_bytes)
		return error_set(error, "disk: %" PRIu64 " bytes, the image has %" PRIu64,
				 disk->size_bytes, manifest->size_bytes);
	work.buffer = aligned_alloc(SECTOR_BYTES, manifest->chunk_bytes);
	work.differs = calloc(manifest->chunk_count, sizeof(*work.differs));
	if (work.buffer == NULL || work.differs == NULL) {
		error_set(error, "disk: out of memory");
		goto out;
	}
	if (find_differences(&work, error) < 0)
		goto out;
	report_line("%zu of %zu chunks differ", work.differing_chunks, manifest->chunk_count);
	disk_discard(disk, manifest->size_bytes, disk->size_bytes - manifest->size_bytes);
	if (rewrite_differences(&work, error) < 0 || verify(&work, result, error) < 0)
		goto out;
	result->rewritten_chunks = work.differing_chunks;
	status = 0;
out:
	free(work.buffer);
	free(work.differs);
	return status;
}
