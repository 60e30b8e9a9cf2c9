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

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// warnReason is the code of a warning that nobody chose the reason of terminations.
const warnReason = "default_termination_reason"

// A guard puts all decisions into one plan, and holds what exceeds a limit.
type guard struct {
	desk
}

// compose puts all decisions into one plan, in the order in which it is carried out,
// and lets the guards judge it.
func (r *guard) compose(ctx context.Context) {
	roles := &r.Roles.Decision // with the creates of a whole run, and room for all actions
	actions := append(roles.Actions, r.Roles.Groups.Actions...)
	held := slices.Clone(r.Roles.Groups.Held)
	problems := slices.Clone(r.Roles.Groups.Problems)
	var warnings []plan.Warning
	list := r.People.Sorted()
	for _, s := range list {
		d := &s.Decision
		actions, held = append(actions, d.Actions...), append(held, d.Held...)
		problems, warnings = append(problems, d.Problems...), append(warnings, d.Warnings...)
		d.Actions = nil // they are large
	}
	held, problems = append(held, roles.Held...), slices.Concat(problems, roles.Problems, r.stuckHere())
	r.warnReason(actions)
	warnings = slices.Concat(r.Warnings, r.Roles.Groups.Warnings, roles.Warnings, warnings)
	r.told = len(r.Warnings)
	plan.Order(actions, &r.Names)
	if r.opt.Expect != "" && len(r.Approved) > 0 {
		r.plainHash = r.hashWithoutApproval(ctx, actions, held)
	}
	actions, held = r.judge(ctx, actions, held)
	slices.SortStableFunc(held, func(a, b plan.Held) int { return plan.CompareActions(&a.Action, &b.Action) })
	slices.SortStableFunc(problems, func(a, b plan.Problem) int {
		return cmp.Or(strings.Compare(string(a.User.ID), string(b.User.ID)), strings.Compare(a.Code, b.Code))
	})
	slices.SortStableFunc(warnings, func(a, b plan.Warning) int {
		return cmp.Or(strings.Compare(string(a.User.ID), string(b.User.ID)), strings.Compare(a.Code, b.Code), strings.Compare(a.Field, b.Field))
	})
	r.doc.Actions, r.doc.Held, r.doc.Problems, r.doc.Warnings = actions, held, problems, warnings
	r.doc.Guard = r.checked.Report
	if r.doc.Evidence != "" && !slices.ContainsFunc(actions, func(a plan.Action) bool { return a.Kind == plan.Terminate }) &&
		!slices.ContainsFunc(held, func(h plan.Held) bool { return h.Kind == plan.Terminate }) {
		r.doc.Evidence = ""
	}
	r.seal()
	r.tellOverdue()
	r.markOpen(list)
	for _, s := range list { // all of it is in the document
		s.Decision.Held = nil
	}
	r.Roles.Decision = plan.Decision{}
}

// stuckHere are the writes that no look-up settles, of those whom the run is about. Who gets
// an employee by this very plan has one that a lost call made.
func (r *guard) stuckHere() []plan.Problem {
	return slices.DeleteFunc(r.Stuck, func(p plan.Problem) bool {
		s := r.People.Subjects[p.User.ID]
		return r.Scope.Some() && s == nil || s != nil && s.Gives()
	})
}

// hashWithoutApproval is the plan's hash as it was saved, before anybody approved what
// the guards held back.
func (r *guard) hashWithoutApproval(ctx context.Context, actions []plan.Action, held []plan.Held) string {
	approved := r.Approved
	r.Approved = nil
	defer func() { r.Approved = approved }()
	plain := *r.doc
	plain.Actions, plain.Held = r.judge(ctx, slices.Clone(actions), slices.Clone(held))
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
	if r.engine.Reason == "" && slices.ContainsFunc(actions, func(a plan.Action) bool { return a.Kind == plan.Terminate }) {
		r.Warn(plan.Warning{Code: warnReason, Message: "tracktik.termination_reason is empty: the portal's first reason is used for terminations"})
	}
}

// judge moves what the guards refuse to the held actions. It takes actions over.
func (r *guard) judge(ctx context.Context, actions []plan.Action, held []plan.Held) ([]plan.Action, []plan.Held) {
	in := plan.GuardInput{Limits: r.Limits, Managed: r.People.Managed, Approved: r.Approved, Command: r.command(), RoleGrants: map[plan.RoleID]int{}, Cause: map[plan.Kind]string{}}
	if r.partial && r.opt.Command != "" {
		in.Shown = r.opt.Command + " --dry-run"
	}
	if slices.ContainsFunc(actions, func(a plan.Action) bool { return a.Kind == plan.RevokeRole }) {
		r.countGrants(&in)
	}
	if slices.ContainsFunc(actions, func(a plan.Action) bool { return r.Limits.Of(a.Kind).MaxPerDay >= 0 }) {
		if _, unapproved, err := r.store.CountsSince(r.AsOf.Add(-24 * time.Hour)); err == nil {
			in.Day = unapproved
		} else {
			r.Log.WithError(err).Warn("the day's actions cannot be counted")
		}
	}
	r.checked = plan.Check(actions, in)
	if r.checked.Held[plan.Terminate] {
		if cause := r.sharedCause(ctx, actions); cause != "" {
			in.Cause[plan.Terminate] = cause
			r.checked = plan.Check(actions, in)
		}
	}
	r.notVisible(held, in.Command)
	waits := r.keepNames(actions)
	if len(r.checked.Held)+len(waits) == 0 {
		return actions, held
	}
	kept, stop := actions[:0], r.stopRest(actions)
	for _, a := range actions {
		why := ""
		switch {
		case r.checked.Waits(&a):
			why = "more than guard." + string(a.Kind) + " allows"
		case stop.holds(&a):
			why = "a refusal stops what is not approved"
		default:
			kept = append(kept, a)
			continue
		}
		held = append(held, plan.Held{Action: a, Why: plan.HeldGuard + ": " + why + "; see the refusal"})
		if a.Kind == plan.Terminate || a.Kind == plan.Update {
			waits[a.User.ID] = plan.HeldGuard
		}
	}
	if len(waits) == 0 {
		return kept, held
	}
	return r.withhold(kept, held, waits)
}

