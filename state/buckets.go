package state

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"tracktik-sync/sync/plan"
)

var (
	bucketMeta      = []byte("meta")
	bucketPeople    = []byte("people")
	bucketPrints    = []byte("prints")
	bucketEmployees = []byte("employees")
	bucketNames     = []byte("names")
	bucketFormers   = []byte("formers")
	bucketFormersBy = []byte("formers_by_employee")
	bucketGroups    = []byte("groups")
	bucketMembers   = []byte("members")
	bucketGrants    = []byte("grants")
	bucketGrantsBy  = []byte("grants_by_person")
	bucketPending   = []byte("pending")
	bucketAudit     = []byte("audit")
	bucketAuditWho  = []byte("audit_by_person")
	bucketAuditRun  = []byte("audit_by_run")
	bucketAuditTime = []byte("audit_by_time")
	bucketRuns      = []byte("runs")
	bucketDocuments = []byte("documents")
	bucketTroubles  = []byte("troubles")
	bucketEvents    = []byte("events")
	bucketCensus    = []byte("unmanaged")

	keySchema  = []byte("schema")
	keyMeta    = []byte("meta")
	keyLastRun = []byte("last_run")
	keyEvents  = []byte("log")    // the only one of its bucket
	keyCensus  = []byte("census") // the only one of its bucket
	keyKey     = []byte("key")

	keyCompacted = []byte("compacted")
)

// buckets are all there are, in the order in which a transaction writes them.
var buckets = [][]byte{
	bucketMeta, bucketPeople, bucketPrints, bucketEmployees, bucketNames, bucketFormers, bucketFormersBy,
	bucketGroups, bucketMembers, bucketGrants, bucketGrantsBy, bucketPending,
	bucketAudit, bucketAuditWho, bucketAuditRun, bucketAuditTime, bucketRuns, bucketDocuments, bucketTroubles,
	bucketEvents, bucketCensus,
}

// isSealed reports whether the value of that key goes through the codec.
func isSealed(bucket, key []byte) bool {
	switch string(bucket) {
	case string(bucketMeta):
		return bytes.Equal(key, keyMeta)
	case string(bucketEmployees), string(bucketNames), string(bucketFormersBy), string(bucketGrantsBy), string(bucketAuditWho), string(bucketAuditRun):
		return false
	}
	return true
}

// The two kinds of names.
const (
	nameUsername = "u"
	nameEmail    = "e"
)

