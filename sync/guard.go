package sync

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"tracktik-sync/sync/decide"
	"tracktik-sync/sync/plan"
)

// warnReason is the code of a warning that nobody chose the reason of terminations.
const warnReason = "default_termination_reason"

// A guard asks for what the limits are measured by, and puts what passes into the document.
type guard struct {
	desk
	limits *decide.Limiter
}

// compose puts all decisions into one plan, in the order in which it is carried out,
// and lets the guards judge it.
func (r *guard) compose(ctx context.Context) {
	actions, held, problems, warnings := r.limits.Everything()
	r.warnReason(actions)
	warnings = slices.Concat(r.Warnings, warnings)
	r.warningsShown = len(r.Warnings)
	if r.opt.Expect != "" && len(r.Approved) > 0 {
		r.plainHash = r.hashWithoutApproval(ctx, actions, held)
	}
	actions, held = r.judge(ctx, actions, held)
	slices.SortStableFunc(held, func(a, b plan.Held) int { return plan.CompareActions(&a.Action, &b.Action) })
	slices.SortStableFunc(problems, func(a, b plan.Problem) int {
		return cmp.Or(strings.Compare(string(a.User.ID), string(b.User.ID)), strings.Compare(a.Code, b.Code))
	})
	slices.SortStableFunc(warnings, func(a, b plan.Warning) int {
		return cmp.Or(strings.Compare(string(a.User.ID), string(b.User.ID)), strings.Compare(a.Code, b.Code),
			strings.Compare(a.Field, b.Field))
	})
	r.doc.Actions, r.doc.Held, r.doc.Problems, r.doc.Warnings = actions, held, problems, warnings
	r.doc.Guard = r.checked.Report
	if r.doc.Evidence != "" && !slices.ContainsFunc(actions,
		func(a plan.Action) bool { return a.Kind == plan.Terminate }) &&
		!slices.ContainsFunc(held, func(h plan.Held) bool { return h.Kind == plan.Terminate }) {
		r.doc.Evidence = ""
	}
	r.seal()
	r.tellOverdue()
	r.limits.MarkOpen(r.doc.Held)
	for _, s := range r.People.Sorted() { // all of it is in the document
		s.Decision.Held = nil
	}
	r.Together = plan.Decision{}
}

// judge moves what the guards refuse to the held actions. It takes actions over.
func (r *guard) judge(ctx context.Context, actions []plan.Action, held []plan.Held) ([]plan.Action, []plan.Held) {
	r.checked = r.check(ctx, actions, r.Approved)
	return r.limits.Judge(&r.checked, actions, held, r.command())
}

// check measures the plan by the limits, beside what was approved.
func (r *guard) check(ctx context.Context, actions []plan.Action, approved [][]plan.ActionRef) plan.Checked {
	in := plan.GuardInput{Limits: r.Limits, Managed: r.People.Managed, Approved: approved, Command: r.command(),
		RoleGrants: map[plan.RoleID]int{}, Cause: map[plan.Kind]string{}}
	if r.partial && r.opt.Command != "" {
		in.Shown = r.opt.Command + " --dry-run"
	}
	if slices.ContainsFunc(actions, func(a plan.Action) bool { return a.Kind == plan.RevokeRole }) {
		r.countGrants(&in)
	}
	if slices.ContainsFunc(actions, func(a plan.Action) bool { return r.Limits.AskTheDay(&a) }) {
		if _, unapproved, err := r.store.CountsSince(r.AsOf.Add(-24 * time.Hour)); err == nil {
			in.Day = unapproved
		} else {
			r.Log.WithError(err).Warn("the day's actions cannot be counted")
		}
	}
	checked := plan.Check(actions, in)
	if checked.Held[plan.Terminate] {
		if cause := r.sharedCause(ctx, actions); cause != "" {
			in.Cause[plan.Terminate] = cause
			checked = plan.Check(actions, in)
		}
	}
	return checked
}

