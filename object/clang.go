package object

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
)

// ClangOptions say how C sources are compiled. The zero value finds clang and
// chooses its flags.
type ClangOptions struct {
	// Path is the compiler, "" for $CLANG, else the first of clang and
	// clang-21 to clang-14 in PATH.
	Path string
	// Flags come after the chosen ones, so that they win.
	Flags []string
	// BigEndian compiles for big-endian machines.
	BigEndian bool
	// Log gets the command before it runs; nil for none.
	Log io.Writer
}

// ErrNoClang is matched by the error of a C source without a compiler.
var ErrNoClang = errors.New("clang is not installed")

// ClangError says that no compiler was found.
type ClangError struct {
	Tried []string // names and paths
}

// Error names what was tried and the package to install.
func (e *ClangError) Error() string {
	return fmt.Sprintf("no clang among %s: install the package \"clang\" (Debian, Ubuntu, Fedora, Alpine, Arch), or name one in $CLANG",
		strings.Join(e.Tried, ", "))
}

// Is makes the error match ErrNoClang.
func (e *ClangError) Is(target error) bool { return target == ErrNoClang }

// CompileError says that the compiler refused a source.
type CompileError struct {
	Path    string
	Command string
	Output  string // of the compiler
}

// Error is the compiler's first complaint; Output has all of them.
func (e *CompileError) Error() string {
	for line := range strings.Lines(e.Output) {
		if strings.Contains(line, "error:") {
			return fmt.Sprintf("%s: clang: %s", filepath.Base(e.Path), strings.TrimSpace(line))
		}
	}
	return fmt.Sprintf("%s: clang: %s", filepath.Base(e.Path), strings.TrimSpace(e.Output))
}

const newestClang, oldestClang = 21, 14

// findClang is the compiler to use.
func findClang(opts *ClangOptions) (string, error) {
	names := []string{opts.Path}
	if opts.Path == "" {
		names[0] = os.Getenv("CLANG")
	}
	if names[0] == "" {
		names = []string{"clang"}
		for v := newestClang; v >= oldestClang; v-- {
			names = append(names, "clang-"+strconv.Itoa(v))
		}
	}
	for _, name := range names {
		if path, err := lookPath(name); err == nil {
			return path, nil
		}
	}
	return "", &ClangError{Tried: names}
}

// targetArchs are the machines by which bpf_tracing.h picks register names.
var targetArchs = map[string]string{
	"amd64": "x86", "386": "x86", "arm64": "arm64", "arm": "arm", "riscv64": "riscv",
	"s390x": "s390", "ppc64le": "powerpc", "ppc64": "powerpc", "loong64": "loongarch",
	"mips64": "mips", "mips64le": "mips",
}

// clangArgs are the compiler's arguments. A compiler for bpf does not look
// where the machine's headers lie, so those folders come last.
func clangArgs(path string, opts *ClangOptions, includes []string) []string {
	target := "bpfel"
	if opts.BigEndian {
		target = "bpfeb"
	}
	args := []string{"-g", "-O2", "-target", target, "-mcpu=v3", "-Wall"}
	if arch, ok := targetArchs[runtime.GOARCH]; ok {
		args = append(args, "-D__TARGET_ARCH_"+arch)
	}
	for _, dir := range includes {
		args = append(args, "-idirafter", dir)
	}
	args = append(args, opts.Flags...)
	return append(args, "-c", path, "-o", "-")
}

// parseIncludes finds the folders of headers in what "clang -v" prints.
func parseIncludes(output string) []string {
	var dirs []string
	in := false
	for line := range strings.Lines(output) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case strings.HasPrefix(line, "#include <...> search starts here"):
			in = true
		case !strings.HasPrefix(line, " "):
			in = false
		case in:
			dirs = append(dirs, strings.TrimSuffix(strings.TrimSpace(line), " (framework directory)"))
		}
	}
	return dirs
}

// Compile compiles a C source to an object. Without a compiler the error
// matches ErrNoClang; a source that does not compile gives a *CompileError.
func Compile(path string, opts *ClangOptions) ([]byte, error) {
	if opts == nil {
		opts = &ClangOptions{}
	}
	if st, err := os.Stat(path); err != nil {
		return nil, err
	} else if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", path)
	}
	clang, err := findClang(opts)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	_, about, _ := run(clang, []string{"-v", "-E", "-x", "c", os.DevNull})
	args := clangArgs(path, opts, parseIncludes(about))
	command := shellLine(clang, args)
	if opts.Log != nil {
		fmt.Fprintln(opts.Log, command)
	}
	obj, output, err := run(clang, args)
	if err != nil {
		if output == "" {
			output = err.Error()
		}
		return nil, &CompileError{Path: path, Command: command, Output: output}
	}
	return obj, nil
}

// shellLine is a command as one can paste it.
func shellLine(name string, args []string) string {
	parts := []string{name}
	for _, a := range args {
		if a == "" || strings.ContainsAny(a, " \t\n'\"\\$`*?[]()<>|&;#~") {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		parts = append(parts, a)
	}
	return strings.Join(parts, " ")
}
