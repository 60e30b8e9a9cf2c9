package state

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"tracktik-sync/sync/plan"
)

// LastRun names the latest run in Run.
const LastRun = "last"

func lastPath(path string) string { return path + lasts.suffix }

// lastRun is the content of the file that remembers the last run's number.
type lastRun struct {
	Number uint64 `json:"number"`
	Run    string `json:"run"`
}

// readLast is the number of the last run as the file beside the snapshot has it.
func readLast(path string) (uint64, error) {
	content, err := lasts.read(path, nil)
	if err != nil || content == nil {
		return 0, err
	}
	var last lastRun
	err = json.Unmarshal(content, &last)
	return last.Number, err
}

// NextRun numbers a new run and returns its id, time and number:
// 20261124T060000Z-000123. The number is durable, beside the snapshot too, and
// others see it as the holder's run from now on.
func (db *DB) NextRun(now time.Time) (id string, err error) {
	var seq uint64
	err = db.submit(func(tx *bbolt.Tx) (func() error, error) {
		b := tx.Bucket(bucketMeta)
		seq = number(b.Get(keyLastRun)) + 1
		return func() error { return b.Put(keyLastRun, be64(seq)) }, nil
	})
	if err != nil {
		return "", fmt.Errorf("numbering a run: %w", err)
	}
	id = fmt.Sprintf("%s-%06d", now.UTC().Format("20060102T150405Z"), seq)
	if err := writeJSON(lastPath(db.path), lastRun{seq, id}); err != nil {
		return "", fmt.Errorf("numbering a run: %w", err)
	}
	db.mu.Lock()
	db.holder.Run = id
	holder := db.holder
	db.mu.Unlock()
	if err := writeJSON(holderPath(db.path), holder); err != nil {
		return "", fmt.Errorf("numbering a run: %w", err)
	}
	return id, nil
}

// Older reports whether the snapshot, when it was opened, was older than the last
// run that is known beside it: a restored backup. So may be one of whose two
// headers one is damaged. Opening it for writing has set Meta.RefreshDue then.
func (db *DB) Older() bool { return db.older }

// compareWithLast finds a restored backup out and, when it may, notes it. A file
// that cannot be read counts as a later run: a refresh too many does no harm.
func (db *DB) compareWithLast(last uint64, readErr error) error {
	var have uint64
	err := db.view(func(tx *bbolt.Tx) error {
		have = number(get(tx, bucketMeta, keyLastRun))
		return nil
	})
	if err != nil {
		return err
	}
	db.older = db.alone || readErr != nil || last > have
	if !db.older || db.readOnly {
		return nil
	}
	err = db.readError(guarded(func() error {
		return db.bolt.Update(func(tx *bbolt.Tx) error { return noteRestored(tx, db.codec, max(last, have)) })
	}))
	if err == nil && readErr != nil {
		err = writeJSON(lastPath(db.path), lastRun{Number: have})
	}
	if err != nil {
		return fmt.Errorf("noting that the snapshot %s was restored: %w", db.path, spaceError(db.path, err))
	}
	return nil
}

// noteRestored makes the next run a refresh, and number its runs above last.
func noteRestored(tx *bbolt.Tx, c codec, last uint64) error {
	m, err := getMeta(tx, c)
	if err != nil {
		return err
	}
	m.RefreshDue = true
	b := tx.Bucket(bucketMeta)
	if last > number(b.Get(keyLastRun)) {
		if err := b.Put(keyLastRun, be64(last)); err != nil {
			return err
		}
	}
	return putMeta(tx, c, m)
}

// runNumber is the number in a run's id, 0 when there is none.
func runNumber(id string) uint64 {
	_, digits, _ := strings.Cut(id, "-")
	n, _ := strconv.ParseUint(digits, 10, 64) // 0 is the answer then
	return n
}

// runIDs are the ids of all recorded runs, the latest first: by their number, since
// a clock that went back does not make a run an earlier one.
func (db *DB) runIDs() (ids []string, err error) {
	err = db.view(func(tx *bbolt.Tx) error {
		_, err := readRows(tx, span{bucket: bucketRuns}, -1, func(k, _ []byte) error {
			ids = append(ids, string(k))
			return nil
		})
		return err
	})
	slices.SortFunc(ids, func(a, b string) int {
		return cmp.Or(cmp.Compare(runNumber(b), runNumber(a)), cmp.Compare(b, a))
	})
	return ids, err
}

// Runs are the latest runs, without their documents, the latest first; limit 0:
// all.
func (db *DB) Runs(limit int) ([]plan.RunRecord, error) {
	ids, err := db.runIDs()
	if err != nil {
		return nil, err
	}
	if limit > 0 && limit < len(ids) {
		ids = ids[:limit]
	}
	runs := make([]plan.RunRecord, 0, len(ids))
	for _, id := range ids {
		r, found, err := one[plan.RunRecord](db, bucketRuns, []byte(id))
		if err != nil {
			return nil, err
		}
		if found {
			runs = append(runs, r)
		}
	}
	return runs, nil
}

// Run is the run of that id, or the latest for LastRun, with its document.
func (db *DB) Run(id string) (r plan.RunRecord, found bool, err error) {
	if id == LastRun {
		ids, err := db.runIDs()
		if err != nil || len(ids) == 0 {
			return r, false, err
		}
		id = ids[0]
	}
	err = db.view(func(tx *bbolt.Tx) error {
		r, found, err = record[plan.RunRecord](tx, db.codec, bucketRuns, []byte(id))
		if found && err == nil {
			r.Document, err = db.document(tx, []byte(id))
		}
		return err
	})
	return r, found, err
}

// ReadDocument hands the document of a run to read, as it is inflated: it may be a hundred
// megabytes. found is false where there is none.
func (db *DB) ReadDocument(id string, read func(io.Reader) error) (found bool, err error) {
	var content []byte
	err = db.view(func(tx *bbolt.Tx) error {
		sealed := get(tx, bucketDocuments, []byte(id))
		if sealed == nil {
			return nil
		}
		found = true
		packed, err := db.codec.open(bucketDocuments, []byte(id), sealed)
		if err != nil {
			return damaged(bucketDocuments, []byte(id), err)
		}
		content = bytes.Clone(packed)
		return nil
	})
	if err != nil || !found {
		return false, err
	}
	return true, read(inflated(content))
}

func (db *DB) document(tx *bbolt.Tx, id []byte) ([]byte, error) {
	sealed := get(tx, bucketDocuments, id)
	if sealed == nil {
		return nil, nil
	}
	content, err := db.codec.open(bucketDocuments, id, sealed)
	if err == nil {
		content, err = inflate(content)
	}
	if err != nil {
		return nil, damaged(bucketDocuments, id, err)
	}
	return content, nil
}
