package object

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/image"
)

// maxKconfig limits the size of a configuration, unpacked.
const maxKconfig = 16 << 20

// ParseKconfig reads a kernel configuration (".config", plain or compressed by
// gzip) into its values: "y", "m", numbers, quoted strings.
func ParseKconfig(r io.Reader) (map[string]string, error) {
	br := bufio.NewReader(r)
	if magic, err := br.Peek(2); err == nil && bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		zr, err := gzip.NewReader(br)
		if err != nil {
			return nil, fmt.Errorf("kernel configuration: %w", err)
		}
		br = bufio.NewReader(zr)
	}
	out := make(map[string]string)
	sc := bufio.NewScanner(io.LimitReader(br, maxKconfig))
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		name, value, ok := strings.Cut(sc.Text(), "=")
		if ok && strings.HasPrefix(name, "CONFIG_") && value != "" {
			out[name] = value
		}
	}
	if err := sc.Err(); err != nil {
		return nil, fmt.Errorf("kernel configuration: %w", err)
	}
	return out, nil
}

// fillKconfig gives the .kconfig map its contents. An error concerns the
// programs that read the map.
func (r *resolver) fillKconfig(c *image.Collection) error {
	if len(c.Kconfig) == 0 {
		return nil
	}
	i := slices.IndexFunc(c.Maps, func(m *image.Map) bool { return m.Section == image.KconfigSection })
	if i < 0 {
		return errors.New("no map for the kernel's configuration")
	}
	m := c.Maps[i]
	data := make([]byte, m.ValueSize)
	var config map[string]string
	var configErr error
	read := false
	for _, k := range c.Kconfig {
		var text string
		var ok bool
		switch {
		case strings.HasPrefix(k.Name, "CONFIG_"):
			if !read {
				read = true
				if configErr = errors.New("the kernel's configuration is not known"); r.target.Kconfig != nil {
					config, configErr = r.target.Kconfig()
				}
			}
			text, ok = config[k.Name]
			if !ok && !k.Weak && configErr != nil {
				return fmt.Errorf("extern %q: %w", k.Name, configErr)
			}
		default:
			text, ok = r.virtual(k.Name)
		}
		if !ok {
			if !k.Weak {
				return fmt.Errorf("extern %q: the kernel's configuration has no such value", k.Name)
			}
			continue
		}
		if err := setKconfig(data[k.Offset:k.Offset+k.Size], k.Type, text, r.core.little); err != nil {
			return fmt.Errorf("extern %q: value %s: %w", k.Name, text, err)
		}
	}
	m.Contents = []image.Entry{{Key: make([]byte, 4), Value: data}}
	return nil
}

// virtual is a value that is not in the configuration's file.
func (r *resolver) virtual(name string) (string, bool) {
	v := r.target.KernelVersion
	switch {
	case v == 0:
	case name == "LINUX_KERNEL_VERSION":
		return strconv.FormatUint(uint64(v), 10), true
	case name == "LINUX_HAS_BPF_COOKIE": // Linux 5.15
		return strconv.FormatUint(bit(v >= 5<<16|15<<8), 10), true
	case name == "LINUX_HAS_SYSCALL_WRAPPER":
		return strconv.FormatUint(bit(r.target.SyscallWrapper), 10), true
	}
	return "", false
}

// setKconfig writes a value of the configuration as a C value of type t.
func setKconfig(dst []byte, t btf.Type, text string, little bool) error {
	t = bare(t)
	if len(text) == 1 && strings.Contains("ynm", text) {
		return setTristate(dst, t, text[0], little)
	}
	if text != "" && text[0] == '"' {
		arr, ok := t.(*btf.Array)
		if !ok || !isChar(arr.Type) {
			return fmt.Errorf("%s cannot hold a string", typeName(t))
		}
		if len(text) < 2 || text[len(text)-1] != '"' {
			return errors.New("the string does not end")
		}
		n := copy(dst, text[1:len(text)-1])
		dst[min(n, len(dst)-1)] = 0
		return nil
	}
	it, ok := t.(*btf.Int)
	if !ok {
		return fmt.Errorf("%s cannot hold a number", typeName(t))
	}
	val, err := strconv.ParseUint(text, 0, 64)
	if err != nil {
		neg, err2 := strconv.ParseInt(text, 0, 64)
		if err2 != nil {
			return errors.New("is not a number")
		}
		val = uint64(neg)
	}
	if !fitsInt(val, len(dst), it.Encoding&btf.Signed != 0) {
		return fmt.Errorf("does not fit in %d bytes", len(dst))
	}
	putInt(dst, val, little)
	return nil
}

// setTristate writes y, n or m: to booleans, tristates and characters.
func setTristate(dst []byte, t btf.Type, c byte, little bool) error {
	switch t := t.(type) {
	case *btf.Enum:
		if t.Name == "libbpf_tristate" {
			putInt(dst, map[byte]uint64{'n': 0, 'y': 1, 'm': 2}[c], little)
			return nil
		}
	case *btf.Int:
		switch {
		case t.Encoding&btf.Bool != 0 && c == 'm':
			return errors.New("a boolean cannot say \"module\"")
		case t.Encoding&btf.Bool != 0:
			putInt(dst, bit(c == 'y'), little)
			return nil
		case t.Size == 1:
			dst[0] = c
			return nil
		}
	}
	return fmt.Errorf("%s cannot hold it", typeName(t))
}

func isChar(t btf.Type) bool {
	it, ok := bare(t).(*btf.Int)
	return ok && it.Size == 1 && it.Encoding&btf.Bool == 0
}

// fitsInt reports whether v is a value of an integer of size bytes.
func fitsInt(v uint64, size int, signed bool) bool {
	if size >= 8 {
		return true
	}
	bits := 8 * size
	if signed {
		s := int64(v)
		return s >= math.MinInt64>>(64-bits) && s <= math.MaxInt64>>(64-bits)
	}
	return v>>bits == 0
}

func putInt(dst []byte, v uint64, little bool) {
	for i := range dst {
		if little {
			dst[i] = byte(v >> (8 * i))
		} else {
			dst[len(dst)-1-i] = byte(v >> (8 * i))
		}
	}
}
