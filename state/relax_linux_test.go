package state

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"
)

// residentPages is how many bytes of the mapped snapshot count as this process's memory.
func residentPages(t *testing.T, db *DB) (kib int) {
	t.Helper()
	found := false
	for lines := bufio.NewScanner(bytes.NewReader(must[[]byte](t)(os.ReadFile("/proc/self/smaps")))); lines.Scan(); {
		line := lines.Text()
		if strings.HasSuffix(line, " "+db.Path()) {
			found = true
		} else if rss, is := strings.CutPrefix(line, "Rss:"); is && found {
			if _, err := fmt.Sscan(rss, &kib); err != nil {
				t.Fatal(err)
			}
			return kib << 10
		}
	}
	t.Fatal("the snapshot is not mapped")
	return 0
}

// Every page of the mapped file that is looked at counts as memory, until it is given back.
func TestPagesThatWereReadAreGivenBack(t *testing.T) {
	db := create(t)
	firstRun(t, db, 1000)
	want := must[*dump](t)(dumpOf(db))
	if err := db.view(func(tx *bbolt.Tx) error {
		for range tx.Check() {
		}
		if residentPages(t, db) == 0 {
			t.Error("the file was read, and none of it is in memory")
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	db.relaxNow()
	if left := residentPages(t, db); left > 0 {
		t.Errorf("%d bytes are left", left)
	}
	if got := must[*dump](t)(dumpOf(db)); !cmp.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
}
