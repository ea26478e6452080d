package randprog

import "github.com/skepbpf/skep/isa"

// kind is what the generator believes a register to hold.
type kind uint8

const (
	none      kind = iota // not readable
	scalar                // a number
	bctx                  // the context
	frame                 // an address in the own frame, off from its end
	mapPtr                // a map
	value                 // a map's value
	packet                // the packet, size bytes of it checked
	packetEnd             // its end
	memory                // other memory: a record, a caller's stack
)

// reg is what the generator believes of a register. It is a guess that is
// right in most programs.
type reg struct {
	kind     kind
	null     bool   // may be NULL
	ref      bool   // must be released
	fixed    bool   // may be read only
	mapIdx   int    // in maps
	off      int32  // from the begin of the memory, of the frame's end
	size     int32  // bytes of memory
	id       int    // shared by copies
	min, max uint64 // of scalars
}

// slot is 8 bytes of stack.
type slot struct {
	used bool // holds data or a register
	reg  reg  // a spilled one; none for data
}

const slots = 64

// state is what the generator believes at the place where it writes.
type state struct {
	regs  [isa.NumRegs]reg
	stack [slots]slot // stack[0] is fp-8
	refs  int         // references and locks held
	dead  bool        // the place cannot be reached
}

func constant(v uint64) reg { return reg{kind: scalar, min: v, max: v} }

func unknown() reg { return reg{kind: scalar, max: ^uint64(0)} }

func upTo(limit uint64) reg { return reg{kind: scalar, max: limit} }

// merge is what is left where two paths meet.
func merge(a, b *state) state {
	switch {
	case a.dead:
		return *b
	case b.dead:
		return *a
	}
	m := state{refs: max(a.refs, b.refs)}
	for r := range m.regs {
		m.regs[r] = mergeReg(a.regs[r], b.regs[r])
	}
	for i := range m.stack {
		x, y := a.stack[i], b.stack[i]
		m.stack[i] = slot{used: x.used || y.used, reg: mergeReg(x.reg, y.reg)}
	}
	return m
}

func mergeReg(a, b reg) reg {
	if a == b {
		return a
	}
	if a.kind != b.kind {
		return reg{}
	}
	switch a.kind {
	case scalar:
		return reg{kind: scalar, min: min(a.min, b.min), max: max(a.max, b.max)}
	case value, memory:
		if a.mapIdx != b.mapIdx || a.off != b.off || a.size != b.size || a.null || b.null || a.ref || b.ref {
			return reg{}
		}
		a.id = 0
		return a
	case packet:
		if a.off != b.off || a.id != b.id {
			return reg{}
		}
		a.size = min(a.size, b.size)
		return a
	}
	return reg{}
}

// forget drops a register wherever it is, after a release or a change of the
// packet.
func (st *state) forget(drop func(reg) bool) {
	for i := range st.regs {
		if drop(st.regs[i]) {
			st.regs[i] = reg{}
		}
	}
	for i := range st.stack {
		if drop(st.stack[i].reg) {
			st.stack[i] = slot{used: true}
		}
	}
}

// change alters every copy of what has an id.
func (st *state) change(id int, f func(*reg)) {
	if id == 0 {
		return
	}
	for i := range st.regs {
		if st.regs[i].id == id {
			f(&st.regs[i])
		}
	}
	for i := range st.stack {
		if st.stack[i].reg.id == id {
			f(&st.stack[i].reg)
		}
	}
}

// wipe marks bytes of the frame from off, below its end, as data.
func (st *state) wipe(off, size int32) {
	for b := off; b < off+size; b++ {
		if i := (-b - 1) / 8; i >= 0 && i < slots {
			st.stack[i] = slot{used: true}
		}
	}
}

// arith is a number after an operation with a constant, as far as it is easily
// said.
func arith(x reg, code isa.Code, wide bool, v uint64) reg {
	if !wide && x.max > 0xffffffff {
		x = upTo(0xffffffff)
	}
	if !wide {
		v &= 0xffffffff
	}
	limit := ^uint64(0)
	if !wide {
		limit = 0xffffffff
	}
	switch code {
	case isa.Mov:
		return constant(v)
	case isa.Add:
		if x.max <= limit-v && v <= limit/2 {
			return reg{kind: scalar, min: x.min + v, max: x.max + v}
		}
	case isa.Sub:
		if x.min >= v {
			return reg{kind: scalar, min: x.min - v, max: x.max - v}
		}
	case isa.And:
		return upTo(min(x.max, v))
	case isa.Rsh:
		return reg{kind: scalar, min: x.min >> (v & 63), max: x.max >> (v & 63)}
	case isa.Lsh:
		if v < 32 && x.max <= limit>>v {
			return reg{kind: scalar, min: x.min << v, max: x.max << v}
		}
	case isa.Mul:
		if v != 0 && x.max <= limit/v {
			return reg{kind: scalar, min: x.min * v, max: x.max * v}
		}
	}
	return upTo(limit)
}
