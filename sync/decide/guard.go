package decide

import (
	"fmt"
	"slices"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// A Limiter puts all decisions together, and holds what the limits do not let pass.
type Limiter struct {
	read.Base
	*Decided
}

// Everything are all decisions: the actions in the order of a plan, what is held, and the
// problems and warnings. What they were made of is given back to memory.
func (r *Limiter) Everything() (actions []plan.Action, held []plan.Held, problems []plan.Problem,
	warnings []plan.Warning) {
	roles := &r.Together // with room for all actions
	actions = append(roles.Actions, r.Roles.OfGroups.Actions...)
	held = slices.Clone(r.Roles.OfGroups.Held)
	problems = slices.Clone(r.Roles.OfGroups.Problems)
	stuck := r.stuckHere()
	for _, s := range r.People.Sorted() {
		d := &s.Decision
		actions, held = append(actions, d.Actions...), append(held, d.Held...)
		problems, warnings = append(problems, d.Problems...), append(warnings, d.Warnings...)
		d.Actions = nil // they are large
	}
	held, problems = append(held, roles.Held...), slices.Concat(problems, roles.Problems, stuck)
	warnings = slices.Concat(r.Roles.OfGroups.Warnings, roles.Warnings, warnings)
	plan.Order(actions, &r.Names)
	return actions, held, problems, warnings
}

// stuckHere are the writes that no look-up settles, of those whom the run is about. Who gets
// an employee by this very plan has one that a lost call made.
func (r *Limiter) stuckHere() []plan.Problem {
	return slices.DeleteFunc(r.Stuck, func(p plan.Problem) bool {
		s := r.People.Subjects[p.User.ID]
		return r.Scope.Some() && s == nil || s != nil && s.Gives()
	})
}

// Judge moves what the guards refuse to the held actions, and adds to what was checked how
// people are approved whom Okta does not show. It takes actions over.
func (r *Limiter) Judge(checked *plan.Checked, actions []plan.Action, held []plan.Held, command string) ([]plan.Action,
	[]plan.Held) {
	r.notVisible(checked, held, command)
	waits := r.keepNames(actions)
	if len(checked.Held)+len(waits) == 0 {
		return actions, held
	}
	kept, stop := actions[:0], r.stopRest(checked, actions)
	for _, a := range actions {
		why := ""
		switch {
		case checked.Waits(&a):
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
func (r *Limiter) keepNames(actions []plan.Action) map[plan.PersonID]string {
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
func (r *Limiter) withhold(actions []plan.Action, held []plan.Held, waits map[plan.PersonID]string) ([]plan.Action,
	[]plan.Held) {
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
		if why != "" && (a.Kind == plan.Create || a.Kind == plan.Update || a.Kind == plan.Reactivate ||
			a.Kind == plan.GrantRole || a.Replaces) {
			held = append(held, plan.Held{Action: a, Why: why})
			continue
		}
		kept = append(kept, a)
	}
	return kept, held
}

// notVisible adds the way to approve people whom Okta suddenly does not know.
func (r *Limiter) notVisible(checked *plan.Checked, held []plan.Held, command string) {
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
	checked.Sets[hash] = set
	checked.Report.OK = false
	checked.Report.Refusals = append(checked.Report.Refusals, plan.Refusal{Kind: plan.Terminate, Count: len(set),
		Limit:   float64(plan.FewDeleted(r.People.Managed)),
		Approve: hash, Message: "guard refused: " + why +
			"; the rest goes on; to terminate exactly these, once, within 24 hours: " + command + " --approve " + hash})
}

// A restStop holds what is not approved, when a refusal stops everything else. The zero
// restStop holds nothing.
type restStop struct {
	checked   *plan.Checked
	passing   map[plan.PersonID]bool // with an approved action that passes
	unadopted map[plan.PersonID]bool
}

// stopRest is for a plan of which something is refused that stops everything.
func (r *Limiter) stopRest(checked *plan.Checked, actions []plan.Action) restStop {
	if !checked.Stops || r.Observe {
		return restStop{}
	}
	s := restStop{checked, map[plan.PersonID]bool{}, map[plan.PersonID]bool{}}
	for i := range actions {
		if checked.Passes(&actions[i]) {
			s.passing[actions[i].User.ID] = true
		}
	}
	return s
}

// holds reports that the action waits. An adoption goes with the approved update that
// rests on it; of a pair, both halves wait. Actions come in the order of a plan.
func (s restStop) holds(a *plan.Action) bool {
	if s.checked == nil {
		return false
	}
	var waits bool
	switch {
	case a.Replaces:
		waits = true
	case a.Kind == plan.Adopt:
		waits = !s.passing[a.User.ID]
		s.unadopted[a.User.ID] = waits
	default:
		waits = !s.checked.Passes(a) || s.unadopted[a.User.ID]
	}
	return waits
}

// MarkOpen notes who has to be decoded in the next run whatever their print: those
// with anything left to do or to show, and who are not to be provisioned.
// A print says that somebody is in order, and their roles follow the groups unseen.
func (r *Limiter) MarkOpen(shown []plan.Held) {
	for _, s := range r.People.Sorted() {
		d := &s.Decision
		if len(d.Held) == 1 && heldByDate(d.Held[0]) { // their date has them decoded
			continue
		}
		s.Open = len(d.Held)+len(d.Problems)+len(d.Warnings) > 0 || s.Judgement.Later() ||
			s.Judgement.Verdict == plan.Doubt || s.ScopeErr != "" ||
			r.Regrouped[s.Person.ID] || r.Groupless[s.Person.ID]
	}
	for _, h := range shown {
		if s := r.People.Subjects[h.User.ID]; s != nil && !heldByDate(h) {
			s.Open = true
		}
	}
}

// heldByDate reports that only a date stands in the way.
func heldByDate(h plan.Held) bool {
	return h.Kind == plan.Create && (h.Code() == plan.HeldNotStarted || h.Code() == plan.HeldEnded)
}
