package state

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"strconv"
	"sync"

	"go.etcd.io/bbolt"

	"tracktik-sync/sync/plan"
)

// formPlain is the form of a sealed value: this byte, four bytes of CRC-32C over
// bucket, 0, key and content, and the content. See formEncrypted for the other.
const formPlain = 1

const sealLen = 5

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	separator  = []byte{0}
)

// A codec is the one place through which the contents of sealed values go into
// the file and come out again. Without keys it is a plain one. A file has one form
// only: a plain value in an encrypted file was put there by somebody else.
type codec struct{ keys *keys }

// seal prepares content for its place in the file.
func (c codec) seal(bucket, key, content []byte) []byte {
	if c.keys != nil {
		return c.keys.seal(bucket, key, content)
	}
	out := make([]byte, sealLen, sealLen+len(content))
	out[0] = formPlain
	binary.BigEndian.PutUint32(out[1:], checksum(bucket, key, content))
	return append(out, content...)
}

// open returns the content of what seal made for this place, and unpacks it. It may be a
// part of sealed, and no copy.
func (c codec) open(bucket, key, sealed []byte) ([]byte, error) {
	content, err := c.unseal(bucket, key, sealed)
	if err == nil && isPackable(bucket) {
		content, err = unpackRecord(content)
	}
	return content, err
}

func (c codec) unseal(bucket, key, sealed []byte) ([]byte, error) {
	want := byte(formPlain)
	if c.keys != nil {
		want = formEncrypted
	}
	switch {
	case len(sealed) < sealLen:
		return nil, errors.New("the value is too short")
	case sealed[0] != want:
		return nil, fmt.Errorf("the value is of the form %d, not %d", sealed[0], want)
	case c.keys != nil:
		return c.keys.open(bucket, key, sealed)
	case binary.BigEndian.Uint32(sealed[1:]) != checksum(bucket, key, sealed[sealLen:]):
		return nil, errors.New("the checksum does not match")
	}
	return sealed[sealLen:], nil
}

func checksum(bucket, key, content []byte) uint32 {
	sum := crc32.Update(0, castagnoli, bucket)
	sum = crc32.Update(sum, castagnoli, separator)
	sum = crc32.Update(sum, castagnoli, key)
	return crc32.Update(sum, castagnoli, content)
}

// openJSON reads the JSON of a sealed value into v.
func (c codec) openJSON(bucket, key, sealed []byte, v any) error {
	content, err := c.open(bucket, key, sealed)
	if err == nil {
		err = json.Unmarshal(content, v)
	}
	if err != nil {
		return damaged(bucket, key, err)
	}
	return nil
}

// damaged is a CorruptError about one record; view adds the path.
func damaged(bucket, key []byte, err error) error {
	return &CorruptError{What: fmt.Sprintf("record %s of %s", keyText(bucket, key), bucket), Err: err}
}

// keyText shows a key: as text, or as the number that it is.
func keyText(bucket, key []byte) string {
	switch string(bucket) {
	case string(bucketPending), string(bucketAudit), string(bucketAuditTime), string(bucketEmployees), string(bucketFormersBy):
		return strconv.FormatUint(lastNumber(key), 10)
	}
	return strconv.Quote(string(key))
}

const (
	markLen  = 16 + 8 + 1
	markOpen = 1 // a flag
	dueLen   = 2 // what follows where a day is due
)

// markContent is the value of the bucket prints.
func markContent(m plan.Mark) []byte {
	out := make([]byte, 0, markLen+dueLen)
	out = append(out, m.Print[:]...)
	out = binary.BigEndian.AppendUint64(out, uint64(m.Employee))
	var flags byte
	if m.Open {
		flags |= markOpen
	}
	out = append(out, flags)
	if m.Due != 0 {
		out = binary.BigEndian.AppendUint16(out, uint16(m.Due))
	}
	return out
}

