# make test is the gate; .ci/run calls the rest. See CONTRIBUTING.md.
GO ?= go
# What needs more than the repository: the conformance suite and a second
# opinion on verdicts. Steps that lack it say so and do nothing.
SHARED ?= ../shared
ORACLE ?= build/oracle
SELFTESTS ?= build/selftests
FUZZTIME ?= 10s

export CGO_ENABLED = 0

.PHONY: all build test lint race cross arm64 fuzz vm-fuzz vm-engines bench gobench soundness engines stress soak examples conformance agreement oracle objects clean

all: build test

build:
	$(GO) build -trimpath -o build/skep ./cmd/skep

test:
	$(GO) test ./...

lint:
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

# The race detector needs cgo and a C compiler. It would also check that
# pointers are into Go memory, and programs' are not. verifier has one thread
# and long tests, and is left out.
RACE = . ./bpfmap ./helper/... ./hook ./host ./internal/... ./perf ./ringbuf ./vm/...
race:
	CGO_ENABLED=1 $(GO) test -race -gcflags=all=-d=checkptr=0 $(RACE)

cross:
	scripts/cross.sh

# The tests of machine code for arm64, under user emulation; ARM64=short is what
# takes a minute.
arm64:
	scripts/arm64.sh $(ARM64)

# A short look at every fuzz target.
fuzz:
	scripts/fuzz.sh $(FUZZTIME)

# Random programs: the verifier's verdicts against those of Linux 6.12 and 7.x
# in virtual machines, for VMFUZZTIME each.
VMFUZZTIME ?= 1m
vm-fuzz:
	$(GO) run ./internal/vmfuzz/host -dir build/vm -time $(VMFUZZTIME)

# The same for what runs leave behind: interpreter, JIT and kernel.
vm-engines:
	$(GO) run ./internal/vmfuzz/host -dir build/vm -engines -time $(VMFUZZTIME)

# The benchmark programs on skep's engines, as native C and in the kernel, with
# ratios. make bench BENCH='-run siphash -engines jit,kernel -ms 300'
BENCH ?=
bench:
	$(GO) run ./internal/bench/suite $(BENCH)

# What Go's own benchmarks measure: the parts of skep.
gobench:
	$(GO) test -run '^$$' -bench . -benchmem ./...

# Random programs that the verifier accepts, followed through the record of
# their walk.
SOUNDTIME ?= 1m
soundness:
	SOUNDTIME=$(SOUNDTIME) $(GO) test -count=1 -timeout 0 -v -run TestRandomPrograms ./internal/difftest

# Random programs that the verifier accepts, on all engines.
ENGINETIME ?= 1m
engines:
	ENGINETIME=$(ENGINETIME) $(GO) test -count=1 -timeout 0 -v -run TestEnginesAgree ./internal/difftest

# Many goroutines in machine code while collector, profiler and tracer do what
# they can to disturb; in soak under the race detector and pointer checks too.
STRESSTIME ?= 30s
stress:
	SKEP_STRESS=$(STRESSTIME) $(GO) test -count=1 -timeout 0 -v -run TestStress ./vm/jit

# What takes long, before a release: the rules and logs against the running kernel, races
# again and again, an hour of soundness, half of one of engines, every fuzz target, and random programs
# against kernels. SOAKTIME is for each target and kernel.
SOAKTIME ?= 10m
soak:
	SKEP_LIVE_KERNEL=1 $(GO) test -count=1 -timeout 60m -run TestRunningKernel ./verifier
	SKEP_LIVE_KERNEL=1 SKEP_ORACLE_OBJS=$(CORPUS) SKEP_ORACLE_EVERY=1 $(GO) test -count=1 -v -timeout 60m -run TestLogsOfCorpus ./cmd/skep
	CGO_ENABLED=1 $(GO) test -race -gcflags=all=-d=checkptr=0 -count=5 -timeout 60m $(RACE)
	$(MAKE) soundness SOUNDTIME=1h
	$(MAKE) arm64
	$(MAKE) engines ENGINETIME=30m
	$(MAKE) stress STRESSTIME=5m
	CGO_ENABLED=1 SKEP_STRESS=1m $(GO) test -race -count=1 -timeout 0 -v -run TestStress ./vm/jit
	SKEP_STRESS=1m $(GO) test -gcflags=all=-d=checkptr -count=1 -timeout 0 -v -run TestStress ./vm/jit
	scripts/fuzz.sh $(SOAKTIME)
	$(GO) run ./internal/vmfuzz/host -dir build/vm -time $(SOAKTIME)
	$(GO) run ./internal/vmfuzz/host -dir build/vm -engines -time $(SOAKTIME)
	SKEP_LIVE_KERNEL=1 SKEP_ORACLE_OBJS=$(CORPUS) $(GO) test -count=1 -v -timeout 60m -run TestKernelAgrees ./internal/difftest

examples:
	examples/build.sh --check
	internal/bench/progs/build.sh --check
	verifier/testdata/pages/build.sh --check
	verifier/testdata/features/build.sh --check || [ $$? = 3 ] # 3: another kernel

conformance: build
	scripts/conformance.sh $(SHARED)/conformance build/skep

# Verdicts on the kernel's own test programs against the recorded ones of Linux
# 6.18. LINUX_SRC is a kernel's source, else Debian's is taken. LIVE=1 asks the
# running kernel, RECORD=1 writes what it says to the record.
agreement:
	scripts/agreement.sh $(SELFTESTS)

oracle: build
	scripts/oracle.sh $(SHARED)/oracle $(ORACLE) build/skep $(SELFTESTS)/objs

# The corpus that those make, through the reader, the text, and the engines.
CORPUS = $(abspath $(firstword $(wildcard $(ORACLE)/objs $(SELFTESTS)/objs)))
objects:
	SKEP_ORACLE_OBJS=$(CORPUS) $(GO) test -count=1 ./object ./asm ./verifier ./vm ./internal/difftest
	SKEP_ORACLE_OBJS=$(CORPUS) SKEP_ORACLE_RESULTS=$(wildcard $(abspath $(SHARED))/oracle/results/kernel-6.18.jsonl.gz) \
		$(GO) test -count=1 -v -run "TestProcessedInstructions|TestErrnoOfCorpus" ./cmd/skep

clean:
	rm -rf build
