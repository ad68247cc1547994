// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Each formula is a guess with a reason, made before measuring; none is fitted. A ratio far from
 * one says that the reason is wrong here, which is the point of the exercise.
 * Source: the summary table of system measurement reports of CSE 221 (UC San Diego).
 */
#include "prediction.h"

#include <math.h>

/* A segment through TCP and IP, sent and received on one machine. */
static const double segment_cycles = 10000;
/* Two network cards, two interrupts and a gigabit wire, there and back. */
static const double wire_ns = 50e3;
static const double gigabit_payload = 117.5e6;
static const double flash_read_ns = 80e3;

const struct basis_source basis_sources[BASIS_COUNT] = {
	[BASIS_CYCLE] = {"core cycle", NULL},
	[BASIS_ENTRY] = {"kernel entry and exit", "lat_syscall_enosys"},
	[BASIS_MEMORY] = {"memory latency", "lat_mem"},
	[BASIS_COPY] = {"copy bandwidth of memory", "bw_mem_copy"},
	[BASIS_FAULT] = {"page fault, zeroed page", "lat_fault_anonymous"},
	[BASIS_SWITCH] = {"process switch", "lat_ctx"},
	[BASIS_DISK] = {"4 KiB from disk, in order", "lat_disk_read"},
	[BASIS_SEEK] = {"seek and half a turn", NULL},
	[BASIS_FREE_MEMORY] = {"available memory", NULL},
};

struct basis basis_unknown(void)
{
	struct basis basis;

	for (size_t i = 0; i < BASIS_COUNT; i++)
		basis.of[i] = NAN;
	return basis;
}

static struct estimate sum_of(double hardware, double software)
{
	return (struct estimate){hardware, software, hardware + software};
}

/* Where software's part is not a term of its own. */
static struct estimate whole(double predicted)
{
	return (struct estimate){predicted, NAN, predicted};
}

static double cycles(const struct basis *basis, double count)
{
	return count * basis->of[BASIS_CYCLE];
}

static struct estimate of_clock(const struct basis *basis)
{
	return sum_of(cycles(basis, 40), cycles(basis, 30));
}

static struct estimate of_loop(const struct basis *basis)
{
	return sum_of(cycles(basis, 1), 0);
}

static struct estimate of_call(const struct basis *basis)
{
	return sum_of(cycles(basis, 2), cycles(basis, 3));
}

static struct estimate of_system_call(const struct basis *basis)
{
	return sum_of(basis->of[BASIS_ENTRY], cycles(basis, 100));
}

static struct estimate of_fork(const struct basis *basis)
{
	return sum_of(2 * basis->of[BASIS_SWITCH], 60 * basis->of[BASIS_FAULT]);
}

static struct estimate of_thread(const struct basis *basis)
{
	return sum_of(2 * basis->of[BASIS_SWITCH],
		      4 * basis->of[BASIS_ENTRY] + 5 * basis->of[BASIS_FAULT]);
}

static struct estimate of_process_switch(const struct basis *basis)
{
	return sum_of(2 * basis->of[BASIS_ENTRY], cycles(basis, 4000));
}

static struct estimate of_thread_switch(const struct basis *basis)
{
	return sum_of(basis->of[BASIS_SWITCH], -cycles(basis, 200));
}

static struct estimate of_l1(const struct basis *basis)
{
	return sum_of(cycles(basis, 4.5), 0);
}

static struct estimate of_l2(const struct basis *basis)
{
	return sum_of(cycles(basis, 14), 0);
}

static struct estimate of_l3(const struct basis *basis)
{
	return sum_of(cycles(basis, 50), 0);
}

static struct estimate of_memory(const struct basis *basis)
{
	return sum_of(cycles(basis, 50) + 80, 0);
}

static struct estimate of_read_bandwidth(const struct basis *basis)
{
	return whole(24 * 64 * 1e9 / basis->of[BASIS_MEMORY]);
}

static struct estimate of_write_bandwidth(const struct basis *basis)
{
	return whole(of_read_bandwidth(basis).predicted / 2);
}

static struct estimate of_major_fault(const struct basis *basis)
{
	return sum_of(basis->of[BASIS_DISK] + basis->of[BASIS_SEEK], basis->of[BASIS_FAULT]);
}

