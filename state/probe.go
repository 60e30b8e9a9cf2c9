package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"tracktik-sync/sync/plan"
)

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
