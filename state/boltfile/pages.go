package boltfile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// The layout of bbolt's file, version 2: https://pkg.go.dev/go.etcd.io/bbolt,
// internal/common. Numbers are in the machine's own order.
const (
	boltMagic   = 0xED0CDAED
	boltVersion = 2

	pageHeader  = 16 // id 8, flags 2, count 2, overflow 4
	elementSize = 16 // branch: pos 4, ksize 4, page 8; leaf: flags 4, pos 4, ksize 4, vsize 4
	metaSize    = 64
	bucketSize  = 16 // root page 8, sequence 8

	flagBranch   = 0x01
	flagLeaf     = 0x02
	flagFreelist = 0x10
	flagBucket   = 0x01 // of a leaf's element

	noFreelist = ^uint64(0)
	maxDepth   = 64
)

var native = binary.NativeEndian

// A walker follows a bbolt file's pages by reading, not by mapping. It finds what
// would make bbolt run in circles or out of the file, of which no recover saves.
type walker struct {
	r    io.ReaderAt
	head Header
	deep bool   // also read the leaves
	seen []bool // by page: it has its place
}

func newWalker(r io.ReaderAt, head Header, deep bool) *walker {
	w := &walker{r: r, head: head, deep: deep, seen: make([]bool, head.Pages)}
	w.seen[0], w.seen[1] = true, true
	return w
}

// Check walks through all buckets' inner pages, the list of free pages and, if deep,
// the leaves, and returns the file's header, or an error that names the page. The file
// must be locked.
func Check(f *os.File, deep bool) (Header, error) {
	head, err := Begins(f)
	if err != nil {
		return head, err
	}
	w := newWalker(f, head, deep)
	if err := w.tree(head.root, true); err != nil {
		return head, err
	}
	return head, w.unused()
}

// checkFreelist reports whether the free list is as long as it says, which bbolt
// believes before it can be asked under its lock. Without the lock the list may
// be changing: only one that its header still names afterwards is judged.
func checkFreelist(f *os.File, head Header) error {
	_, err := newWalker(f, head, false).freelist()
	if err == nil {
		return nil
	}
	if now, again := readHeader(f); again != nil || now.txid != head.txid {
		return nil // somebody writes; they have the lock that will be waited for
	}
	return err
}

// freelist reads the numbers of the free pages. A count of 65535 means that the
// first number is the true one.
func (w *walker) freelist() ([]byte, error) {
	if w.head.freelist == noFreelist {
		return nil, nil
	}
	page, err := w.page(w.head.freelist, flagFreelist)
	if err != nil {
		return nil, err
	}
	list := page[pageHeader:]
	count := uint64(native.Uint16(page[10:]))
	if count == 0xFFFF {
		count, list = native.Uint64(list), list[8:]
	}
	if count > uint64(len(list))/8 {
		return nil, fmt.Errorf("page %d lists %d free pages, more than fit", w.head.freelist, count)
	}
	return list[:count*8], nil
}

// unused checks that no page that has its place is listed as free: bbolt would
// write over it.
func (w *walker) unused() error {
	list, err := w.freelist()
	if err != nil {
		return err
	}
	last := uint64(0)
	for ; len(list) > 0; list = list[8:] {
		id := native.Uint64(list)
		if id <= last {
			return fmt.Errorf("page %d: the list of free pages is not in order", w.head.freelist)
		}
		if err := w.claim(id, 0); err != nil {
			return fmt.Errorf("the list of free pages: %w", err)
		}
		last = id
	}
	return nil
}

// tree walks one bucket. The leaves of the root bucket are always read: they say
// where the others are.
func (w *walker) tree(root uint64, leaves bool) error {
	leafDepth := 0
	return w.walk(root, 1, &leafDepth, leaves)
}

// walk follows the pages from id down. All leaves of a bucket are at one depth,
// so once the first is found, the others need not be read to be told from
// branches.
func (w *walker) walk(id uint64, depth int, leafDepth *int, leaves bool) error {
	if depth > maxDepth {
		return fmt.Errorf("page %d is %d levels deep", id, depth)
	}
	if *leafDepth == depth && !leaves && !w.deep {
		return w.claim(id, 0)
	}
	want := uint16(flagBranch | flagLeaf)
	switch {
	case *leafDepth == depth:
		want = flagLeaf
	case *leafDepth != 0:
		want = flagBranch
	}
	page, err := w.page(id, want)
	if err != nil {
		return err
	}
	if native.Uint16(page[8:]) == flagLeaf {
		*leafDepth = depth
		if !leaves && !w.deep {
			return nil
		}
		return w.leaf(id, page)
	}
	return w.branch(id, page, func(child uint64) error { return w.walk(child, depth+1, leafDepth, leaves) })
}

