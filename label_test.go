package skep_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"github.com/skepbpf/skep"
)

const spinning = `
.program spins section=socket
    r0 = 0
    r1 = 0
again:
    r1 += 1
    may_goto out
    goto again
out:
    exit
.program turns section=raw
    r0 = 0
    r1 = 0
again:
    r1 += 1
    may_goto out
    goto again
out:
    exit
`

// labelled waits until a goroutine has a label, or no more has it.
func labelled(t *testing.T, name string, want bool) {
	t.Helper()
	var b strings.Builder
	for range 500 {
		b.Reset()
		if err := pprof.Lookup("goroutine").WriteTo(&b, 1); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(b.String(), fmt.Sprintf(`"bpf_prog":%q`, name)) == want {
			return
		}
		time.Sleep(2 * time.Millisecond)
	}
	t.Errorf("label %q: want %v\n%s", name, want, b.String())
}

// TestRunsAreLabelled looks at the labels of a goroutine in a long run.
func TestRunsAreLabelled(t *testing.T) { // not parallel: other tests have programs of the names
	for _, labels := range []bool{true, false} {
		for _, engine := range []skep.Engine{"", skep.EngineInterp} {
			rt, err := skep.NewRuntime(&skep.RuntimeOptions{CPUs: 2, Engine: engine, Labels: labels})
			if err != nil {
				t.Fatal(err)
			}
			coll := loadText(t, spinning, &skep.CollectionOptions{Backend: rt})
			for name, run := range map[string]func(context.Context) error{
				"spins": func(ctx context.Context) error {
					_, err := coll.Programs["spins"].Run(&skep.RunOptions{Data: make([]byte, 14), Ctx: ctx, Repeat: 1 << 20})
					return err
				},
				"turns": func(ctx context.Context) error {
					r, err := coll.Programs["turns"].Runner(ctx, nil)
					for err == nil {
						_, err = r.RunMemory(nil)
					}
					return errors.Join(err, r.Close())
				},
			} {
				ctx, cancel := context.WithCancel(t.Context())
				done, over := make(chan error), make(chan bool)
				go func() {
					done <- run(ctx)
					<-over
				}()
				if labels {
					labelled(t, name, true)
				} else {
					time.Sleep(10 * time.Millisecond)
					labelled(t, name, false)
				}
				cancel()
				if err := <-done; !errors.Is(err, context.Canceled) {
					t.Errorf("%s: %v", name, err)
				}
				labelled(t, name, false) // the goroutine is there still
				close(over)
			}
			coll.Close()
			if err := rt.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestPerfMapNamesCode reads the file that perf reads.
func TestPerfMapNamesCode(t *testing.T) { // not parallel: the file is the process's
	rt, err := skep.NewRuntime(&skep.RuntimeOptions{CPUs: 1, PerfMap: true})
	if runtime.GOOS != "linux" {
		if !errors.Is(err, skep.ErrNotSupported) {
			t.Errorf("error %v", err)
		}
		t.Skip("perf is Linux's")
	}
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("/tmp/perf-%d.map", os.Getpid())
	defer os.Remove(name)
	type line struct {
		addr, size uint64
		name       string
	}
	read := func() (list []line) {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for l := range strings.Lines(string(b)) {
			var x line
			if n, err := fmt.Sscanf(l, "%x %x %s\n", &x.addr, &x.size, &x.name); n != 3 || err != nil {
				t.Fatalf("%q: %v", l, err)
			}
			list = append(list, x)
		}
		return list
	}
	coll := loadText(t, spinning, &skep.CollectionOptions{Backend: rt})
	info, err := coll.Programs["spins"].Info()
	if err != nil {
		t.Fatal(err)
	}
	if info.Engine == "interp" {
		if l := read(); len(l) != 0 {
			t.Errorf("lines without code: %v", l)
		}
		t.Skip("no machine code here")
	}
	first := read()
	if len(first) != 2 || first[0].name == first[1].name || !strings.HasPrefix(first[0].name, "bpf_prog_") || first[0].size < 10 {
		t.Fatalf("%+v", first)
	}
	coll.Close()
	if l := read(); len(l) != 2 {
		t.Errorf("lines went with their programs: %+v", l)
	}
	// Whatever takes the place of the closed ones takes their lines.
	for range 100 {
		c := loadText(t, spinning, &skep.CollectionOptions{Backend: rt})
		c.Close()
	}
	all := read()
	for i, a := range all {
		for _, b := range all[:i] {
			if a.addr < b.addr+b.size && b.addr < a.addr+a.size {
				t.Errorf("%+v and %+v overlap", a, b)
			}
		}
	}
	if len(all) > 100 {
		t.Errorf("%d lines for two programs at a time", len(all))
	}
	if err := rt.Close(); err != nil {
		t.Error(err)
	}
}
