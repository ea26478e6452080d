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
SKEP_CONFORMANCE_DIR=$(realpath "$1")
SKEP_COMMAND=$(realpath "$2")
export SKEP_CONFORMANCE_DIR SKEP_COMMAND
go test -count=1 ./isa
go test -count=1 -v -run '^(TestInstructionSetConforms|TestVerifiedInstructionSetConforms|TestReservedFieldsAreRefused)$' .
