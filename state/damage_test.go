package state

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tracktik-sync/state/boltfile"
	"tracktik-sync/sync/plan"
)

// Where bbolt keeps its two headers, in the machine's own order of bytes.
const (
	boltMagic  = 0xED0CDAED
	pageHeader = 16
	pageKind   = 10 // bytes of it: the page's number and kind
	metaSize   = 64
)

var native = binary.NativeEndian

// filled is the content of the file of a snapshot with some of everything, and
// what can be read of it.
func filled(t testing.TB, key []byte) ([]byte, *dump) {
	t.Helper()
	db := createUnder(t, key)
	fill(t, db)
	must[Pruned](t)(db.Prune(morning, 0))
	want := must[*dump](t)(dumpOf(db, "00g1", "00g2"))
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return must[[]byte](t)(os.ReadFile(db.Path())), want
}

func seed(t testing.TB) *rand.Rand {
	n := *seedFlag
	if n == 0 {
		n = rand.Uint64()
	}
	t.Logf("-seed=%d", n)
	return rand.New(rand.NewPCG(n, 0))
}

func TestFlippedBitIsFoundOrMeansNothing(t *testing.T) {
	for name, key := range map[string][]byte{"plain": nil, "encrypted": secret} {
		t.Run(name, func(t *testing.T) { flipBits(t, key) })
	}
}

func flipBits(t *testing.T, key []byte) {
	data, want := filled(t, key)
	r := seed(t)
	for page := 0; page < len(data); page += 4096 {
		for range 4 {
			at, bit := page+r.IntN(4096), byte(1)<<r.IntN(8)
			if r.IntN(3) == 0 {
				at = page + r.IntN(400) // where there is most to break
			}
			data[at] ^= bit
			if !judge(t, data, want, key) {
				t.Fatalf("bit %#x of byte %d: not found", bit, at)
			}
			judgeWriter(t, data, key)
			data[at] ^= bit
		}
	}
	root := rootPage(t, data)
	for n := range 8 * pageKind { // what every writer reads, wherever the drawn bits were
		at, bit := root+n/8, byte(1)<<(n%8)
		data[at] ^= bit
		if judgeWriter(t, data, key) {
			t.Errorf("bit %#x of byte %d, in the header of the root page: not noticed by a writer", bit, at)
		}
		data[at] ^= bit
	}
}

// A bucket of few records has no pages of its own, and says itself how many there are.
func TestDamagedCountOfASmallBucketIsFound(t *testing.T) {
	data, want := filled(t, nil)
	counts := smallBuckets(data, rootPage(t, data))
	if len(counts) < 5 {
		t.Fatalf("%d buckets are small", len(counts))
	}
	for _, at := range counts {
		for bit := range 16 {
			data[at+bit/8] ^= 1 << (bit % 8)
			if !judge(t, data, want, nil) {
				t.Errorf("bit %d of the count at byte %d: not found", bit, at)
			}
			data[at+bit/8] ^= 1 << (bit % 8)
		}
	}
}

// smallBuckets is where the small buckets below a page count their records.
func smallBuckets(data []byte, page int) (counts []int) {
	leaf := native.Uint16(data[page+8:]) == 2
	for n := range int(native.Uint16(data[page+pageKind:])) {
		at := page + pageHeader + n*16
		if !leaf {
			counts = append(counts, smallBuckets(data, int(native.Uint64(data[at+8:]))*os.Getpagesize())...)
			continue
		}
		header := at + int(native.Uint32(data[at+4:])) + int(native.Uint32(data[at+8:]))
		if native.Uint64(data[header:]) == 0 { // else it has pages of its own
			counts = append(counts, header+16+pageKind)
		}
	}
	return counts
}

// rootPage is where the page begins that says where all buckets are.
func rootPage(t *testing.T, data []byte) int {
	size := os.Getpagesize()
	first, second := data[pageHeader:][:metaSize], data[size+pageHeader:][:metaSize]
	if native.Uint64(second[48:]) > native.Uint64(first[48:]) { // the later transaction counts
		first = second
	}
	root := int(native.Uint64(first[16:])) * size
	if root < 2*size || root >= len(data) {
		t.Fatalf("the root page is said to be at byte %d of %d", root, len(data))
	}
	return root
}

