//go:build !windows

package state

import "github.com/gofrs/flock"

type fileLock = flock.Flock

// newFileLock is the lock that bbolt takes of the snapshot at path.
func newFileLock(path string) *fileLock { return flock.New(path) }
