package state

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"tracktik-sync/sync/plan"
)

// A companion is a kind of file beside the snapshot.
type companion struct {
	suffix string // of the snapshot's name
	// shared says that whoever writes it has its lock, a file of the same name and
	// ".lock"; the others are written by whoever has the snapshot.
	shared bool
	lost   string // what it means that it is damaged
	// sound is what is wrong with a content; key is Options.Key.
	sound func(content, key []byte) error
}

var (
	holders   = companion{".holder", false, "who has the snapshot is not known", decodes[Holder]}
	lasts     = companion{".last", false, "the next run checks every link, as after a restored backup", decodes[lastRun]}
	statuses  = companion{".status", false, "what the last run left is not known while another one is active", decodes[map[string]json.RawMessage]}
	approvals = companion{".approvals", true, "nothing is approved any more, and what is refused is offered anew", decodes[map[string]Approval]}
	tokens    = companion{".token", true, "the next call logs in anew", soundTokens}
	notices   = companion{".notify", true, "what was told may be told again", decodes[json.RawMessage]}
	nonces    = companion{".nonce", true, "the next request for a token of okta is made twice", decodes[keptNonce]}
	chores    = companion{".chores", true, "what could not be kept up beside the runs is not known before the next one", decodes[Chores]}
	probes    = companion{".probe", true, "the next probe looks its employee up by name", decodes[plan.ProbeNote]}

	companions = []companion{holders, lasts, statuses, approvals, tokens, notices, nonces, probes, chores}
)

// Endings are what the names of the files beside the snapshot end in, after the snapshot's
// own name.
func Endings() []string {
	endings := make([]string, len(companions))
	for i, c := range companions {
		endings[i] = c.suffix
	}
	return endings
}

// Keeps reports whether this program keeps a file of that name beside the snapshot at
// path, or keeps the snapshot itself under it. Names are compared without case: the
// file system may do so.
func Keeps(path, name string) bool {
	rest, ours := strings.CutPrefix(strings.ToLower(name), strings.ToLower(filepath.Base(path)))
	if !ours {
		return false
	}
	rest = strings.TrimSuffix(rest, newSuffix)
	rest, _, _ = strings.Cut(rest, damagedSuffix)
	rest = strings.TrimSuffix(rest, lockSuffix)
	return rest == "" || slices.ContainsFunc(companions, func(c companion) bool { return c.suffix == rest }) ||
		slices.ContainsFunc([]string{draftSuffix, noteSuffix, rekeyedSuffix, schemaSuffix, replacedSuffix}, func(s string) bool { return strings.HasPrefix(rest, s) })
}

// What is added to the names of files beside the snapshot, or to that of the snapshot.
const (
	newSuffix      = ".new"
	lockSuffix     = ".lock"
	damagedSuffix  = ".damaged"
	schemaSuffix   = ".schema-"         // and its version
	replacedSuffix = ".before-restore-" // and the time
)

// errDamaged is what a file is that cannot be read for what it is.
var errDamaged = errors.New("it is damaged")

// A DamagedError says that a file beside the snapshot was damaged, and is now missing
// instead.
type DamagedError struct {
	Path  string
	Aside string // where it is now; empty: it could not be moved, and only counts as missing
	Lost  string // what that means
	Err   error
}

func (e *DamagedError) Error() string {
	where := "could not be moved, and counts as missing"
	if e.Aside != "" {
		where = "is now " + e.Aside
	}
	return fmt.Sprintf("%s is damaged (%v) and %s: %s", e.Path, e.Err, where, e.Lost)
}

func (e *DamagedError) Unwrap() error { return e.Err }

// decodes is what is wrong with the JSON of a T.
func decodes[T any](content, _ []byte) error {
	var v T
	return json.Unmarshal(content, &v)
}

