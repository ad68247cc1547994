/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "http.h"

#include "clock.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

struct exchange {
	struct http_client *client;
	int64_t deadline_ms;
	char head[HTTP_HEAD_BYTES_MAX + 1];
	size_t head_length;
	size_t surplus; /* bytes of the body that came with the head */
	bool keep_alive;
	size_t content_length;
};

void http_init(struct http_client *client, const struct sockaddr_in *server,
	       const char *server_name, const char *token)
{
	*client = (struct http_client){
		.server = *server,
		.server_name = server_name,
		.token = token,
		.io_timeout_ms = 10000,
		.request_timeout_ms = 30000,
		.tries = 6,
		.first_pause_ms = 250,
		.fd = -1,
	};
}

void http_close(struct http_client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	client->fd = -1;
}

static int wait_ready(const struct exchange *exchange, short events, struct error *error)
{
	int64_t left_ms = exchange->deadline_ms - clock_ms();
	int timeout_ms = exchange->client->io_timeout_ms;
	struct pollfd poll_fd = {.fd = exchange->client->fd, .events = events};

	if (left_ms <= 0)
		return error_set(error, "http: the request took longer than %d ms",
				 exchange->client->request_timeout_ms);
	if (left_ms < timeout_ms)
		timeout_ms = (int)left_ms;
	int ready = poll(&poll_fd, 1, timeout_ms);

	if (ready < 0 && errno != EINTR)
		return error_set(error, "http: %s", strerror(errno));
	if (ready == 0)
		return error_set(error, "http: nothing from the server for %d ms", timeout_ms);
	return 0;
}

static int open_connection(const struct exchange *exchange, struct error *error)
{
	struct http_client *client = exchange->client;
	int one = 1;
	int failure = 0;
	socklen_t length = sizeof(failure);

	client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (client->fd < 0)
		return error_set(error, "http: socket: %s", strerror(errno));
	(void)setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(client->fd, (const struct sockaddr *)&client->server, sizeof(client->server)) <
		    0 &&
	    errno != EINPROGRESS)
		return error_set(error, "http: connect to %s: %s", client->server_name,
				 strerror(errno));
	if (wait_ready(exchange, POLLOUT, error) < 0)
		return -1;
	if (getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &failure, &length) < 0 || failure != 0)
		return error_set(error, "http: connect to %s: %s", client->server_name,
				 strerror(failure));
	return 0;
}

static int send_all(const struct exchange *exchange, const char *data, size_t bytes,
		    struct error *error)
{
	while (bytes > 0) {
		ssize_t step = send(exchange->client->fd, data, bytes, MSG_NOSIGNAL);

		if (step < 0 && errno != EAGAIN && errno != EINTR)
			return error_set(error, "http: send: %s", strerror(errno));
		if (step < 0) {
			if (wait_ready(exchange, POLLOUT, error) < 0)
				return -1;
			continue;
		}
		data += step;
		bytes -= (size_t)step;
	}
	return 0;
}

/* At least one byte, or an error: the end of the stream is always premature here. */
static ssize_t receive_some(const struct exchange *exchange, void *buffer, size_t bytes,
			    struct error *error)
{
	for (;;) {
		ssize_t step = recv(exchange->client->fd, buffer, bytes, 0);

		if (step > 0)
			return step;
		if (step == 0)
			return error_set(error, "http: the server closed the connection early");
		if (errno != EAGAIN && errno != EINTR)
			return error_set(error, "http: receive: %s", strerror(errno));
		if (wait_ready(exchange, POLLIN, error) < 0)
			return -1;
	}
}

static int receive_head(struct exchange *exchange, struct error *error)
{
	size_t filled = 0;

	for (;;) {
		if (filled == HTTP_HEAD_BYTES_MAX)
			return error_set(error, "http: the answer's head is over %d bytes",
					 HTTP_HEAD_BYTES_MAX);
		ssize_t step = receive_some(exchange, exchange->head + filled,
					    HTTP_HEAD_BYTES_MAX - filled, error);

		if (step < 0)
			return -1;
		filled += (size_t)step;
		exchange->head[filled] = '\0';
		if (strlen(exchange->head) < filled && strstr(exchange->head, "\r\n\r\n") == NULL)
			return error_set(error, "http: a zero byte in the answer's head");

		char *end = strstr(exchange->head, "\r\n\r\n");

		if (end != NULL) {
			exchange->head_length = (size_t)(end - exchange->head) + 4;
			exchange->surplus = filled - exchange->head_length;
			return 0;
		}
	}
}

