package state

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// A TokenFile keeps TrackTik's tokens in a file of their own beside the snapshot,
// with a lock of its own, so that commands which only read have them too. What
// is in it is its user's affair.
type TokenFile struct{ path string }

// Tokens returns the token file of the snapshot at path, which need not exist.
func Tokens(path string) *TokenFile { return &TokenFile{path + ".token"} }

// Lock keeps other processes, and other callers in this one, from getting new
// tokens until unlock. It waits until ctx ends.
func (t *TokenFile) Lock(ctx context.Context) (unlock func(), err error) {
	return lockFile(ctx, t.path+".lock")
}

// Load returns the last saved record, nil when there is none.
func (t *TokenFile) Load() ([]byte, error) {
	record, err := os.ReadFile(t.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the tokens: %w", err)
	}
	return record, nil
}

// Save replaces the record. It is durable when Save returns.
func (t *TokenFile) Save(record []byte) error { return writeFile(t.path, record) }

// Forget removes the record: a logout.
func (t *TokenFile) Forget() error { return remove(t.path) }
