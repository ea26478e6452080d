// Package asm reads and prints whole programs as text: sections, maps, names
// of helpers, labels. It turns the text into an image and back.
//
// Its one invariant: what Format prints, Parse reads back as the same image,
// but for BTF and CO-RE relocations, which the text does not carry. It opens
// no files.
package asm