// judge reports whether a reader of data gets want, or learns of the damage from
// what it read or from Verify.
func judge(t *testing.T, data []byte, want *dump, key []byte) bool {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s.db")
	if err := os.WriteFile(path, data, private); err != nil {
		t.Fatal(err)
	}
	findings, err := Verify(path, Options{Key: key})
	if err != nil && !errors.Is(err, ErrNewerSchema) && !errors.Is(err, ErrCorrupt) {
		t.Errorf("Verify: %v", err)
	}
	known := err != nil || len(findings) > 0
	db, err := Open(path, Options{ReadOnly: true, Key: key})
	if err != nil {
		return known && (errors.Is(err, ErrCorrupt) || errors.Is(err, ErrNewerSchema))
	}
	defer db.Close()
	got, err := dumpOf(db, "00g1", "00g2")
	if err != nil {
		return known && errors.Is(err, ErrCorrupt)
	}
	return known || cmp.Equal(got, want)
}

// judgeWriter reports whether data can be opened and written: if not, the error
// must be about the damage.
func judgeWriter(t *testing.T, data, key []byte) bool {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s.db")
	if err := os.WriteFile(path, data, private); err != nil {
		t.Fatal(err)
	}
	db, err := Open(path, Options{Now: clock, Key: key})
	if err == nil {
		var links []plan.Link
		for n := range 50 {
			links = append(links, link(person(n), plan.EmployeeID(1000+n)))
		}
		err = errors.Join(db.CommitLinks(links), db.Commit(plan.Batch{Unlink: []plan.PersonID{"00u7"}}))
		if closing := db.Close(); err == nil {
			err = closing
		}
	}
	if err != nil && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrNewerSchema) {
		t.Errorf("a writer: %v", err)
	}
	return err == nil
}

func TestCutOffFileIsDamaged(t *testing.T) {
	data, _ := filled(t, nil)
	for _, size := range []int{0, 1, 80, 4095, 4096, 8192, len(data) / 2, len(data) - 1} {
		path := filepath.Join(t.TempDir(), "s.db")
		if err := os.WriteFile(path, data[:size], private); err != nil {
			t.Fatal(err)
		}
		inUse := must[boltfile.Header](t)(readHeaderOf(t, data))
		if int64(size) >= inUse.PageSize*int64(inUse.Pages) {
			continue // nothing of it is missing
		}
		for _, readOnly := range []bool{true, false} {
			var corrupt *CorruptError
			if _, err := Open(path, Options{ReadOnly: readOnly}); !errors.As(err, &corrupt) || corrupt.Path != path {
				t.Errorf("%d bytes, read only %v: %v", size, readOnly, err)
			}
		}
		if findings, err := Verify(path, Options{}); err != nil || len(findings) == 0 {
			t.Errorf("%d bytes: Verify finds %v %v", size, findings, err)
		}
		if now := must[[]byte](t)(os.ReadFile(path)); len(now) != size {
			t.Errorf("%d bytes became %d", size, len(now))
		}
	}
}

func readHeaderOf(t *testing.T, data []byte) (boltfile.Header, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "h.db")
	if err := os.WriteFile(path, data, private); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return boltfile.Begins(f)
}

