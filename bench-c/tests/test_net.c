// SPDX-License-Identifier: GPL-2.0-or-later
/* Addresses of the network benchmarks, and what their server makes of nonsense. */
#include "bench_net_wire.h"

#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void addresses_are_numbers(void **unused)
{
	static const char *const good[] = {"127.0.0.1:0", "10.0.0.2:65535", "[::1]:7000",
					   "[fd77::2]:1"};
	static const char *const bad[] = {"",	       "10.0.0.2",	 "10.0.0.2:",
					  ":7000",     "10.0.0.2:65536", "10.0.0.2:-1",
					  "[::1]",     "[]:1",		 "::1:7000",
					  "[::1:7000", "localhost:1",	 "10.0.0.2:7x",
					  "1.2.3:4",   "10.0.0.2: 70",	 "[10.0.0.2]:7",
					  "[::1]]:1",  "10.0.0.2:+1"};
	struct sockaddr_storage address;
	socklen_t length = 0;

	(void)unused;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(bench_net_parse(good[i], &address, &length));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(bench_net_parse(bad[i], &address, &length));
	assert_true(bench_net_parse("[fd77::2]:7000", &address, &length));
	assert_int_equal(bench_net_port(&address), 7000);
	bench_net_set_port(&address, 80);
	assert_int_equal(bench_net_port(&address), 80);
}

/* What a session answers to these bytes; -1: nothing. It must end in any case. */
static int status_of(const void *bytes, size_t size)
{
	struct net_reply reply = {0};
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_true(bench_write_all(pair[0], bytes, size));
	assert_int_equal(shutdown(pair[0], SHUT_WR), 0);
	assert_int_equal(bench_net_session(pair[1], false), 1);
	bool answered = bench_read_all(pair[0], &reply, sizeof(reply));
	(void)close(pair[0]);
	return answered ? be16toh(reply.status) : -1;
}

static struct net_request request_for(uint16_t service, uint32_t message_bytes)
{
	return (struct net_request){.magic = htobe32(NET_MAGIC),
				    .version = htobe16(NET_VERSION),
				    .service = htobe16(service),
				    .message_bytes = htobe32(message_bytes)};
}

static void sessions_trust_nobody(void **unused)
{
	struct net_request request = request_for(BENCH_NET_ECHO, 1);

	(void)unused;
	assert_int_equal(status_of("", 0), -1);
	assert_int_equal(status_of("GET / HTTP/1.0\r\n\r\nand some more text", 37), -1);
	assert_int_equal(status_of(&request, sizeof(request) - 1), -1);
	request.version = 0;
	assert_int_equal(status_of(&request, sizeof(request)), NET_OTHER_VERSION);
	request = request_for(0, 1);
	assert_int_equal(status_of(&request, sizeof(request)), NET_BAD_REQUEST);
	request = request_for(BENCH_NET_SERVICES, 1);
	assert_int_equal(status_of(&request, sizeof(request)), NET_BAD_REQUEST);
	request = request_for(BENCH_NET_COUNT, 0);
	assert_int_equal(status_of(&request, sizeof(request)), NET_BAD_REQUEST);
	request = request_for(BENCH_NET_COUNT, UINT32_MAX);
	assert_int_equal(status_of(&request, sizeof(request)), NET_BAD_REQUEST);
	request = request_for(BENCH_NET_UDP_ECHO, 1); /* without a port */
	assert_int_equal(status_of(&request, sizeof(request)), NET_BAD_REQUEST);
	request = request_for(BENCH_NET_UDP_COUNT, sizeof(uint64_t) - 1);
	request.udp_port = htobe16(1);
	assert_int_equal(status_of(&request, sizeof(request)), NET_BAD_REQUEST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_numbers),
		cmocka_unit_test(sessions_trust_nobody),
	};

	return cmocka_run_group_tests_name("net", tests, NULL, NULL);
}