static struct estimate of_local_rtt(const struct basis *basis)
{
	return sum_of(4 * basis->of[BASIS_ENTRY] + 2 * basis->of[BASIS_SWITCH],
		      cycles(basis, 2 * segment_cycles));
}

static struct estimate of_remote_rtt(const struct basis *basis)
{
	return sum_of(wire_ns, of_local_rtt(basis).predicted);
}

static struct estimate of_local_bandwidth(const struct basis *basis)
{
	return whole(basis->of[BASIS_COPY] / 2);
}

static struct estimate of_remote_bandwidth(const struct basis *basis)
{
	(void)basis;
	return whole(gigabit_payload);
}

static struct estimate of_local_connect(const struct basis *basis)
{
	return sum_of(2 * basis->of[BASIS_ENTRY], cycles(basis, 3 * segment_cycles));
}

static struct estimate of_remote_connect(const struct basis *basis)
{
	return sum_of(wire_ns, of_local_connect(basis).predicted);
}

static struct estimate of_local_close(const struct basis *basis)
{
	return sum_of(2 * basis->of[BASIS_ENTRY], cycles(basis, 4 * segment_cycles));
}

static struct estimate of_remote_close(const struct basis *basis)
{
	return sum_of(wire_ns, of_local_close(basis).predicted);
}

static struct estimate of_file_cache(const struct basis *basis)
{
	return whole(basis->of[BASIS_FREE_MEMORY]);
}

static struct estimate of_disk_in_order(const struct basis *basis)
{
	return sum_of(flash_read_ns, 2 * basis->of[BASIS_SWITCH] + cycles(basis, 5000));
}

static struct estimate of_disk_at_random(const struct basis *basis)
{
	return sum_of(basis->of[BASIS_DISK] + basis->of[BASIS_SEEK], 0);
}

static struct estimate of_remote_file(const struct basis *basis)
{
	return sum_of(basis->of[BASIS_DISK] + wire_ns, of_local_rtt(basis).predicted);
}

static struct estimate of_remote_file_at_random(const struct basis *basis)
{
	struct estimate estimate = of_remote_file(basis);

	return sum_of(estimate.hardware + basis->of[BASIS_SEEK], estimate.software);
}

static struct estimate of_network_penalty(const struct basis *basis)
{
	return of_remote_rtt(basis);
}

static struct estimate contended(const struct basis *basis, double readers)
{
	return sum_of(readers * (basis->of[BASIS_DISK] + basis->of[BASIS_SEEK]), 0);
}

static struct estimate of_two_readers(const struct basis *basis)
{
	return contended(basis, 2);
}

static struct estimate of_four_readers(const struct basis *basis)
{
	return contended(basis, 4);
}

static struct estimate of_eight_readers(const struct basis *basis)
{
	return contended(basis, 8);
}

#define TIME	  QUANTITY_TIME
#define BANDWIDTH QUANTITY_BANDWIDTH

