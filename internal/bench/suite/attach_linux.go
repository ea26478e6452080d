package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"
)

// loopback is the interface that every network namespace has.
const loopback = 1

// attach attaches an XDP program where no packet comes, in a network namespace
// of its own.
//
// Linux 6.18: a test run of a program that is attached nowhere begins and ends
// by changing the machine code through which XDP programs are entered, which
// takes tens of milliseconds.
func attach(p *ebpf.Program) (io.Closer, error) {
	a := &attached{}
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // for good: the thread ends with the goroutine
		done <- a.attach(p)
	}()
	if err := <-done; err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// attached is a program at the loopback of a namespace, which lives as long as
// its file is open.
type attached struct {
	namespace *os.File
	link      link.Link
}

func (a *attached) attach(p *ebpf.Program) error {
	err := unix.Unshare(unix.CLONE_NEWNET)
	if err != nil {
		return fmt.Errorf("network namespace: %w", err)
	}
	if a.namespace, err = os.Open("/proc/thread-self/ns/net"); err != nil {
		return err
	}
	a.link, err = link.AttachXDP(link.XDPOptions{Program: p, Interface: loopback, Flags: link.XDPGenericMode})
	return err
}

// Close detaches the program.
func (a *attached) Close() error {
	var err error
	if a.link != nil {
		err = a.link.Close()
	}
	if a.namespace != nil {
		err = errors.Join(err, a.namespace.Close())
	}
	return err
}
