package sync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// A run is one run: the parts that read, decide, carry out and record it. Each part knows
// only those below it; what they share are the frame, the facts and what was decided.
type run struct {
	base
	*decided
	parts
}

// newRun begins a run; id is empty when nothing is to be recorded.
func (e *Engine) newRun(opt RunOptions, id string) (*run, error) {
	began, now := e.Now(), e.clock()
	meta, err := e.Snapshot.Meta()
	if err != nil {
		return nil, err
	}
	f := &frame{Engine: e, opt: opt, id: id, now: now, began: began, started: now, log: e.Log, meta: meta, pol: e.Policy,
		before: [2]int{e.Source.Requests(), e.Target.Requests()}}
	x := &facts{byGroup: map[plan.GroupID]*pushed{}, troubles: map[plan.PersonID][]plan.Trouble{}, pending: map[plan.PersonID]string{}, openGrants: map[plan.PersonID]string{}}
	r := &run{base: base{f, x}, decided: &decided{}}
	r.wire()
	r.pol.NoRemovals = opt.NoRemovals
	r.grants = read.NewGrants(r.Target, &r.pol)
	r.configuredOwn()
	if id != "" {
		r.log = e.Log.WithField("run", id)
	}
	r.doc = &plan.Document{ID: id, Created: now, Mode: "apply", Config: e.Config,
		Options:  plan.Options{User: opt.Users, NoRemovals: opt.NoRemovals},
		Okta:     plan.OktaID{Org: e.Binding.Org, App: e.Binding.App},
		TrackTik: plan.TrackTikID{Portal: e.Binding.Portal}}
	if e.Observe {
		r.doc.Mode = "observe"
	}
	if r.doc.ID == "" {
		r.doc.ID = "plan-" + now.Format("20060102T150405Z")
	}
	troubles, err := e.Snapshot.Troubles()
	if err != nil {
		return nil, err
	}
	for _, t := range troubles {
		r.troubles[t.Person] = append(r.troubles[t.Person], t)
	}
	return r, nil
}

// decide reads both sides and makes the plan: everything of a run that writes nothing
// to TrackTik.
func (r *run) decide(ctx context.Context) error {
	if err := r.start(ctx); err != nil {
		return err
	}
	if err := r.decideOnce(ctx); err != nil {
		return err
	}
	if !r.sampled() {
		return nil
	}
	r.full = true
	return r.decideOnce(ctx)
}

