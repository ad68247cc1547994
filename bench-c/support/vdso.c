// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Functions of the vDSO by name, without the C library between: a static libc answers some of
 * them with a system call instead. vdso(7); the image is an ELF shared object in memory.
 */
#include "bench_entry.h"

#include <elf.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>

struct image {
	uintptr_t base; /* to add to the addresses in the image */
	const ElfW(Sym) * symbols;
	const char *names;
	const uint32_t *hash;	  /* DT_HASH: buckets, symbols, ... */
	const uint32_t *gnu_hash; /* DT_GNU_HASH: buckets, first symbol, words of the filter, ... */
};

static const void *at(uintptr_t address)
{
	return (const void *)address; /* NOLINT(performance-no-int-to-ptr) */
}

static const ElfW(Dyn) * dynamic_section(uintptr_t start, struct image *image)
{
	const ElfW(Ehdr) *header = at(start);
	const ElfW(Phdr) *segments = at(start + header->e_phoff);
	const ElfW(Dyn) *dynamic = NULL;
	bool loaded = false;

	for (unsigned i = 0; i < header->e_phnum; i++) {
		if (segments[i].p_type == PT_LOAD && !loaded) {
			image->base = start + segments[i].p_offset - segments[i].p_vaddr;
			loaded = true;
		} else if (segments[i].p_type == PT_DYNAMIC) {
			dynamic = at(start + segments[i].p_offset);
		}
	}
	return loaded ? dynamic : NULL;
}

static bool read_image(uintptr_t start, struct image *image)
{
	const ElfW(Dyn) *entry = dynamic_section(start, image);

	if (entry == NULL)
		return false;
	for (; entry->d_tag != DT_NULL; entry++) {
		const void *what = at(image->base + entry->d_un.d_ptr);
		if (entry->d_tag == DT_SYMTAB)
			image->symbols = what;
		else if (entry->d_tag == DT_STRTAB)
			image->names = what;
		else if (entry->d_tag == DT_HASH)
			image->hash = what;
		else if (entry->d_tag == DT_GNU_HASH)
			image->gnu_hash = what;
	}
	return image->symbols != NULL && image->names != NULL;
}

/* Neither table says how many symbols there are but by its own length. */
static uint32_t symbol_count(const struct image *image)
{
	const uint32_t *gnu = image->gnu_hash;
	uint32_t last = 0;

	if (image->hash != NULL)
		return image->hash[1];
	if (gnu == NULL)
		return 0;
	const uint32_t *buckets = gnu + 4 + (size_t)gnu[2] * (sizeof(ElfW(Addr)) / sizeof(*gnu));
	const uint32_t *chains = buckets + gnu[0];
	for (uint32_t i = 0; i < gnu[0]; i++)
		if (buckets[i] > last)
			last = buckets[i];
	if (last < gnu[1])
		return 0;
	while ((chains[last - gnu[1]] & 1) == 0) /* the last of a chain is odd */
		last++;
	return last + 1;
}

void *bench_vdso(const char *name)
{
	struct image image = {0};
	uintptr_t start = getauxval(AT_SYSINFO_EHDR);

	if (start == 0 || !read_image(start, &image))
		return NULL;
	for (uint32_t i = 0; i < symbol_count(&image); i++) {
		const ElfW(Sym) *symbol = &image.symbols[i];
		if (symbol->st_shndx != SHN_UNDEF &&
		    strcmp(image.names + symbol->st_name, name) == 0)
			return (void *)(image.base + symbol->st_value);
	}
	return NULL;
}
