# SPDX-License-Identifier: GPL-2.0-or-later
# What is checked about kbench besides its tests: other machines, other tools.

.PHONY: batches loops arm64 memcheck tidy cppcheck

KBENCH_SOURCES := kbench.c $(COMMANDS) $(LIB) $(MICRO)

# --- the machine code of the timed loops -------------------------------------------------------

HOST_COLUMN := $(if $(filter aarch64,$(shell uname -m)),4,3)

loops: build/kbench
	@tests/check-loops objdump $(HOST_COLUMN) build/obj/micro

# --- batch sizes -------------------------------------------------------------------------------

batches: build/kbench
	@tests/check-batches build/kbench 20 null lat_pipe lat_ctx lat_fork_exit lat_syscall_getppid bw_mem_copy

# --- arm64 -------------------------------------------------------------------------------------

ARM64 := aarch64-linux-gnu-
ARM64_OBJECTS := $(patsubst %.c,build/arm64/%.o,$(KBENCH_SOURCES))
# Under an emulator of user programs: of one task each, for it has no say over CPUs.
ARM64_RUNS := null lat_loop lat_syscall_getppid lat_syscall_read lat_mem:size_bytes=64k bw_mem_copy:size_bytes=64k

build/arm64/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(ARM64)gcc $(CPPFLAGS) -MMD -MP $(CFLAGS) -c -o $@ $<

build/arm64/kbench: $(ARM64_OBJECTS)
	$(ARM64)gcc $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

arm64: build/arm64/kbench
	@tests/check-loops $(ARM64)objdump 4 build/arm64/micro
	@tests/run-arm64 build/arm64/kbench $(ARM64_RUNS)

# --- memcheck ----------------------------------------------------------------------------------

# Linked dynamically, for valgrind puts its own malloc in place of libc's.
build/memcheck/kbench: $(OBJECTS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS)

memcheck: build/memcheck/kbench
	@tests/run-memcheck build/memcheck/kbench

# --- static analysis ---------------------------------------------------------------------------

TIDY_FLAGS := -std=gnu17 $(CPPFLAGS)
TIDY_DONE := $(patsubst %.c,build/tidy/%.ok,$(KBENCH_SOURCES))

build/tidy/%.ok: %.c $(HEADERS) .clang-tidy
	@mkdir -p $(@D)
	@echo "clang-tidy $<"
	@clang-tidy --quiet $< -- $(TIDY_FLAGS) 2> $@.log || { cat $@.log; exit 1; }
	@touch $@

tidy: $(TIDY_DONE)

cppcheck:
	@cppcheck --quiet --std=c11 --enable=warning,portability,performance --inline-suppr --error-exitcode=1 \
		--suppress=missingIncludeSystem --suppress=comparePointers:lib/registry.c \
		--suppress=subtractPointers:lib/registry.c --suppress=autoVariables:lib/session.c -Iinclude -Ilib -Icommands -D_GNU_SOURCE -D__x86_64__ \
		$(KBENCH_SOURCES)
