package decode

import (
	"encoding/binary"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/cilium/ebpf/btf"
)

// formatTag begins the decl tags that say how a member is shown:
// "format:ipv4", "format:ipv6", "format:ip" (16 bytes, IPv4 in its mapped
// form), "format:mac", "format:be16", "format:be32", "format:hex".
const formatTag = "format:"

func tagged(tags []string) string {
	for _, t := range tags {
		if f, ok := strings.CutPrefix(t, formatTag); ok {
			return f
		}
	}
	return ""
}

// formatOf is the format that a type's own tags or, with Options.Addresses, its
// name and shape suggest.
func (d decoder) formatOf(t btf.Type) string {
	for range maxDepth {
		switch q := t.(type) {
		case *btf.Typedef:
			if f := tagged(q.Tags); f != "" {
				return f
			}
			if d.opts.Addresses {
				switch q.Name {
				case "__be32":
					return "ipv4"
				case "__be16":
					return "be16"
				}
			}
			t = q.Type
		case *btf.TypeTag:
			if f, ok := strings.CutPrefix(q.Value, formatTag); ok {
				return f
			}
			t = q.Type
		case *btf.Const:
			t = q.Type
		case *btf.Volatile:
			t = q.Type
		case *btf.Struct:
			if f := tagged(q.Tags); f != "" {
				return f
			}
			if d.opts.Addresses && q.Name == "in6_addr" {
				return "ipv6"
			}
			return ""
		case *btf.Array:
			if el, ok := strip(q.Type).(*btf.Int); d.opts.Addresses && ok && el.Size == 1 && el.Encoding == btf.Unsigned {
				switch q.Nelems {
				case 6:
					return "mac"
				case 16:
					return "ipv6"
				}
			}
			return ""
		default:
			return ""
		}
	}
	return ""
}

// formatted shows b in a named format, if the format knows its length.
func formatted(format string, b []byte) (Scalar, bool) {
	text := func(s string) (Scalar, bool) { return Scalar{s, quote(s)}, true }
	switch {
	case format == "ipv4" && len(b) == 4, format == "ipv6" && len(b) == 16:
		a, _ := netip.AddrFromSlice(b)
		return text(a.String())
	case format == "ip" && len(b) == 16:
		a, _ := netip.AddrFromSlice(b)
		return text(a.Unmap().String())
	case format == "mac" && len(b) == 6:
		return text(net.HardwareAddr(b).String())
	case format == "be16" && len(b) == 2:
		return decimal(strconv.Itoa(int(binary.BigEndian.Uint16(b)))), true
	case format == "be32" && len(b) == 4:
		return decimal(strconv.FormatUint(uint64(binary.BigEndian.Uint32(b)), 10)), true
	case format == "hex":
		return hexScalar(b), true
	}
	return Scalar{}, false
}
