/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Brings a disk to the state a manifest describes, and proves it by reading everything back. */
#ifndef KDYNO_IMAGER_REIMAGE_H
#define KDYNO_IMAGER_REIMAGE_H

#include "disk.h"
#include "error.h"
#include "http.h"
#include "manifest.h"
#include "report.h"

struct reimage_result {
	size_t rewritten_chunks;
	char root_hex[65];
};

/* Fetches the manifest of `image_id`; its image id must be the one asked for. */
int reimage_fetch_manifest(struct http_client *http, const char *image_id,
			   struct manifest *manifest, struct error *error);

/* Hash, rewrite what differs, discard what lies behind, flush, read everything back and compare. */
int reimage_disk(const struct manifest *manifest, const struct disk *disk, struct http_client *http,
		 struct report *report, struct reimage_result *result, struct error *error);

#endif
