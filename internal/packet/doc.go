// Package packet is the packet as programs and helpers see it: an XDP frame
// with its headroom, metadata and tailroom on memory outside the Go heap; and
// the captures that packets come from and go to.
//
// Its one invariant: the native context block always agrees with the frame.
// It knows nothing of devices, of programs and of helpers.
package packet
