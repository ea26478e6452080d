#!/bin/bash
# Runs the public conformance suite of RFC 9669 through skep plugin.
#   usage: scripts/conformance.sh SUITE SKEP
# SUITE holds rfc9669.jsonl and negative.jsonl; without it nothing is done.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# = 2 ] || { echo "usage: $0 SUITE SKEP" >&2; exit 2; }
if [ ! -e "$1/rfc9669.jsonl" ]; then
	echo "skipped: no conformance suite in $1"
	exit 0
fi
SKEP_CONFORMANCE=$(cd "$1" && pwd) SKEP_COMMAND=$(realpath "$2") \
	go test -count=1 -v -run '^(TestInstructionSetConforms|TestReservedFieldsAreRefused)$' .
