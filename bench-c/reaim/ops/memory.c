// SPDX-License-Identifier: GPL-2.0-or-later
/* mem_rtns_1, mem_rtns_2, ram_copy: the C library's memory functions and plain copies. */
#include "reaim_op.h"

#include <stdlib.h>
#include <string.h>

enum {
	TURNS = 10000,
	SLOTS = 64, /* blocks alive at a time */
	BLOCK_MIN = 16,
	BLOCK_RANGE = 2048,
	OPERATIONS_PER_TURN = 3, /* malloc, realloc, free */

	BLOCK_OPERATIONS = 100,
	BLOCK_BYTES = 65536,
	BLOCK_SHIFT = 64,

	COPIES = 25020,
	KINDS_OF_COPY = 3,
	RECORD_WORDS = 64,
};

struct block {
	unsigned char *bytes;
	size_t size;
	unsigned char tag;
};

/* The tag is at both ends: a block that another one overlaps has lost it. */
static void sign(struct block *block, unsigned char tag)
{
	block->tag = tag;
	block->bytes[0] = tag;
	block->bytes[block->size - 1] = tag;
}

static bool is_signed(const struct block *block)
{
	return block->bytes[0] == block->tag && block->bytes[block->size - 1] == block->tag;
}

static int release(struct reaim_job *job, struct block *block)
{
	bool whole = is_signed(block);

	free(block->bytes);
	block->bytes = NULL;
	if (!whole)
		return reaim_fail(job, "a block of memory was overwritten");
	reaim_did(job, 1);
	return REAIM_OK;
}

static int allocate(struct reaim_job *job, struct block *block, size_t turn)
{
	block->size = BLOCK_MIN + turn * 7919 % BLOCK_RANGE; /* a prime: all sizes, mixed */
	block->bytes = malloc(block->size);
	if (block->bytes == NULL)
		return reaim_fail(job, "malloc of %zu bytes: %m", block->size);
	sign(block, (unsigned char)turn);
	reaim_did(job, 1);
	return REAIM_OK;
}

/* To between a half and twice the size; the first byte must have come along. */
static int resize(struct reaim_job *job, struct block *block, size_t turn)
{
	size_t size = block->size / 2 + turn * 4099 % (block->size + block->size / 2);
	unsigned char *bytes = realloc(block->bytes, size);

	if (bytes == NULL)
		return reaim_fail(job, "realloc to %zu bytes: %m", size);
	block->bytes = bytes;
	block->size = size;
	if (bytes[0] != block->tag)
		return reaim_fail(job, "realloc lost the contents");
	sign(block, block->tag);
	reaim_did(job, 1);
	return REAIM_OK;
}

static int dynamic_run(struct reaim_job *job)
{
	struct block slots[SLOTS] = {0};
	int status = REAIM_OK;

	for (size_t turn = 0; turn < TURNS && status == REAIM_OK; turn++) {
		struct block *block = &slots[turn % SLOTS];
		if (block->bytes != NULL)
			status = release(job, block);
		if (status == REAIM_OK)
			status = allocate(job, block, turn);
		if (status == REAIM_OK)
			status = resize(job, block, turn);
	}
	for (size_t i = 0; i < SLOTS; i++)
		if (slots[i].bytes != NULL && release(job, &slots[i]) != REAIM_OK)
			status = REAIM_ERROR;
	return status;
}

struct areas {
	unsigned char a[BLOCK_BYTES], b[BLOCK_BYTES];
};

/* memset, memcpy, memmove within one area, memcmp of what must be equal now. */
static bool four_block_operations(struct areas *areas, unsigned char tag)
{
	memset(areas->a, tag, BLOCK_BYTES);
	areas->a[0] = (unsigned char)~tag;
	reaim_use(areas);
	memcpy(areas->b, areas->a, BLOCK_BYTES);
	reaim_use(areas);
	memmove(areas->b + BLOCK_SHIFT, areas->b, BLOCK_BYTES - BLOCK_SHIFT);
	reaim_use(areas);
	return memcmp(areas->b + BLOCK_SHIFT, areas->a, BLOCK_BYTES - BLOCK_SHIFT) == 0 &&
	       areas->b[0] != tag && areas->b[BLOCK_BYTES - 1] == tag;
}

