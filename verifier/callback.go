package verifier

import (
	"slices"

	"github.com/skepbpf/skep/abi"
)

// callbackSetup gives a callback's frame its arguments, from the registers of
// the call that runs it.
type callbackSetup = func(caller, callee *frame) error

// returns sets what a callback may return, and that it is one.
func (f *frame) returns(lo, hi int32, async bool) {
	f.retMin, f.retMax = lo, hi
	f.callback, f.asyncCallback = !async, async
}

// eachMaps are the map types that for_each_map_elem walks.
var eachMaps = []abi.MapType{
	abi.Hash, abi.PerCPUHash, abi.LRUHash, abi.LRUPerCPUHash, abi.Array, abi.PerCPUArray,
}

// mapElemCallback: (map, key, value, context).
func (v *verifier) mapElemCallback() callbackSetup {
	return func(caller, callee *frame) error {
		m := caller.regs[1]
		if !slices.Contains(eachMaps, v.maps[m.arg].Type) {
			return v.reject(CodeHelperMap, abi.ENOTSUPP, "callback function not allowed for map")
		}
		callee.regs[1] = m
		callee.setElement(m.arg, m.arg2)
		callee.regs[4] = caller.regs[3]
		callee.returns(0, 1, false)
		return nil
	}
}

// setElement makes R2 a key and R3 a value of a map.
func (f *frame) setElement(at, uid uint32) {
	f.regs[2].setPointer(ptMapKey)
	f.regs[2].arg = at
	f.regs[3].setPointer(ptMapValue)
	f.regs[3].arg, f.regs[3].arg2 = at, uid
}

// loopCallback: (index, context).
func (v *verifier) loopCallback() callbackSetup {
	return func(caller, callee *frame) error {
		callee.regs[1].setUnknown()
		callee.regs[2] = caller.regs[3]
		callee.returns(0, 1, false)
		return nil
	}
}

// laterCallback: (map, key, value), of timers and of work queues.
func (v *verifier) laterCallback() callbackSetup {
	return func(caller, callee *frame) error {
		at := caller.regs[1].arg
		callee.regs[1].setPointer(ptMap)
		callee.regs[1].arg = at
		callee.setElement(at, 0)
		callee.returns(0, 0, true)
		return nil
	}
}

// findVMACallback: (task, vma, context).
func (v *verifier) findVMACallback() callbackSetup {
	return func(caller, callee *frame) error {
		callee.regs[1] = caller.regs[1]
		callee.regs[2].setPointer(ptBTF)
		id, ok := v.kernelStruct("vm_area_struct")
		if !ok {
			return v.bug("no struct vm_area_struct")
		}
		callee.regs[2].arg = id
		callee.regs[3] = caller.regs[4]
		callee.returns(0, 1, false)
		return nil
	}
}

// userRingCallback: (dynptr, context).
func (v *verifier) userRingCallback() callbackSetup {
	return func(caller, callee *frame) error {
		d := &callee.regs[1]
		d.setPointer(ptDynptr)
		d.id, d.aux = v.newID(), uint8(dynLocal)|auxFirst
		callee.regs[2] = caller.regs[3]
		callee.returns(0, 1, false)
		return nil
	}
}

// treeLessCallback: (node, node), pointers to the tree's elements.
func (v *verifier) treeLessCallback(f *mapField) callbackSetup {
	return func(_, callee *frame) error {
		for n := 1; n <= 2; n++ {
			v.setNodePtr(&callee.regs[n], f)
			callee.regs[n].typ |= fNonOwn
			if f.node != nil && v.structFields(f.node).has(fieldRefcount) {
				callee.regs[n].typ |= fRCU
			}
		}
		callee.returns(0, 1, false)
		callee.treeLess = true
		return nil
	}
}

// setNodePtr makes d a pointer to the node member of a list's or tree's
// element.
func (v *verifier) setNodePtr(d *reg, f *mapField) {
	d.setPointer(ptBTF | fAlloc)
	d.arg, d.arg2 = v.typeID(f.node, localType), localType
	d.off = int32(f.at)
}

// inTreeCallback reports whether the function that runs is the comparison of a
// tree.
func (v *verifier) inTreeCallback() bool { return v.state.frame().treeLess }

// taskWorkCallback: (map, key, value), later, in the context of a task.
func (v *verifier) taskWorkCallback() callbackSetup {
	return func(caller, callee *frame) error {
		at := caller.regs[3].arg
		callee.regs[1].setPointer(ptMap)
		callee.regs[1].arg = at
		callee.setElement(at, 0)
		callee.returns(-1<<31, 1<<31-1, true)
		return nil
	}
}
