package verifier

import (
	"strings"

	"github.com/skepbpf/skep/abi"
)

// Who saved an interrupt state, in the aux of its slot.
const (
	irqNative uint8 = 1
	irqLock   uint8 = 2
)

// processIRQFlag checks the slot of a saved interrupt state: it is filled, or
// given back in the reverse order of saving.
func (v *verifier) processIRQFlag(regno int, fn string) error {
	r := v.reg(regno)
	class := irqNative
	if strings.HasPrefix(fn, "bpf_res_spin") {
		class = irqLock
	}
	i := v.objSlot(r, "irq_flag", 1)
	if strings.HasSuffix(fn, "save") {
		return v.saveIRQ(regno, i, class)
	}
	var s *slot
	if i >= 0 {
		s = &v.state.frames[r.arg].stack[i]
	}
	if s == nil || s.r == nil || !s.filled(slotIRQ) || s.r.refID == 0 {
		return v.reject(CodeIRQ, abi.EINVAL, "expected an initialized irq flag as arg#%d", regno-1)
	}
	if s.r.aux != class {
		saved, restored := "bpf_local_irq_save", "bpf_res_spin_unlock_irqrestore"
		if class == irqNative {
			saved, restored = "bpf_res_spin_lock_irqsave", "bpf_local_irq_restore"
		}
		return v.reject(CodeIRQ, abi.EINVAL, "irq flag acquired by %s cannot be restored with %s", saved, restored)
	}
	if err := v.restoreIRQ(s.r.refID); err != nil {
		return err
	}
	v.readSlots(int32(r.arg), i, 1)
	v.state.wframe(int32(r.arg)).stack[i] = slot{}
	v.writeSlots(int32(r.arg), i, 1)
	v.log.touchSlot(i)
	return nil
}

func (v *verifier) saveIRQ(regno, i int, class uint8) error {
	r := v.reg(regno)
	free := i == slotOutside
	if i >= 0 {
		free = true
		for _, t := range v.state.frames[r.arg].stack[i].typ {
			free = free && t != slotIRQ
		}
	}
	if !free {
		return v.reject(CodeIRQ, abi.EINVAL, "expected uninitialized irq flag as arg#%d", regno-1)
	}
	if err := v.checkAccess(&access{reg: regno, size: 8, write: true, value: -1}); err != nil {
		return err
	}
	i = v.objSlot(r, "irq_flag", 1)
	id := v.acquire(refIRQ, v.insn)
	v.state.activeIRQ = id
	v.state.wframe(int32(r.arg)).stack[i].fill(slotIRQ, &reg{typ: ptStack, refID: id, aux: class})
	v.writeSlots(int32(r.arg), i, 1)
	v.log.touchSlot(i)
	return nil
}

// restoreIRQ gives back the innermost saved state.
func (v *verifier) restoreIRQ(id uint32) error {
	s := v.state
	if id != s.activeIRQ {
		insn := int32(0)
		if i := v.findRef(refIRQ, s.activeIRQ); i >= 0 {
			insn = s.refs[i].insn
		}
		return v.reject(CodeIRQ, abi.EACCES, "cannot restore irq state out of order, expected id=%d acquired at insn_idx=%d",
			s.activeIRQ, insn)
	}
	v.dropRef(v.findRef(refIRQ, id))
	s.activeIRQ = 0
	for _, r := range s.refs {
		if r.kind == refIRQ {
			s.activeIRQ = r.id
		}
	}
	return nil
}