func TestDirectoryAndTextAreNoSnapshots(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, make([]byte, 100_000), private); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, text} {
		if _, err := Open(path, Options{}); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestDamagedHeaderMeansARefresh(t *testing.T) {
	for page := range 2 {
		db := create(t)
		commit(t, db, plan.Batch{Links: []plan.Link{link("00u1", 1)}})
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		data := must[[]byte](t)(os.ReadFile(db.Path()))
		data[page*os.Getpagesize()+pageHeader+20] ^= 4
		if err := os.WriteFile(db.Path(), data, private); err != nil {
			t.Fatal(err)
		}
		if findings, err := Verify(db.Path(), Options{}); err != nil || len(findings) != 1 {
			t.Errorf("page %d: Verify finds %v %v", page, findings, err)
		}
		again := mustOpen(t, db.Path(), Options{})
		if m := must[plan.Meta](t)(again.Meta()); !m.RefreshDue || !again.Older() {
			t.Errorf("page %d: no refresh is due", page)
		}
		check(t, again) // it was written, and so is whole again
	}
}

func TestMissingRecordIsNoStranger(t *testing.T) {
	db := create(t)
	commit(t, db, plan.Batch{Links: []plan.Link{link("00u1", 1)}})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	content := must[[]byte](t)(os.ReadFile(db.Path()))
	flip(t, db.Path(), "00u1\x01") // the key of the link, before its form
	broken := mustOpen(t, db.Path(), Options{})
	if l, found, err := broken.Link("00u1"); !errors.Is(err, ErrCorrupt) {
		t.Errorf("the link is %+v %v %v", l, found, err)
	}
	if err := broken.Commit(plan.Batch{Links: []plan.Link{link("00u1", 2)}}); !errors.Is(err, ErrCorrupt) {
		t.Errorf("linked anew: %v", err)
	}
	if err := errors.Join(broken.Close(), os.WriteFile(db.Path(), content, private)); err != nil {
		t.Fatal(err)
	}
}

// TestHeaderThatLiesIsNotBelieved has headers whose checksum is right, as of a
// file that was made up.
func TestHeaderThatLiesIsNotBelieved(t *testing.T) {
	data, _ := filled(t, nil)
	const pages, none = 1 << 20, ^uint64(1)
	for name, lie := range map[string]func(meta []byte){
		"a page size of 0":      func(m []byte) { native.PutUint32(m[8:], 0) },
		"an odd page size":      func(m []byte) { native.PutUint32(m[8:], 5000) },
		"a root in the header":  func(m []byte) { native.PutUint64(m[16:], 1) },
		"a root far away":       func(m []byte) { native.PutUint64(m[16:], none) },
		"a root of a free list": func(m []byte) { copy(m[16:24], m[32:40]) },
		"a free list far away":  func(m []byte) { native.PutUint64(m[32:], none) },
		"a leaf as a free list": func(m []byte) { copy(m[32:40], m[16:24]) },
		"no pages":              func(m []byte) { native.PutUint64(m[40:], 0) },
		"more than there are":   func(m []byte) { native.PutUint64(m[40:], pages) },
		"more than can be":      func(m []byte) { native.PutUint64(m[40:], none) },
	} {
		changed := bytes.Clone(data)
		for page := range 2 {
			meta := changed[page*os.Getpagesize()+pageHeader:][:metaSize]
			lie(meta)
			sum := fnv.New64a()
			_, _ = sum.Write(meta[:metaSize-8])
			native.PutUint64(meta[metaSize-8:], sum.Sum64())
		}
		path := filepath.Join(t.TempDir(), "s.db")
		if err := os.WriteFile(path, changed, private); err != nil {
			t.Fatal(err)
		}
		for _, readOnly := range []bool{true, false} {
			if _, err := Open(path, Options{ReadOnly: readOnly}); !errors.Is(err, ErrCorrupt) {
				t.Errorf("%s, read only %v: %v", name, readOnly, err)
			}
		}
	}
}

// FuzzPages overlays a sound file: whatever lies there then, the answer is a
// CorruptError or a snapshot, and never a crash.
func FuzzPages(f *testing.F) {
	data, want := filled(f, nil)
	for _, at := range []uint32{0, 4096, 8192, 3 * 4096, 5*4096 + 8, 7*4096 + 16, 9*4096 + 30} {
		f.Add(at, []byte{1, 2, 3, 4})
		f.Add(at, []byte{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF})
		f.Add(at, []byte{0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0xFF, 0xFF, 0, 0, 0, 0x80})
	}
	f.Fuzz(func(t *testing.T, at uint32, with []byte) {
		changed := append([]byte(nil), data...)
		copy(changed[int(at)%len(changed):], with)
		if !judge(t, changed, want, nil) {
			t.Error("not found")
		}
	})
}

func FuzzCodec(f *testing.F) {
	f.Add([]byte("people"), []byte("00u1"), []byte(`{}`), uint16(3))
	f.Add([]byte("people"), []byte{}, []byte{}, uint16(0))
	f.Fuzz(func(t *testing.T, bucket, key, content []byte, at uint16) {
		for _, c := range codecs(t) {
			sealed := c.seal(bucket, key, content)
			if got, err := c.open(bucket, key, sealed); err != nil || string(got) != string(content) {
				t.Errorf("%q became %q %v", content, got, err)
			}
			if got, err := c.open(bucket, append(key, 'x'), sealed); err == nil {
				t.Errorf("it opens in another place: %q", got)
			}
			_, _ = c.open(bucket, key, content) // must not panic
			sealed[int(at)%len(sealed)] ^= 1
			if got, err := c.open(bucket, key, sealed); err == nil {
				t.Errorf("a flipped bit made it %q", got)
			}
		}
	})
}

// codecs are a plain and an encrypting one.
func codecs(t testing.TB) []codec { return []codec{{}, must[codec](t)(newCodec(secret))} }
