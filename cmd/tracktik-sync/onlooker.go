package main

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"tracktik-sync/cmd/tracktik-sync/internal/metrics"
	"tracktik-sync/cmd/tracktik-sync/internal/notify"
	"tracktik-sync/configs"
	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
)

// An onlooker watches a run from outside and tells monitoring and people of it. What
// goes wrong with that is logged, and nothing of the run's.
type onlooker struct {
	*invocation
	cfg      *configs.Config
	sinks    metrics.Sinks
	notifier *notify.Notifier

	ends map[string]time.Time // of what we log in with, by system

	whole  bool // the run is about everybody
	phases *metrics.Phases
	values *metrics.Values // nil: nothing was recorded
	last   notify.Situation
}

func newOnlooker(i *invocation, cfg *configs.Config, whole bool) *onlooker {
	return &onlooker{
		invocation: i,
		cfg:        cfg,
		sinks:      metrics.Sinks{Textfile: cfg.Metrics.Textfile, Pushgateway: fresh(cfg.Metrics.Pushgateway), Job: cfg.Metrics.Job, Getenv: i.getenv},
		notifier:   newNotifier(i, cfg),
		ends:       firstEnds(credentialEnds(cfg)),
		whole:      whole,
	}
}

// begins tells that a run begins, and follows its phases.
func (o *onlooker) begins(ctx context.Context, engine *tsync.Engine) {
	if o.whole {
		o.notifier.Start(ctx)
	}
	o.notifier.Now = clockOf(engine)
	o.phases = &metrics.Phases{Next: engine.Progress, Now: o.now}
	engine.Progress = o.phases
}

// look notes what is told later of a run that has ended, as long as the snapshot is
// open.
func (o *onlooker) look(db *state.DB, engine *tsync.Engine, d *plan.Document) {
	if err := o.note(db, engine, d); err != nil {
		o.log.WithError(err).Warn("not everything of the run can be told")
	}
}

func (o *onlooker) note(db *state.DB, engine *tsync.Engine, d *plan.Document) error {
	meta, metaErr := db.Meta()
	runs, recordErr := db.Runs(1)
	troubles, troublesErr := db.Troubles()
	size, sizeErr := db.Size()
	problems := standing(d, troubles)
	o.last = notify.Situation{LastSuccess: meta.LastSuccess, Quarantine: meta.Quarantine, Problems: problems}
	if d != nil && len(runs) > 0 && runs[0].ID == d.ID {
		record := runs[0]
		o.last.Run, o.last.Mode, o.last.Refusals, o.last.Counts = d.ID, d.Mode, d.Guard.Refusals, countsOf(record, len(problems))
		o.values = &metrics.Values{Version: o.version, Run: record, Document: d, Meta: meta, Problems: problems, Snapshot: size, Expiry: o.ends}
		o.values.Measure("okta", engine.Source)
		o.values.Measure("tracktik", engine.Target)
	}
	digest, digestErr := o.digest(db, meta, problems)
	o.last.Digest = digest
	return errors.Join(metaErr, recordErr, troublesErr, sizeErr, digestErr)
}

// A runEnd is how a run ended.
type runEnd struct {
	err      error
	code     int    // the exit code
	cause    string // the last line on stderr
	declined bool   // somebody was asked whether to go on, and said no
}

// tell tells everybody how it ended; the snapshot is closed by now, as some may take
// their time.
func (o *onlooker) tell(ctx context.Context, end runEnd) {
	if o.values == nil && end.err != nil {
		o.unbegun(end.code)
	}
	o.last.State = o.state(ctx, end)
	// The text of a write that failed is TrackTik's and may hold a person's values: it
	// stays in the log.
	o.last.Cause, _, _ = strings.Cut(end.cause, "; the last error: ")
	var both sync.WaitGroup
	if o.values != nil {
		both.Go(func() {
			for _, failed := range o.sinks.Send(context.WithoutCancel(ctx), *o.values, o.phases.List()) {
				o.log.WithField("sink", failed.Sink).WithError(failed.Err).Warn("the metrics of the run could not be left")
			}
		})
	}
	both.Go(func() { o.notifier.End(ctx, o.last) })
	both.Wait()
}

// unbegun notes what is told of a run that left no record. While another one is active,
// that one has the word.
func (o *onlooker) unbegun(code int) {
	if o.last.LastSuccess.IsZero() {
		o.last.LastSuccess = lastKnownSuccess(o.invocation, o.cfg)
	}
	if code == tsync.ExitLocked {
		return
	}
	now := o.now().UTC()
	o.values = &metrics.Values{Version: o.version, Run: plan.RunRecord{Started: now, Ended: now, ExitCode: code},
		Meta: plan.Meta{LastSuccess: o.last.LastSuccess}, Unbegun: true}
}

// lastKnownSuccess is when a run last succeeded, by what the last run left beside the
// snapshot, else by the snapshot; zero when neither knows.
func lastKnownSuccess(i *invocation, cfg *configs.Config) time.Time {
	status, err := leftStatus(cfg)
	if err != nil || status.LastSuccess == nil {
		status, err = currentStatus(i, cfg)
	}
	if err != nil || status.LastSuccess == nil {
		return time.Time{}
	}
	return *status.LastSuccess
}

// state is how things stand after a run; empty when the run does not say.
func (o *onlooker) state(ctx context.Context, end runEnd) string {
	var locked *state.LockedError
	var refused *tsync.RefusedError
	switch {
	case !o.whole, end.declined, errors.As(end.err, &locked), errors.Is(ctx.Err(), context.Canceled):
		return ""
	case end.err == nil:
		return notify.OK
	case errors.As(end.err, &refused):
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

// withoutFaults is cfg without the ways of telling that have a finding: what is wrong
// with an address is not found out by calling it.
func withoutFaults(cfg *configs.Config, err error) *configs.Config {
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
	counts := map[string]int{"failed": r.Failed, "unknown": r.Unknown, "held": r.Held, "problems": problems, "managed": r.Managed}
	for _, kind := range plan.Kinds {
		counts[string(kind)] = r.Done[string(kind)]
	}
	return counts
}
