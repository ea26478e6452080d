package asm

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// TestTextsOfTheSuiteAreRefused gives asm the texts that the public
// conformance suite wants refused. Its directory is given by
// SKEP_CONFORMANCE_DIR.
func TestTextsOfTheSuiteAreRefused(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("SKEP_CONFORMANCE_DIR")
	if dir == "" {
		t.Skip("SKEP_CONFORMANCE_DIR names no directory of the conformance suite")
	}
	files, err := filepath.Glob(filepath.Join(dir, "neg*.jsonl"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	f, err := os.Open(files[0])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	for sc := bufio.NewScanner(f); sc.Scan(); {
		var row struct{ Name, Kind, Asm string }
		if err := json.Unmarshal(sc.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		if row.Kind != "assembler" {
			continue
		}
		n++
		if _, err := Parse(row.Name, []byte(".program p section=xdp\n"+row.Asm)); err == nil {
			t.Errorf("%s: %q was read", row.Name, row.Asm)
		}
	}
	if n != 10 {
		t.Errorf("%d texts of 10", n)
	}
}
