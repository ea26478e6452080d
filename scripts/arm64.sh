#!/bin/bash
# Runs the tests of machine code for arm64: here, if this machine is one, else
# cross-compiled under QEMU's user emulation.
#   usage: scripts/arm64.sh [short]
# short is what takes a minute.
set -euo pipefail
cd "$(dirname "$0")/.."

run=()
if [ "$(uname -s)-$(uname -m)" != Linux-aarch64 ]; then
	qemu=$(command -v qemu-aarch64-static || command -v qemu-aarch64 || true)
	if [ -z "$qemu" ]; then
		echo "arm64: skipped: no qemu-aarch64-static (Debian: qemu-user-static)"
		exit 0
	fi
	run=("$qemu")
fi
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
failed=0

# tests PACKAGE [FLAG...]: the package's tests, in its folder, as go test has it.
tests() {
	local pkg=$1 start=$SECONDS
	shift
	GOOS=linux GOARCH=arm64 CGO_ENABLED=0 go test -c -o "$bin/test" "./$pkg"
	if (cd "$pkg" && "${run[@]}" "$bin/test" -test.v "$@") >"$bin/out" 2>&1; then
		echo "ok   $pkg: $(grep -c '^ *--- PASS' "$bin/out") passed, $(grep -c '^ *--- SKIP' "$bin/out") skipped, $((SECONDS - start))s"
	else
		grep -v '^ *\(--- \(PASS\|SKIP\)\|=== \)' "$bin/out" || true
		echo "FAIL $pkg"
		failed=1
	fi
}

tests vm/jit/arm64
tests vm/jit
case "${1:-}" in
"")
	tests internal/execmem
	tests internal/mem
	tests vm -test.timeout 30m
	tests vm/interp -test.timeout 30m
	tests bpfmap -test.timeout 30m
	tests internal/bench -test.timeout 30m
	tests internal/difftest -test.run 'Engines|Kernel' -test.timeout 60m
	;;
short)
	tests vm -test.run 'Corpus|EveryOpcode|TailCallsAgree|Exceptions|Wild|Budget|Anywhere|Leaves|Fuel|Alloc'
	tests internal/bench
	ENGINESEED=0 ENGINETIME=15s tests internal/difftest -test.run '^TestEnginesAgree$'
	;;
*)
	echo "usage: $0 [short]" >&2
	exit 2
	;;
esac
exit $failed
