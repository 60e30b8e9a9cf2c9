package state

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"go.etcd.io/bbolt"
	"golang.org/x/sys/unix"
)

// relax tells the system that the pages of the mapped file are not needed at the
// moment: every page that bbolt ever looked at counts as this process's memory
// otherwise, and with 100,000 people that is most of a gigabyte. The pages stay in
// the page cache, so looking at one again costs a minor fault.
//
// Nothing of the mapping is changed, and none of it is anybody's to write. It must not
// be moved meanwhile, which a read transaction sees to: bbolt waits for all of them
// before it maps the file anew. That is why a failure to find the mapping is no error.
func (db *DB) relax() {
	last := db.relaxed.Load()
	now := time.Now().UnixNano() // not the run's clock: this is about the machine
	if now-last < int64(relaxEvery) || !db.relaxed.CompareAndSwap(last, now) {
		return
	}
	db.relaxNow()
}

// relaxNow is relax, however short ago the last time was.
func (db *DB) relaxNow() {
	_ = guarded(func() error {
		return db.bolt.View(func(*bbolt.Tx) error { return giveBack(db.mapped) })
	})
}

// relaxStill is relax for who has the file alone, and writes nothing: the mapping stays.
func (db *DB) relaxStill() {
	_ = guarded(func() error { return giveBack(db.mapped) })
}

// giveBack drops the pages of all mappings of a file from this process.
func giveBack(path string) error {
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return err
	}
	defer maps.Close()
	lines := bufio.NewScanner(maps)
	for lines.Scan() {
		line := lines.Text()
		if !strings.HasSuffix(line, " "+path) {
			continue
		}
		var from, to uintptr
		var rights string
		if _, err := fmt.Sscanf(line, "%x-%x %s", &from, &to, &rights); err != nil || rights != "r--s" {
			continue
		}
		if _, _, no := unix.Syscall(unix.SYS_MADVISE, from, to-from, unix.MADV_DONTNEED); no != 0 {
			err = errors.Join(err, no)
		}
	}
	return errors.Join(err, lines.Err())
}
