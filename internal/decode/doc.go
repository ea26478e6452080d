// Package decode turns bytes of map keys, values and events into text and JSON
// through their BTF type.
//
// Its one invariant: every byte string of the right length decodes; what the
// type does not say is shown as hex. It knows neither maps nor programs.
package decode
