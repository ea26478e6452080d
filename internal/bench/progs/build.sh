#!/bin/bash
# Rebuilds the benchmark programs' objects from their C sources.
#   usage: internal/bench/progs/build.sh [--check]
# With --check nothing is written: it says which checked-in objects are stale
# and exits 1 if there are any. Needs clang (19 made the checked-in ones),
# llvm-strip and libbpf's headers; CLANG and STRIP name other commands.
# Exit 3: a tool is missing.
set -euo pipefail
cd "$(dirname "$0")"
clang=${CLANG:-clang-19} strip=${STRIP:-llvm-strip-19}
for tool in "$clang" "$strip"; do
	command -v "$tool" >/dev/null || { echo "$0: no $tool: apt-get install clang-19 llvm-19" >&2; exit 3; }
done
[ -e /usr/include/bpf/bpf_helpers.h ] || { echo "$0: no libbpf headers: apt-get install libbpf-dev" >&2; exit 3; }

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
# The UAPI headers want asm/types.h, which Debian keeps in a folder per machine.
asm=/usr/include/$(uname -m)-linux-gnu
stale=0
for src in *.bpf.c; do
	obj=${src%.c}.o
	"$clang" -g -O2 -Wall -Werror --target=bpfel "-mcpu=${CPU:-v3}" -idirafter "$asm" \
		-fdebug-compilation-dir=. -c "$src" -o "$out/new.o"
	"$strip" -g "$out/new.o" # DWARF goes, BTF stays
	if [ "${1:-}" != --check ]; then
		cp "$out/new.o" "${OUT:-.}/$obj"
	elif ! cmp -s "$out/new.o" "$obj"; then
		echo "internal/bench/progs/$obj is stale: run internal/bench/progs/build.sh" >&2
		stale=1
	fi
done
exit $stale
