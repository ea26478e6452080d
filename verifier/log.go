package verifier

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/isa"
)

// logger keeps the log in the kernel's format. A nil logger keeps nothing.
type logger struct {
	level uint32
	logTail

	// What has been touched since the last printed state, and where that
	// state goes: behind the instruction, if nothing was printed since.
	regs    uint32
	slots   uint64
	insnEnd int         // position behind the last printed instruction
	insnLen int         // length of that instruction's line
	line    *image.Line // the last printed C line
	popped  bool        // the path has just been taken up again
}

// The levels, as bits of bpf_attr.log_level.
const (
	logPaths  uint32 = 1
	logStates uint32 = 2
	logStats  uint32 = 4
)

func (l *logger) printf(format string, args ...any) {
	if l != nil {
		l.buf = fmt.Appendf(l.buf, format, args...)
		l.bound()
	}
}

// on reports whether one of the levels of bits is wanted.
func (l *logger) on(bits uint32) bool { return l != nil && l.level&bits != 0 }

// pos is the position that the log has reached, for reset.
func (l *logger) pos() int {
	if l == nil {
		return 0
	}
	return l.end()
}

// reset cuts the log to pos, as the kernel does at level 1 when a path ends
// without an error, and to nothing when all paths of a function have.
func (l *logger) reset(pos int) {
	if l != nil && l.level&logStates == 0 {
		l.cutTo(pos)
	}
}

// chop takes the last end of line back.
func (l *logger) chop() {
	if l != nil {
		l.buf = bytes.TrimSuffix(l.buf, []byte("\n"))
	}
}

// touchReg and touchSlot note what the next state line shows.
func (l *logger) touchReg(n int) {
	if l != nil {
		l.regs |= 1 << n
	}
}

func (l *logger) touchSlot(index int) {
	if l != nil {
		l.slots |= 1 << index
	}
}

// touchAll makes the next state line show everything.
func (l *logger) touchAll() {
	if l != nil {
		l.regs, l.slots = 1<<11-1, ^uint64(0)
	}
}

func (l *logger) clean() {
	l.regs, l.slots = 0, 0
}

// logStep prints the instruction that is about to be walked: before it the
// state, where a path begins or goes on, or what the last instruction changed.
func (v *verifier) logStep() {
	l := v.log
	if l == nil {
		return
	}
	if l.popped && l.on(logStates) {
		v.logFrom()
	}
	l.popped = false
	if !l.on(logPaths | logStates) {
		return
	}
	if l.regs != 0 || l.slots != 0 {
		v.logChange()
	}
	v.logLine()
	start := l.end()
	l.printf("%d: %s\n", v.insn, v.insnText(v.insn))
	l.insnEnd = l.end()
	l.insnLen = l.insnEnd - start
}

// logPop notes that the next instruction continues a path that waited.
func (v *verifier) logPop() {
	if v.log != nil {
		v.log.popped = true
		v.log.touchAll()
	}
}

// logSafe prints that the path's state is covered by one that was walked.
func (v *verifier) logSafe() {
	l := v.log
	if l == nil {
		return
	}
	switch {
	case !l.on(logPaths | logStates):
	case l.popped:
		l.printf("\nfrom %d to %d%s: safe\n", v.prevInsn, v.insn, v.speculation())
	default:
		l.printf("%d: safe\n", v.insn)
	}
	l.popped = false
}

func (v *verifier) speculation() string {
	if v.state.speculative {
		return " (speculative execution)"
	}
	return ""
}

// insnText is an instruction as the log writes it. Addresses are 0, as Linux
// shows them to who may not see them; a kernel function has the id of its type.
func (v *verifier) insnText(i int) string {
	in := v.insns[i]
	var hi isa.Insn
	if i+1 < len(v.insns) {
		hi = v.insns[i+1]
	}
	name := ""
	switch {
	case in.Op == isa.CallOp && in.Src() == isa.CallKfunc:
		if k := v.kfuncAt(i); k != nil {
			name, in.Imm = k.name, int32(k.id)
		} else if n := in.Imm; n >= 0 && int(n) < len(v.prog.Kfuncs) {
			name = v.prog.Kfuncs[n].Name
		}
	case in.Op == isa.LdImm64 && in.Src() != 0 && in.Src() != isa.PseudoFunc:
		in.Imm, hi.Imm = 0, 0
	}
	p := isa.Printer{
		Syntax: isa.SyntaxLog,
		Helper: func(id int32) string {
			if in.Src() != isa.CallHelper {
				return "unknown" // no helper, whatever the number
			}
			return helperText(abi.HelperID(id))
		},
		Kfunc: func(int32, int16) string { return name },
	}
	return fmt.Sprintf("(%02x) %s", uint8(in.Op), p.Format(i, in, hi))
}

