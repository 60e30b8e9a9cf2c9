package state

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"tracktik-sync/state/boltfile"
	"tracktik-sync/sync/plan"
)

// maxFindings is how many findings are listed.
const maxFindings = 50

// Verify reads the snapshot at path whole, as a reader, and returns what is wrong
// with it, a sentence each: none if all is well. The error is about not having
// been able to look: ErrMissing, a LockedError, a KeyError, ErrNewerSchema.
func Verify(path string, opt Options) (findings []string, err error) {
	opt.ReadOnly = true
	db, err := Open(path, opt)
	var corrupt *CorruptError
	switch {
	case errors.As(err, &corrupt):
		return []string{corrupt.What}, nil
	case errors.Is(err, ErrOlderSchema): // nothing more can be said of its records
		if _, err := verifyPages(path); err != nil {
			return []string{err.Error()}, nil
		}
		return nil, nil
	case err != nil:
		return nil, err
	}
	v := &verifier{db: db, counts: map[string]int{}}
	err = v.run()
	if errors.As(err, &corrupt) {
		v.find("%s", corrupt.What)
		err = nil
	}
	if v.left > 0 {
		v.findings = append(v.findings, fmt.Sprintf("and %d more", v.left))
	}
	return v.findings, errors.Join(err, db.Close())
}

// verifyPages reads all pages of the file, and none of its records.
func verifyPages(path string) (boltfile.Header, error) {
	f, err := os.Open(path)
	if err != nil {
		return boltfile.Header{}, err
	}
	defer f.Close()
	return boltfile.Check(f, true)
}

type verifier struct {
	db       *DB
	findings []string
	left     int            // findings that are not listed
	counts   map[string]int // expected records of each index
}

func (v *verifier) find(format string, args ...any) {
	if len(v.findings) >= maxFindings {
		v.left++
		return
	}
	v.findings = append(v.findings, fmt.Sprintf(format, args...))
}

// run looks at the pages first: what is wrong there can lead the rest astray.
func (v *verifier) run() error {
	head, err := verifyPages(v.db.path)
	if err != nil {
		return &CorruptError{Path: v.db.path, What: err.Error()}
	}
	if head.Alone {
		v.find("one of its two headers is damaged: the last transaction may be lost")
	}
	debug.FreeOSMemory() // the page of a document is as large as that
	known := len(v.findings)
	return v.db.view(func(tx *bbolt.Tx) error {
		v.pages(tx)
		if len(v.findings) > known {
			return nil
		}
		if _, err := getMeta(tx, v.db.codec); err != nil {
			return err
		}
		if _, err := getEvents(tx, v.db.codec); err != nil {
			return err
		}
		if _, err := getCensus(tx, v.db.codec); err != nil {
			return err
		}
		for _, part := range []func(*bbolt.Tx){v.people, v.roles, v.journal, v.runs, v.indexes} {
			part(tx)
		}
		return nil
	})
}

// pages has bbolt look at its pages, which are given back meanwhile, again and again.
func (v *verifier) pages(tx *bbolt.Tx) {
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-done:
				return
			case <-time.After(relaxEvery):
				giveBack(tx)
			}
		}
	}()
	for err := range tx.Check() {
		v.find("bbolt: %v", err)
	}
	close(done)
	<-ended
}

// each calls fn with the content of every sealed record of a bucket.
func (v *verifier) each(tx *bbolt.Tx, bucket []byte, fn func(key, content []byte) error) {
	_, _ = readRows(tx, span{bucket: bucket}, -1, func(k, sealed []byte) error { // fn's errors are findings
		content, err := v.db.codec.open(bucket, k, sealed)
		if err == nil {
			err = fn(k, content)
		}
		if err != nil {
			v.find("record %s of %s: %v", keyText(bucket, k), bucket, err)
		}
		return nil
	})
}

// expect checks that index entries are there. How many there are in all is counted
// for indexes.
func (v *verifier) expect(tx *bbolt.Tx, owner []byte, of []byte, entries []entry) {
	for _, e := range entries {
		v.counts[string(e.bucket)]++
		value := get(tx, e.bucket, e.key)
		if e.sealed && value != nil {
			value, _ = v.db.codec.open(e.bucket, e.key, value) // nil when it is damaged
		}
		if value == nil || !bytes.Equal(value, e.value) {
			v.find("record %s of %s is not in the index %s", keyText(of, owner), of, e.bucket)
		}
	}
}

var errMisplaced = errors.New("it is somebody else's")

