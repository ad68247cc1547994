// SPDX-License-Identifier: GPL-2.0-or-later
#include <generated/utsrelease.h>

#include "tiny.h"

const char *release(void)
{
	return UTS_RELEASE;
}
