package state

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// What is added, with an id, to the names of drafts and of the notes about them.
const (
	draftSuffix = ".draft-"
	noteSuffix  = ".note-"
)

// A Draft is a file or a directory in the making, which may hold what is in the
// snapshot. As long as it is made, a note beside the snapshot says where it is, under
// a lock: a process that is killed leaves both behind, and the next that opens the
// snapshot for writing removes them.
type Draft struct {
	Path string
	note *fileLock // nil: no note could be left
}

// NewDraft makes an empty file beside place, for the owner only, that takes its place
// once it is whole. Without a snapshot no note is left.
func NewDraft(snapshot, place string) (*Draft, error) {
	return draft(snapshot, place, func(path string) error {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, private)
		if err != nil {
			return err
		}
		return errors.Join(f.Close(), giveToDirectorysOwner(path))
	})
}

// NewDraftDir makes a directory that is called after name, for the owner only. It never
// takes a place.
func NewDraftDir(snapshot, name string) (*Draft, error) {
	return draft(snapshot, name, func(path string) error { return os.Mkdir(path, 0o700) })
}

func draft(snapshot, name string, create func(path string) error) (*Draft, error) {
	name, err := filepath.Abs(name)
	if err != nil {
		return nil, err
	}
	for {
		var id [8]byte
		_, _ = rand.Read(id[:]) // never fails
		d := &Draft{Path: name + draftSuffix + hex.EncodeToString(id[:])}
		if snapshot != "" { // whoever may not write beside it makes drafts all the same
			if d.note, err = leaveNote(snapshot+noteSuffix+hex.EncodeToString(id[:]), d.Path); errors.Is(err, fs.ErrExist) {
				continue
			}
		}
		if err = create(d.Path); err == nil {
			return d, nil
		}
		if err = errors.Join(err, d.Discard()); !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
	}
}

// leaveNote writes where a draft will be, durably, and takes the note's lock.
func leaveNote(path, about string) (note *fileLock, err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, private)
	if err != nil {
		return nil, err
	}
	note = newFileLock(path)
	if _, err = note.TryLock(); err == nil {
		_, err = f.WriteString(about)
	}
	err = errors.Join(err, f.Sync(), f.Close(), giveToDirectorysOwner(path), syncDir(filepath.Dir(path)))
	if err != nil {
		return nil, errors.Join(err, dropNote(note))
	}
	return note, nil
}

func dropNote(note *fileLock) error {
	return errors.Join(note.Unlock(), remove(note.Path())) // some systems remove no open file
}

// Discard removes the draft, unless it has taken its place.
func (d *Draft) Discard() error {
	err := os.RemoveAll(d.Path)
	if d.note != nil && err == nil {
		err = dropNote(d.note)
	}
	return err
}

// sweep removes the drafts that processes left behind which were killed. The caller has
// the snapshot at path to itself.
func sweep(path string) error {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return err
	}
	var all error
	for _, c := range companions {
		all = errors.Join(all, c.sweep(path))
	}
	for _, e := range entries {
		if id, found := strings.CutPrefix(e.Name(), filepath.Base(path)+noteSuffix); found {
			all = errors.Join(all, sweepNote(path+noteSuffix+id, id))
		}
	}
	return all
}

// sweep removes what was to replace the file. It may hold tokens.
func (c companion) sweep(path string) error {
	half := path + c.suffix + newSuffix
	if _, err := os.Lstat(half); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if c.shared {
		unlock, err := c.lockBriefly(path)
		if err != nil {
			return nil // somebody is at it
		}
		defer unlock()
	}
	return clearAway(half)
}

func sweepNote(path, id string) error {
	note := newFileLock(path)
	ours, err := note.TryLock()
	if err != nil || !ours { // it is being made
		return nil
	}
	if err := note.Unlock(); err != nil { // and what is locked, some systems let nobody read
		return err
	}
	about, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if draft := string(about); strings.HasSuffix(draft, draftSuffix+id) && filepath.IsAbs(draft) { // else the kill came first
		if err := os.RemoveAll(draft); err != nil {
			return fmt.Errorf("removing what a killed command left behind: %w", err)
		}
	}
	return remove(path)
}
