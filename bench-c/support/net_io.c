// SPDX-License-Identifier: GPL-2.0-or-later
/* Whole messages, addresses, and whether there is a loopback interface. */
#include "bench_net.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { END_OF_FILE = 0, PORT_MAX = 65535, ADDRESS_SIZE = INET6_ADDRSTRLEN };

const char *bench_net_error(void)
{
	if (errno == END_OF_FILE)
		return "the other side ended early";
	if (errno == EAGAIN || errno == EINPROGRESS)
		return "no answer for some seconds";
	if (errno == EINTR)
		return "interrupted: the other process ended";
	return strerror(errno);
}

bool bench_read_all(int from, void *bytes, size_t size)
{
	char *next = bytes;

	while (size > 0) {
		ssize_t got = read(from, next, size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got == 0)
			errno = END_OF_FILE;
		if (got <= 0)
			return false;
		next += got;
		size -= (size_t)got;
	}
	return true;
}

bool bench_write_all(int to, const void *bytes, size_t size)
{
	const char *next = bytes;

	while (size > 0) {
		ssize_t put = write(to, next, size);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return false;
		next += put;
		size -= (size_t)put;
	}
	return true;
}

bool bench_read_number(int from, uint64_t *number)
{
	uint64_t wire = 0;

	if (!bench_read_all(from, &wire, sizeof(wire)))
		return false;
	*number = be64toh(wire);
	return true;
}

bool bench_write_number(int to, uint64_t number)
{
	uint64_t wire = htobe64(number);

	return bench_write_all(to, &wire, sizeof(wire));
}

static bool parse_port(const char *text, uint16_t *port)
{
	char *end = NULL;

	if (*text < '0' || *text > '9')
		return false;
	unsigned long value = strtoul(text, &end, 10);
	if (*end != '\0' || value > PORT_MAX)
		return false;
	*port = (uint16_t)value;
	return true;
}

bool bench_net_parse(const char *text, struct sockaddr_storage *address, socklen_t *length)
{
	char host[ADDRESS_SIZE];
	const char *colon = strrchr(text, ':');
	uint16_t port = 0;

	*address = (struct sockaddr_storage){0};
	if (colon == NULL || !parse_port(colon + 1, &port))
		return false;
	bool brackets = text[0] == '[' && colon - text > 1 && colon[-1] == ']';
	const char *begin = text + (brackets ? 1 : 0);
	size_t size = (size_t)(colon - begin) - (brackets ? 1 : 0);
	if (size >= sizeof(host))
		return false;
	memcpy(host, begin, size);
	host[size] = '\0';
	if (brackets) {
		struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;
		six->sin6_family = AF_INET6;
		six->sin6_port = htons(port);
		*length = sizeof(*six);
		return inet_pton(AF_INET6, host, &six->sin6_addr) == 1;
	}
	struct sockaddr_in *four = (struct sockaddr_in *)address;
	four->sin_family = AF_INET;
	four->sin_port = htons(port);
	*length = sizeof(*four);
	return inet_pton(AF_INET, host, &four->sin_addr) == 1;
}

uint16_t bench_net_port(const struct sockaddr_storage *address)
{
	return ntohs(address->ss_family == AF_INET6
			     ? ((const struct sockaddr_in6 *)address)->sin6_port
			     : ((const struct sockaddr_in *)address)->sin_port);
}

void bench_net_set_port(struct sockaddr_storage *address, uint16_t port)
{
	if (address->ss_family == AF_INET6)
		((struct sockaddr_in6 *)address)->sin6_port = htons(port);
	else
		((struct sockaddr_in *)address)->sin_port = htons(port);
}

int bench_need_loopback(struct bench_state *state)
{
	struct ifreq interface = {.ifr_name = "lo"};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return bench_skip(state, "no Internet sockets (CONFIG_INET): %s", strerror(errno));
	int failed = ioctl(fd, SIOCGIFFLAGS, &interface);
	int error = errno;
	(void)close(fd);
	if (failed != 0)
		return bench_skip(state, "there is no loopback interface: %s", strerror(error));
	if ((interface.ifr_flags & IFF_UP) == 0)
		return bench_skip(state,
				  "loopback interface is down; `ip link set lo up` brings it up");
	return BENCH_OK;
}

unsigned char *bench_net_pages(size_t size)
{
	unsigned char *pages = mmap(NULL, size, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (pages == MAP_FAILED)
		return NULL;
	memset(pages, 'k', size); /* not the shared page of zeroes */
	return pages;
}
