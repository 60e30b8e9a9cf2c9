package state

import (
	"context"
	"fmt"
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
