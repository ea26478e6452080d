package qemu

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"path"
	"slices"
)

// File is a file of the machine.
type File struct {
	Path string // without leading slash
	Mode uint32 // permissions
	Data []byte
}

const (
	modeDir  = 0o040000
	modeFile = 0o100000
)

// writeInitramfs packs files, with the directories that they lie in, in the
// form that Linux unpacks at its start: cpio with ASCII headers, compressed.
func writeInitramfs(w io.Writer, files []File) error {
	zip, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if err != nil {
		return err
	}
	c := &cpio{w: zip}
	dirs := []string{"dev", "proc", "sys", "tmp"}
	for _, f := range files {
		for d := path.Dir(f.Path); d != "."; d = path.Dir(d) {
			dirs = append(dirs, d)
		}
	}
	slices.Sort(dirs)
	for _, d := range slices.Compact(dirs) {
		c.entry(d, modeDir|0o755, nil)
	}
	for _, f := range files {
		c.entry(f.Path, modeFile|f.Mode, f.Data)
	}
	c.entry("TRAILER!!!", 0, nil)
	if c.err != nil {
		return c.err
	}
	return zip.Close()
}

type cpio struct {
	w   io.Writer
	ino int
	err error
}

// entry writes a header of 13 numbers of 8 digits, the name and the data, each
// filled up to a multiple of 4 bytes.
func (c *cpio) entry(name string, mode uint32, data []byte) {
	if c.err != nil {
		return
	}
	c.ino++
	var b bytes.Buffer
	b.WriteString("070701")
	for _, n := range []int{c.ino, int(mode), 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0} {
		fmt.Fprintf(&b, "%08X", n)
	}
	b.WriteString(name)
	b.WriteByte(0)
	pad(&b)
	b.Write(data)
	pad(&b)
	_, c.err = c.w.Write(b.Bytes())
}

// pad fills up to 4 bytes; entries begin at such multiples themselves.
func pad(b *bytes.Buffer) {
	for b.Len()%4 != 0 {
		b.WriteByte(0)
	}
}
