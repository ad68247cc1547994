/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char word_characters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";

/* Copies the value of `key=` into `value`; the last one wins, as in the kernel. */
static int find_word(const char *line, const char *key, char *value, size_t size,
		     struct error *error)
{
	size_t key_length = strlen(key);
	bool found = false;

	for (const char *word = line; *word != '\0';) {
		size_t length = strcspn(word, " \t\r\n");

		if (length > key_length && strncmp(word, key, key_length) == 0 &&
		    word[key_length] == '=') {
			size_t value_length = length - key_length - 1;

			if (value_length >= size)
				return error_set(error, "command line: %s is too long", key);
			memcpy(value, word + key_length + 1, value_length);
			value[value_length] = '\0';
			found = true;
		}
		word += length;
		word += strspn(word, " \t\r\n");
	}
	return found ? 0 : error_set(error, "command line: %s is missing", key);
}

static bool is_plain(const char *value)
{
	return *value != '\0' && strspn(value, word_characters) == strlen(value) &&
	       strcmp(value, ".") != 0 && strcmp(value, "..") != 0;
}

static int parse_number(const char *text, int64_t highest, int64_t *number)
{
	char *end;

	if (*text < '0' || *text > '9' || strlen(text) > 18)
		return -1;
	*number = strtoll(text, &end, 10);
	return *end == '\0' && *number <= highest ? 0 : -1;
}

int options_parse_server(const char *url, struct options *options, struct error *error)
{
	static const char scheme[] = "http://";
	char host[sizeof(options->server_name)];
	int64_t port = 80;

	if (strncmp(url, scheme, strlen(scheme)) != 0)
		return error_set(error, "command line: kdyno.server is not an http:// address");
	snprintf(options->server_name, sizeof(options->server_name), "%s", url + strlen(scheme));
	options->server_name[strcspn(options->server_name, "/")] = '\0';
	snprintf(host, sizeof(host), "%s", options->server_name);

	char *colon = strchr(host, ':');

	if (colon != NULL) {
		*colon = '\0';
		if (parse_number(colon + 1, UINT16_MAX, &port) < 0 || port == 0)
			return error_set(error, "command line: kdyno.server has a bad port");
	}
	options->server.sin_family = AF_INET;
	options->server.sin_port = htons((uint16_t)port);
	if (inet_pton(AF_INET, host, &options->server.sin_addr) != 1)
		return error_set(error, "command line: kdyno.server must name an IPv4 address");
	return 0;
}

static int parse_address(const char *line, const char *key, struct in_addr *address,
			 struct error *error)
{
	char text[32];

	if (find_word(line, key, text, sizeof(text), error) < 0)
		return -1;
	if (inet_pton(AF_INET, text, address) != 1)
		return error_set(error, "command line: %s is not an IPv4 address", key);
	return 0;
}

int options_parse(const char *line, struct options *options, struct error *error)
{
	char text[256];
	struct error ignored;

	memset(options, 0, sizeof(*options));
	if (find_word(line, "kdyno.server", text, sizeof(text), error) < 0 ||
	    options_parse_server(text, options, error) < 0)
		return -1;
	if (find_word(line, "kdyno.attempt", text, sizeof(text), error) < 0)
		return -1;
	if (parse_number(text, INT64_MAX, &options->attempt_id) < 0)
		return error_set(error, "command line: kdyno.attempt is not a number");
	if (find_word(line, "kdyno.token", options->token, sizeof(options->token), error) < 0)
		return -1;
	if (!is_plain(options->token))
		return error_set(error, "command line: kdyno.token has unexpected characters");
	if (find_word(line, "kdyno.image", options->image_id, sizeof(options->image_id), error) < 0)
		return -1;
	if (!is_plain(options->image_id))
		return error_set(error, "command line: kdyno.image has unexpected characters");
	if (find_word(line, "kdyno.disk", options->disk, sizeof(options->disk), error) < 0)
		return -1;
	if (strncmp(options->disk, "/dev/", 5) != 0 || strstr(options->disk, "..") != NULL)
		return error_set(error, "command line: kdyno.disk is not a path below /dev");
	if (parse_address(line, "kdyno.ip", &options->address, error) < 0 ||
	    parse_address(line, "kdyno.netmask", &options->netmask, error) < 0)
		return -1;
	/* iPXE leaves the gateway empty where DHCP names none; the server may be on the same
	 * network. */
	options->has_gateway =
		parse_address(line, "kdyno.gateway", &options->gateway, &ignored) == 0;
	return 0;
}
