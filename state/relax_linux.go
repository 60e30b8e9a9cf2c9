package state

import (
	"go.etcd.io/bbolt"
	"golang.org/x/sys/unix"
)

// giveBack tells the system that the pages of the mapped file are not needed at the
// moment: every page that bbolt ever looked at counts as this process's memory
// otherwise, with its neighbours, and with 100,000 people that is most of a gigabyte. The
// pages stay in the page cache, so looking at one again costs a minor fault.
//
// Nothing of the mapping is changed, and none of it is anybody's to write. It must not
// be moved meanwhile, which tx sees to: bbolt waits for all that read before it maps the
// file anew, and whoever writes does so in its own course. All that tx can see is mapped.
func giveBack(tx *bbolt.Tx) {
	_, _, _ = unix.Syscall(unix.SYS_MADVISE, tx.DB().Info().Data, uintptr(tx.Size()), unix.MADV_DONTNEED)
}