// logLine prints the C line of the instruction when it is another than the
// last one printed.
func (v *verifier) logLine() {
	l := v.log
	line := v.prog.LineAt(v.insn)
	if line == nil {
		return
	}
	if l.line != nil && l.line.Line == line.Line && l.line.File == line.File {
		return
	}
	l.line = line
	l.printf("%s\n", lineText(line))
}

// lineText is a C line as the log shows it.
func lineText(line *image.Line) string {
	return fmt.Sprintf("; %s @ %s:%d", trimLeft(line.Text), baseName(line.File), line.Line)
}

func trimLeft(s string) string {
	for s != "" && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	return s
}

func baseName(s string) string {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == '/' {
			return s[i+1:]
		}
	}
	return s
}

// logFrom prints where a path continues, with its whole state.
func (v *verifier) logFrom() {
	v.log.printf("\nfrom %d to %d%s:", v.prevInsn, v.insn, v.speculation())
	v.logState(v.state, v.state.cur, true)
}

// logNow prints what has changed without waiting for the next instruction, as
// Linux does behind a conditional jump.
func (v *verifier) logNow() {
	if l := v.log; l.on(logPaths|logStates) && (l.regs != 0 || l.slots != 0) {
		v.logChange()
	}
}

// logChange prints what has changed since the last state line: on the
// instruction's own line, if that is the last thing printed.
func (v *verifier) logChange() {
	l := v.log
	if l.insnEnd != 0 && l.insnEnd == l.end() && len(l.buf) > 0 {
		l.buf = l.buf[:len(l.buf)-1]
		for n := logPad(l.insnLen); n > 0; n-- {
			l.buf = append(l.buf, ' ')
		}
		l.buf = append(l.buf, ';')
	} else {
		l.printf("%d:", v.insn)
	}
	v.logState(v.state, v.state.cur, false)
}

// logPad is the number of blanks between an instruction's text, whose line is
// n long, and the state behind it: states stand in columns of 8, from 40 on.
func logPad(n int) int {
	col := max(n+4, 40)
	return (col+7)&^7 - n - 1
}

// logState prints frame f of s and ends the line; all or what was touched.
func (v *verifier) logState(s *state, frame int32, all bool) {
	l := v.log
	if l == nil {
		return
	}
	f := s.frames[frame]
	if frame != 0 {
		l.printf(" frame%d:", frame)
	}
	for i := range f.regs {
		r := &f.regs[i]
		if r.typ == ptNone || !all && l.regs>>i&1 == 0 {
			continue
		}
		l.printf(" R%d=", i)
		l.buf = v.appendReg(l.buf, frame, r)
	}
	for i := 0; i < len(f.stack); i++ {
		if all || l.slots>>i&1 != 0 {
			v.logSlot(f, frame, &i)
		}
	}
	sep := " refs="
	for i, r := range s.refs {
		if i == 0 && r.id == 0 {
			break // Linux 6.18: a lock without an id hides all behind it.
		}
		if r.id != 0 {
			l.printf("%s%d", sep, r.id)
			sep = ","
		}
	}
	if f.callback {
		l.printf(" cb")
	}
	if f.asyncCallback {
		l.printf(" async_cb")
	}
	l.printf("\n")
	if !all {
		l.clean()
	}
}

// stateText is the running frame of s as the log shows it.
func (v *verifier) stateText(s *state) string {
	kept := v.log
	v.log = &logger{level: logStates}
	v.logState(s, s.cur, true)
	text := string(v.log.buf)
	v.log = kept
	return strings.TrimSuffix(text, "\n")
}

// slotChars are the letters of the slot types.
var slotChars = [...]byte{
	slotInvalid: '?', slotSpill: 'r', slotMisc: 'm', slotZero: '0', slotDynptr: 'd', slotIter: 'i', slotIRQ: 'f',
}

// logSlot prints slot *i of f; a dynptr takes two slots and moves *i on.
func (v *verifier) logSlot(f *frame, frame int32, i *int) {
	l := v.log
	s := &f.stack[*i]
	if s.typ == [8]slotType{} {
		return
	}
	var text [8]byte
	for j, t := range s.typ {
		text[7-j] = slotChars[t]
	}
	off := -(*i + 1) * 8
	switch s.typ[0] {
	case slotSpill:
		n := 0
		for n < 8 && text[n] != 'r' {
			n++
		}
		l.printf(" fp%d=%s", off, text[:n])
		l.buf = v.appendReg(l.buf, frame, s.r)
	case slotDynptr:
		if *i+1 < len(f.stack) {
			*i++
		}
		r := f.stack[*i].r
		l.printf(" fp%d=dynptr_%s(", -(*i+1)*8, dynKindOf(r).String())
		a := attrs{buf: l.buf}
		a.number("id", r.id)
		a.number("ref_id", r.refID)
		// Linux 6.18: the number is the mark of a first slot.
		a.number("dynptr_id", 1)
		l.buf = append(a.buf, ')')
	case slotIter:
		if s.r == nil || s.r.refID == 0 {
			return
		}
		l.printf(" fp%d=iter_%s(ref_id=%d,state=%s,depth=%d)", off, v.iterName(s.r), s.r.refID, iterStateName(s.r.aux), s.r.arg2)
	default:
		l.printf(" fp%d=%s", off, text[:])
	}
}

