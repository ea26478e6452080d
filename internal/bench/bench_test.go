package bench

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/skepbpf/skep"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/object"
)

// results are what Linux returned from the suite's programs.
var results = []struct {
	name   string
	inits  int
	result uint32
}{
	{"array", 0, 3691315269},
	{"atomic_map", 0, 3691315269},
	{"atomics", 0, 3995782404},
	{"balancer", 1, 771},
	{"bits", 0, 738404496},
	{"calls", 0, 2055700277},
	{"checksum", 0, 15062},
	{"empty", 0, 2},
	{"firewall", 1, 2},
	{"fnv", 0, 3560818671},
	{"foreach", 1, 3247377555},
	{"hash_big", 1000, 1000},
	{"hash_hit", 1, 511066},
	{"hash_miss", 1, 1418535277},
	{"hash_update", 1, 1000},
	{"jhash", 0, 404599862},
	{"loop", 0, 1805685417},
	{"lpm", 1, 457204},
	{"lru", 0, 500},
	{"matrix", 0, 3943858142},
	{"muldiv", 0, 1981431048},
	{"parse", 0, 2710253425},
	{"percpu", 0, 3691315269},
	{"primes", 0, 252},
	{"ringbuf", 0, 50},
	{"siphash", 0, 1218125771},
	{"sort", 0, 2105551918},
	{"state", 0, 1159770737},
	{"tailcall", 0, 32},
	{"tailcall_fixed", 0, 32},
}

// sources are the names of all programs of the suite.
func sources(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("progs/*.bpf.c")
	if err != nil || len(files) == 0 {
		t.Fatal("no programs: ", err)
	}
	for i, f := range files {
		files[i] = f[len("progs/") : len(f)-len(".bpf.c")]
	}
	return files
}

func TestEnginesComputeWhatLinuxComputes(t *testing.T) {
	t.Parallel()
	pkt, err := os.ReadFile("progs/packet.bin")
	if err != nil {
		t.Fatal(err)
	}
	left := sources(t)
	for _, c := range results {
		left = slices.DeleteFunc(left, func(name string) bool { return name == c.name })
		for _, engine := range []skep.Engine{skep.EngineInterp, skep.EngineJIT} {
			t.Run(c.name+"/"+string(engine), func(t *testing.T) {
				t.Parallel()
				if rt, err := skep.NewRuntime(&skep.RuntimeOptions{Engine: engine}); err != nil {
					t.Skip(err)
				} else if err := rt.Close(); err != nil {
					t.Fatal(err)
				}
				open := func() (*image.Collection, error) {
					return object.Open(filepath.Join("progs", c.name+".bpf.o"), nil)
				}
				s, err := Open(t.Context(), open, &Options{Engine: engine, Packet: pkt, InitRuns: c.inits})
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				for _, n := range []int{1, 5} {
					if _, err := s.Runs(n); err != nil {
						t.Fatal(err)
					}
					if got := s.Result(); got != c.result {
						t.Errorf("after %d more runs %#x, Linux gives %#x", n, got, c.result)
					}
				}
			})
		}
	}
	if len(left) > 0 {
		t.Errorf("no result of Linux for %v: measure it with make bench, which compares, and add it", left)
	}
}

// rings is a ring buffer that counts what is lost.
type rings struct{ size, used, taken int }

func (r *rings) Size() int      { return r.size }
func (r *rings) Available() int { return r.used }

func (r *rings) Consume(f func([]byte)) bool {
	if r.used == 0 {
		return false
	}
	f(nil)
	r.taken, r.used = r.taken+r.used, 0
	return true
}

func TestRingsAreEmptiedBeforeTheyFill(t *testing.T) {
	t.Parallel()
	for _, perRun := range []int{0, 1, 16, 4000} {
		buf := &rings{size: 4096}
		r := NewRing(buf)
		written := 0
		for written < 100*perRun || perRun == 0 && written == 0 {
			n := min(r.Room(), 1000)
			buf.used += n * perRun
			if buf.used > buf.size {
				t.Fatalf("%d runs of %d bytes do not fit", n, perRun)
			}
			if written += n * perRun; perRun == 0 {
				written++
			}
			r.Learn(n)
		}
		if perRun > 0 && (buf.taken != written || buf.used != 0) {
			t.Errorf("%d of %d bytes were read, %d are left", buf.taken, written, buf.used)
		}
	}
}

// slow is a subject whose runs take long as long as it is held up.
type slow struct{ ns, held, runs int }

func (s *slow) Result() uint32 { return 7 }

func (s *slow) Runs(n int) (time.Duration, error) {
	s.runs += n
	d := time.Duration(n * s.ns)
	if s.held--; s.held > 0 && s.held%3 != 0 {
		d += 40 * time.Millisecond
	}
	return d, nil
}

func TestFiguresAreNotThoseOfInterruptions(t *testing.T) {
	t.Parallel()
	a, b := &slow{ns: 25, held: 8}, &slow{ns: 300_000_000}
	figs, err := Measure(time.Second, a, b)
	if err != nil {
		t.Fatal(err)
	}
	if f := figs[0]; f.PerRun != 25 || f.Result != 7 || f.Runs > a.runs || f.Runs < 10_000_000 {
		t.Errorf("%+v", f)
	}
	if d := figs[0].Above(&Figure{low: 20}); d != 5 {
		t.Errorf("%v above 20, want 5", d)
	}
	if f := figs[1]; f.PerRun != 300_000_000 || f.Runs != 4 {
		t.Errorf("%+v", f)
	}
}
