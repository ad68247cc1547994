// SPDX-License-Identifier: GPL-2.0-or-later
/* kbench list, kbench show: what there is, and what it means. */
#include "command.h"

#include "registry.h"
#include "report.h"

#include <string.h>

int command_list(struct request *request)
{
	if (request->name_count != 0)
		return usage_error("list takes no names; see kbench show %s", request->names[0]);
	if (request->suite != NULL)
		return suite_list_rows(request, request->suite);
	if (request->json)
		report_list_json(stdout);
	else
		report_list_text(stdout);
	return EXIT_DONE;
}

static int unknown_name(const char *name)
{
	const char *suggestion = registry_suggest(name);

	if (suggestion != NULL)
		(void)command_error("no benchmark %s, did you mean %s?", name, suggestion);
	else
		(void)command_error("no benchmark %s, see kbench list", name);
	return EXIT_USAGE;
}

int command_show(struct request *request)
{
	if (request->name_count != 1)
		return usage_error("show needs one name");
	for (size_t i = 0; i < registry_count(); i++) {
		if (strcmp(registry_at(i)->name, request->names[0]) == 0) {
			report_documentation(stdout, registry_at(i));
			return EXIT_DONE;
		}
	}
	return unknown_name(request->names[0]);
}
