package verifier

import (
	"encoding/binary"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/isa"
	"github.com/skepbpf/skep/verifier/domain"
)

func tnumConst(v int64) domain.Tnum { return domain.ConstTnum(uint64(v)) }

// unknown makes register n an unknown scalar.
func (v *verifier) unknown(n int) {
	r := v.reg(n)
	r.setUnknown()
}

// stepLoad is an LDX instruction.
func (v *verifier) stepLoad(in isa.Insn) error {
	src, dst := int(in.Src()), int(in.Dst())
	if err := v.checkRead(src); err != nil {
		return err
	}
	if err := v.checkWrite(dst); err != nil {
		return err
	}
	t := v.reg(src).typ
	a := access{reg: src, off: int(in.Off), size: in.Op.Size().Bytes(), value: dst, signed: in.Op.Mode() == isa.ModeMemSX}
	if err := v.checkAccess(&a); err != nil {
		return err
	}
	if err := v.sameKind(t, true); err != nil {
		return err
	}
	return v.checkSane(v.reg(dst), "ldx")
}

// stepStore is an ST or STX instruction, atomics aside.
func (v *verifier) stepStore(in isa.Insn) error {
	a := access{reg: int(in.Dst()), off: int(in.Off), size: in.Op.Size().Bytes(), write: true, value: -1}
	if in.Op.Class() == isa.ClassStx {
		a.value = int(in.Src())
		if err := v.checkRead(a.value); err != nil {
			return err
		}
	} else {
		a.constant, a.imm = true, in.Imm
	}
	if err := v.checkRead(a.reg); err != nil {
		return err
	}
	t := v.reg(a.reg).typ
	if err := v.checkAccess(&a); err != nil {
		return err
	}
	return v.sameKind(t, false)
}

// checkAccess checks one access and does what it does to registers and stack.
func (v *verifier) checkAccess(a *access) error {
	r := v.reg(a.reg)
	if err := v.checkAlignment(r, a); err != nil {
		return err
	}
	v.noteAccess(r, a.off)
	if err := v.accessMemory(r, a, a.off+int(r.off)); err != nil {
		return err
	}
	if a.write || a.value < 0 || a.size == 8 {
		return nil
	}
	if d := v.reg(a.value); d.typ == ptScalar {
		d.dropSlack()
		if a.signed {
			// Differs from Linux: a jump on a number that a sign-extending load
			// filled does not narrow the one that is saved.
			//
			// There the two stay linked, though they differ, and programs are
			// accepted that leave the stack or a map's value.
			if d.UMax >= 1<<(8*a.size-1) {
				d.id, d.off = 0, 0
			}
			d.Sext(a.size)
		} else {
			d.Trunc(a.size)
		}
	} else {
		v.aux[v.insn].loadsPtr = true
	}
	return nil
}

func (v *verifier) leakCheck(a *access, where string) error {
	if a.write && a.value >= 0 && v.leaks(v.reg(a.value)) {
		return v.reject(CodePointerLeak, abi.EACCES, "R%d leaks addr into %s", a.value, where)
	}
	return nil
}

func (v *verifier) loaded(a *access) {
	if !a.write && a.value >= 0 {
		v.unknown(a.value)
	}
}

func (v *verifier) accessMemory(r *reg, a *access, off int) error {
	switch {
	case r.typ == ptStack:
		return v.accessStack(r, a, off)
	case r.typ == ptMapKey:
		if a.write {
			return v.reject(CodeReadOnly, abi.EACCES, "write to change key R%d not allowed", a.reg)
		}
		if err := v.checkMemRange(a.reg, off, a.size, int64(v.maps[r.arg].KeySize), false); err != nil {
			return err
		}
		v.loaded(a)
		return nil
	case r.typ == ptMapValue:
		return v.accessMapValue(r, a, off)
	case r.typ.base() == ptMem:
		return v.accessMem(r, a, off)
	case r.typ == ptCtx:
		return v.accessCtx(r, a, off)
	case r.typ.isPacket() && r.typ&^baseMask == 0:
		if a.write && !v.mayAccessPacket(true) {
			return v.reject(CodePacketForbidden, abi.EACCES, "cannot write into packet")
		}
		if err := v.leakCheck(a, "packet"); err != nil {
			return err
		}
		if err := v.checkPacketRange(a.reg, off, a.size, false); err != nil {
			return err
		}
		v.loaded(a)
		return nil
	}
	return v.accessObject(r, a, off)
}

// flowKeysSize is sizeof(struct bpf_flow_keys).
const flowKeysSize = 56

