package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tracktik-sync/cmd/tracktik-sync/internal/ledger"
	"tracktik-sync/cmd/tracktik-sync/internal/login"
	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/configs"
	"tracktik-sync/state"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik"
)

// An authCommand is one of `auth`.
type authCommand struct{ *app }

func newAuth(a *app) *cobra.Command {
	return group(a, "auth", "Authorise this program in the TrackTik portal", authCommands)
}

// An authStatus is what `auth status --format json` prints.
type authStatus struct {
	Portal     string             `json:"portal"`
	Grant      string             `json:"grant"`
	Authorised bool               `json:"authorised"`         // the next run needs nobody at a browser
	Employee   string             `json:"employee,omitempty"` // whom the access token stands for
	Username   string             `json:"username,omitempty"` // the configured one
	Scopes     []string           `json:"scopes,omitempty"`
	Obtained   *time.Time         `json:"obtained,omitempty"`
	Until      *time.Time         `json:"until,omitempty"` // end of the access token
	Refresh    bool               `json:"refresh_token"`   // one is kept
	Encrypted  bool               `json:"encrypted"`
	Quarantine *ledger.Quarantine `json:"quarantine"`
}

func newAuthStatus(a *app) *cobra.Command {
	var format *choice
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show which employee the tokens belong to, until when, and with which scopes; makes no call",
		Args:  cobra.NoArgs,
		RunE: a.configured(func(_ context.Context, cfg *configs.Config, _ []string) error {
			return authCommand{a}.showStatus(cfg, format.value)
		}),
	}
	format = formats(cmd.Flags(), "text", "json")
	return cmd
}

// authStatus answers from what is kept, without a call: a look must not cost a login.
func (a authCommand) showStatus(cfg *configs.Config, format string) error {
	token, err := wiring.SavedToken(cfg)
	if err != nil {
		return err
	}
	auth := cfg.TrackTik.Auth
	s := authStatus{Portal: cfg.TrackTik.BaseURL, Grant: auth.Grant, Employee: token.Subject(), Scopes: token.Scopes(),
		Username: auth.Username, Refresh: token.Refresh != "", Encrypted: cfg.State.Key.IsSet()}
	if !token.Obtained.IsZero() {
		obtained, until := token.Obtained.UTC(), token.Until.UTC()
		s.Obtained, s.Until = &obtained, &until
	}
	s.Authorised = s.Refresh || auth.Password.IsSet() || auth.RefreshToken.IsSet()
	if status, err := ledger.CurrentStatus(&a.Invocation, cfg); err == nil && status.Quarantine != nil &&
		status.Quarantine.System == "tracktik" {
		s.Quarantine = status.Quarantine
	}
	shown := a.show(format, s, func(w io.Writer) error { return s.print(w, a.Style(), a.Now()) })
	if !s.Authorised {
		return errors.Join(shown, errors.New("nobody has approved this program in the portal: run `tracktik-sync auth "+
			"login`"))
	}
	return shown
}

// print prints a status for people.
func (s *authStatus) print(w io.Writer, style ui.Style, now time.Time) error {
	t := ui.NewTable(w, style)
	t.Row("portal", ui.Safe(s.Portal))
	t.Row("grant", ui.Safe(s.Grant))
	if s.Username != "" {
		t.Row("username", ui.Safe(s.Username))
	}
	if s.Employee != "" {
		t.Row("employee", ui.Safe(s.Employee))
	}
	if s.Obtained != nil {
		t.Row("obtained", ui.Ago(*s.Obtained, now))
		t.Row("access token", untilText(*s.Until, now))
	}
	if len(s.Scopes) > 0 {
		t.Row("scopes", ui.Safe(strings.Join(s.Scopes, ", ")))
	}
	t.Row("refresh token", s.refreshText())
	if q := s.Quarantine; q != nil {
		t.Alarm("quarantine", fmt.Sprintf("since %s: %s", q.Since.UTC().Format(time.RFC3339), ui.Safe(q.Reason)))
	}
	return t.Flush()
}

func untilText(until, now time.Time) string {
	if !now.Before(until) {
		return "ended " + ui.Ago(until, now) + "; the next call gets another one"
	}
	return "until " + until.UTC().Format(time.RFC3339)
}

func (s *authStatus) refreshText() string {
	switch {
	case !s.Refresh && s.Grant == tracktik.GrantPassword:
		return "none; each run logs in with the password"
	case !s.Refresh:
		return "none"
	case s.Encrypted:
		return "kept beside the snapshot, encrypted with state.key"
	}
	return "kept beside the snapshot, readable by this user only; set state.key_file to encrypt it"
}

func newAuthLogout(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "logout",
		Short: "Remove the tokens that are kept beside the snapshot",
		Long: "Logout removes the tokens that are kept beside the snapshot. It does not tell the portal. To end the\n" +
			"approval there too, ask TrackTik support, or change the password of the account.",
		Args: cobra.NoArgs,
		RunE: a.configured(func(ctx context.Context, cfg *configs.Config, _ []string) error {
			return authCommand{a}.logout(ctx, cfg)
		}),
	}
}