static int parse_header(struct exchange *exchange, const char *line, struct error *error)
{
	static const char length_name[] = "content-length:";

	if (strncasecmp(line, length_name, strlen(length_name)) == 0) {
		char *end;
		const char *value = line + strlen(length_name);

		value += strspn(value, " \t");
		if (*value < '0' || *value > '9' || strspn(value, "0123456789") > 12)
			return error_set(error, "http: bad Content-Length");
		exchange->content_length = strtoull(value, &end, 10);
	} else if (strncasecmp(line, "transfer-encoding:", 18) == 0) {
		return error_set(error, "http: Transfer-Encoding is not understood");
	} else if (strncasecmp(line, "connection:", 11) == 0) {
		exchange->keep_alive = strcasestr(line, "close") == NULL;
	}
	return 0;
}

static int parse_head(struct exchange *exchange, struct http_response *response,
		      struct error *error)
{
	int minor;
	char *line = exchange->head;

	exchange->head[exchange->head_length - 2] =
		'\0'; /* keep one line end, drop the empty line */
	if (sscanf(line, "HTTP/1.%1d %3d", &minor, &response->status) != 2 ||
	    response->status < 200)
		return error_set(error, "http: the answer is not HTTP/1.1");
	exchange->keep_alive = minor == 1;
	exchange->content_length = SIZE_MAX;
	for (line = strstr(line, "\r\n"); line != NULL && line[2] != '\0';
	     line = strstr(line, "\r\n")) {
		line += 2;
		if (parse_header(exchange, line, error) < 0)
			return -1;
	}
	if (exchange->content_length == SIZE_MAX)
		return error_set(error, "http: the answer has no Content-Length");
	if (exchange->content_length > response->capacity)
		return error_set(error, "http: the answer has %zu bytes, at most %zu expected",
				 exchange->content_length, response->capacity);
	return 0;
}

static int receive_body(struct exchange *exchange, const uint8_t *surplus,
			struct http_response *response, struct error *error)
{
	if (exchange->surplus > exchange->content_length)
		return error_set(error, "http: more bytes than Content-Length says");
	memcpy(response->body, surplus, exchange->surplus);
	response->length = exchange->surplus;
	while (response->length < exchange->content_length) {
		ssize_t step = receive_some(exchange, response->body + response->length,
					    exchange->content_length - response->length, error);

		if (step < 0)
			return -1;
		response->length += (size_t)step;
	}
	return 0;
}

static int try_once(struct http_client *client, const char *request, size_t request_length,
		    const char *body, struct http_response *response, struct error *error)
{
	struct exchange exchange = {
		.client = client,
		.deadline_ms = clock_ms() + client->request_timeout_ms,
	};

	if (client->fd < 0 && open_connection(&exchange, error) < 0)
		return -1;
	if (send_all(&exchange, request, request_length, error) < 0 ||
	    send_all(&exchange, body, strlen(body), error) < 0 ||
	    receive_head(&exchange, error) < 0)
		return -1;

	const uint8_t *surplus = (const uint8_t *)exchange.head + exchange.head_length;

	if (parse_head(&exchange, response, error) < 0 ||
	    receive_body(&exchange, surplus, response, error) < 0)
		return -1;
	if (!exchange.keep_alive)
		http_close(client);
	return 0;
}

static int request(struct http_client *client, const char *method, const char *path,
		   const char *body, struct http_response *response, struct error *error)
{
	char head[1024];
	bool has_token = client->token != NULL;
	int length = snprintf(
		head, sizeof(head),
		"%s %s HTTP/1.1\r\nHost: %s\r\n%s%s%s%s"
		"Content-Length: %zu\r\n\r\n",
		method, path, client->server_name, has_token ? "Authorization: Bearer " : "",
		has_token ? client->token : "", has_token ? "\r\n" : "",
		*body != '\0' ? "Content-Type: application/json\r\n" : "", strlen(body));

	if (length < 0 || (size_t)length >= sizeof(head))
		return error_set(error, "http: the request is too long");
	for (int try = 1, pause_ms = client->first_pause_ms;; try++, pause_ms *= 2) {
		int result = try_once(client, head, (size_t)length, body, response, error);

		if (result == 0 && response->status < 500)
			return 0;
		if (result == 0)
			error_set(error, "http: %s %s: the server answers %d", method, path,
				  response->status);
		http_close(client);
		if (try >= client->tries)
			return -1;
		clock_sleep_ms(pause_ms);
	}
}

int http_get(struct http_client *client, const char *path, struct http_response *response,
	     struct error *error)
{
	return request(client, "GET", path, "", response, error);
}

int http_post_json(struct http_client *client, const char *path, const char *json,
		   struct http_response *response, struct error *error)
{
	return request(client, "POST", path, json, response, error);
}
