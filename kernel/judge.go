package kernel

import (
	"context"
	"encoding/binary"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
)

// JudgeOptions change how the kernel is asked. The zero value and nil ask for
// the verdict and its figures.
type JudgeOptions struct {
	// LogLevel is the verifier's: 1 prints the paths, 2 the states too, 4 the
	// figures. 0 means 4.
	LogLevel uint32
	// LogSize is the size of the log's buffer in bytes, 0 for one that grows to
	// what the log needs, 64 MB at most.
	LogSize int
	// KernelTypes is the running kernel's BTF, nil to read it from sysfs where
	// it is needed.
	KernelTypes *btf.Spec
	// User is who asks, nil for the process itself.
	User *User
	// Extends is the program that an extension replaces a function of, or that
	// a tracing program attaches to. It is loaded first.
	Extends *image.Program
}

// Judgement is what the kernel's verifier said of a program.
type Judgement struct {
	Accepted bool
	Errno    abi.Errno // of a rejection
	Log      string
	// LastLine is the last line of the log that says something of the program,
	// "" if there is none.
	LastLine string
	// Untyped reports that the kernel has refused the program's types and has
	// judged it without.
	Untyped bool

	Insns      int // instructions processed
	States     int // states kept, in total
	PeakStates int
	Frames     int           // bytes of stack, of all functions together
	Time       time.Duration // of the verification, in whole microseconds
}

// Judge asks the running kernel's verifier about p and keeps nothing loaded.
// An error means that the kernel gave no verdict, and says why: a map or a type
// that it does not make, no permission, no bpf(2).
func Judge(ctx context.Context, p *image.Program, opts *JudgeOptions) (*Judgement, error) {
	prog, j, err := Load(ctx, p, opts)
	if err != nil {
		return nil, err
	}
	if prog != nil {
		if err := prog.Close(); err != nil {
			return nil, err
		}
	}
	return j, nil
}

const (
	logStats    = 4
	firstLog    = 1 << 18
	firstFull   = 1 << 22
	largestLog  = 64 << 20
	infoSize    = 256
	verifiedAt  = 216 // of verified_insns in struct bpf_prog_info
	verifiedEnd = verifiedAt + 4
)

// judge loads the linked program: a descriptor of it, or -1 and why not.
func (l *loading) judge() (int, *Judgement, error) {
	level, size := l.opts.LogLevel, l.opts.LogSize
	if level == 0 {
		level = logStats
	}
	grow := size == 0
	if grow {
		size = firstLog
		if level&3 != 0 {
			size = firstFull
		}
	}
	for {
		if err := l.ctx.Err(); err != nil {
			return -1, nil, err
		}
		log := make([]byte, size)
		fd, errno, err := l.ask(level, log)
		if err != nil {
			return -1, nil, err
		}
		if errno == abi.ENOSPC && grow && size < largestLog {
			size = min(size*8, largestLog)
			continue
		}
		j := &Judgement{Accepted: errno == 0, Errno: errno, Log: text(log), Untyped: l.types.refused != nil}
		j.read()
		if errno != 0 {
			if j.LastLine == "" && (errno == abi.EPERM && l.opts.User == nil || errno == abi.ENOSYS || errno == abi.EAGAIN) {
				return -1, nil, fmt.Errorf("%w: %w", errRefused, errno)
			}
			return -1, j, nil
		}
		if n := verifiedInsns(fd); n > 0 {
			j.Insns = n
		}
		return fd, j, nil
	}
}

// verifiedInsns is the kernel's own count, 0 from kernels before 5.16.
func verifiedInsns(fd int) int {
	info := make([]byte, infoSize)
	var a attr
	a.u32(0, uint32(fd))
	a.u32(4, uint32(len(info)))
	a.ptr(8, info)
	if _, errno := a.call(cmdObjGetInfo); errno != 0 || a.get32(4) < verifiedEnd {
		return 0
	}
	return int(binary.NativeEndian.Uint32(info[verifiedAt:]))
}

var (
	timeLine  = regexp.MustCompile(`^verification time (\d+) usec`)
	stackLine = regexp.MustCompile(`^stack depth ([0-9+]+)`)
	statLine  = regexp.MustCompile(`^processed (\d+) insns .*total_states (\d+) peak_states (\d+)`)
	// figures are the lines about the verification, not about the program.
	figures = regexp.MustCompile(`^(stack depth |processed \d+ insns|mark_precise:|max_states|subprog \d+ \(.*insns_self)`)
	// placeLine are lines that name where the verifier is, and are the last only
	// where nothing else was said.
	placeLine = regexp.MustCompile(`^(Global function .* doesn't return scalar|Validating |Func#\d+|Caller passes invalid args|Tracing programs may|=====)`)
)

// read reads the figures and the last line from the log.
func (j *Judgement) read() {
	tail := j.Log
	if len(tail) > 1<<16 {
		tail = tail[len(tail)-1<<16:]
	}
	for line := range strings.Lines(tail) {
		line = strings.TrimSpace(line)
		if m := timeLine.FindStringSubmatch(line); m != nil {
			j.Time = time.Duration(number(m[1])) * time.Microsecond
		}
		if m := statLine.FindStringSubmatch(line); m != nil {
			j.Insns, j.States, j.PeakStates = number(m[1]), number(m[2]), number(m[3])
		}
		if m := stackLine.FindStringSubmatch(line); m != nil {
			j.Frames = 0
			for n := range strings.SplitSeq(m[1], "+") {
				j.Frames += number(n)
			}
		}
	}
	if !j.Accepted {
		j.LastLine = LastLine(j.Log)
	}
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

// LastLine is the last line of a verifier's log that says something of the program, ""
// if there is none. Figures follow it, and lines that name a place.
func LastLine(log string) string {
	last := ""
	for rest := strings.TrimSpace(log); rest != ""; {
		i := strings.LastIndexByte(rest, '\n')
		line := strings.TrimSpace(rest[i+1:])
		rest = rest[:max(i, 0)]
		// Some messages lack the end of their line.
		line, _, _ = strings.Cut(line, "verification time ")
		if line == "" || figures.MatchString(line) {
			continue
		}
		if last == "" {
			last = line
		}
		if !placeLine.MatchString(line) {
			return line
		}
	}
	return last
}
