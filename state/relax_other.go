//go:build !linux

package state

// relax does nothing: only Linux is known to count the pages of a mapped file as the
// process's own.
func (db *DB) relax() {}

func (db *DB) relaxNow() {}

func (db *DB) relaxStill() {}