// attrs builds the list in a register's parentheses.
type attrs struct {
	buf  []byte
	some bool
}

func (a *attrs) name(s string) {
	if a.some {
		a.buf = append(a.buf, ',')
	}
	a.some = true
	a.buf = append(a.buf, s...)
}

// number adds name=n unless n is 0.
func (a *attrs) number(name string, n uint32) {
	if n != 0 {
		a.name(name)
		a.buf = append(a.buf, '=')
		a.buf = strconv.AppendUint(a.buf, uint64(n), 10)
	}
}

// appendUnsigned and appendSigned write numbers as the log does: those of at
// most 16 bits in decimal, others in hexadecimal.
func appendUnsigned(b []byte, n uint64) []byte {
	if n <= 0xffff {
		return strconv.AppendUint(b, n, 10)
	}
	return strconv.AppendUint(append(b, "0x"...), n, 16)
}

func appendSigned(b []byte, n int64) []byte {
	if fitsDecimal(n) {
		return strconv.AppendInt(b, n, 10)
	}
	return strconv.AppendUint(append(b, "0x"...), uint64(n), 16)
}

func fitsDecimal(n int64) bool { return n >= -1<<15 && n < 1<<15 }

// appendReg appends what is known of r, seen from the given frame.
func (v *verifier) appendReg(b []byte, frame int32, r *reg) []byte {
	if r.typ == ptScalar {
		if r.precise || !v.bpf {
			b = append(b, 'P')
		}
		if r.Bits.IsConst() {
			return appendSigned(b, int64(r.Bits.Value))
		}
	}
	b = append(b, r.typ.String()...)
	switch r.typ.base() {
	case ptArena:
		return b
	case ptStack:
		if int32(r.arg) != frame {
			b = fmt.Appendf(b, "[%d]", r.arg)
		}
		if r.Bits.IsConst() {
			return appendSigned(b, int64(r.Bits.Value)+int64(r.off))
		}
	case ptBTF:
		if name := v.typeName(r); name != "(anon)" {
			b = append(b, name...)
		}
	}
	a := attrs{buf: append(b, '(')}
	v.appendIdentity(&a, r)
	v.appendExtent(&a, r)
	if r.Bits.IsConst() {
		if r.Bits.Value != 0 {
			a.name("imm=")
			a.buf = appendSigned(a.buf, int64(r.Bits.Value))
		}
	} else {
		appendRanges(&a, r)
		if !r.Bits.IsUnknown() {
			a.name("var_off=")
			a.buf = append(a.buf, r.Bits.String()...)
		}
	}
	return append(a.buf, ')')
}

// appendIdentity adds the ids and the map.
func (v *verifier) appendIdentity(a *attrs, r *reg) {
	id := r.id
	linked := r.typ == ptScalar && id&linkMask != 0
	if r.typ == ptScalar {
		id &^= linkMask
	}
	a.number("id", id)
	if linked {
		a.buf = fmt.Appendf(a.buf, "%+d", r.off)
	}
	a.number("ref_obj_id", r.refID)
	if r.typ.has(fNonOwn) {
		a.name("non_own_ref")
	}
	switch r.typ.base() {
	case ptMap, ptMapValue, ptMapKey:
		m := &v.maps[r.arg]
		if m.Name != "" && m.index >= 0 {
			a.name("map=")
			a.buf = append(a.buf, mapName(m.Map)...)
		}
		a.name("ks=")
		a.buf = fmt.Appendf(a.buf, "%d,vs=%d", m.KeySize, m.ValueSize)
	}
}

// mapName is a map's name as the kernel keeps it: 15 bytes.
func mapName(m *image.Map) string {
	name := m.KernelName
	if name == "" {
		name = m.Name
	}
	if len(name) > 15 {
		return name[:15]
	}
	return name
}

// appendExtent adds offset and size.
func (v *verifier) appendExtent(a *attrs, r *reg) {
	if r.typ != ptScalar && r.off != 0 {
		a.name("off=")
		a.buf = appendSigned(a.buf, int64(r.off))
	}
	switch r.typ.base() {
	case ptPacket, ptPacketMeta:
		a.name("r=")
		a.buf = appendUnsigned(a.buf, uint64(int64(int32(r.arg))))
	case ptMem:
		a.name("sz=")
		a.buf = appendUnsigned(a.buf, uint64(r.arg))
	case ptDynptr:
		a.name("type=")
		a.buf = append(a.buf, dynKindOf(r).String()...)
	}
}

