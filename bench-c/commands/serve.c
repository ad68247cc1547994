// SPDX-License-Identifier: GPL-2.0-or-later
/* kbench serve: the other side of the network benchmarks. */
#include "command.h"

#include "bench_serve.h"

int command_serve(struct request *request)
{
	if (request->name_count != 1)
		return usage_error("serve needs the ADDRESS:PORT to listen on");
	return bench_serve(request->names[0]);
}
