package main

import (
	"context"
	"path/filepath"

	"github.com/skepbpf/skep"
	"github.com/skepbpf/skep/image"
	"github.com/skepbpf/skep/internal/bench"
	"github.com/skepbpf/skep/object"
)

// userEngine is one of skep's.
type userEngine struct {
	o    *options
	name string
}

// newSkep fails where the machine does not have the engine.
func newSkep(o *options, name string) (*userEngine, error) {
	rt, err := skep.NewRuntime(&skep.RuntimeOptions{Engine: skep.Engine(name)})
	if err != nil {
		return nil, err
	}
	return &userEngine{o, name}, rt.Close()
}

func (e *userEngine) close() error { return nil }

func (e *userEngine) open(ctx context.Context, r *row) (subject, error) {
	file := e.o.object(r)
	open := func() (*image.Collection, error) { return object.Open(file, nil) }
	return bench.Open(ctx, open, &bench.Options{Engine: skep.Engine(e.name), Packet: e.o.packet, InitRuns: r.inits})
}

func (o *options) object(r *row) string { return filepath.Join(o.progs, r.name+".bpf.o") }
