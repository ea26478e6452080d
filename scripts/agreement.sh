#!/bin/bash
# Holds skep's verdicts on the programs of the kernel's selftests against those
# of Linux 6.18: the recorded ones, or with LIVE=1 the running kernel's.
#   usage: scripts/agreement.sh OUT
# scripts/selftests.sh compiles the programs into OUT (minutes, once). The record
# and the list of known differences are in internal/agreement/testdata.
# RECORD=1 asks the running kernel and writes the record anew. REPEAT is how
# often long programs are timed. ONLY is a pattern of object names.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# = 1 ] || { echo "usage: $0 OUT" >&2; exit 2; }
# CAPS=none compares as a user without capabilities, by a record of its own;
# with LIVE=1 other users may be named: CAPS=bpf,net_admin.
facts=internal/agreement/testdata
record=linux-6.18 known=known
[ -z "${CAPS:-}" ] || { record=linux-6.18-user-$CAPS; known=known-user-none; }
scripts/selftests.sh "$1" || { code=$?; [ $code = 3 ] && exit 0; exit $code; }
go build -trimpath -o build/agreement ./internal/agreement
args=(-objs "$1/objs" -record "$facts/$record.tsv.gz" -known "$facts/$known.tsv" -user "${CAPS:-}" -only "${ONLY:-}" -repeat "${REPEAT:-1}")
if [ -n "${LIVE:-}${RECORD:-}" ]; then
	case $(uname -r) in
	6.18.*) ;;
	*) [ -z "${RECORD:-}" ] || { echo "skipped: the record is of Linux 6.18, and this is $(uname -r)"; exit 0; } ;;
	esac
	[ "$(id -u)" = 0 ] || { echo "skipped: asking the kernel needs root"; exit 0; }
	args+=(-live)
	[ -z "${RECORD:-}" ] || args+=(-write)
fi
build/agreement "${args[@]}" | tee build/agreement.txt
