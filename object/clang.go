package object

import "errors"

// ClangOptions say how C sources are compiled.
type ClangOptions struct{}

// Compile compiles a C source file to an object.
func Compile(path string, opts *ClangOptions) ([]byte, error) {
	return nil, errors.New("not supported")
}
