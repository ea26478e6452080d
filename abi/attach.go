package abi

// AttachType is an attach type, numbered as enum bpf_attach_type.
type AttachType uint32
