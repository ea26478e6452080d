// Package packet is the packet as programs and helpers see it: an XDP frame
// with its headroom, metadata and tailroom on memory outside the Go heap.
//
// Its one invariant: the native context block always agrees with the frame.
// It knows nothing of files and devices, of programs and of helpers.
package packet
