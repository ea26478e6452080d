// SPDX-License-Identifier: MIT OR GPL-2.0-only
//
// Types that say how their values are shown. The decl tag is kept in the
// object's BTF, where skep and other tools find it.
#pragma once
#include <linux/types.h>

#define __format(f) __attribute__((btf_decl_tag("format:" f)))

// An IPv4 address as it lies in the packet.
typedef __be32 ipv4_t __format("ipv4");
// An IPv6 address, or an IPv4 one in its mapped form ::ffff:a.b.c.d.
typedef __u8 ip_t[16] __format("ip");
// A port or another number in network order.
typedef __be16 port_t __format("be16");

// Says on a ring buffer of which struct its records are.
#define __records(type) __attribute__((btf_decl_tag("records:" type)))
