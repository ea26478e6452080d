// Package await is the waiting part of readers: deadlines, flushes and closing
// around a channel that announces records.
//
// Its one invariant: no call that should end a wait is missed. It knows nothing
// of records.
package await
