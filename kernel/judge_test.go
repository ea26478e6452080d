package kernel_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/skepbpf/skep"
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/asm"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/kernel"
)

// program is a text as a program.
func program(t *testing.T, src string) *image.Program {
	t.Helper()
	c, err := asm.Parse("test.s", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return c.Programs[0]
}

// notHere skips the test where the kernel, or a sandbox, refuses bpf(2).
func notHere(t *testing.T, err error) {
	t.Helper()
	for _, e := range []abi.Errno{abi.EPERM, abi.EACCES, abi.ENOSYS} {
		if errors.Is(err, e) {
			t.Skipf("bpf(2) cannot be used: %v", err)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

const counting = `
.license "GPL"
.map hits hash key=4 value=8 entries=1
.program count section=xdp
    *(u32 *)(r10 -4) = 0
    r2 = r10
    r2 += -4
    r1 = map[hits] ll
    call bpf_map_lookup_elem
    %s
    r1 = r0
    call bump
pass:
    r0 = 2
    exit
.func bump
    r2 = 1
    lock *(u64 *)(r1 +0) += r2
    r0 = 0
    exit
`

func TestJudge(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, src string
		accepted  bool
		errno     abi.Errno
		last      string
		insns     int
	}{
		{"a constant result is accepted", ".license \"GPL\"\n.program p section=xdp\nr0 = 2\nexit\n", true, 0, "", 2},
		{"a result that is never set is refused", ".license \"GPL\"\n.program p section=xdp\nexit\n", false, abi.EACCES, "R0 !read_ok", 0},
		{"a map, a helper and a function are accepted", replaced("if r0 == 0 goto pass"), true, 0, "", 0},
		{"an element that may be missing is refused", replaced("r0 = r0"), false, abi.EACCES, "R1 invalid mem access 'map_value_or_null'", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			j, err := kernel.Judge(context.Background(), program(t, tt.src), nil)
			notHere(t, err)
			if j.Accepted != tt.accepted || j.Errno != tt.errno || j.LastLine != tt.last {
				t.Fatalf("accepted %v, errno %v, last line %q; want %v, %v, %q\n%s",
					j.Accepted, j.Errno, j.LastLine, tt.accepted, tt.errno, tt.last, j.Log)
			}
			if tt.insns != 0 && j.Insns != tt.insns {
				t.Errorf("%d instructions processed, want %d", j.Insns, tt.insns)
			}
		})
	}
}

func replaced(test string) string { return fmt.Sprintf(counting, test) }

func TestLogGrows(t *testing.T) {
	t.Parallel()
	var src strings.Builder
	src.WriteString(".license \"GPL\"\n.program p section=xdp\n")
	for i := range 60000 {
		fmt.Fprintf(&src, "r%d = %d\n", i%9+1, i)
	}
	src.WriteString("r0 = 2\nexit\n")
	j, err := kernel.Judge(context.Background(), program(t, src.String()), &kernel.JudgeOptions{LogLevel: 2})
	notHere(t, err)
	if !j.Accepted || len(j.Log) < 4<<20 || j.Insns != 60002 {
		t.Errorf("accepted %v with a log of %d bytes, %d instructions", j.Accepted, len(j.Log), j.Insns)
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	p, _, err := kernel.Load(context.Background(), program(t, ".license \"GPL\"\n.program p section=tc\nr0 = *(u32 *)(r1 +0)\nexit\n"), nil)
	notHere(t, err)
	defer p.Close()
	packet := make([]byte, 77)
	r, err := p.Run(&kernel.RunOptions{Data: packet})
	if err != nil {
		t.Fatal(err)
	}
	if r.Return != 77 || len(r.Data) != 77 {
		t.Errorf("a packet of 77 bytes has length %d in the program and %d afterwards", r.Return, len(r.Data))
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Run(nil); !errors.Is(err, abi.EBADF) {
		t.Errorf("a closed program runs: %v", err)
	}
}

func TestNotAsked(t *testing.T) {
	t.Parallel()
	broken := errors.New("could not be linked")
	if _, err := kernel.Judge(context.Background(), &image.Program{Err: broken}, nil); !errors.Is(err, broken) {
		t.Errorf("a program that cannot be loaded: %v", err)
	}
}

// TestRawProgramsAreNotTheKernels needs no right: the kernel is not asked.
func TestRawProgramsAreNotTheKernels(t *testing.T) {
	t.Parallel()
	p := program(t, ".program p section=raw\n r0 = 0\n exit\n")
	if _, err := kernel.Judge(context.Background(), p, nil); !errors.Is(err, skep.ErrNotSupported) {
		t.Errorf("error %v", err)
	}
}
