#!/bin/bash
# A second opinion on skep's verdicts: the kernel's own test programs as another
# tool loads and counts them, through libbpf.
#   usage: scripts/oracle.sh ORACLE BUILD SKEP OBJS
# ORACLE holds build.sh, which compiles the programs into BUILD (minutes, once),
# and results/, the recorded verdicts; without it nothing is done. Objects of
# the same name in OBJS are taken as they are. Fails when fewer programs agree,
# or more are accepted that Linux rejects, than scripts/oracle.min says. SUBSET
# is core (default), kfuncs or all.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# = 4 ] || { echo "usage: $0 ORACLE BUILD SKEP OBJS" >&2; exit 2; }
oracle=$1 build=$2 skep=$(realpath "$3") objs=$4 subset=${SUBSET:-core}
if [ ! -e "$oracle/build.sh" ]; then
	echo "skipped: no oracle in $oracle"
	exit 0
fi
oracle=$(realpath "$oracle")
if [ ! -x "$build/bin/compare" ] || ! ls "$build"/objs/*.bpf.o >/dev/null 2>&1; then
	if [ "$(id -u)" != 0 ] && ! command -v clang-19 >/dev/null; then
		echo "skipped: the corpus needs clang-19 and the kernel's source, and only root can install them"
		exit 0
	fi
	mkdir -p "$build/objs"
	cp -n "$objs"/*.bpf.o "$build/objs/" 2>/dev/null || true
	echo "building the corpus in $build; its log is $build/build.log"
	"$oracle/build.sh" "$build" >"$build/build.log" 2>&1 || { tail -20 "$build/build.log" >&2; exit 1; }
fi
build=$(realpath "$build")

report=build/oracle.txt
# compare's own exit status asks for no unsound accept at all; the figures
# below are held against the file instead.
"$build/bin/compare" -results "$oracle/results/kernel-6.18.jsonl.gz" -objs "$build/objs" -subset "$subset" -form elf \
	-list 0 -json build/oracle.jsonl -cmd "$skep verify --json --manifest {manifest} {file}" >"$report" || [ $? = 1 ]
sed '/^$/q' "$report"
read -r _ total agree _ unsound falserej noanswer _ < <(grep '^all ' "$report")
echo "subset $subset: $agree of $total agree, $unsound unsound, $falserej false rejects, $noanswer without an answer; all in $report"

read -r _ least most < <(grep "^$subset " scripts/oracle.min || echo "$subset 0 $total")
if [ "$agree" -lt "$least" ] || [ "$unsound" -gt "$most" ]; then
	echo "worse than scripts/oracle.min: at least $least must agree, at most $most may be unsound" >&2
	exit 1
fi
if [ "$agree" -gt "$least" ] || [ "$unsound" -lt "$most" ]; then
	echo "better than scripts/oracle.min: write \"$subset $agree $unsound\" there"
fi
