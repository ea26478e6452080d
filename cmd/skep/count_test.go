package main

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// recorded is what a kernel said of a program, as the oracle's results have it.
type recorded struct {
	File, Section, Program string
	Verdict                string `json:"kernel_verdict"`
	Insns                  int    `json:"verified_insns"`
	Micros                 int64  `json:"verification_time_usec"`
	ProgType               uint32 `json:"prog_type_no"`
	AttachType             uint32 `json:"attach_type"`
	AttachTo               string `json:"attach_to"`
	ProgFlags              uint32 `json:"prog_flags"`
	Form, Errno            string
}

// manifest is what the program was loaded as.
func (r *recorded) manifest() manifest {
	return manifest{{r.Section, r.Program}: {
		Program: r.Program, Section: r.Section, ProgType: r.ProgType, AttachType: r.AttachType, AttachTo: r.AttachTo, ProgFlags: r.ProgFlags,
	}}
}

// TestProcessedInstructions prints how many instructions skep and a recorded
// kernel process on the programs that both accept, and how long they take. They
// must be within a factor of 2, and equal on 99 in 100.
func TestProcessedInstructions(t *testing.T) {
	objs, results := os.Getenv("SKEP_ORACLE_OBJS"), os.Getenv("SKEP_ORACLE_RESULTS")
	if objs == "" || results == "" {
		t.Skip("SKEP_ORACLE_OBJS or SKEP_ORACLE_RESULTS is not set")
	}
	kernel := &kernelTypes{}
	e := &env{out: io.Discard, err: io.Discard}
	var n, equal, ours, theirs int
	var nanos, logs float64
	var micros int64
	for file, programs := range readRecorded(t, results, func(r *recorded) bool { return r.Verdict == "accept" && r.Insns != 0 }) {
		coll, err := openFitted(e, filepath.Join(objs, file), &verifyFlags{}, kernel)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Error(err)
			continue
		}
		for _, p := range coll.Programs {
			r, ok := programs[[2]string{p.Section, p.Name}]
			if !ok {
				continue
			}
			v := verifyProgram(context.Background(), &verifyFlags{}, file, p, r.manifest(), kernel)
			if v.Verdict != "accept" {
				t.Errorf("%s: %s: %s: %s", file, p.Name, v.Verdict, v.Error)
				continue
			}
			if ratio := float64(v.Verified) / float64(r.Insns); ratio > 2 || ratio < 0.5 {
				t.Errorf("%s: %s: %d processed, the kernel %d", file, p.Name, v.Verified, r.Insns)
			}
			n++
			ours, theirs = ours+v.Verified, theirs+r.Insns
			if v.Verified == r.Insns {
				equal++
			}
			nanos, micros = nanos+float64(v.TimeNS), micros+r.Micros
			logs += math.Log(float64(v.TimeNS) / float64(max(r.Micros, 1)*1000))
		}
	}
	if n == 0 {
		t.Fatal("no program was compared")
	}
	if equal*100 < n*99 {
		t.Errorf("%d of %d programs have equal counts", equal, n)
	}
	t.Logf("%d accepted programs, %d with equal counts; processed: %d, the kernel %d", n, equal, ours, theirs)
	t.Logf("time: %.2f of the recorded kernel's in total, %.2f as a geometric mean", nanos/1000/float64(micros), math.Exp(logs/float64(n)))
}

// readRecorded reads what was recorded of the programs of ELF objects that want
// takes, by file.
func readRecorded(t *testing.T, name string, want func(*recorded) bool) map[string]map[[2]string]recorded {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	out := make(map[string]map[[2]string]recorded)
	for dec := json.NewDecoder(z); ; {
		var r recorded
		err := dec.Decode(&r)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if filepath.Ext(r.File) != ".o" || !want(&r) {
			continue
		}
		if out[r.File] == nil {
			out[r.File] = make(map[[2]string]recorded)
		}
		out[r.File][[2]string{r.Section, r.Program}] = r
	}
}