// accessObject is an access to memory that has types or rules of its own.
func (v *verifier) accessObject(r *reg, a *access, off int) error {
	switch t := r.typ; {
	case t == ptFlowKeys:
		if err := v.leakCheck(a, "flow keys"); err != nil {
			return err
		}
		if off < 0 || off+a.size > flowKeysSize {
			return v.reject(CodeMemAccess, abi.EACCES, "invalid access to flow keys off=%d size=%d", off, a.size)
		}
		v.loaded(a)
		return nil
	case t == ptSocket || t == ptSockCommon || t == ptTCPSock || t == ptXDPSock:
		if a.write {
			return v.reject(CodeReadOnly, abi.EACCES, "R%d cannot write into %s", a.reg, t)
		}
		if err := v.checkSockAccess(a.reg, off, a.size); err != nil {
			return err
		}
		v.loaded(a)
		return nil
	case t == ptTPBuffer:
		if err := v.checkBuffer("tracepoint", a.reg, off, a.size); err != nil {
			return err
		}
		v.loaded(a)
		return nil
	case t.base() == ptBTF && !t.has(fNull):
		return v.checkBTFAccess(a.reg, off, a.size, a.write, a.value)
	case t == ptMap:
		return v.checkMapObjAccess(a.reg, off, a.size, a.write, a.value)
	case t.base() == ptBuf && !t.has(fNull):
		name := "rdwr"
		if t.has(fReadOnly) {
			name = "rdonly"
			if a.write {
				return v.reject(CodeReadOnly, abi.EACCES, "R%d cannot write into %s", a.reg, t)
			}
		}
		if err := v.checkBuffer(name, a.reg, off, a.size); err != nil {
			return err
		}
		v.loaded(a)
		return nil
	case t == ptArena:
		v.loaded(a)
		return nil
	}
	code := CodeInvalidMem
	if r.typ.has(fNull) {
		code = CodeMaybeNull
	}
	return v.reject(code, abi.EACCES, "R%d invalid mem access '%s'", a.reg, r.typ)
}

func (v *verifier) accessMem(r *reg, a *access, off int) error {
	if r.typ.has(fNull) {
		return v.reject(CodeMaybeNull, abi.EACCES, "R%d invalid mem access '%s'", a.reg, r.typ)
	}
	if a.write && r.typ.has(fReadOnly) {
		return v.reject(CodeReadOnly, abi.EACCES, "R%d cannot write into %s", a.reg, r.typ)
	}
	if err := v.leakCheck(a, "mem"); err != nil {
		return err
	}
	// Untrusted memory is read by loads that may fault: any offset will do.
	if !r.typ.has(fReadOnly | fUntrusted) {
		if err := v.checkMemRange(a.reg, off, a.size, int64(r.arg), false); err != nil {
			return err
		}
	}
	v.loaded(a)
	return nil
}

func (v *verifier) accessCtx(r *reg, a *access, off int) error {
	if err := v.leakCheck(a, "ctx"); err != nil {
		return err
	}
	f, err := v.checkCtxAccess(a.reg, off, a.size, a.write)
	if err != nil {
		return err
	}
	if a.write || a.value < 0 {
		return nil
	}
	d := v.reg(a.value)
	if f.typ == ptScalar {
		v.unknown(a.value)
		if f.ranged {
			d.SMin, d.SMax = int64(f.min), int64(f.max)
			d.S32Min, d.S32Max = f.min, f.max
			d.Sync()
		}
		return nil
	}
	d.setPointer(f.typ)
	if f.typ.has(fNull) {
		d.id = v.newID()
	}
	d.arg, d.arg2, d.refID = f.arg, f.arg2, f.refID
	return nil
}

func (v *verifier) accessMapValue(r *reg, a *access, off int) error {
	if err := v.leakCheck(a, "map"); err != nil {
		return err
	}
	if err := v.checkMapRange(a.reg, off, a.size, false, a.write, false); err != nil {
		return err
	}
	m := &v.maps[r.arg]
	if r.Bits.Mask == 0 {
		at := off + int(r.Bits.Value)
		if f := v.kptrAt(r, at); f != nil {
			return v.checkKptrAccess(a, f, at)
		}
		if !a.write && a.value >= 0 && m.Frozen && m.Flags&abi.ReadOnlyProg != 0 && m.Type == abi.Array {
			if c, ok := v.constAt(m, at, a.size); ok {
				if a.signed {
					shift := 64 - 8*a.size
					c = uint64(int64(c<<shift) >> shift)
				}
				v.reg(a.value).setConst(c)
				return nil
			}
		}
	}
	v.loaded(a)
	return nil
}

// constAt reads size bytes of the constant contents of a frozen map.
func (v *verifier) constAt(m *mapInfo, off, size int) (uint64, bool) {
	if len(m.Contents) == 0 {
		return 0, true // not initialised data is zero
	}
	b := m.Contents[0].Value
	var buf [8]byte
	for i := range size {
		if off+i < len(b) {
			buf[i] = b[off+i]
		}
	}
	return binary.LittleEndian.Uint64(buf[:]), true
}
