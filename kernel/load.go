package kernel

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/cilium/ebpf/btf"
	"github.com/cilium/ebpf/rlimit"

	"github.com/skepbpf/skep"
	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
)

// Program is a program in the kernel. Close gives it and its maps back.
type Program struct {
	fd    int
	image *image.Program
	types *types
	maps  *mapSet
	base  *Program // what it extends
}

// Close unloads the program.
func (p *Program) Close() error {
	if p.fd >= 0 {
		closeFD(p.fd)
		p.fd = -1
	}
	p.maps.close()
	p.types.close()
	if p.base != nil {
		return p.base.Close()
	}
	return nil
}

// loading is one program on its way into the kernel.
type loading struct {
	ctx     context.Context
	p       *image.Program
	opts    JudgeOptions
	types   *types
	maps    *mapSet
	modules moduleFDs
	at      attachment
	base    *Program
	code    []byte
}

// Load loads p and keeps it. A program that the kernel's verifier refuses gives
// a Judgement and no Program; an error says why the kernel could not be asked.
func Load(ctx context.Context, p *image.Program, opts *JudgeOptions) (*Program, *Judgement, error) {
	if p.Err != nil {
		return nil, nil, p.Err
	}
	if p.Type == abi.Raw {
		return nil, nil, &skep.UnsupportedError{What: "program type raw in the kernel"}
	}
	if err := unlimited(); err != nil {
		return nil, nil, err
	}
	l := &loading{ctx: ctx, p: p}
	if opts != nil {
		l.opts = *opts
	}
	out, j, err := l.load()
	l.at.close()
	l.modules.close()
	if out == nil {
		l.giveUp()
	}
	return out, j, err
}

// unlimited lifts the limit on locked memory, which kernels before 5.11 count
// maps and programs against.
var unlimited = sync.OnceValue(func() error {
	if err := rlimit.RemoveMemlock(); err != nil {
		return fmt.Errorf("locked memory: %w", err)
	}
	return nil
})

func (l *loading) giveUp() {
	if l.maps != nil {
		l.maps.close()
	}
	l.types.close()
	if l.base != nil {
		l.base.Close()
	}
}

func (l *loading) load() (*Program, *Judgement, error) {
	var err error
	if u := l.opts.User; u != nil {
		if err := u.admitted(); err != nil {
			return nil, nil, err
		}
	}
	if l.types, err = loadTypes(l.p); err != nil {
		return nil, nil, err
	}
	l.maps = &mapSet{types: l.types, user: l.opts.User, made: make(map[*image.Map]*loadedMap)}
	if err := l.attach(); err != nil {
		return nil, nil, err
	}
	if err := l.link(); err != nil {
		return nil, nil, err
	}
	fd, j, err := l.judge()
	if fd < 0 || err != nil {
		return nil, j, err
	}
	return &Program{fd: fd, image: l.p, types: l.types, maps: l.maps, base: l.base}, j, nil
}

// link makes the code's references to maps, kernel functions and variables the
// kernel's.
func (l *loading) link() error {
	insns := append([]isa.Insn(nil), l.p.Insns...)
	for i := 0; i < len(insns); i++ {
		in, slot := &insns[i], i
		var err error
		switch {
		case in.Op == isa.CallOp && in.Src() == isa.CallKfunc:
			err = l.linkKfunc(in)
		case in.IsWide() && i+1 < len(insns):
			err = l.linkWide(in, &insns[i+1])
			i++
		}
		if err != nil {
			return fmt.Errorf("insn %d: %w", slot, err)
		}
	}
	l.code = isa.Encode(insns, binary.NativeEndian)
	return nil
}

func (l *loading) linkWide(in, hi *isa.Insn) error {
	switch src := in.Src(); src {
	case isa.PseudoMapIdx, isa.PseudoMapIdxValue:
		if in.Imm < 0 || int(in.Imm) >= len(l.p.Maps) {
			return nil // the kernel refuses it where it is reached
		}
		m, err := l.maps.get(l.p.Maps[in.Imm])
		if err != nil {
			return err
		}
		to := isa.PseudoMapFD
		if src == isa.PseudoMapIdxValue {
			to = isa.PseudoMapValue
		}
		*in = in.WithRegs(in.Dst(), to)
		in.Imm = int32(m.fd)
	case isa.PseudoBTFID:
		if in.Imm < 0 || int(in.Imm) >= len(l.p.Ksyms) {
			return nil
		}
		k := &l.p.Ksyms[in.Imm]
		kind := kindVar
		if _, ok := k.Type.(*btf.Func); ok {
			kind = kindFunc
		}
		id, fd, err := l.place(k.Name, k.ID, k.Target, kind)
		if err != nil {
			return fmt.Errorf("kernel symbol %q: %w", k.Name, err)
		}
		if fd != 0 {
			l.modules.index(fd)
		}
		in.Imm, hi.Imm = int32(id), int32(fd)
	}
	return nil
}

