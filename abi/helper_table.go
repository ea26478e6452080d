package abi

// helpers is the table of helpers, by number.
var helpers [212]Helper
