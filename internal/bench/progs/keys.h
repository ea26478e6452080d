// SPDX-License-Identifier: Apache-2.0
//
// Hash tables' keys: those with an index below COUNT are put in by init, the
// value is derived from the key.
#pragma once
#include "bench.h"

#ifndef COUNT
#define COUNT 1000
#endif

static __always_inline __u64 key_of(__u64 index) { return (index + 1) * 0x9e3779b97f4a7c15; }

// below is an index below COUNT from 32 random bits.
static __always_inline __u32 below(__u32 x) { return (__u64)x * COUNT >> 32; }