// linkKfunc makes a call's number the kernel's. Functions of modules go by an
// index into the table of descriptors.
func (l *loading) linkKfunc(in *isa.Insn) error {
	if in.Imm < 0 || int(in.Imm) >= len(l.p.Kfuncs) {
		in.Imm = 0 // which the kernel refuses where it is reached
		return nil
	}
	k := &l.p.Kfuncs[in.Imm]
	id, fd, err := l.place(k.Name, k.ID, k.Target, kindFunc)
	if err != nil {
		return fmt.Errorf("kernel function %q: %w", k.Name, err)
	}
	in.Imm, in.Off = int32(id), 0
	if fd != 0 {
		in.Off = l.modules.index(fd)
	}
	return nil
}

// Offsets in union bpf_attr of BPF_PROG_LOAD.
const (
	loadType, loadCount, loadInsns, loadLicense      = 0, 4, 8, 16
	loadLogLevel, loadLogSize, loadLog               = 24, 28, 32
	loadVersion, loadFlags, loadName                 = 40, 44, 48
	loadAttach, loadTypesFD, loadFuncSize, loadFuncs = 68, 72, 76, 80
	loadFuncCount, loadLineSize, loadLines           = 88, 92, 96
	loadLineCount, loadAttachID, loadAttachFD        = 104, 108, 112
	loadFDArray                                      = 120
)

// ask is one BPF_PROG_LOAD.
func (l *loading) ask(level uint32, log []byte) (int, abi.Errno, error) {
	var a attr
	defer a.done()
	p := l.p
	a.u32(loadType, uint32(p.Type))
	a.u32(loadCount, uint32(len(l.code)/isa.SlotSize))
	a.ptr(loadInsns, l.code)
	a.ptr(loadLicense, append([]byte(p.License), 0))
	if level != 0 {
		a.u32(loadLogLevel, level)
		a.u32(loadLogSize, uint32(len(log)))
		a.ptr(loadLog, log)
	}
	a.u32(loadVersion, p.Version)
	a.u32(loadFlags, uint32(p.Flags))
	a.name(loadName, p.Name)
	a.u32(loadAttach, uint32(l.at.typ))
	if l.types.fd != 0 {
		a.u32(loadTypesFD, uint32(l.types.fd))
		if l.types.nfuncs > 0 {
			a.u32(loadFuncSize, funcInfoSize)
			a.ptr(loadFuncs, l.types.funcs)
			a.u32(loadFuncCount, uint32(l.types.nfuncs))
		}
		if l.types.nlines > 0 {
			a.u32(loadLineSize, lineInfoSize)
			a.ptr(loadLines, l.types.lines)
			a.u32(loadLineCount, uint32(l.types.nlines))
		}
	}
	a.u32(loadAttachID, l.at.id)
	a.u32(loadAttachFD, uint32(l.at.fd))
	var fds []byte
	if len(l.modules.list) > 0 {
		fds = binary.NativeEndian.AppendUint32(fds, 0)
		for _, fd := range l.modules.list {
			fds = binary.NativeEndian.AppendUint32(fds, uint32(fd))
		}
		a.ptr(loadFDArray, fds)
	}
	// The verifier gives up with EAGAIN when a signal comes, as the Go
	// runtime's do.
	for try := 0; ; try++ {
		fd, errno, err := bpfAs(l.opts.User, cmdProgLoad, &a)
		if errno != abi.EAGAIN || try == maxTries {
			return fd, errno, err
		}
	}
}

// errRefused is the answer of a kernel, or of a sandbox around this process,
// that does not let the program near its verifier.
var errRefused = errors.New("the kernel refuses the load before its verifier")
