package qemu

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestInitramfs reads back what is written, as Linux's Documentation
// (driver-api/early-userspace/buffer-format) says.
func TestInitramfs(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	files := []File{
		{Path: "init", Mode: 0o755, Data: []byte("first")},
		{Path: "etc/deep/name", Mode: 0o644, Data: []byte("12345678")},
		{Path: "empty", Mode: 0o600},
	}
	if err := writeInitramfs(&packed, files); err != nil {
		t.Fatal(err)
	}
	zip, err := gzip.NewReader(&packed)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(zip)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"dev": "40755 ", "proc": "40755 ", "sys": "40755 ", "tmp": "40755 ", "etc": "40755 ", "etc/deep": "40755 ",
		"init": "100755 first", "etc/deep/name": "100644 12345678", "empty": "100600 ", "TRAILER!!!": "0 ",
	}
	if diff := cmp.Diff(want, entries(t, data)); diff != "" {
		t.Error(diff)
	}
}

func entries(t *testing.T, data []byte) map[string]string {
	t.Helper()
	got := make(map[string]string)
	round := func(n int) int { return (n + 3) &^ 3 }
	for at := 0; at < len(data); {
		field := func(i int) int {
			n, err := strconv.ParseUint(string(data[at+6+8*i:at+14+8*i]), 16, 32)
			if err != nil {
				t.Fatal(err)
			}
			return int(n)
		}
		if magic := string(data[at : at+6]); magic != "070701" {
			t.Fatalf("magic %q at %d", magic, at)
		}
		mode, size, nameSize := field(1), field(6), field(11)
		name := string(data[at+110 : at+110+nameSize-1])
		begin := at + round(110+nameSize)
		got[name] = fmt.Sprintf("%o %s", mode, data[begin:begin+size])
		at = round(begin + size)
	}
	return got
}

func TestNewestPackageFirst(t *testing.T) {
	t.Parallel()
	names := []string{
		"linux-image-6.1.0-9-cloud-amd64", "linux-image-6.1.0-47-cloud-amd64-unsigned", "linux-image-6.1.0-47-cloud-amd64",
		"linux-image-6.12.94+deb13-cloud-amd64", "linux-image-6.12.107+deb13-cloud-amd64", "linux-image-6.12.107+deb13-cloud-amd64-unsigned",
		"linux-binary-7.0.13+deb13-cloud-amd64", "linux-binary-unsigned-7.2.11+deb13-cloud-amd64", "linux-image-cloud-amd64",
		"linux-image-6.12.107+deb13-cloud-amd64-dbg", "linux-image-5.10.0-32-cloud-amd64",
	}
	want := map[string][]string{
		"5.10": {names[10]},
		"6.1":  {names[2], names[1], names[0]},
		"6.12": {names[4], names[5], names[3]},
		"6.18": nil,
		"7":    {names[7], names[6]},
	}
	for release, list := range want {
		var got []string
		for _, n := range names {
			if matches(n, release) {
				got = append(got, n)
			}
		}
		slices.SortFunc(got, byAge)
		if diff := cmp.Diff(list, got); diff != "" {
			t.Errorf("%s: %s", release, diff)
		}
		if suites[release] == "" {
			t.Errorf("%s: nobody knows where it is", release)
		}
	}
}

func TestTroubleIsFound(t *testing.T) {
	t.Parallel()
	log := filepath.Join(t.TempDir(), "console.log")
	text := "[    0.1] Linux version\n[    2.0] BUG: kernel NULL pointer dereference\n[    2.1] fine\n[    3.0] Kernel panic - not syncing\n"
	if err := os.WriteFile(log, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	want := []string{"[    2.0] BUG: kernel NULL pointer dereference", "[    3.0] Kernel panic - not syncing"}
	if diff := cmp.Diff(want, trouble(log)); diff != "" {
		t.Error(diff)
	}
}
