package isa

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// suite reads a file of the public conformance suite, one JSON object a line.
// The directory is given by SKEP_CONFORMANCE_DIR.
func suite[T any](t *testing.T, glob string) []T {
	t.Helper()
	dir := os.Getenv("SKEP_CONFORMANCE_DIR")
	if dir == "" {
		t.Skip("SKEP_CONFORMANCE_DIR names no directory of the conformance suite")
	}
	files, err := filepath.Glob(filepath.Join(dir, glob))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	f, err := os.Open(files[0])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []T
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		var row T
		if err := json.Unmarshal(sc.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		out = append(out, row)
	}
	if err := sc.Err(); err != nil || len(out) == 0 {
		t.Fatal("nothing read", err)
	}
	return out
}

func decodeHex(t *testing.T, s string) []Insn {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	insns, err := Decode(b, binary.LittleEndian)
	if err != nil {
		t.Fatal(err)
	}
	return insns
}

func TestReservedFieldsAreRefusedAsLinuxDoes(t *testing.T) {
	t.Parallel()
	type row struct {
		Name, Kind, Field, Guarded, Control string
		Kernel, Asm                         string
		Message                             string `json:"kernel_message"`
	}
	refused, text := 0, 0
	for _, r := range suite[row](t, "neg*.jsonl") {
		switch r.Kind {
		case "reserved_field":
			if err := Validate(decodeHex(t, r.Control)); err != nil {
				t.Errorf("%s: control: %v", r.Name, err)
			}
			err := Validate(decodeHex(t, r.Guarded))
			if r.Kernel == "accept" {
				if err != nil {
					t.Errorf("%s: Linux takes it: %v", r.Name, err)
				}
				continue
			}
			var e *EncodingError
			if !errors.As(err, &e) {
				t.Errorf("%s: accepted", r.Name)
				continue
			}
			if r.Name == "unused-mov64_reg-offset" {
				r.Field = "imm" // an offset of 1 makes it addr_space_cast, whose imm is then wrong
			}
			if e.Field != r.Field || e.Linux != r.Message || !strings.Contains(e.Reason, r.Field) {
				t.Errorf("%s: field %q, reason %q, Linux line %q; want %q, %q", r.Name, e.Field, e.Reason, e.Linux, r.Field, r.Message)
			}
			refused++
		case "assembler":
			if insns, err := ParseListing(r.Asm); err == nil {
				t.Errorf("%s: %q is read as %+v", r.Name, r.Asm, insns)
			}
			text++
		}
	}
	if refused != 44 || text != 10 {
		t.Errorf("%d encodings refused of 44, %d texts tried of 10", refused, text)
	}
}

// TestVersionsAndGroupsAgreeWithTheSuite holds the columns Since and Group
// against the programs of the suite.
func TestVersionsAndGroupsAgreeWithTheSuite(t *testing.T) {
	t.Parallel()
	type row struct {
		Name, Program string
		Version       string `json:"cpu_version"`
		Groups        []string
	}
	includes := map[string]string{"base64": "base32", "divmul64": "divmul32", "atomic64": "atomic32"}
	// Where the suite differs from RFC 9669 or from LLVM, which assembles local
	// calls and plain atomic additions at every version.
	differs := map[string]bool{
		"call_local": true, "rfc9669_call_local": true, "lock_add": true, "lock_add32": true,
		"rfc9669_lock_add32": true, "rfc9669_lock_add64": true, "neg64": true,
	}
	seen := map[string]bool{}
	for _, r := range suite[row](t, "rfc*.jsonl") {
		insns := decodeHex(t, r.Program)
		if err := Validate(insns); err != nil {
			t.Errorf("%s: %v", r.Name, err)
			continue
		}
		var version Version
		groups := map[string]bool{}
		for pc := 0; pc < len(insns); pc++ {
			o := Lookup(insns[pc])
			seen[o.Name] = true
			version = max(version, o.Since)
			if o.Group != NoGroup {
				groups[o.Group.String()] = true
			}
			if o.Wide() {
				pc++
			}
		}
		if got := "v" + string('0'+rune(version)); got != r.Version && !differs[r.Name] {
			t.Errorf("%s: needs %s, the suite says %s", r.Name, got, r.Version)
		}
		for g := range groups {
			if !differs[r.Name] && !slices.Contains(r.Groups, g) && !slices.ContainsFunc(r.Groups, func(have string) bool { return includes[have] == g }) {
				t.Errorf("%s: needs group %s, the suite says %v", r.Name, g, r.Groups)
			}
		}
		for _, g := range r.Groups {
			if !groups[g] && g != "base32" && g != "callx" && !groups[strings.Replace(g, "32", "64", 1)] {
				t.Errorf("%s: the suite says group %s, the table %v", r.Name, g, groups)
			}
		}
	}
	t.Logf("%d of %d rows are in the suite", len(seen), len(opcodes))
}
