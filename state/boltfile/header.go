package boltfile

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
)

// A Header is the valid one of a file's two meta pages, the later one of two.
type Header struct {
	PageSize int64
	Pages    uint64 // all pages in use are below this one
	// Alone says that the other meta page is damaged; if it was the later one, a
	// transaction is lost.
	Alone    bool
	root     uint64 // page of the root bucket
	freelist uint64
	txid     uint64
}

// CheckBeginning returns nil for a file that begins as one of bbolt's, is as long as
// its header says, and whose list of free pages is as long as that says: bbolt believes
// both before it has its lock. It needs no lock, and is cheap.
func CheckBeginning(f *os.File) error {
	head, err := Begins(f)
	if err != nil {
		return err
	}
	return checkFreelist(f, head)
}

// Begins returns the header of f, or an error if f does not begin like a bbolt file
// that is all there. It needs no lock: bbolt lengthens the file before a header says that it is longer.
func Begins(f *os.File) (Header, error) {
	h, err := readHeader(f)
	if err != nil {
		return h, err
	}
	info, err := f.Stat()
	if err != nil {
		return h, err
	}
	if need := h.PageSize * int64(h.Pages); info.Size() < need {
		return h, fmt.Errorf("it has %d bytes of at least %d: its end is missing", info.Size(), need)
	}
	return h, nil
}

func readHeader(f *os.File) (Header, error) {
	info, err := f.Stat()
	switch {
	case err != nil:
		return Header{}, err
	case info.IsDir():
		return Header{}, errors.New("it is a directory")
	case info.Size() == 0:
		return Header{}, errors.New("it is empty")
	}
	first, ok := readMeta(f, 0)
	second, found := Header{}, false
	if ok {
		second, found = readMeta(f, first.PageSize)
	}
	for size := int64(1 << 10); !ok && !found && size <= 1<<24; size *= 2 {
		second, found = readMeta(f, size)
		found = found && second.PageSize == size
	}
	switch {
	case !ok && !found:
		return Header{}, errors.New("it does not begin like a snapshot")
	case !ok || found && second.txid > first.txid:
		first = second
	}
	first.Alone = !ok || !found
	if err := first.check(); err != nil {
		return Header{}, err
	}
	return first, nil
}

// readMeta reads a meta page, which carries a checksum of its own.
func readMeta(r io.ReaderAt, at int64) (Header, bool) {
	var page [pageHeader + metaSize]byte
	if _, err := r.ReadAt(page[:], at); err != nil {
		return Header{}, false
	}
	meta := page[pageHeader:]
	sum := fnv.New64a()
	_, _ = sum.Write(meta[:metaSize-8])
	if native.Uint32(meta) != boltMagic || native.Uint32(meta[4:]) != boltVersion || native.Uint64(meta[56:]) != sum.Sum64() {
		return Header{}, false
	}
	return Header{
		PageSize: int64(native.Uint32(meta[8:])),
		root:     native.Uint64(meta[16:]),
		freelist: native.Uint64(meta[32:]),
		Pages:    native.Uint64(meta[40:]),
		txid:     native.Uint64(meta[48:]),
	}, true
}

func (h Header) check() error {
	switch {
	case h.PageSize < 1<<10 || h.PageSize > 1<<24 || h.PageSize&(h.PageSize-1) != 0:
		return fmt.Errorf("its page size of %d is none", h.PageSize)
	case h.Pages < 3 || h.Pages > 1<<40:
		return fmt.Errorf("its header counts %d pages", h.Pages)
	case h.root < 2 || h.root >= h.Pages:
		return fmt.Errorf("its root page %d is outside of it", h.root)
	case h.freelist != noFreelist && (h.freelist < 2 || h.freelist >= h.Pages):
		return fmt.Errorf("its free list at page %d is outside of it", h.freelist)
	}
	return nil
}