const struct prediction predictions[] = {
	{"Measurement", "lat_clock", TIME, REACH_LOCAL, of_clock,
	 "reading the counter in order 40 cycles, the vDSO's arithmetic 30"},
	{"Loop", "lat_loop", TIME, REACH_LOCAL, of_loop, "a counter and a taken branch: a cycle"},
	{"Procedure call", "lat_call", TIME, REACH_LOCAL, of_call,
	 "two taken branches, and the return address comes back from the store buffer"},
	{"System call", "lat_syscall_getppid", TIME, REACH_LOCAL, of_system_call,
	 "entry and exit, and 100 cycles to find and do something small"},
	{"Process creation", "lat_fork_exit", TIME, REACH_LOCAL, of_fork,
	 "there and back is two switches; some 60 pages, tables and areas, each like a fault"},
	{"Thread creation", "lat_thread_create", TIME, REACH_LOCAL, of_thread,
	 "two switches, four system calls, and stacks and structures like five faults"},
	{"Process switch", "lat_ctx", TIME, REACH_LOCAL, of_process_switch,
	 "one goes to sleep in the kernel, one leaves it; 4000 cycles of waking and choosing"},
	{"Thread switch", "lat_ctx:kind=thread", TIME, REACH_LOCAL, of_thread_switch,
	 "a process switch, but 200 cycles less as the address space stays"},
	{"L1 cache access", "lat_mem:size_bytes={l1}", TIME, REACH_LOCAL, of_l1,
	 "four to five cycles on cores of the last ten years"},
	{"L2 cache access", "lat_mem:size_bytes={l2}:pages=huge", TIME, REACH_LOCAL, of_l2,
	 "14 cycles on most of them"},
	{"L3 cache access", "lat_mem:size_bytes={l3}:pages=huge", TIME, REACH_LOCAL, of_l3,
	 "40 to 70 cycles, by the distance of the slice"},
	{"Memory access", "lat_mem", TIME, REACH_LOCAL, of_memory,
	 "all caches asked in vain, then 80 ns for controller and DRAM"},
	{"Mem read bandwidth", "bw_mem_read", BANDWIDTH, REACH_LOCAL, of_read_bandwidth,
	 "one core keeps 24 lines of 64 bytes under way, each for a memory latency"},
	{"Mem write bandwidth", "bw_mem_write", BANDWIDTH, REACH_LOCAL, of_write_bandwidth,
	 "each line is fetched before it is written and goes back later: twice the traffic"},
	{"Page fault", "lat_fault_major", TIME, REACH_LOCAL, of_major_fault,
	 "the page comes from disk, the rest is a fault without disk"},
	{"RTT remote", "lat_tcp:peer=", TIME, REACH_PEER, of_remote_rtt,
	 "50 us for cards, interrupts and a gigabit wire, on top of the local round trip"},
	{"RTT local", "lat_tcp", TIME, REACH_LOCAL, of_local_rtt,
	 "four system calls, two switches, two segments of 10000 cycles each"},
	{"Local peak bandwidth", "bw_tcp", BANDWIDTH, REACH_LOCAL, of_local_bandwidth,
	 "one core copies it in and out again, through buffers that are new each time"},
	{"Remote peak bandwidth", "bw_tcp:peer=", BANDWIDTH, REACH_PEER, of_remote_bandwidth,
	 "a gigabit less headers; another wire, another figure"},
	{"Remote conn. setup", "lat_tcp_connect:peer=", TIME, REACH_PEER, of_remote_connect,
	 "the local figure and a round trip on the wire"},
	{"Local conn. setup", "lat_tcp_connect", TIME, REACH_LOCAL, of_local_connect,
	 "three segments; nobody has to wake up for the client's part"},
	{"Remote conn. teardown", "lat_tcp_close:peer=", TIME, REACH_PEER, of_remote_close,
	 "the local figure and a round trip on the wire"},
	{"Local conn. teardown", "lat_tcp_close", TIME, REACH_LOCAL, of_local_close,
	 "four segments, two from each end"},
	{"File cache size", NULL, QUANTITY_SIZE, REACH_FILE_CACHE, of_file_cache,
	 "what /proc/meminfo calls available"},
	{"Local file read (seq)", "lat_disk_read", TIME, REACH_LOCAL, of_disk_in_order,
	 "80 us of a flash device, sleep and wake-up, 5000 cycles of file system and driver"},
	{"Local file read (rand)", "lat_disk_read:access=random", TIME, REACH_LOCAL,
	 of_disk_at_random, "as in order, and a seek where something turns"},
	{"Remote file read (seq)", "lat_remote_read:directory=", TIME, REACH_DIRECTORY,
	 of_remote_file, "a disk like this one's, and a round trip"},
	{"Remote file read (rand)", "lat_remote_read:access=random:directory=", TIME,
	 REACH_DIRECTORY, of_remote_file_at_random, "the same, and a seek where something turns"},
	{"Network penalty", "lat_remote_read:directory=", TIME, REACH_DIFFERENCE,
	 of_network_penalty, "a round trip"},
	{"Contended read (2 proc.)", "lat_contended_read:readers=2", TIME, REACH_LOCAL,
	 of_two_readers, "the device serves one after the other"},
	{"Contended read (4 proc.)", "lat_contended_read:readers=4", TIME, REACH_LOCAL,
	 of_four_readers, "the device serves one after the other"},
	{"Contended read (8 proc.)", "lat_contended_read:readers=8", TIME, REACH_LOCAL,
	 of_eight_readers, "the device serves one after the other"},
};
const size_t prediction_count = sizeof(predictions) / sizeof(predictions[0]);
