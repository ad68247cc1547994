/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel command line asks for (`kdyno.*` words). */
#ifndef KDYNO_IMAGER_OPTIONS_H
#define KDYNO_IMAGER_OPTIONS_H

#include "error.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct options {
	struct sockaddr_in server;
	char server_name[64]; /* for the Host header */
	int64_t attempt_id;
	char token[256];
	char image_id[129];
	char disk[64];
	struct in_addr address;
	struct in_addr netmask;
	struct in_addr gateway;
	bool has_gateway;
};

/* Accepts only what is safe to use as it is: a path below /dev, an image id that is one URL path
 * part, a token without line breaks. Returns 0, or -1 with the first word that is missing or wrong.
 */
int options_parse(const char *command_line, struct options *options, struct error *error);

/* `http://A.B.C.D[:port]`; names are not resolved, the imager knows no name server. */
int options_parse_server(const char *url, struct options *options, struct error *error);

#endif
