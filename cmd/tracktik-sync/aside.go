package main

import (
	"bufio"
	"errors"
	"io"
	"os"

	"tracktik-sync/state"
)

// aside writes data that is read from db, which it closes before any of it reaches
// stdout: a pager may hold the end back for hours, and no run can begin while the
// snapshot is open. In between the data lie in a file that nobody else can open.
func (a *app) aside(db *state.DB, write func(w io.Writer) error) error {
	f, err := os.CreateTemp("", "tracktik-sync-")
	if err != nil { // no room: a run has to wait
		return errors.Join(a.Data(write), db.Close())
	}
	defer os.Remove(f.Name()) // where an open file cannot be removed
	defer f.Close()
	_ = os.Remove(f.Name())
	w := bufio.NewWriterSize(f, 64<<10)
	if err := errors.Join(write(w), w.Flush(), db.Close()); err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return a.Data(func(w io.Writer) error {
		_, err := io.Copy(w, f)
		return err
	})
}