func (a authCommand) logout(ctx context.Context, cfg *configs.Config) error {
	if err := a.ownSnapshot(cfg); err != nil {
		return err
	}
	file := wiring.TokenFile(cfg)
	ctx, cancel := context.WithTimeout(ctx, wiring.ReadWait)
	defer cancel()
	unlock, err := file.Lock(ctx)
	if err != nil {
		return err
	}
	err = file.Forget()
	unlock()
	if err != nil {
		return fmt.Errorf("forgetting the tokens: %w", err)
	}
	if err := a.noteAuth(cfg, ledger.AuthLogoutKind, 0, "the tokens were forgotten"); err != nil {
		return fmt.Errorf("the tokens are forgotten, and that is not in the history: %w", err)
	}
	next := "`tracktik-sync auth login` approves anew"
	switch {
	case cfg.TrackTik.Auth.Grant == tracktik.GrantPassword:
		next = "the next run logs in with the password"
	case cfg.TrackTik.Auth.RefreshToken.IsSet():
		next = "the next run uses tracktik.auth.refresh_token, which is good only if it was never used"
	}
	return a.Say("the tokens of %s are forgotten; %s", cfg.TrackTik.BaseURL, next)
}

// ownSnapshot refuses to touch the tokens beside a snapshot of other systems, or of
// another key. That there is none yet is fine, and so is one that a run has now.
func (a authCommand) ownSnapshot(cfg *configs.Config) error {
	db, err := a.Open(cfg, a.Reading(cfg, 0))
	switch {
	case err == nil:
		return db.Close()
	case errors.Is(err, state.ErrWrongBinding), errors.Is(err, state.ErrKey):
		return err
	}
	return nil
}

// authWait is how long a login waits for a run to end before it is recorded.
const authWait = 30 * time.Second

// noteAuth puts a login or logout into the history, where there is a snapshot. A
// login ends the quarantine of TrackTik.
func (a authCommand) noteAuth(cfg *configs.Config, kind string, employee plan.EmployeeID, reason string) error {
	opt := a.Writing(cfg)
	opt.Timeout = authWait
	db, err := a.Open(cfg, opt)
	var missing *wiring.MissingError
	if errors.As(err, &missing) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(a.commitAuth(cfg, db, kind, employee, reason), db.Close())
}

func (a authCommand) commitAuth(cfg *configs.Config, db *state.DB, kind string, employee plan.EmployeeID,
	reason string) error {
	meta, err := db.Meta()
	if err != nil {
		return err
	}
	batch := plan.Batch{Audits: []plan.Audit{a.noted(cfg, kind, plan.UserRef{}, employee, reason)}}
	if q := meta.Quarantine; kind == ledger.AuthLoginKind && q != nil && q.System == "tracktik" {
		meta.Quarantine = nil
		batch.Meta = &meta
	}
	if err := db.Commit(batch); err != nil {
		return err
	}
	return ledger.SaveStatus(&a.Invocation, cfg, db)
}

// authLogin is `auth login`: an administrator approves this program in the portal.
type authLogin struct {
	authCommand
	paste     bool
	noBrowser bool
	browse    func(ctx context.Context, address string) error
}

func newAuthLogin(a *app) *cobra.Command {
	l := &authLogin{authCommand: authCommand{a}, browse: login.OpenBrowser}
	cmd := &cobra.Command{
		Use:   "login",
		Short: "Have an administrator approve this program in the TrackTik portal",
		Long: "Login opens the page of the portal on which an administrator approves this program, and keeps the\n" +
			"tokens beside the snapshot. Call it again to approve anew.\n\n" +
			"On a server without a browser use --paste: open the address on any machine, approve, and paste\n" +
			"the address to which the browser was sent (a page that cannot be reached), or the code in it.",
		Example: "  tracktik-sync auth login\n" +
			"  tracktik-sync auth login --paste",
		Args: cobra.NoArgs,
		RunE: l.configured(l.execute),
	}
	cmd.Flags().BoolVar(&l.paste, "paste", false, "no browser reaches this machine: paste the address that it was sent to")
	cmd.Flags().BoolVar(&l.noBrowser, "no-browser", false, "print the address of the page, and open nothing")
	return cmd
}

func (l *authLogin) execute(ctx context.Context, cfg *configs.Config, _ []string) error {
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
	approval := login.Login{Portal: client, Redirect: cfg.TrackTik.Auth.RedirectURI, Paste: l.paste, ReadLine: l.ReadLine,
		Talk: l.Stderr}
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
		return usage("tracktik.auth.grant is password, which needs no login: set it to authorization_code to let an " +
			"administrator approve instead")
	}
	if auth.RedirectURI == "" || l.paste {
		return nil
	}
	u, err := url.Parse(auth.RedirectURI)
	if err != nil || u.Scheme != "http" || !loopback(u.Hostname()) {
		return usage("tracktik.auth.redirect_uri does not lead to this machine: use auth login --paste, or an address " +
			"such as http://127.0.0.1:8080/callback")
	}
	return nil
}

func loopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// approved records the login and says as which employee the program works now.
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
	return l.Say("%s has approved this program%s; the tokens are kept, and renewed by themselves. Next: `tracktik-sync "+
		"check`", cfg.TrackTik.BaseURL, who)
}
