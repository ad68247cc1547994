// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench_process.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

const char *const bench_linkage_names[] = {"static", "dynamic", NULL};

/* Exit with the number of arguments, which is the first word on the stack. */
#if defined(__x86_64__)
enum { MACHINE = EM_X86_64 };
static const unsigned char code[] = {
	0x8b, 0x3c, 0x24,	      /* mov (%rsp),%edi */
	0xb8, 0x3c, 0x00, 0x00, 0x00, /* mov $60,%eax: exit */
	0x0f, 0x05,		      /* syscall */
};
#elif defined(__aarch64__)
enum { MACHINE = EM_AARCH64 };
static const unsigned char code[] = {
	0xe0, 0x03, 0x40, 0xb9, /* ldr w0,[sp] */
	0xa8, 0x0b, 0x80, 0x52, /* mov w8,#93: exit */
	0x01, 0x00, 0x00, 0xd4, /* svc #0 */
};
#else
enum { MACHINE = EM_NONE };
static const unsigned char code[] = {0};
#endif

enum { LOAD_ADDRESS = 0x400000, LOAD_ALIGN = 0x10000 /* the largest page of these machines */ };

/* One segment that holds the headers and the code: what a linker would write, without
 * sections and symbols. */
struct tiny_elf {
	Elf64_Ehdr header;
	Elf64_Phdr segment;
	unsigned char code[sizeof(code)];
};

static struct tiny_elf tiny_elf(void)
{
	struct tiny_elf elf = {
		.header = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
				       EV_CURRENT},
			   .e_type = ET_EXEC,
			   .e_machine = MACHINE,
			   .e_version = EV_CURRENT,
			   .e_entry = LOAD_ADDRESS + offsetof(struct tiny_elf, code),
			   .e_phoff = offsetof(struct tiny_elf, segment),
			   .e_ehsize = sizeof(Elf64_Ehdr),
			   .e_phentsize = sizeof(Elf64_Phdr),
			   .e_phnum = 1},
		.segment = {.p_type = PT_LOAD,
			    .p_flags = PF_R | PF_X,
			    .p_vaddr = LOAD_ADDRESS,
			    .p_paddr = LOAD_ADDRESS,
			    .p_filesz = sizeof(struct tiny_elf),
			    .p_memsz = sizeof(struct tiny_elf),
			    .p_align = LOAD_ALIGN},
	};

	memcpy(elf.code, code, sizeof(code));
	return elf;
}

static int write_static(struct bench_state *state, struct bench_program *program)
{
	const struct tiny_elf elf = tiny_elf();
	const char *directory;

	if (MACHINE == EM_NONE)
		return bench_skip(state,
				  "needs x86-64 or arm64: the program is made of their code");
	directory = bench_directory(state);
	if (directory == NULL)
		return BENCH_ERROR;
	if (snprintf(program->path, sizeof(program->path), "%s/true-XXXXXX", directory) >=
	    (int)sizeof(program->path))
		return bench_fail(state, "the name of the directory is too long");
	int file = mkostemp(program->path, O_CLOEXEC); /* copies share the directory */
	if (file < 0)
		return bench_fail(state, "cannot create %s: %s", program->path, strerror(errno));
	bool written = write(file, &elf, sizeof(elf)) == (ssize_t)sizeof(elf) &&
		       fchmod(file, S_IRWXU) == 0;
	if (close(file) != 0 || !written)
		return bench_fail(state, "cannot write %s", program->path);
	if (access(program->path, X_OK) != 0)
		return bench_skip(state,
				  "needs a directory whose programs may be executed, %s is "
				  "mounted noexec",
				  directory);
	return BENCH_OK;
}

/* Whether the kernel must load an interpreter (the dynamic linker) with it. */
static bool is_dynamic(const char *path)
{
	Elf64_Ehdr header;
	bool dynamic = false;
	int file = open(path, O_RDONLY | O_CLOEXEC);

	if (file < 0)
		return false;
	if (pread(file, &header, sizeof(header), 0) == (ssize_t)sizeof(header) &&
	    memcmp(header.e_ident, ELFMAG, SELFMAG) == 0) {
		for (size_t i = 0; i < header.e_phnum && !dynamic; i++) {
			Elf64_Phdr segment;
			off_t at = (off_t)(header.e_phoff + i * sizeof(segment));
			dynamic = pread(file, &segment, sizeof(segment), at) ==
					  (ssize_t)sizeof(segment) &&
				  segment.p_type == PT_INTERP;
		}
	}
	(void)close(file);
	return dynamic;
}

static int find_dynamic(struct bench_state *state, struct bench_program *program)
{
	static const char *const candidates[] = {"/bin/true", "/usr/bin/true"};

	for (size_t i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++) {
		if (access(candidates[i], X_OK) != 0 || !is_dynamic(candidates[i]))
			continue;
		(void)snprintf(program->path, sizeof(program->path), "%s", candidates[i]);
		return BENCH_OK;
	}
	return bench_skip(state, "needs a dynamically linked /bin/true or /usr/bin/true");
}

int bench_program_open(struct bench_state *state, struct bench_program *program,
		       enum bench_linkage linkage)
{
	static char name[] = "true";
	bool is_static = linkage == BENCH_LINK_STATIC;

	for (int turn = 0; turn < BENCH_PROGRAM_TURNS; turn++) {
		int count = is_static ? turn + 1 : 1;
		for (int i = 0; i < count; i++)
			program->arguments[turn][i] = name;
		program->status[turn] = is_static ? count : 0;
	}
	return is_static ? write_static(state, program) : find_dynamic(state, program);
}

int bench_await(struct bench_state *state, pid_t pid, int status)
{
	int got = 0;

	if (waitpid(pid, &got, 0) != pid)
		return bench_fail(state, "waitpid: %s", strerror(errno));
	if (!WIFEXITED(got) || WEXITSTATUS(got) != status)
		return bench_fail(state, "the child ended with wait status %#x, not exit status %d",
				  (unsigned)got, status);
	return BENCH_OK;
}

const struct bench_parameter bench_started_parameters[] = {
	{.name = "link",
	 .about = "static: a program of one page; dynamic: the machine's /bin/true",
	 .words = bench_linkage_names},
	{0},
};

int bench_started_setup(struct bench_state *state)
{
	struct bench_started *started = bench_data(state);

	return bench_program_open(state, &started->program,
				  (enum bench_linkage)bench_value(state, "link"));
}

uint64_t bench_started_work(struct bench_state *state)
{
	const struct bench_started *started = bench_data(state);

	return started->children_right;
}
