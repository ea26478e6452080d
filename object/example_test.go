package object_test

import (
	"fmt"

	"github.com/skepbpf/skep/object"
)

// An object is read the same way everywhere; Resolve then fits it to a kernel.
func Example() {
	c, err := object.Open("testdata/subprogs.bpf.o", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fitted := object.Resolve(c, &object.Target{})
	p := fitted.Program("calls")
	if p.Err != nil {
		fmt.Println(p.Err)
		return
	}
	for _, f := range p.Funcs {
		fmt.Println(f.Start, f.Name, f.Global)
	}
	// Output:
	// 0 calls true
	// 14 middle false
	// 22 deepest false
	// 28 global_add true
	// 34 hidden_sub false
	// 40 weak_mul true
}