// page reads page id with its overflow and checks its header.
func (w *walker) page(id uint64, want uint16) ([]byte, error) {
	if id < 2 || id >= w.head.Pages {
		return nil, fmt.Errorf("page %d is outside of the file", id)
	}
	page := make([]byte, w.head.PageSize)
	if _, err := w.r.ReadAt(page, int64(id)*w.head.PageSize); err != nil {
		return nil, fmt.Errorf("reading page %d: %w", id, err)
	}
	self, flags, overflow := native.Uint64(page), native.Uint16(page[8:]), uint64(native.Uint32(page[12:]))
	switch {
	case self != id:
		return nil, fmt.Errorf("page %d says that it is page %d", id, self)
	case flags&want == 0 || flags&(flags-1) != 0:
		return nil, fmt.Errorf("page %d is of an unexpected kind (%#x)", id, flags)
	case overflow >= w.head.Pages-id:
		return nil, fmt.Errorf("page %d reaches out of the file", id)
	}
	if err := w.claim(id, overflow); err != nil {
		return nil, err
	}
	if overflow > 0 {
		page = make([]byte, int64(overflow+1)*w.head.PageSize)
		if _, err := w.r.ReadAt(page, int64(id)*w.head.PageSize); err != nil {
			return nil, fmt.Errorf("reading page %d: %w", id, err)
		}
	}
	if count := int(native.Uint16(page[10:])); flags != flagFreelist && pageHeader+count*elementSize > len(page) {
		return nil, fmt.Errorf("page %d counts %d records, more than fit", id, count)
	}
	return page, nil
}

// claim notes that a page belongs to a place, and refuses a second one.
func (w *walker) claim(id, overflow uint64) error {
	if id < 2 || id >= w.head.Pages {
		return fmt.Errorf("page %d is outside of the file", id)
	}
	for n := id; n <= id+overflow; n++ {
		if w.seen[n] {
			return fmt.Errorf("page %d belongs to two places", n)
		}
		w.seen[n] = true
	}
	return nil
}

func (w *walker) branch(id uint64, page []byte, child func(uint64) error) error {
	count := int(native.Uint16(page[10:]))
	if count == 0 {
		return fmt.Errorf("page %d leads nowhere", id)
	}
	var last []byte
	for i := range count {
		at := pageHeader + i*elementSize
		key, err := slice(page, at, native.Uint32(page[at:]), native.Uint32(page[at+4:]))
		if err != nil || i > 0 && bytes.Compare(last, key) >= 0 {
			return fmt.Errorf("page %d: key %d is not where it should be", id, i)
		}
		last = key
		if err := child(native.Uint64(page[at+8:])); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) leaf(id uint64, page []byte) error {
	var last []byte
	for i := range int(native.Uint16(page[10:])) {
		at := pageHeader + i*elementSize
		pos, ksize, vsize := native.Uint32(page[at+4:]), native.Uint32(page[at+8:]), native.Uint32(page[at+12:])
		key, err := slice(page, at, pos, ksize)
		if err != nil || i > 0 && bytes.Compare(last, key) >= 0 {
			return fmt.Errorf("page %d: key %d is not where it should be", id, i)
		}
		last = key
		value, err := slice(page, at+int(ksize), pos, vsize)
		if err != nil {
			return fmt.Errorf("page %d: value %d is not where it should be", id, i)
		}
		if native.Uint32(page[at:])&flagBucket == 0 {
			continue
		}
		if err := w.bucket(id, value); err != nil {
			return err
		}
	}
	return nil
}

// bucket walks the bucket of that header. A small one has no pages of its own:
// its single leaf follows the header.
func (w *walker) bucket(id uint64, header []byte) error {
	if len(header) < bucketSize {
		return fmt.Errorf("page %d holds a bucket that is too short", id)
	}
	if root := native.Uint64(header); root != 0 {
		return w.tree(root, false)
	}
	inline := header[bucketSize:]
	if len(inline) < pageHeader || native.Uint16(inline[8:]) != flagLeaf ||
		pageHeader+int(native.Uint16(inline[10:]))*elementSize > len(inline) {
		return fmt.Errorf("page %d holds a small bucket that is not one", id)
	}
	if err := w.leaf(id, inline); err != nil {
		return err
	}
	if filled(inline) != len(inline) { // bbolt leaves no room in it, so a count is damaged
		return fmt.Errorf("page %d holds a small bucket of another size than its records have", id)
	}
	return nil
}

// filled is the length of a leaf without room for more.
func filled(leaf []byte) int {
	n := pageHeader
	for i := range int(native.Uint16(leaf[10:])) {
		at := pageHeader + i*elementSize
		n += elementSize + int(native.Uint32(leaf[at+8:])) + int(native.Uint32(leaf[at+12:]))
	}
	return n
}

// slice is n bytes of page, pos after at.
func slice(page []byte, at int, pos, n uint32) ([]byte, error) {
	from := uint64(at) + uint64(pos)
	if from+uint64(n) > uint64(len(page)) {
		return nil, errors.New("outside of the page")
	}
	return page[from : from+uint64(n)], nil
}
