//go:build !linux

package state

import "go.etcd.io/bbolt"

// giveBack does nothing: only Linux is known to count the pages of a mapped file as the
// process's own.
func giveBack(*bbolt.Tx) {}
