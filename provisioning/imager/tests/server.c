/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "server.h"

#include "image.h"

#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* False when the server is to stop, or the peer is gone. */
static bool wait_readable(const struct server *server, int fd)
{
	struct pollfd fds[] = {{.fd = fd, .events = POLLIN},
			       {.fd = server->stop_pipe[0], .events = POLLIN}};

	return poll(fds, 2, -1) > 0 && (fds[1].revents & POLLIN) == 0;
}

static void send_bytes(int fd, const void *data, size_t bytes)
{
	for (size_t done = 0; done < bytes;) {
		ssize_t step = send(fd, (const char *)data + done, bytes - done, MSG_NOSIGNAL);

		if (step <= 0)
			return;
		done += (size_t)step;
	}
}

static void answer(const struct server *server, int fd, int status, const void *body, size_t bytes)
{
	char head[128];

	snprintf(head, sizeof(head), "HTTP/1.1 %d X\r\ncontent-length: %zu\r\n%s\r\n", status,
		 bytes, server->close_each ? "Connection: close\r\n" : "");
	send_bytes(fd, head, strlen(head));
	send_bytes(fd, body, bytes);
}

/* Returns false if the connection is over. */
static bool misbehave(const struct server *server, int fd, const uint8_t *body, size_t bytes)
{
	static const char too_long[] = "HTTP/1.1 200 X\r\nContent-Length: 99999999999\r\n\r\n";
	static const char chunked[] =
		"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
	static const char noise[] = "220 mail ready\r\n\r\n";
	char head[64];
	uint8_t *wrong;

	switch (server->fault) {
	case FAULT_STATUS_503:
		answer(server, fd, 503, "{}", 2);
		return true;
	case FAULT_CUT_BODY:
		snprintf(head, sizeof(head), "HTTP/1.1 200 X\r\nContent-Length: %zu\r\n\r\n",
			 bytes);
		send_bytes(fd, head, strlen(head));
		send_bytes(fd, body, bytes / 2);
		return false;
	case FAULT_SILENCE:
		return wait_readable(server, fd);
	case FAULT_WRONG_BYTES:
		wrong = malloc(bytes);
		memset(wrong, 'x', bytes);
		answer(server, fd, 200, wrong, bytes);
		free(wrong);
		return true;
	case FAULT_TOO_LONG:
		send_bytes(fd, too_long, strlen(too_long));
		return false;
	case FAULT_CHUNKED:
		send_bytes(fd, chunked, strlen(chunked));
		return false;
	case FAULT_NOISE:
		send_bytes(fd, noise, strlen(noise));
		return false;
	case FAULT_ENDLESS_HEAD:
		send_bytes(fd, "HTTP/1.1 200 X\r\nX: ", 19);
		for (int i = 0; i < 4000; i++)
			send_bytes(fd, "yyyyyyyy", 8);
		return false;
	default:
		return false;
	}
}

static bool reply(struct server *server, int fd, const char *request)
{
	const uint8_t *body = (const uint8_t *)"{\"next\":\"continue\"}";
	size_t bytes = strlen((const char *)body);
	const char *chunk = strstr(request, "/chunk/");
	int status = 200;

	if (strstr(request, "\"event\":\"verified\"") != NULL) {
		body = (const uint8_t *)"{\"next\": \"reboot\"}";
		bytes = strlen((const char *)body);
	} else if (strncmp(request, "GET /boot/image/test-1/manifest.txt ", 36) == 0) {
		body = (const uint8_t *)server->manifest;
		bytes = strlen(server->manifest);
	} else if (strncmp(request, "GET /boot/image/test-1/chunk/", 29) == 0) {
		size_t offset = (size_t)atoi(chunk + 7) * IMAGE_CHUNK_BYTES;

		body = server->content + offset;
		bytes = IMAGE_BYTES - offset < IMAGE_CHUNK_BYTES ? IMAGE_BYTES - offset
								 : IMAGE_CHUNK_BYTES;
	} else if (strncmp(request, "POST /imager/7/events ", 22) != 0) {
		status = 404;
	}
	if (server->requests++ < server->faulty_requests)
		return misbehave(server, fd, body, bytes);
	answer(server, fd, status, body, bytes);
	return !server->close_each;
}

static void take_event(struct server *server, const char *request, const char *body)
{
	const char *authorization = strstr(request, "Authorization: ");

	if (strncmp(request, "POST ", 5) == 0 && server->event_count < 16)
		snprintf(server->events[server->event_count++], sizeof(server->events[0]), "%s",
			 body);
	if (authorization != NULL)
		sscanf(authorization, "%127[^\r]", server->authorization);
}

static void serve_connection(struct server *server, int fd)
{
	char request[4096];
	size_t filled = 0;

	for (;;) {
		if (!wait_readable(server, fd))
			return;
		ssize_t step = recv(fd, request + filled, sizeof(request) - 1 - filled, 0);

		if (step <= 0)
			return;
		filled += (size_t)step;
		request[filled] = '\0';

		const char *end = strstr(request, "\r\n\r\n");
		const char *length = strstr(request, "Content-Length: ");

		if (end == NULL || length == NULL ||
		    filled < (size_t)(end + 4 - request) + strtoul(length + 16, NULL, 10))
			continue;
		take_event(server, request, end + 4);
		if (!reply(server, fd, request))
			return;
		filled = 0;
	}
}

static void *serve(void *argument)
{
	struct server *server = argument;

	while (wait_readable(server, server->listener)) {
		int fd = accept(server->listener, NULL, NULL);

		server->connections++;
		serve_connection(server, fd);
		close(fd);
	}
	return NULL;
}

void server_start(struct server *server)
{
	socklen_t length = sizeof(server->address);

	server->address = (struct sockaddr_in){.sin_family = AF_INET,
					       .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert(server->listener >= 0);
	assert(bind(server->listener, (struct sockaddr *)&server->address, length) == 0);
	assert(getsockname(server->listener, (struct sockaddr *)&server->address, &length) == 0);
	assert(listen(server->listener, 8) == 0);
	assert(pipe(server->stop_pipe) == 0);
	assert(pthread_create(&server->thread, NULL, serve, server) == 0);
}

void server_stop(struct server *server)
{
	assert(write(server->stop_pipe[1], "x", 1) == 1);
	pthread_join(server->thread, NULL);
	close(server->listener);
	close(server->stop_pipe[0]);
	close(server->stop_pipe[1]);
}
