// SPDX-License-Identifier: MIT OR GPL-2.0-only
// A single function without a section is a program.
#include "bpf.h"

int alone(void *ctx)
{
	return 0;
}
