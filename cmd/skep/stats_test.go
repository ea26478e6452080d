package main

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzStats reads figures, writes them and reads them again.
func FuzzStats(f *testing.F) {
	f.Add([]byte("file_name,prog_name,verdict,duration,total_insns\na.o,p,success,10,200\n"))
	f.Add([]byte("prog,file,mem_peak,prog_type\n\"a,b\",c,N/A,xdp\n\n"))
	f.Add([]byte("file_name\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		ids, figs, err := parseStats(bytes.NewReader(data))
		if err != nil {
			return
		}
		var rows []row
		for _, fig := range figs {
			rows = append(rows, row{b: fig})
		}
		var out bytes.Buffer
		if err := writeRows(&out, rows, ids, &statFlags{output: outputCSV}); err != nil {
			t.Fatal(err)
		}
		_, again, err := parseStats(&out)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(figs, again, cmp.AllowUnexported(figures{})); diff != "" {
			t.Errorf("read again (-first +second):\n%s", diff)
		}
	})
}

// FuzzFilter holds that a filter and its contrary part every row.
func FuzzFilter(f *testing.F) {
	for _, s := range []string{"a*/p", "p", "/", "insns>=3", "verdict=failure", "|insns_pct|<>2.5%", "prog_type==xdp", "[", "!!x"} {
		f.Add(s)
	}
	r := row{b: &figures{file: "a.o", prog: "p", verdict: verdictSuccess, progType: "xdp"}}
	for id := range r.b.has {
		r.b.has[id] = true
	}
	f.Fuzz(func(t *testing.T, s string) {
		if s == "" || s[0] == '@' || s[0] == '!' {
			return
		}
		yes, err := parseFilters([]string{s})
		if err != nil {
			return
		}
		no, err := parseFilters([]string{"!" + s})
		if err != nil {
			t.Fatalf("the contrary: %v", err)
		}
		shown := func(fs filters) bool { return fs.names("a.o", "p") && fs.stats(r) }
		if shown(yes) == shown(no) {
			t.Errorf("%q and its contrary agree: %v", s, shown(yes))
		}
	})
}

func TestNearCodes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, nearest string
	}{
		{"Uninti", "Uninit"},
		{"codeLoc", "Lock"},
		{"bedjump", "BadJump"},
		{"", ""},
		{"somethingelse", ""},
	} {
		near := nearCodes(tt.name)
		switch {
		case tt.nearest == "" && len(near) > 0:
			t.Errorf("near to %q: %v, want none", tt.name, near)
		case tt.nearest != "" && (len(near) == 0 || near[0] != tt.nearest):
			t.Errorf("near to %q: %v, want %s first", tt.name, near, tt.nearest)
		}
	}
}
