// Package disk says which files nothing may be written over, and writes the others at once.
package disk

import (
	"bufio"
	"errors"
	"io"
	"os"

	"tracktik-sync/state"
)

// Write replaces the file at path at once: whoever reads it sees the old
// content or the new. Only the owner may read it. A link stays, and what it names is
// replaced. Something that is no file, such as a pipe, is written to as it is.
//
// snapshot is beside which it is noted as long as it is written; empty: nowhere.
func Write(snapshot, path string, write func(io.Writer) error) error {
	path = Followed(path)
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(buffered(f, write), f.Close())
	}
	draft, err := state.NewDraft(snapshot, path)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(draft.Path, os.O_WRONLY, 0)
	if err != nil {
		return errors.Join(err, draft.Discard())
	}
	err = buffered(f, write)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(draft.Path, path)
	}
	return errors.Join(err, draft.Discard())
}

func buffered(f *os.File, write func(io.Writer) error) error {
	w := bufio.NewWriterSize(f, 64<<10)
	if err := write(w); err != nil {
		return err
	}
	return w.Flush()
}

// WriteNew writes a file that must not be there yet. Only the owner may read it.
func WriteNew(path string, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