// bound is one end of a range, on its way into the log.
type bound struct {
	name   string
	value  uint64
	signed bool
	omit   bool
}

func (b *bound) negative() bool { return b.signed && int64(b.value) < 0 }

// appendRanges adds the ends of the ranges that are not open. Ends of the same
// value share it: "smin=umin=5". A minimum is only joined with minima, and a
// negative number not with a positive one of the same digits.
func appendRanges(a *attrs, r *reg) {
	const minS32, maxS32 = -1 << 31, 1<<31 - 1
	bounds := [...]bound{
		{"smin", uint64(r.SMin), true, r.SMin == -1<<63},
		{"smax", uint64(r.SMax), true, r.SMax == 1<<63-1},
		{"umin", r.UMin, false, r.UMin == 0},
		{"umax", r.UMax, false, r.UMax == 1<<64-1},
		{"smin32", narrow(r.S32Min), true, r.S32Min == minS32},
		{"smax32", narrow(r.S32Max), true, r.S32Max == maxS32},
		{"umin32", uint64(r.U32Min), false, r.U32Min == 0},
		{"umax32", uint64(r.U32Max), false, r.U32Max == 1<<32-1},
	}
	for i := range bounds {
		b := &bounds[i]
		if b.omit {
			continue
		}
		a.name(b.name)
		a.buf = append(a.buf, '=')
		for j := i + 2; j < len(bounds); j += 2 {
			o := &bounds[j]
			if o.omit || o.value != b.value || o.negative() != b.negative() {
				continue
			}
			o.omit = true
			a.buf = append(append(a.buf, o.name...), '=')
		}
		if b.signed {
			a.buf = appendSigned(a.buf, int64(b.value))
		} else {
			a.buf = appendUnsigned(a.buf, b.value)
		}
	}
}

// narrow widens a signed 32-bit end for printing: with its sign where it is
// printed in decimal, as its 32 bits otherwise.
func narrow(n int32) uint64 {
	if fitsDecimal(int64(n)) {
		return uint64(int64(n))
	}
	return uint64(uint32(n))
}

// logSubs prints where the functions begin.
func (v *verifier) logSubs() {
	if !v.log.on(logStates) {
		return
	}
	for i := range v.subs {
		v.log.printf("func#%d @%d\n", i, v.subs[i].start)
	}
}

// logLive prints the instructions with the loop that each is in and the
// registers that may be read from it on.
func (v *verifier) logLive() {
	l := v.log
	if !l.on(logStates) {
		return
	}
	l.printf("Live regs before insn:\n")
	for i := 0; i < len(v.insns); i += v.width(i) {
		a := &v.aux[i]
		if a.scc != 0 {
			l.printf("%3d ", a.scc)
		} else {
			l.printf("    ")
		}
		l.printf("%3d: ", i)
		for n := range 10 {
			if a.live>>n&1 != 0 {
				l.printf("%d", n)
			} else {
				l.printf(".")
			}
		}
		l.printf(" %s\n", v.insnText(i))
	}
}

// logEnd prints the figures of the verification.
func (v *verifier) logEnd(accepted bool) {
	l := v.log
	if l == nil {
		return
	}
	if l.on(logStats) {
		l.printf("verification time %d usec\nstack depth ", v.stats.Time.Microseconds())
		sep := ""
		for i := range v.subs {
			if accepted && !v.aux[v.subs[i].start].seen {
				continue // Linux 6.18: takes out what no path reaches.
			}
			l.printf("%s%d", sep, v.frameSize(i, accepted))
			sep = "+"
		}
		if accepted && v.throws && !v.hasExceptionCallback() {
			l.printf("+0") // Linux 6.18: adds an empty one.
		}
		l.printf("\n")
	}
	l.printf("processed %d insns (limit %d) max_states_per_insn %d total_states %d peak_states %d mark_read 0\n",
		v.stats.Insns, maxInsns, v.stats.MaxStatesInsn, v.stats.States, v.stats.PeakStates)
}

// maxInsns is Linux's limit of processed instructions.
const maxInsns = 1000000

// frameSize is a function's stack with what Linux adds for the code that it
// puts in once it has accepted a program.
func (v *verifier) frameSize(sub int, accepted bool) int {
	sp := &v.subs[sub]
	if !accepted {
		return sp.depth
	}
	loops, rounds := 0, 0
	for i := sp.start; i < sp.end; i++ {
		switch a := &v.aux[i]; {
		case a.inlined:
			loops = (sp.depth+7)&^7 - sp.depth + 3*8
		case a.mayGoto && a.seen:
			rounds = 16
		}
	}
	return sp.depth + loops + rounds
}