func (v *verifier) people(tx *bbolt.Tx) {
	v.each(tx, bucketPeople, func(k, content []byte) error {
		var l plan.Link
		if err := json.Unmarshal(content, &l); err != nil || string(l.Person) != string(k) {
			return cmp.Or(err, errMisplaced)
		}
		v.expect(tx, k, bucketPeople, linkEntries(v.db.codec, l))
		m, err := v.db.codec.openMark(k, get(tx, bucketPrints, k))
		if err == nil && (m.Employee != l.Employee || m.Open != l.Open()) {
			err = errors.New("its print is of another employee or state")
		}
		return err
	})
	v.each(tx, bucketPrints, func(k, _ []byte) error {
		m, err := v.db.codec.openMark(k, get(tx, bucketPrints, k))
		if err == nil && m.Employee != 0 && get(tx, bucketPeople, k) == nil {
			err = errors.New("nobody is linked there")
		}
		return err
	})
	v.each(tx, bucketFormers, func(k, content []byte) error {
		var f plan.Former
		if err := json.Unmarshal(content, &f); err != nil || !bytes.Equal(formerKey(f.Link.Person, f.Link.Employee), k) {
			return cmp.Or(err, errMisplaced)
		}
		v.expect(tx, k, bucketFormers, formerEntries(f))
		return nil
	})
}

func (v *verifier) roles(tx *bbolt.Tx) {
	v.each(tx, bucketGroups, func(k, content []byte) error {
		var g plan.GroupLink
		if err := json.Unmarshal(content, &g); err != nil || string(g.Group) != string(k) {
			return cmp.Or(err, errMisplaced)
		}
		return nil
	})
	v.each(tx, bucketMembers, func(_, content []byte) error {
		if !slices.IsSorted(splitMembers(string(content))) {
			return errors.New("the members are not in order")
		}
		return nil
	})
	v.each(tx, bucketGrants, func(k, content []byte) error {
		var g plan.Grant
		if err := json.Unmarshal(content, &g); err != nil || !bytes.Equal(grantKey(g.Key()), k) {
			return cmp.Or(err, errMisplaced)
		}
		v.expect(tx, k, bucketGrants, grantEntries(g.Key()))
		return nil
	})
}

func (v *verifier) journal(tx *bbolt.Tx) {
	v.each(tx, bucketPending, func(k, content []byte) error {
		return cmp.Or(json.Unmarshal(content, new(plan.Intent)), v.drawn(tx, bucketPending, k))
	})
	v.each(tx, bucketAudit, func(k, content []byte) error {
		var a plan.Audit
		if err := cmp.Or(json.Unmarshal(content, &a), v.drawn(tx, bucketAudit, k)); err != nil {
			return err
		}
		a.Seq = number(k)
		v.expect(tx, k, bucketAudit, auditEntries(a))
		return nil
	})
}

// drawn checks that a number was given, and will not be given again.
func (v *verifier) drawn(tx *bbolt.Tx, bucket, key []byte) error {
	if n := number(key); n == 0 || n > tx.Bucket(bucket).Sequence() {
		return errors.New("its number was never given")
	}
	return nil
}

func (v *verifier) runs(tx *bbolt.Tx) {
	v.each(tx, bucketRuns, func(k, content []byte) error {
		var r plan.RunRecord
		if err := json.Unmarshal(content, &r); err != nil || r.ID != string(k) {
			return cmp.Or(err, errMisplaced)
		}
		return nil
	})
	v.each(tx, bucketDocuments, func(k, content []byte) error {
		_, err := io.Copy(io.Discard, inflated(content)) // it may be a hundred megabytes
		if err != nil || get(tx, bucketRuns, k) == nil {
			return cmp.Or(err, errors.New("there is no such run"))
		}
		return nil
	})
	v.each(tx, bucketTroubles, func(k, content []byte) error {
		var t plan.Trouble
		if err := json.Unmarshal(content, &t); err != nil || t.Key() != string(k) {
			return cmp.Or(err, errMisplaced)
		}
		return nil
	})
}

// indexes finds entries that nothing stands behind: all that should be there were
// found, so more than those are too many.
func (v *verifier) indexes(tx *bbolt.Tx) {
	for _, bucket := range [][]byte{bucketEmployees, bucketNames, bucketFormersBy, bucketGrantsBy, bucketAuditWho, bucketAuditRun, bucketAuditTime} {
		n := 0
		_, _ = readRows(tx, span{bucket: bucket}, -1, func(_, _ []byte) error { n++; return nil }) // never fails
		if n > v.counts[string(bucket)] {
			v.find("the index %s has %d entries too many", bucket, n-v.counts[string(bucket)])
		}
	}
}
