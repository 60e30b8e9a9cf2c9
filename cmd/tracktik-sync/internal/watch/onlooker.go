// Package watch does what goes with a run and is none of its business: it measures the run,
// tells people how it ended, and keeps copies of the snapshot. What goes wrong here is
// logged, and fails no run.
package watch

import (
	"context"
	"errors"
	"strings"
	"time"

	"tracktik-sync/cmd/tracktik-sync/internal/ledger"
	"tracktik-sync/cmd/tracktik-sync/internal/metrics"
	"tracktik-sync/cmd/tracktik-sync/internal/notify"
	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/configs"
	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
)

// An Onlooker watches a run from outside and tells monitoring and people of it. What
// goes wrong with that is logged, and nothing of the run's.
type Onlooker struct {
	*wiring.Invocation
	cfg      *configs.Config
	sinks    metrics.Sinks
	notifier *notify.Notifier

	ends map[string]time.Time // of the credentials, by system

	whole  bool // the run is about everybody
	phases *metrics.Phases
	values *metrics.Values // nil: nothing was recorded
	last   notify.Situation
}

// NewOnlooker watches a run that is about to begin; whole: it is about everybody.
func NewOnlooker(i *wiring.Invocation, cfg *configs.Config, whole bool) *Onlooker {
	return &Onlooker{
		Invocation: i,
		cfg:        cfg,
		sinks: metrics.Sinks{Textfile: cfg.Metrics.Textfile, Pushgateway: wiring.Fresh(cfg.Metrics.Pushgateway),
			Job: cfg.Metrics.Job, Getenv: i.Getenv},
		notifier: NewNotifier(i, cfg),
		ends:     wiring.FirstEnds(wiring.CredentialEnds(cfg)),
		whole:    whole,
	}
}

// Begins tells that a run begins, and follows its phases.
func (o *Onlooker) Begins(ctx context.Context, engine *tsync.Engine) {
	if o.whole {
		o.notifier.Start(ctx)
	}
	o.notifier.Now = wiring.ClockOf(engine)
	o.phases = &metrics.Phases{Next: engine.Progress, Now: o.Now}
	engine.Progress = o.phases
}

// Look notes what is told later of a run that has ended, as long as the snapshot is
// open.
func (o *Onlooker) Look(db *state.DB, engine *tsync.Engine, d *plan.Document) {
	if err := o.note(db, engine, d); err != nil {
		o.Log.WithError(err).Warn("not everything of the run can be told")
	}
}

func (o *Onlooker) note(db *state.DB, engine *tsync.Engine, d *plan.Document) error {
	meta, metaErr := db.Meta()
	runs, recordErr := db.Runs(1)
	troubles, troublesErr := db.Troubles()
	size, sizeErr := db.Size()
	problems := standing(d, troubles)
	o.last = notify.Situation{LastSuccess: meta.LastSuccess, Quarantine: meta.Quarantine, Problems: problems}
	var lagErr error
	if d != nil && len(runs) > 0 && runs[0].ID == d.ID {
		record := runs[0]
		o.last.Run, o.last.Mode, o.last.Refusals, o.last.Counts = d.ID, d.Mode, d.Guard.Refusals,
			countsOf(record, len(problems))
		o.values = &metrics.Values{Version: o.Version, Portal: o.portal(), Run: record, Document: d, Meta: meta,
			Problems: problems, Snapshot: size, Expiry: o.ends}
		entries, err := db.TerminatedSince(record.Started)
		o.values.Lag, lagErr = plan.LagOf(entries), err
		o.values.Measure("okta", engine.Source)
		o.values.Measure("tracktik", engine.Target)
	}
	digest, digestErr := o.digest(db, meta, problems)
	o.last.Digest = digest
	return errors.Join(metaErr, recordErr, troublesErr, sizeErr, lagErr, digestErr, o.LookAtChores(db))
}

// A End is how a run ended.
type End struct {
	Err      error
	Code     int    // the exit code
	Cause    string // the last line on stderr
	Declined bool   // somebody was asked whether to go on, and said no
}

// Tell tells everybody how it ended; the snapshot is closed by now, as some may take
// their time.
func (o *Onlooker) Tell(ctx context.Context, end End) {
	if o.values == nil && end.Err != nil {
		o.unbegun(end.Code)
	}
	o.last.State = o.state(ctx, end)
	// The text of a write that failed is TrackTik's and may hold a person's values: it
	// stays in the log.
	o.last.Cause, _, _ = strings.Cut(end.Cause, "; the last error: ")
	if o.values != nil {
		o.measure(ctx)
	}
	o.notifier.End(ctx, o.last)
}

