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
	"strconv"

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
