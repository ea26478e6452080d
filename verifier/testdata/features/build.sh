#!/bin/bash
# Rebuilds the objects of the feature programs from their C sources, with a
# vmlinux.h of the running kernel's types.
#   usage: build.sh [--check]
# With --check nothing is written: it says which checked-in objects are stale
# and exits 1 if there are any. Needs what examples/build.sh needs, bpftool, and
# the kernel that verdicts.txt names (the types of another differ): exit 3.
set -euo pipefail
cd "$(dirname "$0")"
clang=${CLANG:-clang-19} strip=${STRIP:-llvm-strip-19} bpftool=${BPFTOOL:-bpftool}
for tool in "$clang" "$strip" "$bpftool"; do
	command -v "$tool" >/dev/null || { echo "$0: no $tool: apt-get install clang-19 llvm-19 bpftool" >&2; exit 3; }
done
[ -e /usr/include/bpf/bpf_helpers.h ] || { echo "$0: no libbpf headers: apt-get install libbpf-dev" >&2; exit 3; }
release=$(uname -r)
if [ "${1:-}" = --check ] && [ "# Linux ${release%%-*}" != "$(head -n 1 verdicts.txt)" ]; then
	echo "$0: the objects have the types of another kernel" >&2
	exit 3
fi

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
"$bpftool" btf dump file /sys/kernel/btf/vmlinux format c > "$out/vmlinux.h"
stale=0
for src in *.bpf.c; do
	obj=${src%.c}.o
	"$clang" -g -O2 -Wall -Wno-unused -Wno-visibility -Wno-int-to-void-pointer-cast -Wno-missing-declarations -D__TARGET_ARCH_x86 --target=bpfel -mcpu=v4 \
		-I"$out" -fdebug-compilation-dir=. -c "$src" -o "$out/$obj"
	"$strip" -g "$out/$obj" # DWARF goes, BTF stays
	if [ "${1:-}" != --check ]; then
		cp "$out/$obj" "$obj"
	elif ! cmp -s "$out/$obj" "$obj"; then
		echo "verifier/testdata/features/$obj is stale: run verifier/testdata/features/build.sh" >&2
		stale=1
	fi
done
exit $stale
