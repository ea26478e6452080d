package abi_test

import (
	"bufio"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/cilium/ebpf/btf"

	"github.com/skepbpf/skep/abi"
)

// named is a constant of this package whose comment begins with a C name.
type named struct {
	goName, cName string
	value         int64
}

// namedConstants are the constants of this package that name a C one.
func namedConstants(t *testing.T) []named {
	t.Helper()
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	var files []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	info := &types.Info{Defs: map[*ast.Ident]types.Object{}}
	conf := types.Config{Error: func(error) {}} // imports are not needed for constants
	conf.Check("abi", fset, files, info)        //nolint:errcheck // see above
	cName := regexp.MustCompile(`^(BPF_|BTF_F_|XDP_|SK_|NF_|TC_ACT_|bpf_)\w+`)
	var list []named
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || spec.Comment == nil {
				return true
			}
			c, ok := info.Defs[spec.Names[0]].(*types.Const)
			name := cName.FindString(strings.TrimSpace(spec.Comment.Text()))
			if !ok || name == "" {
				return true
			}
			if n, ok := c.Type().(*types.Named); ok && ownNumbers[n.Obj().Name()] {
				return true
			}
			v, exact := constant.Int64Val(constant.ToInt(c.Val()))
			if !exact {
				t.Errorf("%s: no integer", c.Name())
			}
			list = append(list, named{c.Name(), name, v})
			return true
		})
	}
	if len(list) < 500 {
		t.Fatalf("only %d constants with a C name", len(list))
	}
	return list
}

// ownNumbers are the types whose constants name C constants or structs but are
// numbered by this package.
var ownNumbers = map[string]bool{"SysOps": true, "SpecialField": true}

// notInKernel are names that stand for something else in the kernel or are
// newer than 6.18.
var notInKernel = map[string]bool{
	"BPF_TRACE_FSESSION": true, "BPF_TRACE_FENTRY_MULTI": true, "BPF_TRACE_FEXIT_MULTI": true,
	"BPF_TRACE_FSESSION_MULTI": true, "BPF_MAP_TYPE_INSN_ARRAY": true, "BPF_MAP_TYPE_RHASH": true,
}

// Members of contexts have the offsets and sizes of the running kernel's BTF.
func TestContextMembersAgainstBTF(t *testing.T) {
	t.Parallel()
	spec, err := btf.LoadKernelSpec()
	if err != nil {
		t.Skip("kernel BTF:", err)
	}
	layouts := []*abi.Context{abi.SocketLayout, abi.SockCommonLayout, abi.TCPSockLayout, abi.XDPSockLayout, abi.FlowKeysLayout}
	for pt := abi.SocketFilter; pt <= abi.Netfilter; pt++ {
		if c := pt.ContextOn(runtime.GOARCH); c != nil {
			layouts = append(layouts, c)
		}
	}
	compared := 0
	for _, c := range layouts {
		var s *btf.Struct
		if c.Name == "" || spec.TypeByName(c.Name, &s) != nil || s.Size == 0 {
			continue
		}
		if s.Size != uint32(c.Size) {
			t.Errorf("%s: %d bytes, kernel says %d", c.Name, c.Size, s.Size)
		}
		members := map[string][2]uint32{}
		flatten(s.Members, 0, members)
		for _, f := range c.Fields {
			m, ok := members[f.Name]
			if !ok {
				continue // registers within bpf_perf_event_data
			}
			compared++
			// Ports are 2 bytes in the kernel, and may be read as 4.
			if m[0] != uint32(f.Off) || m[1] != uint32(f.Size) && !strings.HasSuffix(f.Name, "_port") && f.Name != "cs" && f.Name != "ss" {
				t.Errorf("%s.%s: at %d, %d bytes; kernel says %d, %d", c.Name, f.Name, f.Off, f.Size, m[0], m[1])
			}
		}
	}
	if compared < 200 {
		t.Errorf("only %d members compared", compared)
	}
}

// flatten adds the offset and size of each member by its name.
func flatten(list []btf.Member, base uint32, into map[string][2]uint32) {
	for _, m := range list {
		off := base + m.Offset.Bytes()
		if m.Name == "" {
			switch inner := btf.UnderlyingType(m.Type).(type) {
			case *btf.Union:
				flatten(inner.Members, off, into)
			case *btf.Struct:
				flatten(inner.Members, off, into)
			}
			continue
		}
		size, _ := btf.Sizeof(m.Type)
		into[m.Name] = [2]uint32{off, uint32(size)}
	}
}