// keepNames are the people who are to give a name free and whose update is not due yet,
// since TrackTik refused it before, or whose employee may be somebody else: they keep the
// name in this run.
func (r *guard) keepNames(actions []plan.Action) map[plan.PersonID]string {
	waits := map[plan.PersonID]string{}
	for _, wants := range []map[plan.PersonID][]plan.PersonID{r.Names.After, r.Names.Freed} {
		for _, owners := range wants {
			for _, owner := range owners {
				if s := r.People.Subjects[owner]; s != nil && s.Doubtful() {
					waits[owner] = plan.HeldDoubtfulMatch
				}
			}
		}
	}
	if len(r.Names.After) == 0 {
		return waits
	}
	updated := map[plan.PersonID]bool{}
	for i := range actions {
		if actions[i].Kind == plan.Update {
			updated[actions[i].User.ID] = true
		}
	}
	for _, owners := range r.Names.After {
		for _, owner := range owners {
			if s := r.People.Subjects[owner]; s != nil && !updated[owner] && len(s.Decision.Problems) > 0 {
				waits[owner] = plan.HeldPending
			}
		}
	}
	return waits
}

// withhold holds what takes a name that is not given free after all. Waits are those who
// keep theirs, with the code that says why.
func (r *guard) withhold(actions []plan.Action, held []plan.Held, waits map[plan.PersonID]string) ([]plan.Action, []plan.Held) {
	stopped := map[plan.PersonID]string{}
	for _, wants := range []map[plan.PersonID][]plan.PersonID{r.Names.After, r.Names.Freed} {
		for id, owners := range wants {
			for _, owner := range owners {
				if code := waits[owner]; code != "" {
					stopped[id] = fmt.Sprintf("%s: waits for user %s, who has the name and keeps it in this run", code, owner)
				}
			}
		}
	}
	kept := actions[:0]
	for _, a := range actions {
		why := stopped[a.User.ID]
		if why != "" && (a.Kind == plan.Create || a.Kind == plan.Update || a.Kind == plan.Reactivate || a.Kind == plan.GrantRole || a.Replaces) {
			held = append(held, plan.Held{Action: a, Why: why})
			continue
		}
		kept = append(kept, a)
	}
	return kept, held
}

// notVisible adds the way to approve people whom Okta suddenly does not know.
func (r *guard) notVisible(held []plan.Held, command string) {
	var set []plan.ActionRef
	why := ""
	for i := range held {
		if held[i].Code() == plan.HeldNotVisible {
			set = append(set, plan.ActionRef{Kind: plan.Terminate, Person: held[i].User.ID, Employee: held[i].Employee})
			why = held[i].Why
		}
	}
	if len(set) == 0 {
		return
	}
	hash := plan.HashRefs(set)
	r.checked.Sets[hash] = set
	r.checked.Report.OK = false
	r.checked.Report.Refusals = append(r.checked.Report.Refusals, plan.Refusal{Kind: plan.Terminate, Count: len(set), Limit: float64(max(3, r.People.Managed/100)),
		Approve: hash, Message: "guard refused: " + why + "; the rest goes on; to terminate exactly these, once, within 24 hours: " + command + " --approve " + hash})
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

// markOpen notes who has to be decoded in the next run whatever their print: those
// with anything left to do or to show, and the managed who are not to be provisioned.
// A print says that somebody is in order, and their roles follow the groups unseen.
func (r *guard) markOpen(list []*read.Subject) {
	for _, s := range list {
		d := &s.Decision
		waits := s.Link != nil && (s.Judgement.Verdict == plan.Wait || s.Judgement.Verdict == plan.Ignore)
		if len(d.Held) == 1 && heldByDate(d.Held[0]) { // their date has them decoded
			continue
		}
		s.Open = len(d.Held)+len(d.Problems)+len(d.Warnings) > 0 || waits || s.Judgement.Verdict == plan.Hold || s.Judgement.Verdict == plan.Doubt || s.ScopeErr != "" ||
			r.Regrouped[s.Person.ID]
	}
	for _, h := range r.doc.Held {
		if s := r.People.Subjects[h.User.ID]; s != nil && !heldByDate(h) {
			s.Open = true
		}
	}
}

// heldByDate reports that only a date stands in the way.
func heldByDate(h plan.Held) bool {
	return h.Code() == plan.HeldNotStarted || h.Code() == plan.HeldEnded
}

// tellOverdue logs the refused removals whose next try is not due, so that no run
// passes over a leaver in silence.
func (r *guard) tellOverdue() {
	for _, p := range r.doc.Problems {
		for _, t := range r.Troubles[p.User.ID] {
			if t.Kind.Removes() && t.Code == p.Code && t.Message == p.Message {
				r.Log.WithField("action", string(t.Kind)).WithField("person", t.Person).WithField("group", t.Group).
					WithField("since", t.Since.UTC().Format(time.RFC3339)).WithField("attempts", t.Attempts).Error("a refused removal is still not done")
			}
		}
	}
}

// seal names everybody in the document, and closes it.
func (r *guard) seal() {
	r.NameAll(r.doc.Actions, r.doc.Held, r.doc.Problems, r.doc.Warnings)
	r.doc.Seal()
}
