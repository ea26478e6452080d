#!/bin/bash
# Compiles the BPF programs of the Linux kernel's selftests.
#   usage: scripts/selftests.sh OUT
# The source is the tree LINUX_SRC, or Debian's linux-source package, which root
# gets installed. OUT/objs gets *.bpf.o, *.v4.bpf.o (-mcpu=v4) and *.tests (the
# tests that test_verifier.c holds as arrays); OUT/log what the compiler said.
# The objects are the kernel's, GPL-2.0: they are made where they are used and
# never kept in the project. What is there already is not made again.
# Exit code 3 where something is missing that only the user can bring.
set -euo pipefail
[ $# = 1 ] || { echo "usage: $0 OUT" >&2; exit 2; }
here=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
export CLANG=${CLANG:-clang-19}
jobs=${JOBS:-$(nproc)}

lack() { echo "skipped: $*"; exit 3; }
[ "$(uname -m)" = x86_64 ] || lack "the selftests' objects are made for x86_64 kernels, and this is $(uname -m)"
[ -r /sys/kernel/btf/vmlinux ] || lack "the objects take their types from the running kernel's BTF, and there is none"

# Tools and source.
newest() { ls /usr/src/linux-source-*.tar.xz 2>/dev/null | sort -V | tail -1; }
need=()
command -v "$CLANG" >/dev/null || need+=(clang-19 llvm-19)
command -v bpftool >/dev/null || need+=(bpftool)
command -v gcc >/dev/null || need+=(gcc libc6-dev)
command -v python3 >/dev/null || need+=(python3)
if [ -z "${LINUX_SRC:-}" ] && [ ! -e "$out/src/.complete" ]; then
	command -v xz >/dev/null || need+=(xz-utils)
	[ -n "$(newest)" ] || need+=(linux-source-6.12)
fi
if [ ${#need[@]} -gt 0 ]; then
	[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || lack "needs ${need[*]}, and only root can install them"
	{ apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q "${need[@]}"; } >"$out/install.log" 2>&1 ||
		lack "apt-get cannot install ${need[*]}; see $out/install.log"
fi
if [ -n "${LINUX_SRC:-}" ]; then
	src=$(cd "$LINUX_SRC" && pwd)
else
	src=$out/src
	if [ ! -e "$src/.complete" ]; then
		echo "unpacking $(newest)"
		mkdir -p "$src"
		tar -xJf "$(newest)" -C "$src" --strip-components=1 --wildcards '*/scripts/bpf_doc.py' '*/tools/testing/selftests/bpf' \
			'*/tools/lib/bpf' '*/tools/include' '*/tools/arch/x86/include' '*/include/linux/filter.h'
		touch "$src/.complete"
	fi
fi
tests=$src/tools/testing/selftests/bpf
[ -d "$tests/progs" ] || lack "$src has no tools/testing/selftests/bpf/progs"

# A copy of the programs, in which names of kernel fields that a later kernel
# has changed follow the types of the running one.
made="$src $(sha256sum </sys/kernel/btf/vmlinux) $("$CLANG" --version | head -1)"
if [ "$(cat "$out/made" 2>/dev/null)" != "$made" ]; then
	rm -rf "$out/objs" "$out/log" "$out/progs" "$out/include"
	mkdir -p "$out/include/bpf"
	cp -r "$tests/progs" "$out/progs"
	bpftool btf dump file /sys/kernel/btf/vmlinux format c >"$out/include/vmlinux.h"
	python3 "$src/scripts/bpf_doc.py" --header --file "$src/tools/include/uapi/linux/bpf.h" >"$out/include/bpf/bpf_helper_defs.h"
	cp "$src"/tools/lib/bpf/*.h "$out/include/bpf/"
	lacks() { ! sed -n "/^struct $1 {/,/^}/p" "$out/include/vmlinux.h" | grep -qw "$2"; }
	cd "$out/progs"
	if lacks inet_connection_sock icsk_timeout; then
		sed -i 's/\bicsk->icsk_timeout\b/icsk->icsk_retransmit_timer.expires/' bpf_iter_tcp[46].c
		sed -i 's/\bicsk->icsk_keepalive_timer\b/((struct sock *)icsk)->sk_timer/' bpf_iter_tcp[46].c
	fi
	if lacks kernfs_node parent; then sed -i 's/(cgroup_node, parent)/(cgroup_node, __parent)/' profiler.inc.h; fi
	if lacks dentry d_iname; then sed -i 's/\bdentry->d_iname\b/dentry->d_shortname.string/' find_vma.c; fi
	if lacks cgroup rstat_cpu; then
		sed -i 's/\bcgrp->rstat_cpu\b/cgrp->self.rstat_cpu/; s/\bstruct cgroup_rstat_cpu\b/struct css_rstat_cpu/' btf_type_tag_percpu.c
	fi
	cd "$here"
	echo "$made" >"$out/made"
fi
mkdir -p "$out/objs" "$out/log"

# The system's headers, behind the kernel's.
system=$("$CLANG" -v -E - </dev/null 2>&1 | sed -n '/^#include <...>/,/^End of search/ s|^ \(/.*\)|-idirafter \1|p' | tr '\n' ' ')
export OUT=$out FLAGS="-g -O2 --target=bpf -mlittle-endian -D__TARGET_ARCH_x86 -DENABLE_ATOMICS_TESTS -Wall -Wno-compare-distinct-pointer-types
	-I$out/include -I$tests -I$tests/progs -I$src/tools/include/uapi $system -ffile-prefix-map=$out/progs/= -fdebug-compilation-dir=."
compile() { # CPU SUFFIX NAME
	local o="$OUT/objs/$3$2.bpf.o" c="$OUT/progs/$3.c" more=
	[ -e "$o" ] && return
	# The flags that the selftests' Makefile gives some of them.
	case $3 in
	bind[46]_prog | dynptr_fail | linked_list_fail | map_kptr_fail | syscall | test_pkt_md_access | test_sk_lookup | timer_crash | \
		test_global_func9 | verifier_nocsr) more=-fno-strict-aliasing ;;
	test_l4lb_noinline | test_xdp_noinline) more=-fno-inline ;;
	esac
	"$CLANG" $FLAGS $more -mcpu="$1" -c "$c" -o "$o.part" >"$OUT/log/$3$2.log" 2>&1 && mv "$o.part" "$o" || { rm -f "$o.part"; echo "does not compile: $3$2"; }
}
export -f compile
cd "$out/progs"
ls | sed -n 's/\.c$//p' | xargs -P"$jobs" -I{} bash -c 'compile v3 "" {}'
# Once more with the fourth set of instructions: families whose code it changes.
ls | sed -n 's/\.c$//p' | grep -E '^(arena_|verifier_arena|iters|dynptr_|test_xdp|xdp_synproxy|xdping|bpf_flow$|bpf_cubic$|test_l4lb|loop|rbtree|linked_list|test_verif_scale|strobemeta$|pyperf180$|test_tc_|test_cls_redirect|test_tcp_hdr_options$|test_ldsx_insn$|test_ringbuf|test_sk_lookup$|sockopt_|exceptions|timer|cpumask_|atomics$|for_each_|bpf_loop)' |
	xargs -P"$jobs" -I{} bash -c 'compile v4 .v4 {}'
cd "$here"

# The tests that test_verifier.c includes as arrays, one file of texts for each.
if [ ! -e "$out/objs/.tests" ]; then
	scripts/arraytests.sh "$src" "$out" >"$out/log/arraytests.log" 2>&1 && touch "$out/objs/.tests" ||
		echo "the tests of test_verifier.c are left out: $(tail -1 "$out/log/arraytests.log")"
fi
echo "$(ls "$out"/objs/*.bpf.o | wc -l) objects and $(ls "$out"/objs/*.tests 2>/dev/null | wc -l) files of tests in $out/objs"