// unbegun notes what is told of a run that left no record. While another one is active,
// that one has the word.
func (o *Onlooker) unbegun(code int) {
	if o.last.LastSuccess.IsZero() {
		o.last.LastSuccess = lastKnownSuccess(o.Invocation, o.cfg)
	}
	if code == tsync.ExitLocked {
		return
	}
	now := o.Now().UTC()
	o.values = &metrics.Values{Version: o.Version, Portal: o.portal(), Run: plan.RunRecord{Started: now, Ended: now,
		ExitCode: code},
		Meta: plan.Meta{LastSuccess: o.last.LastSuccess}, Unbegun: true}
}

// lastKnownSuccess is when a run last succeeded, by what the last run left beside the
// snapshot, else by the snapshot; zero when neither knows.
func lastKnownSuccess(i *wiring.Invocation, cfg *configs.Config) time.Time {
	status, err := ledger.LeftStatus(cfg)
	if err != nil || status.LastSuccess == nil {
		status, err = ledger.CurrentStatus(i, cfg)
	}
	if err != nil || status.LastSuccess == nil {
		return time.Time{}
	}
	return *status.LastSuccess
}

// state is how things stand after a run; empty when the run does not say.
func (o *Onlooker) state(ctx context.Context, end End) string {
	var locked *state.LockedError
	var refused *tsync.RefusedError
	switch {
	case !o.whole, end.Declined, errors.As(end.Err, &locked), errors.Is(ctx.Err(), context.Canceled):
		return ""
	case end.Err == nil:
		return notify.OK
	case errors.As(end.Err, &refused):
		switch refused.Code {
		case tsync.RefusedGuard:
			return notify.GuardRefused
		case tsync.RefusedStale, tsync.RefusedApproval: // whoever gave them is told already
			return ""
		}
	case o.last.Quarantine != nil:
		return notify.Quarantined
	}
	return notify.Failed
}

// WithoutFaults is cfg without the ways of telling that have a finding: what is wrong
// with an address is not found out by calling it.
func WithoutFaults(cfg *configs.Config, err error) *configs.Config {
	var findings configs.Findings
	if !errors.As(err, &findings) {
		return cfg
	}
	out := *cfg
	for _, f := range findings {
		for section, forget := range map[string]func(){
			"notify.webhook":      func() { out.Notify.Webhook = configs.Webhook{} },
			"notify.email":        func() { out.Notify.Email = configs.Email{} },
			"notify.ping":         func() { out.Notify.Ping = configs.Ping{} },
			"notify.digest":       func() { out.Notify.Digest = "" },
			"metrics.textfile":    func() { out.Metrics.Textfile = "" },
			"metrics.pushgateway": func() { out.Metrics.Pushgateway = configs.Secret{} },
			"metrics.job":         func() { out.Metrics.Pushgateway = configs.Secret{} },
		} {
			if strings.HasPrefix(f.Key, section) || f.Key != "" && strings.HasPrefix(section, f.Key+".") {
				forget()
			}
		}
	}
	return &out
}

// standing are all problems after a run: those on record, and those of the plan that
// did not get as far.
func standing(d *plan.Document, troubles []plan.Trouble) []plan.Trouble {
	all := troubles[:len(troubles):len(troubles)]
	if d == nil {
		return all
	}
	type key struct {
		person plan.PersonID
		code   string
	}
	known := map[key]bool{}
	for i := range troubles {
		known[key{troubles[i].Person, troubles[i].Code}] = true
	}
	for _, p := range d.Problems {
		if !known[key{p.User.ID, p.Code}] {
			all = append(all, plan.Trouble{Person: p.User.ID, Login: p.User.Login, Code: p.Code, Message: p.Message})
		}
	}
	return all
}

func countsOf(r plan.RunRecord, problems int) map[string]int {
	counts := map[string]int{"failed": r.Failed, "unknown": r.Unknown, "held": r.Held, "problems": problems,
		"managed": r.Managed}
	for _, kind := range plan.Kinds {
		counts[string(kind)] = r.Done[string(kind)]
	}
	return counts
}
