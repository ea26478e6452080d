// Package qemu runs a static program as the only one of a virtual machine with
// a Debian kernel: it fetches the kernel, packs the machine's files, boots
// without hardware support and hands over what the program prints.
//
// Its one invariant: a Result tells whether the program ended by itself and
// with which code; a kernel that died or hung is never taken for success. It
// knows nothing of eBPF. What cannot be had is an *UnavailableError, so that
// callers skip and say why.
package qemu

// UnavailableError says what is missing on this machine.
type UnavailableError struct{ What string }

// Error says what is missing.
func (e *UnavailableError) Error() string { return e.What }
