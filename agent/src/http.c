/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "http.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stop.h"

#define CONNECT_TIMEOUT_MS 5000L
#define ERROR_TEXT_MAX	   160 /* bytes of the server's own words kept for the log */

struct http_client {
	CURL *curl;
	char *server_url;
	struct curl_slist *headers;
	bool stopping; /* the stop is known already: this request is part of the last report */
};

static size_t take_body(char *bytes, size_t size, size_t count, void *body)
{
	/* returning less than was offered makes curl fail with CURLE_WRITE_ERROR */
	return buffer_add(body, bytes, size * count) == 0 ? size * count : 0;
}

static int cut_short(void *opaque, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
		     curl_off_t up)
{
	const struct http_client *client = opaque;

	(void)down_total, (void)down, (void)up_total, (void)up;
	return !client->stopping && stop_requested();
}

static bool add_header(struct http_client *client, const char *line)
{
	struct curl_slist *grown = curl_slist_append(client->headers, line);

	if (grown != NULL)
		client->headers = grown;
	return grown != NULL;
}

static bool set_up(struct http_client *client, const char *server_url, const char *token)
{
	size_t length = strlen(server_url);
	char *authorization = NULL;
	bool ready;

	while (length > 0 && server_url[length - 1] == '/')
		length--;
	client->server_url = strndup(server_url, length);
	client->curl = curl_easy_init();
	if (asprintf(&authorization, "Authorization: Bearer %s", token) < 0)
		return false;
	/* an empty Expect: keeps curl from asking for leave, and waiting, before large bodies */
	ready = client->server_url != NULL && client->curl != NULL &&
		add_header(client, authorization) &&
		add_header(client, "Content-Type: application/json") &&
		add_header(client, "Expect:");
	explicit_bzero(authorization, strlen(authorization));
	free(authorization);
	return ready;
}

struct http_client *http_open(const char *server_url, const char *token)
{
	struct http_client *client;

	if (strncmp(server_url, "http://", 7) != 0 && strncmp(server_url, "https://", 8) != 0)
		return NULL;
	client = calloc(1, sizeof(*client));
	if (client == NULL)
		return NULL;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
	    !set_up(client, server_url, token)) {
		http_close(client);
		return NULL;
	}
	return client;
}

void http_close(struct http_client *client)
{
	if (client == NULL)
		return;
	curl_slist_free_all(client->headers);
	curl_easy_cleanup(client->curl);
	free(client->server_url);
	free(client);
	curl_global_cleanup();
}

static void set_options(struct http_client *client, const struct http_request *request,
			struct http_answer *answer, const char *url)
{
	CURL *curl = client->curl;

	curl_easy_reset(curl);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* whatever the environment says */
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, client->headers);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
	/* a connection kept open could be closed by the server in the middle of a benchmark */
	curl_easy_setopt(curl, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer->body);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, cut_short);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, client);
	if (request->body != NULL) {
		curl_easy_setopt(curl, CURLOPT_POST, 1L);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body->data);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
				 (curl_off_t)request->body->length);
	}
}

static enum http_verdict judge_status(long status, struct http_answer *answer)
{
	if (status >= 200 && status < 300)
		return HTTP_OK;
	snprintf(answer->problem, sizeof(answer->problem), "HTTP %ld %.*s", status, ERROR_TEXT_MAX,
		 answer->body.data != NULL ? answer->body.data : "");
	for (char *letter = answer->problem; *letter != '\0'; letter++)
		if ((unsigned char)*letter < ' ')
			*letter = ' ';
	if (status == 425)
		return HTTP_TOO_EARLY;
	return status == 429 || status >= 500 ? HTTP_AWAY : HTTP_REFUSED;
}

static enum http_verdict judge_failure(CURLcode code, struct http_answer *answer)
{
	const char *words = curl_easy_strerror(code);

	if (code == CURLE_WRITE_ERROR)
		words = "the answer is larger than 1 MiB";
	/* what curl says of text that is no HTTP: a relay speaks, whose server is away */
	if (code == CURLE_UNSUPPORTED_PROTOCOL)
		words = "the answer is not HTTP";
	snprintf(answer->problem, sizeof(answer->problem), "%s", words);
	switch (code) {
	case CURLE_WRITE_ERROR:
	case CURLE_URL_MALFORMAT:
	case CURLE_PEER_FAILED_VERIFICATION:
		return HTTP_REFUSED;
	default:
		return HTTP_AWAY;
	}
}

enum http_verdict http_perform(struct http_client *client, const struct http_request *request,
			       struct http_answer *answer)
{
	char *url = NULL;
	long status = 0;
	CURLcode code;

	memset(answer, 0, sizeof(*answer));
	answer->body.limit = HTTP_ANSWER_MAX;
	client->stopping = stop_requested();
	if (asprintf(&url, "%s%s", client->server_url, request->path) < 0) {
		snprintf(answer->problem, sizeof(answer->problem), "out of memory");
		return HTTP_AWAY;
	}
	set_options(client, request, answer, url);
	code = curl_easy_perform(client->curl);
	free(url);
	if (code != CURLE_OK)
		return judge_failure(code, answer);
	curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
	return judge_status(status, answer);
}