// Every constant that names a C one has its value in the running kernel's BTF
// or in the installed headers.
func TestConstantsAgainstKernel(t *testing.T) {
	t.Parallel()
	spec, err := btf.LoadKernelSpec()
	if err != nil {
		t.Skip("kernel BTF:", err)
	}
	values := map[string]int64{}
	for typ, err := range spec.All() {
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := typ.(*btf.Enum); ok {
			for _, v := range e.Values {
				values[v.Name] = int64(v.Value)
			}
		}
	}
	if _, ok := values["BPF_PROG_TYPE_NETFILTER"]; !ok {
		t.Skip("kernel is older than the tables")
	}
	headers := headerDefines(t)
	unknown := 0
	for _, c := range namedConstants(t) {
		name := c.cName
		if id, ok := strings.CutPrefix(name, "bpf_"); ok {
			if !strings.HasPrefix(id, "func_") {
				name = "BPF_FUNC_" + id
			}
		}
		want, ok := values[name]
		if !ok {
			want, ok = headers[name]
		}
		switch {
		case !ok && !notInKernel[name] && !strings.HasPrefix(name, "BPF_FUNC_"):
			unknown++
			t.Logf("%s (%s): not found in BTF or headers", c.goName, name)
		case ok && int64(uint32(want)) != int64(uint32(c.value)) && want != c.value:
			t.Errorf("%s (%s) = %d, kernel says %d", c.goName, name, c.value, want)
		}
	}
	if unknown > 20 {
		t.Errorf("%d constants could not be compared", unknown)
	}
}

// headerDefines are the numbers that installed kernel headers define.
func headerDefines(t *testing.T) map[string]int64 {
	t.Helper()
	values := map[string]int64{}
	shift := regexp.MustCompile(`^#define\s+(\w+)\s+\(?(\d+)U?L*(?:\s*<<\s*(\d+))?\)?\s*(?:/\*.*)?$`)
	for _, path := range []string{"/usr/include/linux/bpf.h", "/usr/include/linux/pkt_cls.h", "/usr/include/linux/netfilter.h"} {
		f, err := os.Open(path)
		if err != nil {
			continue
		}
		for s := bufio.NewScanner(f); s.Scan(); {
			m := shift.FindStringSubmatch(s.Text())
			if m == nil {
				continue
			}
			v, _ := strconv.ParseInt(m[2], 10, 64)
			n, _ := strconv.Atoi("0" + m[3])
			values[m[1]] = v << n
		}
		f.Close()
	}
	return values
}

// Every value of the kernel's enums has a row of its name.
func TestEnumsAreComplete(t *testing.T) {
	t.Parallel()
	spec, err := btf.LoadKernelSpec()
	if err != nil {
		t.Skip("kernel BTF:", err)
	}
	rows := map[string]func(uint64) string{
		"bpf_prog_type":   func(v uint64) string { return abi.ProgType(v).String() },
		"bpf_attach_type": func(v uint64) string { return abi.AttachType(v).String() },
		"bpf_map_type":    func(v uint64) string { return abi.MapType(v).String() },
		"bpf_func_id":     func(v uint64) string { return "BPF_FUNC_" + strings.TrimPrefix(abi.HelperID(v).String(), "bpf_") },
		"xdp_action":      func(v uint64) string { return abi.XDPAction(v).String() },
	}
	for name, row := range rows {
		var e *btf.Enum
		if err := spec.TypeByName(name, &e); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		numbers := map[uint64]bool{}
		for _, v := range e.Values {
			// The first name of a number counts, the others are older ones.
			if strings.HasPrefix(v.Name, "__") || strings.HasSuffix(v.Name, "_unspec") || numbers[v.Value] {
				continue
			}
			if got := row(v.Value); got != v.Name && !strings.Contains(v.Name, "DEPRECATED") {
				t.Errorf("%s %d is %s, the table says %s", name, v.Value, v.Name, got)
			}
			numbers[v.Value] = true
		}
	}
}
