package selftest

import (
	"path"
	"strconv"
	"strings"

	"github.com/skepbpf/skep/abi"
	"github.com/skepbpf/skep/image"
)

// flags are the names that the test_prog_flags tag knows.
var flags = map[string]abi.ProgFlags{
	"BPF_F_STRICT_ALIGNMENT":    abi.StrictAlignment,
	"BPF_F_ANY_ALIGNMENT":       abi.AnyAlignment,
	"BPF_F_TEST_RND_HI32":       abi.TestRndHi32,
	"BPF_F_TEST_STATE_FREQ":     abi.TestStateFreq,
	"BPF_F_SLEEPABLE":           abi.Sleepable,
	"BPF_F_XDP_HAS_FRAGS":       abi.XDPHasFrags,
	"BPF_F_TEST_REG_INVARIANTS": abi.TestRegInvariants,
}

// WithFlags is p with the load flags that its decl tags ask for.
func WithFlags(p *image.Program) *image.Program {
	c := *p
	for _, tag := range p.Tests {
		val, ok := strings.CutPrefix(tag, "comment:test_prog_flags=")
		if !ok {
			continue
		}
		name, clear := strings.CutPrefix(val, "!")
		flag, known := flags[name]
		if !known {
			n, err := strconv.ParseUint(name, 0, 32)
			if err != nil {
				continue
			}
			flag = abi.ProgFlags(n)
		}
		if clear {
			c.Flags &^= flag
		} else {
			c.Flags |= flag
		}
	}
	return &c
}

// WithSizes is p with maps that can be created: sizes that user space sets
// before loading do not matter to the verdict.
func WithSizes(p *image.Program) *image.Program {
	c := *p
	c.Maps = make([]*image.Map, len(p.Maps))
	for i, m := range p.Maps {
		c.Maps[i] = sized(m)
	}
	return &c
}

func sized(m *image.Map) *image.Map {
	if m == nil {
		return nil
	}
	inner := sized(m.Inner)
	entries := m.MaxEntries
	if info := m.Type.Info(); info != nil && entries == 0 {
		switch info.Entries {
		case abi.EntriesNone:
		case abi.EntriesPages:
			entries = 4096
		default:
			entries = 1
		}
	}
	if entries == m.MaxEntries && inner == m.Inner {
		return m
	}
	c := *m
	c.MaxEntries, c.Inner = entries, inner
	return &c
}

// types are the programs whose section tells no type: the selftests' own
// loaders set it. The first row whose parts fit counts; "" fits everything.
var types = []struct {
	object, section string // prefixes
	typ             abi.ProgType
}{
	{"test_tc_tunnel", "", abi.SchedCLS},
	{"test_tc_edt", "", abi.SchedCLS},
	{"test_xdp_meta", "t", abi.SchedCLS},
	{"test_xdp_vlan", "tc", abi.SchedCLS},
	{"test_xdp_", "", abi.XDP},
	{"sockmap_parse_prog", "", abi.SkSKB},
	{"sockmap_verdict_prog", "", abi.SkSKB},
	{"sockmap_tcp_msg_prog", "", abi.SkMsg},
	{"test_lwt_ip_encap", "", abi.LWTXmit},
	{"test_lwt_redirect", "", abi.LWTXmit},
	{"test_lwt_seg6local", "encap", abi.LWTIn},
	{"test_lwt_seg6local", "", abi.LWTSeg6Local},
	{"", "dummy_tracepoint", abi.Tracepoint},
}

// WithType is p with the type that the loader of an object, by its file name,
// gives it where its section tells none.
func WithType(object string, p *image.Program) *image.Program {
	if p.Type != abi.UnspecProg {
		return p
	}
	for _, t := range types {
		if strings.HasPrefix(path.Base(object), t.object) && strings.HasPrefix(strings.TrimPrefix(p.Section, "?"), t.section) {
			c := *p
			c.Type = t.typ
			return &c
		}
	}
	return p
}