// openMark reads a value of the bucket prints. The Person is left to the caller,
// who may have a cheaper copy of key.
func (c codec) openMark(key, sealed []byte) (plan.Mark, error) {
	content, err := c.open(bucketPrints, key, sealed)
	if err == nil && len(content) != markLen && len(content) != markLen+dueLen {
		err = fmt.Errorf("%d bytes instead of %d", len(content), markLen)
	}
	if err != nil {
		return plan.Mark{}, damaged(bucketPrints, key, err)
	}
	var due plan.DayNumber
	if len(content) > markLen {
		due = plan.DayNumber(binary.BigEndian.Uint16(content[markLen:]))
	}
	return plan.Mark{
		Due:      due,
		Print:    plan.Print(content[:16]),
		Employee: plan.EmployeeID(binary.BigEndian.Uint64(content[16:24])),
		Open:     content[24]&markOpen != 0,
	}, nil
}

// deflate shrinks a run's document, which repeats itself a lot.
func deflate(doc []byte) []byte {
	var out bytes.Buffer
	w, _ := flate.NewWriter(&out, flate.BestSpeed) // the level is valid
	_, _ = w.Write(doc)                            // a Buffer takes everything
	_ = w.Close()
	return out.Bytes()
}

func inflate(data []byte) ([]byte, error) { return io.ReadAll(inflated(data)) }

func inflated(data []byte) io.Reader { return flate.NewReader(bytes.NewReader(data)) }

// packed begins the content of a packed record: JSON never begins like that. What follows
// is the JSON, deflated with packedWords.
const packed = 0x01

// packedWords are the words that the JSON of records repeats, the commonest last. They are
// part of the schema: another text would make every packed record unreadable.
const packedWords = `"seen_deprovisioned":true,"not_visible_since":"unassigned_since":"restored":true,"kept":true,"others_role":true,"last_repair":"` +
	`"elsewhere_status":"TERMINATED"}"terminated":"","roles":[{"elsewhere":true},"stuck":true,"gone":true,"again":true}` +
	`"approved":true,"told":"","message":"the answer was lost; a look-up shows that it happened"found by a look-up: it had happened"` +
	`"kind":"rename_role","kind":"link_role","kind":"create_role","kind":"reactivate","kind":"revoke_role","kind":"terminate",` +
	`"kind":"adopt","kind":"update","reason":"no longer assigned to the app"outcome":"failed","outcome":"found","outcome":"held",` +
	`"by":"tracktik-sync@tracktik-sync (cronjob)","by":"root@ (timer)","by":"(manual)","kind":"create","person":"00u","login":"` +
	`"changes":[{"field":"username","old":"","new":"@"},{"field":"firstName","old":"","new":"},{"field":"lastName","old":"","new":"},` +
	`{"field":"email","old":"","new":"@.com"},{"field":"jobTitle","old":"","new":"Security Guard"},{"field":"primaryPhone","old":"","new":"+1 555 },` +
	`{"field":"secondaryPhone","old":"","new":"},{"field":"address.addressLine1","old":"","new":" Street"},{"field":"address.city","old":"","new":"},` +
	`{"field":"address.state","old":"","new":"},{"field":"address.postalCode","old":"","new":"},{"field":"address.country","old":"","new":"US"},` +
	`{"field":"language","old":"","new":"EN_US"},{"field":"customId","old":"","new":"},{"field":"region","old":"","new":"}],` +
	`"reason":"assigned to the app, and has no employee through group 00g","outcome":"done","attempts":1,"request":"` +
	`{"seq":0,"time":"2026-01-01T00:00:00.000000000Z","run":"20260101T000000Z-000001","by":"","kind":"grant_role","person":"00u","login":"@",` +
	`"employee":1,"role":{"id":2,"name":" ","group_id":"00g"},"reason":"is in group ","outcome":"done","attempts":1,"request":"` +
	`{"role":1,"person":"00u1","id":1,"employee":1,"group":"00g1","how":"adopted","since":"2026-01-01T00:00:00.000000000Z","run":"20260101T000000Z-000001"}` +
	`{"person":"00u1","employee":1,"how":"created","since":"2026-01-01T00:00:00.000000000Z","run":"20260101T000000Z-000001","login":"@.com","email":"@.com",` +
	`"pushed":["","","","","","","","","","","","","","",""],"pushed_region":1,"assigned_by":"00g"}`

