package state

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

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
