package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/oauth2"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/configs"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik"
)

// How logins and logouts are called in the history.
const (
	authLoginKind  = "auth login"
	authLogoutKind = "auth logout"
)

const (
	// approvalLife is how long somebody may take at the portal's page: a code lives for
	// ten minutes at most (RFC 6749, section 4.1.2), and the log-in comes before it.
	approvalLife = 15 * time.Minute
	// pasteRedirect is where the browser is sent when nobody listens for it: nothing
	// answers there, and the address bar shows the code.
	pasteRedirect = "http://127.0.0.1:47474/tracktik-sync"
)

// authLogin is `auth login`: an administrator approves this program in the portal.
// It is the authorization code grant (RFC 6749, section 4.1) with a proof key (RFC
// 7636) and a redirect to this machine (RFC 8252, section 7.3).
type authLogin struct {
	*app
	paste     bool
	noBrowser bool
	browse    func(ctx context.Context, address string) error
}

func newAuthLogin(a *app) *cobra.Command {
	l := &authLogin{app: a, browse: openBrowser}
	cmd := &cobra.Command{
		Use:   "login",
		Short: "Have an administrator approve this program in the TrackTik portal",
		Long: "Login opens the portal's page on which an administrator approves this program, and keeps the\n" +
			"tokens that come of it beside the snapshot. Done again, it re-authenticates.\n\n" +
			"On a server without a browser use --paste: open the address on any machine, approve, and paste\n" +
			"the address to which the browser was sent (a page that cannot be reached), or the code in it.",
		Example: "  tracktik-sync auth login\n" +
			"  tracktik-sync auth login --paste",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return l.execute(cmd.Context()) },
	}
	cmd.Flags().BoolVar(&l.paste, "paste", false, "no browser reaches this machine: paste the address that it was sent to")
	cmd.Flags().BoolVar(&l.noBrowser, "no-browser", false, "print the address of the page, and open nothing")
	return cmd
}

// An approval is one attempt at the portal's page.
type approval struct {
	client   *tracktik.Client
	redirect string
	state    string
	verifier string
}

func (l *authLogin) execute(ctx context.Context) error {
	cfg, err := l.load()
	if err != nil {
		return err
	}
	if err := l.fits(cfg); err != nil {
		return err
	}
	if err := errors.Join(l.ownSnapshot(cfg), tokenFile(cfg).Ready()); err != nil {
		return err
	}
	before, err := savedToken(cfg)
	if err != nil {
		return err
	}
	client, err := l.target(cfg)
	if err != nil {
		return err
	}
	if before.Refresh != "" {
		fmt.Fprintf(l.stderr, "re-authenticate: %s was approved already, %s; this approval takes the place of that one\n",
			ui.Safe(cfg.TrackTik.BaseURL), l.ago(before.Obtained))
	}
	ctx, cancel := context.WithTimeout(ctx, approvalLife)
	defer cancel()
	a := &approval{client: client, redirect: cfg.TrackTik.Auth.RedirectURI, state: rand.Text(), verifier: oauth2.GenerateVerifier()}
	if l.paste {
		err = l.byPaste(ctx, a)
	} else {
		err = l.byBrowser(ctx, a)
	}
	if err != nil {
		return err
	}
	return l.approved(ctx, cfg, client, before.Refresh != "")
}

// fits refuses a login that the configuration has no use for, or that cannot come back.
func (l *authLogin) fits(cfg *configs.Config) error {
	auth := cfg.TrackTik.Auth
	if auth.Grant == tracktik.GrantPassword {
		return usage("tracktik.auth.grant is password, which needs no login: set it to authorization_code to let an administrator approve instead")
	}
	if auth.RedirectURI == "" || l.paste {
		return nil
	}
	u, err := url.Parse(auth.RedirectURI)
	if err != nil || u.Scheme != "http" || !isLoopbackHost(u.Hostname()) {
		return usage("tracktik.auth.redirect_uri does not lead to this machine: use auth login --paste, or an address such as http://127.0.0.1:8080/callback")
	}
	return nil
}

// byBrowser waits for the browser to come back with the code.
func (l *authLogin) byBrowser(ctx context.Context, a *approval) error {
	r, err := listen(a.redirect, a.state, func(ctx context.Context, code string) error {
		return a.exchange(ctx, code)
	})
	if err != nil {
		return err
	}
	defer r.close()
	a.redirect = r.address
	address := a.client.AuthorizeURL(a.redirect, a.state, a.verifier)
	if l.noBrowser || l.browse(ctx, address) != nil {
		fmt.Fprintf(l.stderr, "open this address in a browser on this machine, log in to the portal and approve (no browser here: auth login --paste):\n\n  %s\n\n", address)
	} else {
		fmt.Fprintf(l.stderr, "a browser opens: log in to the portal and approve. If it does not, open this address on this machine:\n\n  %s\n\n", address)
	}
	return waited(ctx, r.wait(ctx))
}

// byPaste waits for somebody to paste where the browser was sent.
func (l *authLogin) byPaste(ctx context.Context, a *approval) error {
	if a.redirect == "" {
		a.redirect = pasteRedirect
	}
	address := a.client.AuthorizeURL(a.redirect, a.state, a.verifier)
	fmt.Fprintf(l.stderr, "open this address in any browser, log in to the portal and approve:\n\n  %s\n\n"+
		"The browser is then sent to a page that it may not find. Paste that page's whole address here, or the code in it:\n", address)
	line, err := l.readLine(ctx)
	if err != nil {
		return waited(ctx, err)
	}
	code, err := pastedCode(line, a.state)
	if err != nil {
		return err
	}
	return a.exchange(ctx, code)
}

func (a *approval) exchange(ctx context.Context, code string) error {
	if err := a.client.Exchange(ctx, code, a.redirect, a.verifier); err != nil {
		return fmt.Errorf("turning the approval into tokens: %w", err)
	}
	return nil
}

// waited says of a wait that came to nothing why it did.
func waited(ctx context.Context, err error) error {
	switch {
	case err == nil || !errors.Is(err, ctx.Err()) || ctx.Err() == nil:
		return err
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("nobody approved within %s: run `tracktik-sync auth login` again", approvalLife)
	}
	return errors.New("interrupted; nothing was changed")
}

// approved records the login and says who we are now.
func (l *authLogin) approved(ctx context.Context, cfg *configs.Config, client *tracktik.Client, again bool) error {
	self, err := client.Self(ctx) // from the token that was just kept
	if err != nil {
		return err
	}
	id, _ := strconv.ParseInt(self, 10, 64) // else the token names nobody by an id
	reason := "approved in the portal"
	if again {
		reason = "approved in the portal anew"
	}
	if err := l.noteAuth(cfg, authLoginKind, plan.EmployeeID(id), reason); err != nil {
		return fmt.Errorf("the portal has approved this program, and the tokens are kept; but that is not in the history, "+
			"and a quarantine goes on until `tracktik-sync retry`: %w", err)
	}
	who := ""
	if self != "" {
		who = " as employee " + self
	}
	return l.say("%s has approved this program%s; the tokens are kept, and renewed by themselves. Next: `tracktik-sync check`", cfg.TrackTik.BaseURL, who)
}
