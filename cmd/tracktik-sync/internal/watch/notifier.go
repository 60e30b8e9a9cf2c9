package watch

import (
	"time"

	"tracktik-sync/cmd/tracktik-sync/internal/ledger"
	"tracktik-sync/cmd/tracktik-sync/internal/notify"
	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/configs"
	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
)

// NewNotifier tells whom it has to, as the configuration says it.
func NewNotifier(i *wiring.Invocation, cfg *configs.Config) *notify.Notifier {
	n := cfg.Notify
	zone, err := time.LoadLocation(cfg.Schedule.Timezone)
	if err != nil { // the configuration was checked
		zone = time.UTC
	}
	return notify.New(notify.Config{
		Portal:  wiring.Binding(cfg).Portal,
		Webhook: wiring.Fresh(n.Webhook.URL),
		Format:  n.Webhook.Format,
		Email: notify.Email{SMTP: n.Email.SMTP, Username: n.Email.Username, Password: wiring.Fresh(n.Email.Password),
			TLS: n.Email.TLS, From: n.Email.From, To: n.Email.To},
		Ping: notify.Ping{Start: wiring.Fresh(n.Ping.Start), Success: wiring.Fresh(n.Ping.Success),
			Failure: wiring.Fresh(n.Ping.Failure)},
		Digest:       n.Digest,
		Zone:         zone,
		PersonalData: n.PersonalData,
		Agent:        i.UserAgent(),
		Spell:        i.Console.Message,
		Store:        state.Notices(cfg.State.Path),
		Log:          i.Log,
		Now:          i.Now,
		Sleep:        i.Sleep,
	})
}

// digest sums yesterday up, when somebody waits for it.
func (o *Onlooker) digest(db *state.DB, meta plan.Meta, problems []plan.Trouble) (*notify.Digest, error) {
	from, to, due := o.notifier.DigestDue()
	if !due {
		return nil, nil
	}
	d := &notify.Digest{From: from, To: to, Done: map[string]int{}, Problems: len(problems), LastSuccess: meta.LastSuccess}
	var ended []plan.Audit
	for entry, err := range db.Audits(state.Query{Since: from, Until: to}) {
		if err != nil {
			return nil, err
		}
		if _, known := entry.Waited(); known {
			ended = append(ended, entry)
		}
		switch entry.Outcome {
		case plan.Done:
			d.Done[entry.Kind]++
		case plan.Failed, plan.Unknown:
			d.Failed++
		}
	}
	d.Lag = plan.LagOf(ended)
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
			if code := runs[i].ExitCode; code == tsync.ExitFailed || code == tsync.ExitRefused {
				d.BadRuns++
			}
		}
	}
	whole, err := ledger.LastWhole(db)
	if err != nil {
		return nil, err
	}
	d.Held = whole.Held
	if d.Managed, err = db.Managed(); err != nil {
		return nil, err
	}
	sets, err := ledger.WaitingIn(o.Invocation, o.cfg, db)
	for _, w := range sets {
		if w.Approved == nil {
			d.Approvals++
		}
	}
	return d, err
}

var _ notify.Store = (*state.NoticeFile)(nil)
