//go:build race

package vm_test

const race = true
