package verifier_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/asm"
	"github.com/skepbpf/skep/verifier"
)

const indexed = `
.license "GPL"
.map values hash key=8 value=48 entries=4
.program p section=socket
    *(u64 *)(r10 -8) = 0
    r2 = r10
    r2 += -8
    r1 = map[values] ll
    call bpf_map_lookup_elem
    if r0 == 0 goto out
    r1 = *(u8 *)(r0 +0)
    %s
out:
    r0 = 0
    exit
`

// TestSpeculationFacts holds the facts about barriers and masks: where Linux
// 6.18 puts them, in the words of its fix-ups.
func TestSpeculationFacts(t *testing.T) {
	t.Parallel()
	type facts struct {
		Before, After []int
		Masks         map[int]verifier.Mask
	}
	for _, tt := range []struct {
		name, src string
		want      facts
	}{
		{"an index that moves a pointer up is masked by the room that the proof leaves",
			fmt.Sprintf(indexed, "r1 &= 31\n r0 += r1\n r2 = *(u8 *)(r0 +0)"),
			facts{After: []int{0}, Masks: map[int]verifier.Mask{9: {On: true, Limit: 31}}}},
		{"a pointer added to an index is masked in the destination",
			fmt.Sprintf(indexed, "r1 &= 31\n r1 += r0\n r2 = *(u8 *)(r1 +0)"),
			facts{After: []int{0}, Masks: map[int]verifier.Mask{9: {On: true, Dst: true, Limit: 31}}}},
		{"a constant in a register is the limit itself",
			fmt.Sprintf(indexed, "r1 = 16\n r0 += r1\n r2 = *(u8 *)(r0 +0)"),
			facts{After: []int{0}, Masks: map[int]verifier.Mask{9: {On: true, Const: true, Limit: 16}}}},
		{"a negative constant goes down by its absolute value",
			fmt.Sprintf(indexed, "r0 += 32\n r1 = -16\n r0 += r1\n r2 = *(u8 *)(r0 +0)"),
			facts{After: []int{0}, Masks: map[int]verifier.Mask{10: {On: true, Const: true, Neg: true, Limit: 16}}}},
		{"a constant in the instruction needs no mask, and sums of numbers none",
			fmt.Sprintf(indexed, "r0 += 16\n r1 += r1\n r2 = *(u8 *)(r0 +0)"),
			facts{After: []int{0}}},
		{"what only a wrong guess reaches gets a barrier before the access",
			"r1 = 1\n if r1 != 0 goto fine\n r0 = *(u64 *)(r1 +0)\nfine:\n r0 = 0\n exit\n",
			facts{Before: []int{2}}},
		{"a saved pointer gets a barrier behind the store",
			"*(u64 *)(r10 -8) = r1\n r0 = 0\n exit\n", facts{After: []int{0}}},
		{"a number over numbers needs none, a number where nothing was does",
			"*(u64 *)(r10 -8) = 1\n *(u64 *)(r10 -8) = 2\n r0 = 0\n exit\n", facts{After: []int{0}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			src := tt.src
			if !strings.Contains(src, ".program") {
				src = ".program p section=socket\n" + src
			}
			c, err := asm.Parse("p.s", []byte(src))
			if err != nil {
				t.Fatal(err)
			}
			look := func(opts *verifier.Options) (f facts) {
				p, err := verifier.Verify(context.Background(), c.Programs[0], opts)
				if err != nil {
					t.Fatal(err)
				}
				for i := range p.Image().Insns {
					fact := p.Fact(i)
					if fact.Barrier {
						f.Before = append(f.Before, i)
					}
					if fact.BarrierAfter {
						f.After = append(f.After, i)
					}
					if fact.Mask != (verifier.Mask{}) {
						if f.Masks == nil {
							f.Masks = make(map[int]verifier.Mask)
						}
						f.Masks[i] = fact.Mask
					}
				}
				return f
			}
			if diff := cmp.Diff(tt.want, look(&verifier.Options{Trust: verifier.Sandbox})); diff != "" {
				t.Errorf("facts (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(facts{}, look(nil)); diff != "" {
				t.Errorf("facts for root (-want +got):\n%s", diff)
			}
		})
	}
}

// TestRights holds what users may load at all, by their capabilities. The
// table of program types is held against the running kernel in package abi.
func TestRights(t *testing.T) {
	t.Parallel()
	long := "r0 = 0\n" + strings.Repeat("r0 = 1\n", 4096) + "exit\n"
	for _, tt := range []struct {
		name, section, src string
		caps               verifier.Caps
		errno              abi.Errno // 0: accepted
	}{
		{"everyone may load a socket filter", "socket", "r0 = 0\nexit\n", 0, 0},
		{"everyone may load a cgroup skb program", "cgroup_skb/ingress", "r0 = 0\nexit\n", 0, 0},
		{"XDP needs capabilities", "xdp", "r0 = 2\nexit\n", 0, abi.EPERM},
		{"XDP needs more than CAP_BPF", "xdp", "r0 = 2\nexit\n", verifier.CapBPF, abi.EPERM},
		{"XDP needs more than CAP_NET_ADMIN", "xdp", "r0 = 2\nexit\n", verifier.CapNetAdmin, abi.EPERM},
		{"XDP needs both", "xdp", "r0 = 2\nexit\n", verifier.CapBPF | verifier.CapNetAdmin, 0},
		{"CAP_SYS_ADMIN stands for all", "xdp", "r0 = 2\nexit\n", verifier.CapSysAdmin, 0},
		{"kprobes need CAP_PERFMON, too", "kprobe/f", "r0 = 0\nexit\n", verifier.CapBPF | verifier.CapNetAdmin, abi.EPERM},
		{"kprobes need CAP_BPF, too", "kprobe/f", "r0 = 0\nexit\n", verifier.CapPerfmon, abi.EPERM},
		{"kprobes load with both", "kprobe/f", "r0 = 0\nexit\n", verifier.CapBPF | verifier.CapPerfmon, 0},
		{"4096 instructions are the most for everyone", "socket", long, 0, abi.E2BIG},
		{"CAP_BPF lifts that limit", "socket", long, verifier.CapBPF, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, err := asm.Parse("p.s", []byte(".program p section="+tt.section+"\n"+tt.src))
			if err != nil {
				t.Fatal(err)
			}
			_, err = verifier.Verify(context.Background(), c.Programs[0], &verifier.Options{Trust: verifier.Sandbox, Caps: tt.caps})
			var rej *verifier.Error
			if tt.errno == 0 && err != nil || tt.errno != 0 && (!errors.As(err, &rej) || rej.Errno != tt.errno) {
				t.Errorf("%v, want %v", err, tt.errno)
			}
			if rej != nil && (rej.Code != verifier.CodeUnprivileged || rej.Linux != "" || rej.Insn >= 0) {
				t.Errorf("code %v, Linux says %q, insn %d", rej.Code, rej.Linux, rej.Insn)
			}
		})
	}
}
