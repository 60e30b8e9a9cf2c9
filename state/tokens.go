package state

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
)

// A TokenFile keeps TrackTik's tokens in a file of their own beside the snapshot,
// with a lock of its own, so that commands which only read have them too. What
// is in it is its user's affair, as long as it is a JSON object.
type TokenFile struct {
	path   string
	secret []byte
}

// Tokens returns the token file of the snapshot at path, which need not exist.
func Tokens(path string) *TokenFile { return &TokenFile{path: path} }

// WithKey is the same file, encrypted like a snapshot with that Options.Key from
// the next Save on. A plain record is still read. An empty key leaves it plain.
func (t *TokenFile) WithKey(key []byte) *TokenFile { return &TokenFile{t.path, key} }

// Ready makes the directory where its last part is missing, and refuses one in which
// everybody could replace the tokens: before somebody is sent to a browser for them.
func (t *TokenFile) Ready() error {
	dir := filepath.Dir(t.path)
	if err := makeDir(dir); err != nil {
		return fmt.Errorf("keeping the tokens: %w", err)
	}
	if err := checkDir(dir); err != nil {
		return fmt.Errorf("keeping the tokens: %w", err)
	}
	return nil
}

// Lock keeps other processes, and other callers in this one, from getting new
// tokens until unlock. It waits until ctx ends.
func (t *TokenFile) Lock(ctx context.Context) (unlock func(), err error) {
	return tokens.lock(ctx, t.path, t.secret)
}

// tokenMark begins an encrypted record; the codec's own record and the sealed one
// follow.
const tokenMark = "tracktik-sync tokens 1\n"

var tokenPlace = []byte("token")

// Load returns the last saved record, nil when there is none, or it is damaged. An
// encrypted one that the key does not fit is a KeyError.
func (t *TokenFile) Load() ([]byte, error) {
	record, err := tokens.known(t.path, t.secret)
	if err == nil {
		record, err = openTokens(t.path+tokens.suffix, record, t.secret)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the tokens: %w", err)
	}
	return record, nil
}

// openTokens is what is in an encrypted record, or the record.
func openTokens(path string, record, key []byte) ([]byte, error) {
	sealed, encrypted := bytes.CutPrefix(record, []byte(tokenMark))
	if !encrypted {
		return record, nil
	}
	c, err := codecFor(path, sealed[:min(len(sealed), recordLen)], key)
	if err != nil {
		return nil, err
	}
	return c.open(tokenPlace, nil, sealed[recordLen:])
}

// soundTokens is what is wrong with a record. That the key does not fit is not.
func soundTokens(record, key []byte) error {
	record, err := openTokens("", record, key)
	switch {
	case errors.Is(err, ErrKey):
		return nil
	case err != nil:
		return err
	}
	return decodes[map[string]json.RawMessage](record, nil)
}

// Save replaces the record. It is durable when Save returns.
func (t *TokenFile) Save(record []byte) error {
	if err := checkDir(filepath.Dir(t.path)); err != nil {
		return fmt.Errorf("writing the tokens: %w", err)
	}
	if len(t.secret) == 0 {
		return writeFile(t.path+tokens.suffix, record)
	}
	c, err := newCodec(t.secret)
	if err != nil {
		return fmt.Errorf("writing the tokens: %w", err)
	}
	return writeFile(t.path+tokens.suffix, slices.Concat([]byte(tokenMark), c.record(), c.seal(tokenPlace, nil, record)))
}

// Forget removes the record: a logout.
func (t *TokenFile) Forget() error { return clearAway(t.path + tokens.suffix) }

// Rekey encrypts the record under another key, or writes it plain for none. That
// there is no record, or that it is under that key already, is fine; found says
// whether there was one.
func (t *TokenFile) Rekey(ctx context.Context, key []byte) (found bool, err error) {
	unlock, err := t.Lock(ctx)
	if err != nil {
		return false, err
	}
	defer unlock()
	record, err := t.Load()
	if errors.Is(err, ErrKey) {
		if record, again := t.WithKey(key).Load(); again == nil {
			return record != nil, nil
		}
	}
	if err != nil || record == nil {
		return false, err
	}
	return true, t.WithKey(key).Save(record)
}

// A NonceFile keeps, beside the snapshot, what Okta's token endpoint wants in the next
// DPoP proof (RFC 9449, section 8). It is no secret. Without it the first token request
// of each process is refused, which Okta's System Log shows as a failed grant.
type NonceFile struct{ path string }

// Nonces returns the nonce file of the snapshot at path, which need not exist.
func Nonces(path string) *NonceFile { return &NonceFile{path} }

type keptNonce struct {
	Org    string `json:"org"`
	Client string `json:"client"`
	Nonce  string `json:"nonce"`
}

// Load returns the nonce of that org for that service app; empty when there is none, or
// the file cannot be read.
func (n *NonceFile) Load(org, client string) string {
	var kept keptNonce
	if nonces.knownJSON(n.path, &kept) != nil || kept.Org != org || kept.Client != client {
		return ""
	}
	return kept.Nonce
}

// Save replaces it. It waits until ctx ends for others who do the same.
func (n *NonceFile) Save(ctx context.Context, org, client, nonce string) error {
	record, err := json.Marshal(keptNonce{org, client, nonce})
	if err != nil {
		return fmt.Errorf("keeping okta's nonce: %w", err)
	}
	unlock, err := nonces.lock(ctx, n.path, nil)
	if err != nil {
		return fmt.Errorf("keeping okta's nonce: %w", err)
	}
	defer unlock()
	return writeFile(n.path+nonces.suffix, record)
}