// isPackable reports whether the records of a bucket may be packed: JSON of which there is
// one a person, grant or action.
func isPackable(bucket []byte) bool {
	switch string(bucket) {
	case string(bucketPeople), string(bucketFormers), string(bucketGrants), string(bucketAudit):
		return true
	}
	return false
}

var (
	packers = sync.Pool{New: func() any {
		w, _ := flate.NewWriterDict(nil, flate.DefaultCompression, []byte(packedWords)) // the level is valid
		return w
	}}
	unpackers = sync.Pool{New: func() any { return flate.NewReaderDict(nil, []byte(packedWords)) }}
)

// packRecord makes the JSON of a record small.
func packRecord(content []byte) []byte {
	w := packers.Get().(*flate.Writer)
	defer packers.Put(w)
	var out bytes.Buffer
	out.WriteByte(packed)
	w.Reset(&out)
	_, _ = w.Write(content) // a Buffer takes everything
	_ = w.Close()
	if out.Len() >= len(content) {
		return content
	}
	return out.Bytes()
}

// unpackRecord undoes packRecord; what was never packed stays as it is.
func unpackRecord(content []byte) ([]byte, error) {
	if len(content) == 0 || content[0] != packed {
		return content, nil
	}
	r := unpackers.Get().(io.Reader)
	defer unpackers.Put(r)
	if err := r.(flate.Resetter).Reset(bytes.NewReader(content[1:]), []byte(packedWords)); err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// scanRows is how many records an iterator reads in one transaction.
const scanRows = 500

// scan yields what decode makes of the records of s, in the order of their keys.
// decode leaves a record out by false. It reads some rows in one transaction and
// yields them after it. An error ends the sequence.
func scan[T any](db *DB, s span, rows int, decode func(tx *bbolt.Tx, k, v []byte) (T, bool, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		var page []T // most scans find one record or none
		for next := s.from; ; {
			page = page[:0]
			more := false
			err := db.view(func(tx *bbolt.Tx) error {
				last, err := readRows(tx, span{s.bucket, s.prefix, next, s.to}, rows, func(k, v []byte) error {
					t, ok, err := decode(tx, k, v)
					if ok && err == nil {
						page = append(page, t)
					}
					return err
				})
				if more = last != nil; more {
					next = append(last, 0) // the smallest key above it
				}
				return err
			})
			for _, t := range page {
				if !yield(t, nil) {
					return
				}
			}
			if err != nil {
				yield(zero, err)
			}
			if err != nil || !more {
				return
			}
		}
	}
}

// readRows calls row for up to n records of s. It returns a copy of the last key,
// or nil when no record is left.
func readRows(tx *bbolt.Tx, s span, n int, row func(k, v []byte) error) ([]byte, error) {
	b := tx.Bucket(s.bucket)
	if b == nil {
		return nil, nil
	}
	from := s.from
	if bytes.Compare(from, s.prefix) < 0 {
		from = s.prefix
	}
	var last []byte
	c := b.Cursor()
	for k, v := c.Seek(from); s.holds(k); k, v = c.Next() {
		if n == 0 {
			return bytes.Clone(last), nil
		}
		if err := row(k, v); err != nil {
			return nil, err
		}
		last, n = k, n-1
		if n%scanRows == 0 { // the next ones lie anywhere in the file
			giveBack(tx)
		}
	}
	return nil, nil
}

// holds reports whether k is a key, and not beyond the end of s.
func (s span) holds(k []byte) bool {
	return k != nil && bytes.HasPrefix(k, s.prefix) && (s.to == nil || bytes.Compare(k, s.to) <= 0)
}

// backwards calls row for the records of s from s.to back to s.from, until row
// says false.
func backwards(tx *bbolt.Tx, s span, row func(k, v []byte) (bool, error)) error {
	b := tx.Bucket(s.bucket)
	if b == nil {
		return nil
	}
	c := b.Cursor()
	step := c.Prev
	if beyond, _ := c.Seek(append(bytes.Clone(s.to), 0)); beyond == nil {
		step = c.Last
	}
	for k, v := step(); s.holds(k) && bytes.Compare(k, s.from) >= 0; k, v = c.Prev() {
		if more, err := row(k, v); err != nil || !more {
			return err
		}
	}
	return nil
}
