#!/bin/bash
# Builds everything, tests included, for the systems that skep is built for
# and that this machine is not.
set -euo pipefail
cd "$(dirname "$0")/.."
for target in linux/arm64 linux/riscv64 linux/s390x darwin/arm64 windows/amd64 js/wasm; do
	echo "$target"
	GOOS=${target%/*} GOARCH=${target#*/} CGO_ENABLED=0 go build ./...
	GOOS=${target%/*} GOARCH=${target#*/} CGO_ENABLED=0 go vet -unsafeptr=false -stdmethods=false ./...
done
