package state

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
)

// A boltHeader is the valid one of a file's two meta pages, the later one of two.
type boltHeader struct {
	pageSize int64
	root     uint64 // page of the root bucket
	freelist uint64
	pages    uint64 // all pages in use are below this one
	txid     uint64
	alone    bool // the other meta page is damaged; if it was the later one, a transaction is lost
}

// checkHeader reports whether f begins like a bbolt file that is all there. It
// needs no lock: bbolt lengthens the file before a header says that it is longer.
func checkHeader(f *os.File) (boltHeader, error) {
	h, err := readHeader(f)
	if err != nil {
		return h, err
	}
	info, err := f.Stat()
	if err != nil {
		return h, err
	}
	if need := h.pageSize * int64(h.pages); info.Size() < need {
		return h, fmt.Errorf("it has %d bytes of at least %d: its end is missing", info.Size(), need)
	}
	return h, nil
}

func readHeader(f *os.File) (boltHeader, error) {
	info, err := f.Stat()
	switch {
	case err != nil:
		return boltHeader{}, err
	case info.IsDir():
		return boltHeader{}, errors.New("it is a directory")
	case info.Size() == 0:
		return boltHeader{}, errors.New("it is empty")
	}
	first, ok := readMeta(f, 0)
	second, found := boltHeader{}, false
	if ok {
		second, found = readMeta(f, first.pageSize)
	}
	for size := int64(1 << 10); !ok && !found && size <= 1<<24; size *= 2 {
		second, found = readMeta(f, size)
		found = found && second.pageSize == size
	}
	switch {
	case !ok && !found:
		return boltHeader{}, errors.New("it does not begin like a snapshot")
	case !ok || found && second.txid > first.txid:
		first = second
	}
	first.alone = !ok || !found
	if err := first.check(); err != nil {
		return boltHeader{}, err
	}
	return first, nil
}

// readMeta reads a meta page, which carries a checksum of its own.
func readMeta(r io.ReaderAt, at int64) (boltHeader, bool) {
	var page [pageHeader + metaSize]byte
	if _, err := r.ReadAt(page[:], at); err != nil {
		return boltHeader{}, false
	}
	meta := page[pageHeader:]
	sum := fnv.New64a()
	_, _ = sum.Write(meta[:metaSize-8])
	if native.Uint32(meta) != boltMagic || native.Uint32(meta[4:]) != boltVersion || native.Uint64(meta[56:]) != sum.Sum64() {
		return boltHeader{}, false
	}
	return boltHeader{
		pageSize: int64(native.Uint32(meta[8:])),
		root:     native.Uint64(meta[16:]),
		freelist: native.Uint64(meta[32:]),
		pages:    native.Uint64(meta[40:]),
		txid:     native.Uint64(meta[48:]),
	}, true
}

func (h boltHeader) check() error {
	switch {
	case h.pageSize < 1<<10 || h.pageSize > 1<<24 || h.pageSize&(h.pageSize-1) != 0:
		return fmt.Errorf("its page size of %d is none", h.pageSize)
	case h.pages < 3 || h.pages > 1<<40:
		return fmt.Errorf("its header counts %d pages", h.pages)
	case h.root < 2 || h.root >= h.pages:
		return fmt.Errorf("its root page %d is outside of it", h.root)
	case h.freelist != noFreelist && (h.freelist < 2 || h.freelist >= h.pages):
		return fmt.Errorf("its free list at page %d is outside of it", h.freelist)
	}
	return nil
}
