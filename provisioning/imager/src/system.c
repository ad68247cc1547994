/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "system.h"

#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { APPEAR_TIMEOUT_MS = 10000, APPEAR_POLL_MS = 20, LINK_REPORT_MS = 20 };

static const char modules_directory[] = "/modules";

int system_mount(struct error *error)
{
	static const struct {
		const char *type, *path;
	} mounts[] = {{"proc", "/proc"}, {"sysfs", "/sys"}, {"devtmpfs", "/dev"}};

	for (size_t i = 0; i < sizeof(mounts) / sizeof(*mounts); i++) {
		(void)mkdir(mounts[i].path, 0755);
		if (mount(mounts[i].type, mounts[i].path, mounts[i].type, 0, NULL) < 0 &&
		    errno != EBUSY)
			return error_set(error, "mounting %s: %s", mounts[i].path, strerror(errno));
	}
	return 0;
}

static int load_module(const char *name, struct error *error)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%s", modules_directory, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return error_set(error, "module %s: %s", name, strerror(errno));
	long result = syscall(SYS_finit_module, fd, "", 0);
	int failure = errno;

	close(fd);
	if (result < 0 && failure != EEXIST)
		return error_set(error, "module %s: %s", name, strerror(failure));
	return 0;
}

int system_load_modules(struct error *error)
{
	char name[64];
	int result = 0;
	FILE *order = fopen("/modules/order", "re");

	if (order == NULL)
		return error_set(error, "the list of modules: %s", strerror(errno));
	while (result == 0 && fgets(name, sizeof(name), order) != NULL) {
		name[strcspn(name, "\n")] = '\0';
		result = load_module(name, error);
	}
	fclose(order);
	return result;
}

int system_read_command_line(char *line, size_t size, struct error *error)
{
	int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return error_set(error, "command line: %s", strerror(errno));
	ssize_t length = read(fd, line, size - 1);

	close(fd);
	if (length < 0)
		return error_set(error, "command line: %s", strerror(errno));
	line[length] = '\0';
	return 0;
}

/* Modules are loaded synchronously, but the cards behind them may be probed a moment later. */
static int find_card(int fd, char name[static IFNAMSIZ], struct error *error)
{
	int64_t deadline_ms = clock_ms() + APPEAR_TIMEOUT_MS;

	do {
		struct if_nameindex *cards = if_nameindex();

		for (struct if_nameindex *card = cards; card != NULL && card->if_index != 0;
		     card++) {
			struct ifreq request = {0};

			snprintf(request.ifr_name, IFNAMSIZ, "%s", card->if_name);
			if (ioctl(fd, SIOCGIFHWADDR, &request) == 0 &&
			    request.ifr_hwaddr.sa_family == ARPHRD_ETHER) {
				memcpy(name, request.ifr_name, IFNAMSIZ);
				if_freenameindex(cards);
				return 0;
			}
		}
		if_freenameindex(cards);
		clock_sleep_ms(APPEAR_POLL_MS);
	} while (clock_ms() < deadline_ms);
	return error_set(error, "network: no card found");
}

static struct sockaddr socket_address(struct in_addr address)
{
	struct sockaddr_in internet = {.sin_family = AF_INET, .sin_addr = address};
	struct sockaddr generic;

	memcpy(&generic, &internet, sizeof(generic));
	return generic;
}

static int set_up_card(int fd, const struct options *options, struct error *error)
{
	struct ifreq request = {0};

	if (find_card(fd, request.ifr_name, error) < 0)
		return -1;
	/* A card that comes up before its driver has reported the link stays silent for up to a
	 * second. */
	clock_sleep_ms(LINK_REPORT_MS);
	request.ifr_addr = socket_address(options->address);
	if (ioctl(fd, SIOCSIFADDR, &request) < 0)
		return error_set(error, "network: address: %s", strerror(errno));
	request.ifr_netmask = socket_address(options->netmask);
	if (ioctl(fd, SIOCSIFNETMASK, &request) < 0)
		return error_set(error, "network: netmask: %s", strerror(errno));
	request.ifr_flags = IFF_UP | IFF_RUNNING;
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return error_set(error, "network: up: %s", strerror(errno));
	if (options->has_gateway) {
		struct rtentry route = {
			.rt_dst = socket_address((struct in_addr){INADDR_ANY}),
			.rt_genmask = socket_address((struct in_addr){INADDR_ANY}),
			.rt_gateway = socket_address(options->gateway),
			.rt_flags = RTF_UP | RTF_GATEWAY,
		};

		if (ioctl(fd, SIOCADDRT, &route) < 0 && errno != EEXIST)
			return error_set(error, "network: route: %s", strerror(errno));
	}
	return 0;
}

int system_set_up_network(const struct options *options, struct error *error)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return error_set(error, "network: %s", strerror(errno));
	int result = set_up_card(fd, options, error);

	close(fd);
	return result;
}

int system_wait_for(const char *path, struct error *error)
{
	int64_t deadline_ms = clock_ms() + APPEAR_TIMEOUT_MS;

	while (access(path, R_OK | W_OK) < 0) {
		if (clock_ms() > deadline_ms)
			return error_set(error, "disk %s: %s", path, strerror(errno));
		clock_sleep_ms(APPEAR_POLL_MS);
	}
	return 0;
}

_Noreturn void system_reboot(void)
{
	sync();
	(void)reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}

_Noreturn void system_power_off(void)
{
	sync();
	(void)reboot(RB_POWER_OFF);
	(void)reboot(
		RB_HALT_SYSTEM); /* a machine that cannot switch itself off at least stops here */
	for (;;)
		pause();
}
