// Package trace carries the id of one request from the engine, which records
// it, to the client that sends it as X-Request-Id, without either of them
// knowing the other.
package trace

import (
	"context"
	"crypto/rand"
	"encoding/hex"
)

type requestKey struct{}

// WithRequest returns a context whose next call is to carry id.
func WithRequest(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestKey{}, id)
}

// Request returns the id that WithRequest put into ctx, or a new one.
func Request(ctx context.Context) string {
	if id, ok := ctx.Value(requestKey{}).(string); ok {
		return id
	}
	return NewID()
}

// NewID draws an id of 16 random bytes, in hex.
func NewID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return hex.EncodeToString(b[:])
}
