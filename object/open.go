package object

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/skepbpf/skep/image"
)

// Options change how an object is read. The zero value and nil are the usual
// reading.
type Options struct {
	// MaxSize limits the size of an object in bytes, 0 for 64 MiB.
	MaxSize int64
	// Clang says how C sources are compiled.
	Clang ClangOptions
}

const defaultMaxSize = 64 << 20

func (o *Options) maxSize() int64 {
	if o == nil || o.MaxSize <= 0 {
		return defaultMaxSize
	}
	return o.MaxSize
}

// ErrNotBPF is matched by errors about files that are no BPF objects at all.
var ErrNotBPF = errors.New("not a BPF object")

// Open reads the object at path. A path that ends in ".c" is compiled first.
func Open(path string, opts *Options) (*image.Collection, error) {
	return OpenAll([]string{path}, opts)
}

// OpenAll reads the objects at paths and links them into one collection, by
// the rules of libbpf's linker.
func OpenAll(paths []string, opts *Options) (*image.Collection, error) {
	inputs := make([]Input, 0, len(paths))
	for _, path := range paths {
		data, err := load(path, opts)
		if err != nil {
			return nil, err
		}
		inputs = append(inputs, Input{Name: filepath.Base(path), Data: bytes.NewReader(data)})
	}
	return Link(inputs, opts)
}

// load is the object that path names, in memory.
func load(path string, opts *Options) ([]byte, error) {
	if strings.HasSuffix(path, ".c") {
		var clang ClangOptions
		if opts != nil {
			clang = opts.Clang
		}
		return Compile(path, &clang)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", path)
	}
	return readAll(filepath.Base(path), f, opts)
}

// Input is an object to be read, with the name used in messages.
type Input struct {
	Name string
	Data io.ReaderAt
}

// Read reads one object.
func Read(name string, r io.ReaderAt, opts *Options) (*image.Collection, error) {
	return Link([]Input{{Name: name, Data: r}}, opts)
}

// Link reads objects and links them into one collection.
func Link(inputs []Input, opts *Options) (*image.Collection, error) {
	if len(inputs) == 0 {
		return nil, errors.New("no objects to link")
	}
	units := make([]*unit, 0, len(inputs))
	for _, in := range inputs {
		data, err := readAll(in.Name, in.Data, opts)
		if err != nil {
			return nil, err
		}
		u, err := parse(in.Name, data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", in.Name, err)
		}
		units = append(units, u)
	}
	u := units[0]
	if len(units) > 1 {
		var err error
		if u, err = linkUnits(units); err != nil {
			return nil, err
		}
	}
	c, err := u.collection()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", u.name, err)
	}
	return c, nil
}

// readAll is all of r, up to the limit.
func readAll(name string, r io.ReaderAt, opts *Options) ([]byte, error) {
	limit := opts.maxSize()
	data, err := io.ReadAll(io.NewSectionReader(r, 0, limit+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s: larger than %d bytes", name, limit)
	}
	return data, nil
}