func be64(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// number reads what be64 wrote; anything of another length is 0.
func number(b []byte) uint64 {
	if len(b) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(b)
}

func employeeKey(id plan.EmployeeID) []byte { return be64(uint64(id)) }

// under is first, a zero byte, and a number: the key of an index that is read by
// first.
func under(first string, n uint64) []byte {
	return binary.BigEndian.AppendUint64(prefix(first), n)
}

// prefix begins the keys of first in such an index.
func prefix(first string) []byte { return append([]byte(first), 0) }

// lastNumber is the number at the end of an index key.
func lastNumber(key []byte) uint64 {
	if len(key) < 8 {
		return 0
	}
	return number(key[len(key)-8:])
}

func formerKey(person plan.PersonID, employee plan.EmployeeID) []byte {
	return under(string(person), uint64(employee))
}

func grantKey(k plan.GrantKey) []byte { return append(be64(uint64(k.Role)), k.Person...) }

func nameKey(c codec, kind, folded string, person plan.PersonID) []byte {
	return append(namePrefix(c, kind, folded), person...)
}

func namePrefix(c codec, kind, folded string) []byte {
	if c.keys != nil {
		return append(prefix(kind), c.keys.name(kind, folded)...)
	}
	return append(prefix(kind), prefix(folded)...)
}

func timeKey(t time.Time, seq uint64) []byte {
	return binary.BigEndian.AppendUint64(timePrefix(t), seq)
}

// timePrefix sorts by time; what was before 1970 is 1970.
func timePrefix(t time.Time) []byte { return be64(uint64(max(t.UnixNano(), 0))) }

// An entry is one derived record of an index. A nil value is an empty one.
type entry struct {
	bucket, key, value []byte
	sealed             bool
}

// linkEntries are the index entries of a link.
func linkEntries(c codec, l plan.Link) []entry {
	entries := []entry{{bucket: bucketEmployees, key: employeeKey(l.Employee), value: []byte(l.Person)}}
	if name := plan.FoldName(l.Pushed[plan.Username]); name != "" {
		entries = append(entries, entry{bucket: bucketNames, key: nameKey(c, nameUsername, name, l.Person)})
	}
	if name := plan.FoldName(l.Pushed[plan.Email]); name != "" {
		entries = append(entries, entry{bucket: bucketNames, key: nameKey(c, nameEmail, name, l.Person)})
	}
	return entries
}

func formerEntries(f plan.Former) []entry {
	return []entry{{bucket: bucketFormersBy, key: employeeKey(f.Link.Employee), value: []byte(f.Link.Person)}}
}

func grantEntries(k plan.GrantKey) []entry {
	return []entry{{bucket: bucketGrantsBy, key: under(string(k.Person), uint64(k.Role))}}
}

func auditEntries(a plan.Audit) []entry {
	entries := []entry{{bucket: bucketAuditTime, key: timeKey(a.Time, a.Seq), value: auditDigest(a), sealed: true}}
	if a.Person != "" {
		entries = append(entries, entry{bucket: bucketAuditWho, key: under(string(a.Person), a.Seq)})
	}
	if a.Run != "" {
		entries = append(entries, entry{bucket: bucketAuditRun, key: under(a.Run, a.Seq)})
	}
	return entries
}

// auditDigest is what a day's count needs to know of an entry.
func auditDigest(a plan.Audit) []byte {
	digest := a.Kind + "\x00" + a.Outcome + "\x00"
	if a.Approved {
		digest += "approved"
	}
	switch {
	case a.Pair:
		digest += "\x00" + markPair
	case a.Clears:
		digest += "\x00" + markClears
	}
	return []byte(digest)
}

const (
	markPair   = "pair"
	markClears = "clears"
)

// readDigest undoes auditDigest.
func readDigest(d []byte) (kind, outcome []byte, approved bool, mark string) {
	kind, rest, _ := bytes.Cut(d, separator)
	outcome, rest, whole := bytes.Cut(rest, separator)
	if !whole {
		return nil, nil, false, ""
	}
	passed, besides, _ := bytes.Cut(rest, separator)
	return kind, outcome, len(passed) > 0, string(besides)
}

// A migration turns a snapshot of one version into one of the next. It runs in
// one transaction with the others that are due, after a copy of the file was put
// beside it as PATH.schema-N.
type migration func(tx *bbolt.Tx, c codec) error

// migrations[n] leads from version n+1 to n+2. They are never changed once they
// were released, only added to.
var migrations = []migration{
	// Schema 2 has packed records. Those that are there stay as they are until the file is
	// written anew.
	func(*bbolt.Tx, codec) error { return nil },
}

// migrate brings the snapshot up to date. What it cannot is refused before the
// key is tried: another schema may have other keys.
func (db *DB) migrate(steps []migration) error {
	want := uint64(len(steps) + 1)
	have, whole, err := db.schema()
	if err != nil {
		return err
	}
	switch {
	case have > want:
		return fmt.Errorf("%w: %s has schema %d, and this program knows %d: use the program that wrote it, or a later one",
			ErrNewerSchema, db.path, have, want)
	case have < want && db.readOnly:
		return fmt.Errorf("%w: %s has schema %d, and this program needs %d: the next `sync` brings it up to date",
			ErrOlderSchema, db.path, have, want)
	}
	if err := db.unlock(); err != nil || have == want && (whole || db.readOnly) {
		return err
	}
	if have < want {
		if err := db.copyAside(have); err != nil {
			return fmt.Errorf("copying %s before bringing it to schema %d: %w", db.path, want, spaceError(db.path, err))
		}
	}
	err = db.readError(guarded(func() error {
		return db.bolt.Update(func(tx *bbolt.Tx) error {
			for _, step := range steps[have-1:] {
				if err := step(tx, db.codec); err != nil {
					return err
				}
			}
			if err := makeBuckets(tx); err != nil {
				return err
			}
			return tx.Bucket(bucketMeta).Put(keySchema, be64(want))
		})
	}))
	if err != nil {
		return fmt.Errorf("bringing %s from schema %d to %d: %w", db.path, have, want, spaceError(db.path, err))
	}
	return nil
}

// unlock finds the codec of the file.
func (db *DB) unlock() error {
	return db.view(func(tx *bbolt.Tx) (err error) {
		db.codec, err = codecOf(tx, db.path, db.secret)
		return err
	})
}

// schema is the file's version, and whether it has all the buckets that this
// program knows. An older file may lack some and a newer one have more, but a file
// of which both is true has a damaged name in it: to make the bucket anew would
// lose what was in it.
func (db *DB) schema() (version uint64, whole bool, err error) {
	err = db.view(func(tx *bbolt.Tx) error {
		version = number(get(tx, bucketMeta, keySchema))
		known, others := 0, 0
		err := tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
			if slices.ContainsFunc(buckets, func(n []byte) bool { return bytes.Equal(n, name) }) && b != nil {
				known++
			} else {
				others++
			}
			return nil
		})
		whole = known == len(buckets)
		if version > 0 && others > 0 && !whole {
			return &CorruptError{What: "the name of a bucket"}
		}
		return err
	})
	if err == nil && version == 0 {
		err = &CorruptError{Path: db.path, What: "it was not written by this program"}
	}
	return version, whole, err
}

func (db *DB) copyAside(version uint64) error {
	return db.view(func(tx *bbolt.Tx) error {
		return copyTx(tx, fmt.Sprintf("%s.schema-%d", db.path, version))
	})
}
