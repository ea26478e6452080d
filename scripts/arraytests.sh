#!/bin/bash
# Writes the tests that the kernel's test_verifier.c holds as arrays to
# OUT/objs/*.tests; see arraytests.c for the format.
#   usage: scripts/arraytests.sh LINUX_SRC OUT
# OUT/include holds libbpf's headers; scripts/selftests.sh puts them there.
set -euo pipefail
[ $# = 2 ] || { echo "usage: $0 LINUX_SRC OUT" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
src=$1 out=$2 tests=$1/tools/testing/selftests/bpf
mkdir -p "$out/arrays/verifier" "$out/objs"
: >"$out/arrays/verifier/tests.h"
: >"$out/arrays/autoconf.h"
{
	for f in "$tests"/verifier/*.c; do
		name=$(basename "$f" .c)
		printf 'static struct bpf_test array_%s[] = {\n#include "verifier/%s.c"\n};\n' "$name" "$name"
	done
	echo 'static struct { const char *name; struct bpf_test *tests; unsigned int count; } arrays[] = {'
	for f in "$tests"/verifier/*.c; do
		name=$(basename "$f" .c)
		echo "{ \"legacy_$name\", array_$name, sizeof(array_$name) / sizeof(array_$name[0]) },"
	done
	echo '};'
} >"$out/arrays/arrays.inc"
# Only main is kept, so that nothing of libbpf has to be linked.
gcc -O1 -w -D_GNU_SOURCE -DHAVE_GENHDR -include errno.h -ffunction-sections -fdata-sections -Wl,--gc-sections \
	-I"$out/arrays" -I"$tests" -I"$out/include" -I"$src/tools/include" -I"$src/tools/include/uapi" -I"$src/tools/lib" \
	-o "$out/arrays/arraytests" "$here/arraytests.c"
rm -f "$out"/objs/*.tests
"$out/arrays/arraytests" "$out/objs"