// start meets both systems and settles what is open, before anything is read.
func (r *run) start(ctx context.Context) error {
	if err := r.quarantined(); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{r.meet, r.approver.loadApproved, r.carrier.settle} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// startSmall is start for a run about people who are named to it: it looks at nobody else.
func (r *run) startSmall(ctx context.Context) error {
	if err := r.start(ctx); err != nil {
		return err
	}
	var err error
	if r.people, err = loadRoster(r.Snapshot); err != nil {
		return err
	}
	r.doc.Managed = r.people.managed
	return r.checkApp()
}

// present puts what a small run has decided in order, before the guards, into the document.
func (r *run) present(ctx context.Context, actions []plan.Action, held []plan.Held, problems []plan.Problem) {
	r.told = len(r.warnings)
	plan.Order(actions, &r.names)
	actions, held = r.guard.judge(ctx, actions, held)
	r.doc.Actions, r.doc.Held, r.doc.Problems, r.doc.Warnings = actions, held, problems, slices.Clone(r.warnings)
	r.doc.Guard = r.checked.Report
	r.guard.seal()
}

// decideOnce is decide after what is open was settled.
func (r *run) decideOnce(ctx context.Context) error {
	var err error
	if r.people, err = loadRoster(r.Snapshot); err != nil {
		return err
	}
	r.groups, r.byGroup, r.unpushed, r.groupsIn = nil, map[plan.GroupID]*pushed{}, nil, 0
	r.mappings, r.pushedIDs = mappings{}, nil
	r.current, r.roles, r.portal, r.warnings, r.grants = currentState{}, rolePass{}, plan.PortalRoles{}, nil, read.NewGrants(r.Target, &r.pol)
	r.ties, r.newest, r.doc.Evidence = ties{}, nil, ""
	r.doc.Managed = r.people.managed
	r.refresh = r.wantsRefresh()
	r.doc.Options.Refresh = r.refresh
	if err := r.checkApp(); err != nil {
		return err
	}
	if r.meta.LastSuccess.IsZero() { // a first run must not meet another connection's roles
		if err := r.portalReader.readPortalRoles(ctx); err != nil {
			return err
		}
	}
	if len(r.opt.Users) > 0 {
		err = r.singleReader.readSome(ctx)
	} else {
		err = r.reader.readAll(ctx)
	}
	if err != nil {
		return err
	}
	if err := r.peopleDecider.decidePeople(ctx); err != nil {
		return err
	}
	if err := r.grantDecider.decideRoles(ctx); err != nil {
		return err
	}
	if err := r.peopleDecider.spareOwn(ctx); err != nil {
		return err
	}
	r.guard.compose(ctx)
	return nil
}

// wantsRefresh reports whether TrackTik is read too.
func (r *run) wantsRefresh() bool {
	switch {
	case r.meta.RefreshDue:
		return true
	case r.opt.Refresh != nil:
		return *r.opt.Refresh
	case r.meta.Observed && !r.Observe: // what the snapshot knows is what somebody else has worked on
		return true
	case r.id == "" || len(r.opt.Users) > 0 || r.RefreshEvery <= 0:
		return false
	case r.people.managed == 0:
		return false
	case r.Observe && r.meta.Observing != nil && r.meta.Observing.Read.IsZero():
		return true // what the other one does from now on is told from what was there
	}
	age := r.now.Sub(r.meta.LastRefresh)
	return age >= r.RefreshEvery || age < -maxSkew // the second was noted by a wrong clock
}

const (
	systemOkta     = "okta"
	systemTrackTik = "tracktik"
)

// checkApp judges the app: one that is switched off, or that Okta provisions by
// itself, stops what writes.
func (r *run) checkApp() error {
	app := r.app
	if !app.Active() {
		return &RefusedError{RefusedApp, fmt.Sprintf("the okta app %s is %s: its assignments do not end when people leave, so nothing is decided by them; "+
			"activate it in Okta (Applications, the app, Status)", app.ID, quoteStatus(app.Status))}
	}
	if pushes := pushFeatures(app.Features); len(pushes) > 0 {
		text := fmt.Sprintf("okta itself provisions the portal through app %s (%s)", app.ID, pushes)
		if r.id != "" && !r.Observe && !r.AllowSecond {
			return &RefusedError{RefusedSecond, text + ": two provisioners undo each other's work; switch the app's provisioning off in Okta, " +
				"or set sync.mode: observe, or sync.allow_second_provisioner: true"}
		}
		r.warn(plan.Warning{Code: "second_provisioner", Message: text})
	}
	if skew, far := r.ClocksApart(); far {
		r.warn(plan.Warning{Code: plan.HeldClock, Message: fmt.Sprintf("the clocks are %s apart: nobody is terminated before they agree within 5 minutes", skew.Round(time.Second))})
	}
	return nil
}

func quoteStatus(s string) string {
	if s == "" {
		return "of unknown status"
	}
	return s
}

func (r *frame) warn(w plan.Warning) { r.warnings = append(r.warnings, w) }

// isCredentials reports an error about who we are, and whose.
func isCredentials(err error) (system string, ok bool) {
	var f failure
	if !errors.As(err, &f) || !f.Credentials() {
		return "", false
	}
	if s, is := f.(interface{ System() string }); is {
		return s.System(), true
	}
	return systemTrackTik, true
}

// phase tells who watches that something begins.
func (e *Engine) phase(name string, total int) {
	if e.Progress != nil {
		e.Progress.Phase(name, total)
	}
}

func (e *Engine) progress(n int) {
	if e.Progress != nil {
		e.Progress.Add(n)
	}
}
