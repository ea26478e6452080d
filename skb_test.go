package skep_test

import (
	"testing"

	"github.com/skepbpf/skep"
)

func TestProgramsThatSeeAnSKB(t *testing.T) {
	t.Parallel()
	pkt := make([]byte, 64)
	copy(pkt[12:], []byte{0x08, 0x00, 0x45})
	for _, c := range []struct {
		name, src string
		want      uint32
	}{
		{"a classifier sees the whole frame", `
			.program main section=tc
			r0 = *(u32 *)(r1 +0)
			exit`, 64},
		{"a socket filter sees what follows the Ethernet header", `
			.program main section=socket
			r0 = *(u32 *)(r1 +0)
			exit`, 50},
		{"the protocol is in network order", `
			.program main section=tc
			r0 = *(u32 *)(r1 +16)
			exit`, 8},
		{"the packet can be read directly", `
			.program main section=tc
			r2 = *(u32 *)(r1 +76)
			r3 = *(u32 *)(r1 +80)
			r0 = 0
			r4 = r2
			r4 += 15
			if r4 > r3 goto out
			r0 = *(u8 *)(r2 +14)
			out:
			exit`, 0x45},
		{"a legacy load reads the packet", `
			.program main section=socket
			r6 = r1
			r0 = *(u8 *)skb[0]
			exit`, 0x45},
		{"a legacy load finds the Ethernet header", `
			.program main section=socket
			r6 = r1
			r0 = *(u16 *)skb[-2097140]
			exit`, 0x800},
		{"a legacy load beyond the packet ends the program", `
			.program main section=socket
			r6 = r1
			r0 = *(u8 *)skb[50]
			r0 = 7
			exit`, 0},
		{"a mark that was set can be read", `
			.program main section=tc
			r2 = 42
			*(u32 *)(r1 +8) = r2
			r0 = *(u32 *)(r1 +8)
			exit`, 42},
		{"bytes are loaded through the helper", `
			.program main section=tc
			r2 = 12
			r3 = r10
			r3 += -8
			r4 = 4
			call bpf_skb_load_bytes
			r0 = *(u32 *)(r10 -8)
			exit`, 0x00450008},
		{"bytes beyond the packet cannot be loaded", `
			.program main section=tc
			r2 = 61
			r3 = r10
			r3 += -8
			r4 = 4
			call bpf_skb_load_bytes
			exit`, 0xfffffff2},
		{"bytes are stored through the helper", `
			.program main section=tc
			r6 = r1
			*(u32 *)(r10 -8) = 0x01020304
			r2 = 20
			r3 = r10
			r3 += -8
			r4 = 4
			r5 = 2
			call bpf_skb_store_bytes
			r0 = *(u8 *)skb[20]
			exit`, 4},
		{"unknown flags of a store are refused", `
			.program main section=tc
			*(u32 *)(r10 -8) = 0
			r2 = 0
			r3 = r10
			r3 += -8
			r4 = 4
			r5 = 8
			call bpf_skb_store_bytes
			exit`, 0xffffffea},
		{"all of a packet can be pulled", `
			.program main section=tc
			r2 = 64
			call bpf_skb_pull_data
			exit`, 0},
		{"more than a packet cannot be pulled", `
			.program main section=tc
			r2 = 65
			call bpf_skb_pull_data
			exit`, 0xfffffff4},
		{"a classifier redirects", `
			.program main section=tc
			r1 = 1
			r2 = 0
			call bpf_redirect
			exit`, 7},
		{"a redirect with unknown flags is a drop", `
			.program main section=tc
			r1 = 1
			r2 = 2
			call bpf_redirect
			exit`, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := only(t, load(t, c.src)).Run(&skep.RunOptions{Data: pkt})
			if err != nil || got != c.want {
				t.Errorf("got %#x, want %#x: %v", got, c.want, err)
			}
			if linux, ok := linuxRun(t, c.src, pkt); ok && linux != c.want {
				t.Errorf("Linux gives %#x, want %#x", linux, c.want)
			}
		})
	}
}
