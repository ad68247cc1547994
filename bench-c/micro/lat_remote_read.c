// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Timed: reading a block of a file from a network file system, past this machine's page cache.
 * Why: what a remote file costs: lat_remote_read less lat_disk_read of the server's disk is the
 * penalty of the network and of the protocol.
 * Source: remote file read time, as measured in courses on operating systems: NFS, 4 KiB blocks,
 * sequential and random; statfs(2), open(2).
 */
#include "bench_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

/* As statfs(2) and the kernel's linux/magic.h name them; not all are in every libc's header. */
static const unsigned long network_magics[] = {
	0x6969,	    /* NFS */
	0xff534d42, /* CIFS */
	0xfe534d42, /* SMB2 */
	0x517b,	    /* SMB */
	0x01021997, /* 9p */
	0x00c36400, /* Ceph */
	0x5346414f, /* AFS */
	0x6b414653, /* AFS, in the kernel */
	0x73757245, /* Coda */
	0x7461636f, /* OCFS2 */
	0x01161970, /* GFS2 */
	0x0bd00bd0, /* Lustre */
	0x65735546, /* FUSE: sshfs, GlusterFS and others */
};

struct data {
	struct bench_disk disk;
	bool drop; /* no O_DIRECT there: the page cache is emptied before each run */
};

static int check_directory(struct bench_state *state, const char *directory)
{
	struct statfs system;

	if (directory[0] == '\0')
		return bench_skip(state, "directory= names no network mount");
	if (statfs(directory, &system) != 0)
		return bench_skip(state, "directory=%s: %s", directory, strerror(errno));
	bool is_network = false;
	for (size_t i = 0; i < sizeof(network_magics) / sizeof(network_magics[0]); i++)
		is_network = is_network ||
			     ((unsigned long)system.f_type & 0xffffffff) == network_magics[i];
	if (!is_network)
		return bench_skip(state,
				  "directory= names no network mount: %s is on a file system "
				  "of type %#lx",
				  directory, (unsigned long)system.f_type);
	if (access(directory, W_OK) != 0)
		return bench_skip(state, "cannot write to directory=%s: %s", directory,
				  strerror(errno));
	return BENCH_OK;
}

/* The file is nobody's but this descriptor's: it goes with it, however this ends. */
static int open_file(struct bench_state *state, const char *directory)
{
	struct data *data = bench_data(state);

	int error = bench_disk_open(state, &data->disk, directory,
				    (uint64_t)bench_value(state, "file_bytes"),
				    (size_t)bench_value(state, "block_bytes"),
				    bench_value(state, "access") == BENCH_RANDOM);
	if (data->disk.file.fd > 0) {
		int flags = fcntl(data->disk.file.fd, F_GETFL);
		int unlink_error = bench_file_unlink(state, &data->disk.file);
		error = error != 0 ? error : unlink_error;
		data->drop = fcntl(data->disk.file.fd, F_SETFL, flags | O_DIRECT) != 0;
	}
	return error;
}

static int setup(struct bench_state *state)
{
	struct data *data = bench_data(state);
	const char *directory = bench_text(state, "directory");

	int error = check_directory(state, directory);
	if (error == 0)
		error = open_file(state, directory);
	if (error == 0 && data->drop)
		error = posix_fadvise(data->disk.file.fd, 0, 0, POSIX_FADV_RANDOM) == 0
				? BENCH_OK
				: bench_fail(state, "posix_fadvise RANDOM fails");
	return error;
}

static int prepare(struct bench_state *state, uint64_t iterations)
{
	const struct data *data = bench_data(state);

	if (!data->drop)
		return BENCH_OK;
	if (iterations > data->disk.order.count)
		return bench_fail(state,
				  "the file's %zu blocks do not last long enough to be timed",
				  data->disk.order.count);
	return bench_file_drop(state, &data->disk.file);
}

static int run(struct bench_state *state, uint64_t iterations)
{
	struct data *data = bench_data(state);
	int error = BENCH_OK;

	for (uint64_t i = 0; i < iterations && error == 0; i++)
		error = bench_disk_read_next(state, &data->disk);
	return error;
}

static uint64_t work(struct bench_state *state)
{
	const struct data *data = bench_data(state);

	return data->disk.blocks_right;
}

static void teardown(struct bench_state *state)
{
	struct data *data = bench_data(state);

	bench_disk_close(&data->disk);
}

static const struct bench_parameter parameters[] = {
	{.name = "directory", .about = "on a network mount, and writable", .text = ""},
	{.name = "access",
	 .about = "blocks one after the other, or each once in random order",
	 .words = bench_access_words},
	{.name = "file_bytes",
	 .about = "size of the file",
	 .value = 16 << 20,
	 .min = 4096,
	 .max = INT64_C(1) << 40},
	{.name = "block_bytes",
	 .about = "bytes of each read",
	 .value = 4096,
	 .min = 512,
	 .max = 16 << 20},
	{0},
};

static const struct bench lat_remote_read = {
	.name = "lat_remote_read",
	.summary = "read a block of a file from a network file system",
	.doc = "Times pread() of one block of a file in directory=, which must be on a network file\n"
	       "system (NFS, SMB, 9p, Ceph, FUSE, ...), with O_DIRECT; where that is refused, after\n"
	       "posix_fadvise() has emptied this machine's page cache, not timed, and without read-ahead.\n"
	       "The server's page cache is not emptied: the file, written just before, is in it if it\n"
	       "fits. The file has no name while it is read and goes with its descriptor. Less\n"
	       "lat_disk_read with the same parameters the figure is the network's penalty. Skipped\n"
	       "unless directory= names a network mount. Quoted is the median. Work proof: each block\n"
	       "begins with the word of its place in the file.\n"
	       "Idea: remote file read time in system measurement courses, there over NFS with the\n"
	       "page caches of both sides dropped by root.",
	.figure = BENCH_LATENCY,
	.estimator = BENCH_MEDIAN,
	.timeout_s = 60,
	.iterations_max = 1024,
	.copies = BENCH_AS_PROCESSES | BENCH_AS_THREADS,
	.parameters = parameters,
	.data_size = sizeof(struct data),
	.setup = setup,
	.prepare = prepare,
	.run = run,
	.work = work,
	.teardown = teardown,
};
BENCH_REGISTER(lat_remote_read);
