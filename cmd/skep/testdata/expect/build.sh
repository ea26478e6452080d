#!/bin/bash
# Rebuilds the objects of skep test's script from their C sources.
# Needs what examples/build.sh needs.
set -euo pipefail
cd "$(dirname "$0")"
for src in *.bpf.c; do
	"${CLANG:-clang-19}" -g -O2 -Wall -Werror --target=bpfel -mcpu=v3 -idirafter "/usr/include/$(uname -m)-linux-gnu" \
		-fdebug-compilation-dir=. -c "$src" -o "${src%.c}.o"
	"${STRIP:-llvm-strip-19}" -g "${src%.c}.o" # DWARF goes, BTF stays
done
