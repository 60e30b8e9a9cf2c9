package state

import (
	"context"
	"encoding/json"
	"fmt"
)

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
