package main

import (
	"bytes"
	"encoding/csv"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestFiguresAreVeristats holds the figures of objects against what veristat of
// Linux 6.12 printed for them on Linux 6.18: each verdict and number but the
// time, the columns and the order.
//
//	veristat -o csv OBJECT... # and 0 for every duration
func TestFiguresAreVeristats(t *testing.T) {
	t.Parallel()
	golden, err := os.ReadFile("testdata/veristat/figures.csv")
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	// None of the programs needs kernel types: any do.
	code := run([]string{
		"verify", "--stats", "-o", "csv", "--btf", "testdata/expect/good.bpf.o",
		"../../examples/balancer/balancer.bpf.o", "../../examples/firewall/firewall.bpf.o",
		"../../examples/histogram/histogram.bpf.o", "../../verifier/testdata/features/bounds.bpf.o",
	}, strings.NewReader(""), &out, &errs)
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, errs.String())
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	w := csv.NewWriter(&got)
	for i, row := range rows {
		if i > 0 {
			row[3] = "0"
		}
		if err := w.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	w.Flush()
	if diff := cmp.Diff(strings.Split(string(golden), "\n"), strings.Split(got.String(), "\n")); diff != "" {
		t.Errorf("veristat's and ours (-want +got):\n%s", diff)
	}
}
