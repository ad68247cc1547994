// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Connections between processes as services have them: connect, accept, messages with a
 * descriptor attached, close. The kernel picks the address, so no name is needed.
 * Source: unix(7), autobind and SCM_RIGHTS; cmsg(3).
 */
#include "reaim_op.h"

#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { CONNECTIONS = 20, MESSAGES = 25 };

struct data {
	int listener;
	int event; /* the descriptor that is sent; writes through what arrives must show here */
	struct sockaddr_un address;
	socklen_t address_bytes;
};

/* A message of one number, and room for one descriptor beside it. */
struct parcel {
	uint64_t number;
	struct iovec piece;
	struct msghdr header;
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
};

static int setup(struct reaim_job *job)
{
	struct data *data = reaim_data(job);
	struct sockaddr_un any = {.sun_family = AF_UNIX};

	data->event = -1;
	data->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (data->listener < 0)
		return reaim_fail(job, "socket: %m");
	if (bind(data->listener, (struct sockaddr *)&any, sizeof(any.sun_family)) != 0)
		return reaim_fail(job, "bind: %m");
	data->address_bytes = sizeof(data->address);
	if (getsockname(data->listener, (struct sockaddr *)&data->address, &data->address_bytes) !=
	    0)
		return reaim_fail(job, "getsockname: %m");
	if (listen(data->listener, CONNECTIONS) != 0)
		return reaim_fail(job, "listen: %m");
	data->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (data->event < 0)
		return reaim_fail(job, "eventfd: %m");
	return REAIM_OK;
}

static void teardown(struct reaim_job *job)
{
	const struct data *data = reaim_data(job);

	if (data->event >= 0)
		(void)close(data->event);
	if (data->listener >= 0)
		(void)close(data->listener);
}

static void pack(struct parcel *parcel)
{
	(void)memset(parcel, 0, sizeof(*parcel));
	parcel->piece = (struct iovec){&parcel->number, sizeof(parcel->number)};
	parcel->header.msg_iov = &parcel->piece;
	parcel->header.msg_iovlen = 1;
	parcel->header.msg_control = parcel->control.bytes;
	parcel->header.msg_controllen = sizeof(parcel->control.bytes);
}

static int post(struct reaim_job *job, int socket_fd, int descriptor, uint64_t number)
{
	struct parcel parcel;

	pack(&parcel);
	parcel.number = number;
	struct cmsghdr *rights = CMSG_FIRSTHDR(&parcel.header);
	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(sizeof(int));
	(void)memcpy(CMSG_DATA(rights), &descriptor, sizeof(descriptor));
	if (sendmsg(socket_fd, &parcel.header, MSG_NOSIGNAL) != sizeof(number))
		return reaim_fail(job, "sendmsg: %m");
	return REAIM_OK;
}

static int receive(struct reaim_job *job, int socket_fd, uint64_t number)
{
	struct parcel parcel;
	uint64_t one = 1;
	int descriptor;

	pack(&parcel);
	if (recvmsg(socket_fd, &parcel.header, MSG_CMSG_CLOEXEC) != sizeof(number))
		return reaim_fail(job, "recvmsg: %m");
	const struct cmsghdr *rights = CMSG_FIRSTHDR(&parcel.header);
	if (rights == NULL || rights->cmsg_type != SCM_RIGHTS)
		return reaim_fail(job, "a message came without its descriptor");
	(void)memcpy(&descriptor, CMSG_DATA(rights), sizeof(descriptor));
	ssize_t put = write(descriptor, &one, sizeof(one));
	if (close(descriptor) != 0 || put != sizeof(one))
		return reaim_fail(job, "write to a descriptor that came by message: %m");
	if (parcel.number != number)
		return reaim_fail(job, "a message came in the wrong order");
	reaim_did(job, 1);
	return REAIM_OK;
}

static int talk(struct reaim_job *job, const struct data *data, int client, int server)
{
	uint64_t came = 0;
	int error = REAIM_OK;

	for (uint64_t i = 0; i < MESSAGES && error == REAIM_OK; i++) {
		error = post(job, client, data->event, i);
		if (error == REAIM_OK)
			error = receive(job, server, i);
	}
	if (error != REAIM_OK)
		return error;
	if (read(data->event, &came, sizeof(came)) != sizeof(came) || came != MESSAGES)
		return reaim_fail(job, "%llu of %d descriptors arrived", (unsigned long long)came,
				  MESSAGES);
	return REAIM_OK;
}

static int connect_and_talk(struct reaim_job *job, const struct data *data)
{
	int client = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	int server = -1;
	int error = REAIM_OK;

	if (client < 0)
		return reaim_fail(job, "socket: %m");
	if (connect(client, (const struct sockaddr *)&data->address, data->address_bytes) != 0)
		error = reaim_fail(job, "connect: %m");
	if (error == REAIM_OK) {
		server = accept4(data->listener, NULL, NULL, SOCK_CLOEXEC);
		error = server < 0 ? reaim_fail(job, "accept4: %m")
				   : talk(job, data, client, server);
	}
	if (server >= 0)
		(void)close(server);
	(void)close(client);
	return error;
}

static int run(struct reaim_job *job)
{
	const struct data *data = reaim_data(job);
	int error = REAIM_OK;

	for (unsigned int i = 0; i < CONNECTIONS && error == REAIM_OK; i++)
		error = connect_and_talk(job, data);
	return error;
}

static const struct reaim_op unix_socket = {
	.name = "unix_socket",
	.unit = "Unix Socket Messages with a Descriptor",
	.doc = "Connects 20 times to a unix socket and sends 25 messages, each with a descriptor, over "
	       "each connection. Messages must come in order, and what is written through the "
	       "descriptors that arrive must be read from the one that was sent.",
	.operations = CONNECTIONS * MESSAGES,
	.work_per_job = CONNECTIONS * MESSAGES,
	.data_size = sizeof(struct data),
	.setup = setup,
	.run = run,
	.teardown = teardown,
};
REAIM_REGISTER(unix_socket);
