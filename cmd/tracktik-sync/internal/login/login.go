// Package login has an administrator approve this program in the portal: the
// authorization code grant (RFC 6749, section 4.1) with a proof key (RFC 7636), and a
// redirect to this machine (RFC 8252, section 7.3) or a pasted address.
package login

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/oauth2"
)

const (
	// Life is how long somebody may take at the portal's page: a code lives for ten
	// minutes at most (RFC 6749, section 4.1.2), and the log-in comes before it.
	Life = 15 * time.Minute
	// pasteRedirect is where the browser is sent when nobody listens for it: nothing
	// answers there, and the address bar shows the code.
	pasteRedirect = "http://127.0.0.1:47474/tracktik-sync"
)

// A Portal gives codes, and takes them for tokens. *tracktik.Client is one.
type Portal interface {
	AuthorizeURL(redirect, state, verifier string) string
	Exchange(ctx context.Context, code, redirect, verifier string) error
}

// A Login is how one approval is asked for.
type Login struct {
	Portal   Portal
	Redirect string // where the browser comes back to; empty: a free port of this machine
	// Paste says that no browser reaches this machine: somebody pastes the address.
	Paste bool
	// Browse opens the page; nil, or an error: somebody opens its address.
	Browse func(ctx context.Context, address string) error
	// ReadLine is what somebody pastes.
	ReadLine func(ctx context.Context) (string, error)
	Talk     io.Writer // what somebody is told to do
}

// Approve asks for one approval and exchanges its code for tokens, which the portal's
// client keeps. It returns an error when nobody approved within Life, when the portal
// refused, or when ctx ended.
func (l *Login) Approve(ctx context.Context) error {
	within, cancel := context.WithTimeout(ctx, Life)
	defer cancel()
	a := &attempt{Login: l, redirect: l.Redirect, state: rand.Text(), verifier: oauth2.GenerateVerifier()}
	if l.Paste {
		return a.byPaste(within)
	}
	return a.byBrowser(within)
}

// An attempt is one visit of the portal's page.
type attempt struct {
	*Login
	redirect string
	state    string
	verifier string
}

// byBrowser waits for the browser to come back with the code.
func (a *attempt) byBrowser(ctx context.Context) error {
	r, err := listen(a.redirect, a.state, a.exchange)
	if err != nil {
		return err
	}
	defer r.close()
	a.redirect = r.address
	address := a.Portal.AuthorizeURL(a.redirect, a.state, a.verifier)
	if a.Browse == nil || a.Browse(ctx, address) != nil {
		fmt.Fprintf(a.Talk, "open this address in a browser on this machine, log in to the portal and approve (no browser "+
			"here: auth login --paste):\n\n  %s\n\n", address)
	} else {
		fmt.Fprintf(a.Talk, "a browser opens: log in to the portal and approve. If it does not, open this address on this "+
			"machine:\n\n  %s\n\n", address)
	}
	return waited(ctx, r.wait(ctx))
}

// byPaste waits for somebody to paste where the browser was sent.
func (a *attempt) byPaste(ctx context.Context) error {
	if a.redirect == "" {
		a.redirect = pasteRedirect
	}
	address := a.Portal.AuthorizeURL(a.redirect, a.state, a.verifier)
	fmt.Fprintf(a.Talk, "open this address in any browser, log in to the portal and approve:\n\n  %s\n\n"+
		"The browser is then sent to a page that it may not find. Paste that page's whole address here, or the code in it:\n",
		address)
	line, err := a.ReadLine(ctx)
	if err != nil {
		return waited(ctx, err)
	}
	code, err := pastedCode(line, a.state)
	if err != nil {
		return err
	}
	return a.exchange(ctx, code)
}

func (a *attempt) exchange(ctx context.Context, code string) error {
	if err := a.Portal.Exchange(ctx, code, a.redirect, a.verifier); err != nil {
		return fmt.Errorf("turning the approval into tokens: %w", err)
	}
	return nil
}

// waited returns err with the reason why a wait came to nothing.
func waited(ctx context.Context, err error) error {
	switch {
	case err == nil || !errors.Is(err, ctx.Err()) || ctx.Err() == nil:
		return err
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("nobody approved within %s: run `tracktik-sync auth login` again", Life)
	}
	return errors.New("interrupted; nothing was changed")
}
