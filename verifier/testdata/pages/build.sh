#!/bin/bash
# Rebuilds the objects of the codes' pages from their C sources, and the kernel
# types that they are verified with.
#   usage: build.sh [--check]
# With --check nothing is written: it says which checked-in objects are stale
# and exits 1 if there are any. Needs what examples/build.sh needs.
set -euo pipefail
cd "$(dirname "$0")"
clang=${CLANG:-clang-19} strip=${STRIP:-llvm-strip-19}
for tool in "$clang" "$strip"; do
	command -v "$tool" >/dev/null || { echo "$0: no $tool: apt-get install clang-19 llvm-19" >&2; exit 3; }
done
[ -e /usr/include/bpf/bpf_helpers.h ] || { echo "$0: no libbpf headers: apt-get install libbpf-dev" >&2; exit 3; }

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
stale=0
for src in ../../pages/*.c kernel.c; do
	obj=$(basename "${src%.c}.o")
	(cd "$(dirname "$src")" && "$clang" -g -O2 -Wall -Werror -D__TARGET_ARCH_x86 --target=bpfel -mcpu=v3 \
		-idirafter "/usr/include/$(uname -m)-linux-gnu" -fdebug-compilation-dir=. -c "$(basename "$src")" -o "$out/$obj")
	"$strip" -g "$out/$obj" # DWARF goes, BTF stays
	if [ "${1:-}" != --check ]; then
		cp "$out/$obj" "$obj"
	elif ! cmp -s "$out/$obj" "$obj"; then
		echo "verifier/testdata/pages/$obj is stale: run verifier/testdata/pages/build.sh" >&2
		stale=1
	fi
done
exit $stale
