#!/bin/bash
# Runs every fuzz target for a while.
#   usage: scripts/fuzz.sh TIME
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# = 1 ] || { echo "usage: $0 TIME" >&2; exit 2; }
grep -rlE '^func Fuzz' --include='*_test.go' . | sort | while read -r file; do
	for name in $(sed -nE 's/^func (Fuzz\w+)\(.*/\1/p' "$file"); do
		echo "$(dirname "$file") $name"
		go test -run '^$' -fuzz "^$name\$" -fuzztime "$1" "$(dirname "$file")"
	done
done
