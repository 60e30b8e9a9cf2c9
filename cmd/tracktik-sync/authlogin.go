package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"

	"github.com/spf13/cobra"

	"tracktik-sync/cmd/tracktik-sync/internal/ledger"
	"tracktik-sync/cmd/tracktik-sync/internal/login"
	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/configs"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik"
)

// authLogin is `auth login`: an administrator approves this program in the portal.
type authLogin struct {
	*app
	paste     bool
	noBrowser bool
	browse    func(ctx context.Context, address string) error
}

func newAuthLogin(a *app) *cobra.Command {
	l := &authLogin{app: a, browse: login.OpenBrowser}
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

func (l *authLogin) execute(ctx context.Context) error {
	cfg, err := l.load()
	if err != nil {
		return err
	}
	if err := l.fits(cfg); err != nil {
		return err
	}
	if err := errors.Join(l.ownSnapshot(cfg), wiring.TokenFile(cfg).Ready()); err != nil {
		return err
	}
	before, err := wiring.SavedToken(cfg)
	if err != nil {
		return err
	}
	client, err := l.Target(cfg)
	if err != nil {
		return err
	}
	if before.Refresh != "" {
		fmt.Fprintf(l.Stderr, "re-authenticate: %s was approved already, %s; this approval takes the place of that one\n",
			ui.Safe(cfg.TrackTik.BaseURL), ui.Ago(before.Obtained, l.Now()))
	}
	approval := login.Login{Portal: client, Redirect: cfg.TrackTik.Auth.RedirectURI, Paste: l.paste, ReadLine: l.ReadLine, Talk: l.Stderr}
	if !l.noBrowser {
		approval.Browse = l.browse
	}
	if err := approval.Approve(ctx); err != nil {
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
	if err != nil || u.Scheme != "http" || !loopback(u.Hostname()) {
		return usage("tracktik.auth.redirect_uri does not lead to this machine: use auth login --paste, or an address such as http://127.0.0.1:8080/callback")
	}
	return nil
}

func loopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
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
	if err := l.noteAuth(cfg, ledger.AuthLoginKind, plan.EmployeeID(id), reason); err != nil {
		return fmt.Errorf("the portal has approved this program, and the tokens are kept; but that is not in the history, "+
			"and a quarantine goes on until `tracktik-sync retry`: %w", err)
	}
	who := ""
	if self != "" {
		who = " as employee " + self
	}
	return l.Say("%s has approved this program%s; the tokens are kept, and renewed by themselves. Next: `tracktik-sync check`", cfg.TrackTik.BaseURL, who)
}