static int block_run(struct reaim_job *job)
{
	struct areas *areas = reaim_data(job);

	for (int i = 0; i < BLOCK_OPERATIONS / 4; i++) {
		if (!four_block_operations(areas, (unsigned char)i))
			return reaim_fail(job, "memory differs after memset, memcpy and memmove");
		reaim_did(job, 4);
	}
	return REAIM_OK;
}

struct record {
	uint64_t words[RECORD_WORDS];
};

struct records {
	struct record a, b, c;
};

static void copy_by_pointer(uint64_t *to, const uint64_t *from, const uint64_t *end)
{
	while (from < end) {
		uint64_t word = *from++;
		reaim_hide(word); /* or it would become memcpy() */
		*to++ = word;
	}
}

static void copy_three_ways(struct records *records)
{
	records->b = records->a;
	reaim_use(records);
	copy_by_pointer(records->c.words, records->b.words, records->b.words + RECORD_WORDS);
	reaim_use(records);
	memcpy(&records->a, &records->c, sizeof(records->a));
	reaim_use(records);
}

/* One word is raised each round, and only what all three copies carry comes back for the next. */
static int copy_run(struct reaim_job *job)
{
	struct records *records = reaim_data(job);
	const uint64_t rounds = COPIES / KINDS_OF_COPY;

	memset(records, 0, sizeof(*records));
	for (uint64_t i = 0; i < rounds; i++) {
		records->a.words[i % RECORD_WORDS]++;
		copy_three_ways(records);
	}
	uint64_t sum = 0;
	for (size_t i = 0; i < RECORD_WORDS; i++)
		sum += records->a.words[i];
	if (sum != rounds)
		return reaim_fail(job, "copies were lost: the words sum up to %llu",
				  (unsigned long long)sum);
	reaim_did(job, sum * KINDS_OF_COPY);
	return REAIM_OK;
}

static const struct reaim_op mem_rtns_1 = {
	.name = "mem_rtns_1",
	.unit = "Dynamic Memory Operations",
	.doc = "Calls malloc(), realloc() and free() 10,000 times each, for blocks of up to 4,084 bytes "
	       "of which 64 are alive. A block must keep its contents and its ends to itself.",
	.operations = TURNS * OPERATIONS_PER_TURN,
	.work_per_job = TURNS * OPERATIONS_PER_TURN,
	.run = dynamic_run,
};
REAIM_REGISTER(mem_rtns_1);

static const struct reaim_op mem_rtns_2 = {
	.name = "mem_rtns_2",
	.unit = "Block Memory Operations",
	.doc = "Fills, copies, moves and compares 64 KiB with memset(), memcpy(), memmove() and "
	       "memcmp(), 25 times each. Areas must be equal, and differ where they should.",
	.operations = BLOCK_OPERATIONS,
	.work_per_job = BLOCK_OPERATIONS,
	.data_size = sizeof(struct areas),
	.run = block_run,
};
REAIM_REGISTER(mem_rtns_2);

static const struct reaim_op ram_copy = {
	.name = "ram_copy",
	.unit = "Memory to Memory Copy",
	.doc = "Copies a record of 512 bytes 25,020 times, by assignment, by pointer and by memcpy() "
	       "in turn, from each to the next. The released program copied 140 KB under the same "
	       "number; here each is a copy. What was changed each round must come through all.",
	.operations = COPIES,
	.work_per_job = COPIES,
	.data_size = sizeof(struct records),
	.run = copy_run,
};
REAIM_REGISTER(ram_copy);
