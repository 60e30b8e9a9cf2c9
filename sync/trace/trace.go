// Package trace is what the engine and a client tell one another about one call,
// without either of them knowing the other: the id that the engine records and the
// client sends as X-Request-Id, and the moment at which a write leaves.
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

type (
	readyKey   struct{}
	leavingKey struct{}
)

// A KeptError keeps a write from leaving that is not due any more.
type KeptError struct{ Why string }

func (e *KeptError) Error() string { return e.Why }

// BeforeWrites returns a context whose writes call ready when their turn has come, and
// leaving before they leave, each time: one may wait long for its turn, and be sent again.
// Ready may make calls of its own. An error keeps them here.
func BeforeWrites(ctx context.Context, ready, leaving func() error) context.Context {
	return context.WithValue(context.WithValue(ctx, readyKey{}, ready), leavingKey{}, leaving)
}

// Ready tells whoever asked for it with BeforeWrites that the turn of a write has come.
func Ready(ctx context.Context) error {
	if ready, ok := ctx.Value(readyKey{}).(func() error); ok {
		return ready()
	}
	return nil
}

// Leaving tells whoever asked for it with BeforeWrites that a write is about to leave.
func Leaving(ctx context.Context) error {
	if leaving, ok := ctx.Value(leavingKey{}).(func() error); ok {
		return leaving()
	}
	return nil
}

// NewID draws an id of 16 random bytes, in hex.
func NewID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	return hex.EncodeToString(b[:])
}
