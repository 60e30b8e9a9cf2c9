package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"tracktik-sync/cmd/tracktik-sync/internal/notify"
	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/configs"
	"tracktik-sync/state"
	"tracktik-sync/sync/plan"
)

func newNotify(a *app) *cobra.Command {
	return group(a, "notify", "Try who is told how the runs go", notifyCommands)
}

func newNotifyTest(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "test",
		Short: "Send a test to everybody who would be told",
		Long: "Test sends a message by the webhook and by mail, and calls the addresses of notify.ping: that of a\n" +
			"failure too, so that the alarm can be seen, and that of a success last. It ends with 1 when one of\n" +
			"them cannot be reached.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := a.load()
			if err != nil {
				return err
			}
			results, err := a.notifier(cfg).Test(cmd.Context())
			if err != nil {
				return err
			}
			return a.showTest(results)
		},
	}
}

func (a *app) showTest(results []notify.Result) error {
	failed := 0
	err := a.data(func(w io.Writer) error {
		t := ui.NewTable(w, a.style())
		for _, r := range results {
			if r.Err != nil {
				failed++
				t.Alarm(r.Channel, "failed: "+ui.Safe(r.Err.Error()))
				continue
			}
			t.Row(r.Channel, "ok")
		}
		return t.Flush()
	})
	if failed > 0 {
		err = errors.Join(err, fmt.Errorf("%d of %d could not be reached", failed, len(results)))
	}
	return err
}

// notifier is who is told, as the configuration says it.
func (a *app) notifier(cfg *configs.Config) *notify.Notifier {
	n := cfg.Notify
	zone, err := time.LoadLocation(cfg.Schedule.Timezone)
	if err != nil { // the configuration was checked
		zone = time.UTC
	}
	return notify.New(notify.Config{
		Portal:  binding(cfg).Portal,
		Webhook: fresh(n.Webhook.URL),
		Slack:   n.Webhook.Format == "slack",
		Email: notify.Email{SMTP: n.Email.SMTP, Username: n.Email.Username, Password: fresh(n.Email.Password),
			TLS: n.Email.TLS, From: n.Email.From, To: n.Email.To},
		Ping:         notify.Ping{Start: fresh(n.Ping.Start), Success: fresh(n.Ping.Success), Failure: fresh(n.Ping.Failure)},
		Digest:       n.Digest,
		Zone:         zone,
		PersonalData: n.PersonalData,
		Agent:        userAgent(),
		Spell:        a.console.message,
		Store:        state.Notices(cfg.State.Path),
		Log:          a.log,
		Now:          a.now,
		Sleep:        a.sleep,
	})
}

// fresh is a secret as its file holds it now; as it was read before when that fails,
// since a run must not fail for it.
func fresh(s configs.Secret) string {
	if again, err := s.Reread(); err == nil {
		return again.Reveal()
	}
	return s.Reveal()
}

// digest sums yesterday up, when somebody waits for it.
func (o *onlooker) digest(db *state.DB, meta plan.Meta, problems []plan.Trouble) (*notify.Digest, error) {
	from, to, due := o.notifier.DigestDue()
	if !due {
		return nil, nil
	}
	d := &notify.Digest{From: from, To: to, Done: map[string]int{}, Problems: len(problems), LastSuccess: meta.LastSuccess}
	for entry, err := range db.Audits(state.Query{Since: from, Until: to}) {
		if err != nil {
			return nil, err
		}
		switch entry.Outcome {
		case plan.Done:
			d.Done[entry.Kind]++
		case plan.Failed, plan.Unknown:
			d.Failed++
		}
	}
	runs, err := db.Runs(0)
	if err != nil {
		return nil, err
	}
	for i := range runs {
		if runs[i].Started.Before(from) {
			break // the latest are first
		}
		if runs[i].Started.Before(to) {
			d.Runs++
			if code := runs[i].ExitCode; code == codeFailed || code == codeRefused {
				d.BadRuns++
			}
		}
	}
	whole, err := lastWhole(db)
	if err != nil {
		return nil, err
	}
	d.Held = whole.Held
	if d.Managed, err = db.Managed(); err != nil {
		return nil, err
	}
	sets, err := o.waiting(o.cfg, hashesOf(whole.Refusals))
	for _, w := range sets {
		if w.Approved == nil {
			d.Approvals++
		}
	}
	return d, err
}

var _ notify.Store = (*state.NoticeFile)(nil)
