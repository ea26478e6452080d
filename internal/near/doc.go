// Package near measures how far a misspelt name is from a right one. It knows no
// names itself.
package near
