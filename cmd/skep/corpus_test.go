package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/selftest"
	"github.com/skepbpf/skep/kernel"
)

// unshared are the parts of a log that two loads of one program do not share:
// times, and addresses with the blanks that they push away.
var unshared = []struct {
	re *regexp.Regexp
	by string
}{
	{regexp.MustCompile(`verification time \d+ usec`), "verification time N usec"},
	{regexp.MustCompile(`(\(18\) r\d = )(?:0x0|0x(?:ffff[0-9a-f]{12}|[17][0-9a-f]{11}))(?: +(;))?`), "${1}0x0$2"},
}

func plainLog(log string) string {
	for _, f := range unshared {
		log = f.re.ReplaceAllString(log, f.by)
	}
	return log
}

// largestCompared is the longest log that is compared, in bytes; of longer ones
// the ends are.
const largestCompared = 4 << 20

// TestLogsOfCorpus compares whole logs of levels 1 and 2 with the running
// kernel's on the programs of a corpus that both give a verdict on, and prints
// how many are equal. SKEP_LIVE_KERNEL=1 asks for it, with root; of the objects
// every eighth is tried, or every n-th with SKEP_ORACLE_EVERY=n, or those whose
// names match SKEP_ORACLE_NAMES. SKEP_LOGS names a file for the first lines
// that differ.
func TestLogsOfCorpus(t *testing.T) {
	objs := os.Getenv("SKEP_ORACLE_OBJS")
	if objs == "" || os.Getenv("SKEP_LIVE_KERNEL") == "" {
		t.Skip("SKEP_ORACLE_OBJS or SKEP_LIVE_KERNEL is not set")
	}
	files := sampledObjects(t, objs)
	diffs := io.Discard
	if name := os.Getenv("SKEP_LOGS"); name != "" {
		f, err := os.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		diffs = f
	}
	c := &logComparison{types: &kernelTypes{}, diffs: json.NewEncoder(diffs), all: map[uint32]int{}, equal: map[uint32]int{}}
	e := &env{out: io.Discard, err: io.Discard}
	for _, file := range files {
		coll, err := openFitted(e, file, &verifyFlags{}, c.types)
		if err != nil {
			continue
		}
		for _, p := range coll.Programs {
			if p.Err == nil {
				c.compare(file, selftest.WithSizes(selftest.WithFlags(p)), 1|4)
				c.compare(file, selftest.WithSizes(selftest.WithFlags(p)), 2|4)
			}
		}
	}
	for _, level := range []uint32{1 | 4, 2 | 4} {
		all, equal := c.all[level], c.equal[level]
		t.Logf("level %d: %d logs, %d equal, %.1f%%", level, all, equal, 100*float64(equal)/float64(max(all, 1)))
		if equal*100 < all*leastEqualLogs || all == 0 {
			t.Errorf("level %d: too few", level)
		}
	}
}

// leastEqualLogs is how many logs must be equal, in per cent.
const leastEqualLogs = 97

// sampledObjects are the objects to try.
func sampledObjects(t *testing.T, dir string) []string {
	t.Helper()
	every, names := 8, "*.o"
	if s := os.Getenv("SKEP_ORACLE_NAMES"); s != "" {
		every, names = 1, s
	}
	if s := os.Getenv("SKEP_ORACLE_EVERY"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			t.Fatalf("SKEP_ORACLE_EVERY=%s: not a number above 0", s)
		}
		every = n
	}
	files, err := filepath.Glob(filepath.Join(dir, names))
	if err != nil || len(files) == 0 {
		t.Fatalf("no objects in %s: %v", dir, err)
	}
	var some []string
	for i := 0; i < len(files); i += every {
		some = append(some, files[i])
	}
	return some
}

// logComparison counts, by level.
type logComparison struct {
	types      *kernelTypes
	diffs      *json.Encoder
	all, equal map[uint32]int
}

// untyped is p without what stands in .BTF.
func untyped(p *image.Program) *image.Program {
	bare := *p
	bare.Types, bare.Lines = nil, nil
	bare.Funcs = slices.Clone(p.Funcs)
	for i := range bare.Funcs {
		bare.Funcs[i].Type = nil
	}
	return &bare
}

// lastLines is what is left of a log that the kernel has cut, and as much of
// the other's end.
func lastLines(want, got string) (string, string) {
	_, want, _ = strings.Cut(want, "\n")
	at, n := len(got), strings.Count(want, "\n")
	for ; n >= 0 && at >= 0; n-- {
		at = strings.LastIndexByte(got[:at], '\n')
	}
	return want, got[at+1:]
}

// compare compares the logs of one program.
func (c *logComparison) compare(file string, p *image.Program, level uint32) {
	ctx, stop := context.WithTimeout(context.Background(), 20*time.Second)
	defer stop()
	j, err := kernel.Judge(ctx, p, &kernel.JudgeOptions{LogLevel: level, LogSize: largestCompared})
	if err != nil || j.Log == "" {
		return
	}
	if j.Untyped {
		p = untyped(p)
	}
	v := verifyProgram(context.Background(), &verifyFlags{logLevel: level}, file, p, nil, c.types)
	if v.Verdict == "error" {
		return
	}
	c.all[level]++
	want, got := j.Log, v.log
	if j.Errno == abi.ENOSPC {
		want, got = lastLines(want, got)
	}
	if want, got = plainLog(want), plainLog(got); want == got {
		c.equal[level]++
		return
	}
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	i := 0
	for i < len(w)-1 && i < len(g)-1 && w[i] == g[i] {
		i++
	}
	_ = c.diffs.Encode(map[string]any{
		"level": level, "file": filepath.Base(file), "program": p.Name, "line": i + 1, "kernel": w[i], "skep": g[i],
	})
}

// TestErrnoOfCorpus compares error numbers with a recorded kernel's on every
// program that both refuse.
func TestErrnoOfCorpus(t *testing.T) {
	objs, results := os.Getenv("SKEP_ORACLE_OBJS"), os.Getenv("SKEP_ORACLE_RESULTS")
	if objs == "" || results == "" {
		t.Skip("SKEP_ORACLE_OBJS or SKEP_ORACLE_RESULTS is not set")
	}
	types := &kernelTypes{}
	e := &env{out: io.Discard, err: io.Discard}
	all, equal, lines, lineless := 0, 0, 0, 0
	for file, programs := range readRecorded(t, results, func(r *recorded) bool { return r.Verdict == "reject" && r.Form == "elf" }) {
		coll, err := openFitted(e, filepath.Join(objs, file), &verifyFlags{}, types)
		if err != nil {
			continue
		}
		for _, p := range coll.Programs {
			r, ok := programs[[2]string{p.Section, p.Name}]
			if !ok {
				continue
			}
			v := verifyProgram(context.Background(), &verifyFlags{}, file, p, r.manifest(), types)
			if v.Verdict != "reject" {
				continue
			}
			all++
			if errno := abi.Errno(v.Errno).String(); errno == r.Errno {
				equal++
			} else {
				t.Logf("%s: %s: errno %s, the kernel %s: %s", file, p.Name, errno, r.Errno, v.Error)
			}
			if len(p.Lines) == 0 {
				continue
			}
			lines++
			if v.source == nil {
				lineless++
				t.Logf("%s: %s: no C line: %s", file, p.Name, v.Error)
			}
		}
	}
	t.Logf("%d refused by both, %d with the kernel's errno; %d with line info, %d without a C line", all, equal, lines, lineless)
	if all == 0 || equal*100 < all*99 {
		t.Error("too few error numbers are the kernel's")
	}
}