// read is the content of the file beside the snapshot at path, nil when there is none.
// A damaged one is an errDamaged.
func (c companion) read(path string, key []byte) ([]byte, error) {
	file := path + c.suffix
	info, err := os.Stat(file)
	var content []byte
	if err == nil && info.Mode().IsRegular() {
		content, err = readReplaced(file)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case errors.Is(err, syscall.ELOOP), errors.Is(err, syscall.EIO), errors.Is(err, fs.ErrPermission) && info != nil && isOurs(info):
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%w: it is no file", errDamaged)
	}
	if err := c.sound(content, key); err != nil {
		return nil, fmt.Errorf("%w: %w", errDamaged, err)
	}
	return content, nil
}

// known is read for those to whom a damaged file is none.
func (c companion) known(path string, key []byte) ([]byte, error) {
	content, err := c.read(path, key)
	if errors.Is(err, errDamaged) {
		return nil, nil
	}
	return content, err
}

// knownJSON reads the file into v, and leaves v alone when there is none.
func (c companion) knownJSON(path string, v any) error {
	content, err := c.known(path, nil)
	if err != nil || content == nil {
		return err
	}
	return json.Unmarshal(content, v)
}

// healWait is how long the lock of a damaged file is waited for.
const healWait = time.Second

// heal sets damaged files aside, the shared ones or the others, and tells warn of each.
// A reader must leave the others alone: whoever writes the snapshot may be at them.
func heal(path string, key []byte, shared bool, warn func(error)) {
	if warn == nil {
		warn = func(error) {}
	}
	for _, c := range companions {
		if c.shared == shared {
			if err := c.heal(path, key); err != nil {
				warn(err)
			}
		}
	}
}

func (c companion) heal(path string, key []byte) error {
	if _, err := c.read(path, key); !errors.Is(err, errDamaged) {
		return nil // what else is wrong is said by those who need it
	}
	if !c.shared {
		return c.putAside(path, key)
	}
	unlock, err := c.lockBriefly(path)
	if err != nil {
		return &DamagedError{Path: path + c.suffix, Lost: c.lost, Err: err}
	}
	defer unlock()
	return c.putAside(path, key)
}

// lockBriefly waits up to healWait for the file's lock.
func (c companion) lockBriefly(path string) (unlock func(), err error) {
	ctx, cancel := context.WithTimeout(context.Background(), healWait) //nolint:forbidigo // the wait is bounded here
	defer cancel()
	return lockFile(ctx, path+c.suffix+lockSuffix)
}

// putAside sets the file aside if it is damaged, and says so.
func (c companion) putAside(path string, key []byte) error {
	_, err := c.read(path, key)
	if !errors.Is(err, errDamaged) {
		return nil
	}
	aside, _ := setAside(path + c.suffix) // empty when it could not be moved
	return &DamagedError{Path: path + c.suffix, Aside: aside, Lost: c.lost, Err: err}
}

// lock waits for the lock of a shared file. What is damaged is not there any more then,
// so that it is not written over.
func (c companion) lock(ctx context.Context, path string, key []byte) (unlock func(), err error) {
	if unlock, err = lockFile(ctx, path+c.suffix+lockSuffix); err == nil {
		_ = c.putAside(path, key) // Open has said so
	}
	return unlock, err
}

// setAside gives what cannot be used another name. Of several, the last stays.
func setAside(file string) (aside string, err error) {
	for n := 1; n <= 9; n++ {
		aside = file + damagedSuffix
		if n > 1 { // there is a directory of that name
			aside = fmt.Sprintf("%s-%d", aside, n)
		}
		if err = os.Rename(file, aside); err == nil {
			return aside, syncDir(filepath.Dir(file))
		}
	}
	return "", err
}

// clearAway makes room for a new file of that name.
func clearAway(file string) error {
	err := remove(file)
	if err == nil {
		return nil
	}
	if info, statErr := os.Lstat(file); statErr == nil && info.IsDir() { // with something in it
		_, err = setAside(file)
	}
	return err
}

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
