#!/bin/sh
# Rebuilds the objects beside their sources, or into the folder $OUT. Needs
# clang-19, or name another in $CLANG; the objects that are checked in come
# from Debian's clang 19.1.
set -eu
cd "$(dirname "$0")"
clang=${CLANG:-clang-19}
strip=${STRIP:-llvm-strip-19}
out=${OUT:-.}

build() { # source target output flags...
	source=$1 target=$2 output=$out/$3
	shift 3
	# No paths of this machine in the objects.
	"$clang" -g -O2 -target "$target" -mcpu=v3 -Wall -Wno-unused-variable \
		-ffile-prefix-map="$PWD"=. -fdebug-compilation-dir=. "$@" -c "$source" -o "$output"
	"$strip" -g "$output" # debug information, not BTF
}

for source in *.bpf.c; do
	build "$source" bpfel "${source%.c}.o"
done
build subprogs.bpf.c bpfeb subprogs.be.o
build globals.bpf.c bpfeb globals.be.o
build core.bpf.c bpfeb core.be.o
build subprogs.bpf.c bpfel nobtf.o -g0
