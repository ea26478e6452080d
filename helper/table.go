package helper

import "github.com/skepbpf/skep/vm"

// Table is all bodies, by number and by name.
func Table() *vm.Helpers {
	return &vm.Helpers{Kfuncs: map[string]vm.HelperFunc{}}
}
