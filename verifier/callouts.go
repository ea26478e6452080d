package verifier

// The seam between the walk over a program (explore, alu, memory, jumps,
// pruning) and the rules of calls, contexts, kernel types and resources.
//
// Provided by the rules' files; every one reports a rejection as error, reads
// and writes registers through v.reg and v.state:
//
//	checkHelperCall(insn int) error    whole effect of a helper call, R0..R5 included
//	checkKfuncCall(insn int) error     the same for a kernel function
//	checkCtxAccess(regno, off, size int, write bool) (ctxField, error)
//	checkBTFAccess(regno, off, size int, write bool, valueReg int) error
//	checkSockAccess(regno, off, size int) error
//	checkMapObjAccess(regno, off, size int, write bool, valueReg int) error
//	checkMapFields(regno, off, size int, write bool, direct bool) error  special fields inside the range
//	kptrAt(r *reg, off, size int) *mapField                nil if no kptr there
//	checkKptrAccess(regno, valueReg int, insn int, f *mapField) error
//	mayAccessPacket(write, helper bool) bool
//	checkReturnValue(regno int, name string) error
//	checkHeld(throw, locks bool, prefix string) error  references, locks, IRQ, RCU, preemption
//	prepareProgram() error                      attach type, sleepable, maps that the type may use
//	prepareSub(sub int) error                   registers at the start of a pass: R1 context, or arguments of a global function by BTF
//	checkGlobalCall(sub int) error              arguments of a call to a global function
//	callFacts(insn int) callInfo                argument mask, changes packet, may sleep, fastcall: for the static passes
//	destroySlots(f *frame, index int) error     a store hits a dynptr, iterator or IRQ slot
//	logState / logInsn / ...                    log.go, all on a nil-safe *logger
//
// Provided by the walk for the rules:
//
//	checkRegRead(regno int, read bool) error    "!read_ok"; also writes R10
//	checkMem(regno, off, size int, write bool, valueReg int, strict bool, sext bool) error   one access, as an instruction makes it
//	checkMemRange(regno, off, size, memSize int, zeroOK bool) error   bounds of an access to memory of known size
//	checkHelperMem(regno, size int, write, zeroOK bool, meta *callMeta) error   helper touches size bytes
//	checkStackRange(regno, off, size int, zeroOK bool, write bool, meta *callMeta) error
//	checkPacketRange(regno, off, size int, zeroOK bool) error
//	checkMapRange(regno, off, size int, zeroOK bool, write bool) error
//	markPrecise(regno int) error
//	pushCallback(insn int, sub int, set func(caller, callee *frame) error, async bool) error
//	fork(insn, prev int, speculative bool) (*state, error)
//	scratchCallRegs()                           R0..R5 become not initialised
//	clearPacketPointers()
//	liveStackRead(f int32, mask uint64), liveStackWrite(f int32, mask uint64)   bit i is slot fp-8*(i+1)