// hashWithoutApproval is the plan's hash as it was saved, before anybody approved what
// the guards held back.
func (r *guard) hashWithoutApproval(ctx context.Context, actions []plan.Action, held []plan.Held) string {
	plain, checked := *r.doc, r.check(ctx, actions, nil)
	plain.Actions, plain.Held = r.limits.Judge(&checked, slices.Clone(actions), slices.Clone(held), r.command())
	slices.SortStableFunc(plain.Held, func(a, b plan.Held) int { return plan.CompareActions(&a.Action, &b.Action) })
	r.plainHeld = plain.GuardHash()
	return plain.ComputeHash()
}

// expected reports that the plan is the saved one, also as it was before anything was approved:
// what is due, and what the guards hold, which an approval lets go on.
func (r *guard) expected() bool {
	is := func(due, held string) bool {
		return r.opt.Expect == due && (r.opt.ExpectHeld == "" || r.opt.ExpectHeld == held)
	}
	return is(r.doc.Hash, r.doc.GuardHash()) || is(r.plainHash, r.plainHeld)
}

// warnReason says that nobody chose the reason of terminations.
func (r *guard) warnReason(actions []plan.Action) {
	if r.engine.Reason == "" && slices.ContainsFunc(actions,
		func(a plan.Action) bool { return a.Kind == plan.Terminate }) {
		r.Warn(plan.Warning{Code: warnReason, Message: "tracktik.termination_reason is empty: the portal's first reason " +
			"is used for terminations"})
	}
}

func (r *guard) countGrants(in *plan.GuardInput) {
	for g, err := range r.Snapshot.Grants() {
		if err != nil {
			return // the next read of the snapshot says so
		}
		in.Grants++
		in.RoleGrants[g.Role]++
	}
}

// command is how this run is made again.
func (r *task) command() string {
	if r.opt.Command != "" {
		return r.opt.Command
	}
	var b strings.Builder
	b.WriteString(cmp.Or(r.engine.Program, "tracktik-sync") + " sync")
	for _, u := range r.opt.Users {
		b.WriteString(" --user " + u)
	}
	if r.doc.Options.Refresh {
		b.WriteString(" --refresh")
	}
	if r.opt.NoRemovals {
		b.WriteString(" --no-removals")
	}
	return b.String()
}

// sharedCause names the group that most of the terminated had the app from, when it
// has lost the app.
func (r *guard) sharedCause(ctx context.Context, actions []plan.Action) string {
	byGroup, total := map[plan.GroupID]int{}, 0
	for i := range actions {
		if actions[i].Kind != plan.Terminate {
			continue
		}
		total++
		if s := r.People.Subjects[actions[i].User.ID]; s != nil && s.Link != nil && s.Link.AssignedBy != "" {
			byGroup[s.Link.AssignedBy]++
		}
	}
	var most plan.GroupID
	for _, id := range slices.Sorted(maps.Keys(byGroup)) {
		if byGroup[id] > byGroup[most] {
			most = id
		}
	}
	if most == "" || 2*byGroup[most] < total {
		return ""
	}
	name := string(most)
	if g, found, err := r.Source.Group(ctx, most); err == nil && found {
		quoted := strconv.Quote(g.Name) // no control character reaches a terminal
		name = "'" + quoted[1:len(quoted)-1] + "'"
	}
	if assigned, err := r.Source.GroupAssigned(ctx, most); err == nil && !assigned {
		return fmt.Sprintf("%d of %d: group %s no longer assigned to the app", byGroup[most], total, name)
	}
	return fmt.Sprintf("%d of %d had the app through group %s", byGroup[most], total, name)
}

// tellOverdue logs the refused removals whose next try is not due, so that no run
// passes over a leaver in silence.
func (r *guard) tellOverdue() {
	for _, p := range r.doc.Problems {
		for _, t := range r.Troubles[p.User.ID] {
			if t.Kind.Removes() && t.Code == p.Code && t.Code != plan.ProblemUnconfirmed && t.Message == p.Message {
				r.Log.WithField("action", string(t.Kind)).WithField("person", t.Person).WithField("group", t.Group).
					WithField("since", t.Since.UTC().Format(time.RFC3339)).WithField("attempts", t.Attempts).
					Error("a refused removal is still not done")
			}
		}
	}
}

// seal names everybody in the document, and closes it.
func (r *guard) seal() {
	r.NameAll(r.doc.Actions, r.doc.Held, r.doc.Problems, r.doc.Warnings)
	r.doc.Seal()
}
