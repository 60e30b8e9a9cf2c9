package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"tracktik-sync/sync/plan"
)

// A NoticeFile remembers, beside the snapshot, who was told what, so that a message
// is sent once, whichever process makes the next run. What is in it, as JSON, is its
// user's affair; ids of people may be, and nothing else about them.
type NoticeFile struct{ path string }

// Notices returns the notice file of the snapshot at path, which need not exist.
func Notices(path string) *NoticeFile { return &NoticeFile{path} }

// Lock keeps others from telling the same until unlock. It waits until ctx ends.
func (n *NoticeFile) Lock(ctx context.Context) (unlock func(), err error) {
	return notices.lock(ctx, n.path, nil)
}

// Load returns the last saved record, nil when there is none, or it is damaged.
func (n *NoticeFile) Load() ([]byte, error) {
	record, err := notices.known(n.path, nil)
	if err != nil {
		return nil, fmt.Errorf("reading what was told: %w", err)
	}
	return record, nil
}

// Save replaces the record. It is durable when Save returns.
func (n *NoticeFile) Save(record []byte) error { return writeFile(n.path+notices.suffix, record) }

// Chores are what goes with the runs and fails none of them, as it went the last time.
type Chores struct {
	BackedUp time.Time `json:"backed_up,omitzero"` // when the last copy of the snapshot was made; zero: none was
	Backup   string    `json:"backup,omitempty"`   // why no copy could be made the last time; empty: it could
	Metrics  string    `json:"metrics,omitempty"`  // why the metrics could not be left the last time; empty: they could
}

// LoadChores returns what is known of the chores of the snapshot at path; nothing when
// there is no record, or it is damaged.
func LoadChores(path string) (Chores, error) {
	var c Chores
	if err := chores.knownJSON(path, &c); err != nil {
		return Chores{}, fmt.Errorf("reading what could not be kept up: %w", err)
	}
	return c, nil
}

// UpdateChores changes the record of them, beside the snapshot at path. It waits for others
// who do the same until ctx ends, and writes nothing where nothing changes.
func UpdateChores(ctx context.Context, path string, change func(*Chores)) error {
	before, err := LoadChores(path)
	after := before
	if change(&after); err != nil || after == before {
		return err
	}
	unlock, err := chores.lock(ctx, path, nil)
	if err != nil {
		return fmt.Errorf("noting what could not be kept up: %w", err)
	}
	defer unlock()
	if after, err = LoadChores(path); err != nil {
		return err
	}
	change(&after)
	record, err := json.Marshal(after)
	if err != nil {
		return fmt.Errorf("noting what could not be kept up: %w", err)
	}
	return writeFile(path+chores.suffix, record)
}

// A ProbingError says that another process probes the portal.
type ProbingError struct{ Path string }

func (e *ProbingError) Error() string { return "another process probes the portal, and has " + e.Path }

// A ProbeFile keeps, beside the snapshot, what a probe of the portal has found out, and
// whom it has made: nobody can be deleted there, and a killed probe is ended by the next.
type ProbeFile struct{ path string }

// Probes returns the probe's file of the snapshot at path, which need not exist.
func Probes(path string) *ProbeFile { return &ProbeFile{path} }

// Load returns what was kept; the zero note where there is nothing, or it is damaged.
func (p *ProbeFile) Load() (plan.ProbeNote, error) {
	var note plan.ProbeNote
	if err := probes.knownJSON(p.path, &note); err != nil {
		return plan.ProbeNote{}, fmt.Errorf("reading what the last probe kept: %w", err)
	}
	return note, nil
}

// Save replaces it. Whoever writes has the lock.
func (p *ProbeFile) Save(note plan.ProbeNote) error {
	record, err := json.Marshal(note)
	if err == nil {
		err = writeFile(p.path+probes.suffix, record)
	}
	if err != nil {
		return fmt.Errorf("keeping what the probe does: %w", err)
	}
	return nil
}

// Lock keeps other probes away until unlock. It waits until ctx ends: then the error
// is a *ProbingError.
func (p *ProbeFile) Lock(ctx context.Context) (unlock func(), err error) {
	unlock, err = probes.lock(ctx, p.path, nil)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, &ProbingError{p.path + probes.suffix}
	}
	return unlock, err
}
