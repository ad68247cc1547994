// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>

#include "tiny.h"

int main(void)
{
	printf("%s %s %ld\n", release(), BUILT_AT, getppid_slowly());
	return 0;
}
