package explain

import (
	"fmt"
	"slices"
	"strings"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// A teller says in words what an explainer has found out.
type teller struct{ *explainer }

// tell writes down what was found out. An error is about the snapshot.
func (x *teller) tell() error {
	x.collect()
	roles, err := x.tellRoles()
	if err != nil {
		return err
	}
	x.out.Roles = append(x.out.Roles, roles...)
	match, err := x.tellMatch()
	if err != nil {
		return err
	}
	x.out.Steps = []Step{x.tellOkta(), x.tellScope(), match, x.tellMap(), x.tellPlan()}
	for i := range x.out.Steps {
		x.out.Steps[i].Notes = x.notes[x.out.Steps[i].Name]
	}
	return nil
}

// collect puts together what would be done, as a plan does.
func (x *teller) collect() {
	if x.s == nil {
		return
	}
	d, roles := &x.s.Decision, &x.Together
	x.out.Actions, x.out.Held = append(x.out.Actions, d.Actions...), append(x.out.Held, d.Held...)
	x.out.Problems, x.out.Warnings = append(x.out.Problems, d.Problems...), append(x.out.Warnings, d.Warnings...)
	for _, a := range roles.Actions {
		if a.User.ID == x.id {
			x.out.Actions = append(x.out.Actions, a)
		}
	}
	for _, h := range roles.Held {
		if h.User.ID == x.id {
			x.out.Held = append(x.out.Held, h)
		}
	}
	for _, p := range roles.Problems {
		if p.User.ID == x.id {
			x.out.Problems = append(x.out.Problems, p)
		}
	}
	for _, role := range x.Roles.OfGroups.Held {
		if role.Role != nil && x.ByGroup[role.Role.Group] != nil && x.ByGroup[role.Role.Group].Holds(x.id) {
			x.out.Held = append(x.out.Held, role)
		}
	}
	for _, a := range x.Roles.OfGroups.Actions {
		if a.Role != nil && x.ByGroup[a.Role.Group] != nil && x.ByGroup[a.Role.Group].Holds(x.id) {
			x.out.Actions = append(x.out.Actions, a)
		}
	}
	plan.Order(x.out.Actions, &x.Names)
	slices.SortStableFunc(x.out.Held, func(a, b plan.Held) int { return plan.CompareActions(&a.Action, &b.Action) })
	x.out.Warnings = append(x.out.Warnings, x.Warnings...)
}

func (x *teller) tellOkta() Step {
	step := Step{Name: StepOkta}
	if x.app != nil {
		step.App = x.app.Status
		if !x.app.Active() {
			x.note(StepOkta, "the app itself is %s in Okta: no run decides anything before it is active",
				read.QuoteStatus(x.app.Status))
		}
		if pushes := read.PushFeatures(x.app.Features); pushes != "" {
			x.note(StepOkta, "okta itself provisions the portal through this app (%s)", pushes)
		}
	}
	p := &x.full
	switch {
	case x.s != nil && x.s.Absent:
		step.Summary = fmt.Sprintf("user %s is not in Okta: deleted, or not visible to us", x.id)
		return step
	case p.ID == "" && x.unasked != nil:
		step.Summary = "not known, since Okta was not asked or did not answer: " + x.unasked.Error()
		return step
	case p.ID == "":
		step.Summary = fmt.Sprintf("nobody is called %q in Okta: no user has that id, login or e-mail", x.Scope.Users[0])
		if x.id != "" {
			step.Summary = fmt.Sprintf("user %s is not in Okta", x.id)
		}
		return step
	}
	step.Status = p.Status
	step.OK = p.Readable
	step.Summary = fmt.Sprintf("user %s is %s", p.ID, read.QuoteStatus(p.Status))
	if p.Transition != "" {
		step.Summary += ", on the way to " + p.Transition
	}
	if !p.Assignment.Present {
		step.Summary += ", and not assigned to the app"
		return step
	}
	a := &p.Assignment
	step.Assignment = &ExplainedAssignment{Status: a.Status, Scope: a.Scope, Group: a.Group, Name: x.group,
		UserName: a.UserName}
	step.Summary += ", assigned to the app " + x.assignedBy(a) + " (assignment " + read.QuoteStatus(a.Status) + ")"
	return step
}

// assignedBy says how somebody came to the app.
func (x *teller) assignedBy(a *plan.Assignment) string {
	switch {
	case a.Group != "" && x.group != "":
		return fmt.Sprintf("through group %q (%s)", x.group, a.Group)
	case a.Group != "":
		return fmt.Sprintf("through group %s", a.Group)
	case a.Scope == "GROUP":
		return "through a group that Okta does not name"
	}
	return "directly"
}

func (x *teller) tellScope() Step {
	step := Step{Name: StepScope, Summary: "not judged: there is nobody to judge"}
	if x.s == nil {
		if x.unasked != nil {
			step.Summary = "not judged before Okta answers"
		}
		return step
	}
	j := x.s.Judgement
	step.Verdict, step.Summary = j.Verdict.String(), j.Why
	switch {
	case j.Verdict != plan.Provision:
		if j.Verdict == plan.Depart && x.s.Link == nil {
			step.Summary += "; no employee is managed for them"
		}
	case x.s.ScopeErr != "":
		step.Summary = "sync.scope failed, so nothing is changed: " + x.s.ScopeErr
	case x.s.OutOf:
		step.Summary = "assigned to the app, and left out by sync.scope"
	default:
		step.OK = true
		step.Summary = "in scope: " + j.Why
	}
	return step
}

func (x *teller) tellPlan() Step {
	step := Step{Name: StepPlan, OK: true}
	if x.Observe {
		x.note(StepPlan, "sync.mode is observe: nothing is written to TrackTik")
	}
	if x.noRoles != nil {
		step.OK = false
		x.note(StepPlan, "what becomes of their roles is not known: %v", x.noRoles)
	}
	parts := x.would()
	for _, p := range x.out.Problems {
		step.OK = false
		parts = append(parts, "problem "+p.Code+": "+p.Message)
	}
	for _, h := range x.out.Held {
		step.OK = false
		parts = append(parts, strings.ReplaceAll(string(h.Kind), "_", " ")+" held: "+h.Why)
	}
	switch {
	case x.s == nil && x.unasked != nil:
		step.OK, parts = false, []string{"not known before Okta answers"}
	case x.s == nil:
		step.OK, parts = false, []string{"nothing: there is nobody to do anything for"}
	case x.unread != nil:
		step.OK, parts = false, []string{"not known before TrackTik can be asked who they are"}
	case x.app != nil && !x.app.Active():
		step.OK = false
		parts = append([]string{"nothing while the app is not active in Okta"}, parts...)
	case len(parts) == 0 && x.s.Link == nil:
		parts = []string{"nothing: they are to have no employee, and have none"}
	case len(parts) == 0:
		parts = []string{"nothing: everything is as Okta wants it"}
	}
	step.Summary = strings.Join(parts, "; ")
	return step
}

// would is what would be done, in words.
func (x *teller) would() []string {
	var parts []string
	for i := range x.out.Actions {
		a := &x.out.Actions[i]
		text := strings.ReplaceAll(string(a.Kind), "_", " ")
		if a.Role != nil {
			text += fmt.Sprintf(" %q", a.Role.Name)
		}
		if a.Employee != 0 && a.Role == nil {
			text += fmt.Sprintf(" employee %d", a.Employee)
		}
		if len(a.Changes) > 0 && a.Kind == plan.Update {
			fields := make([]string, len(a.Changes))
			for j, c := range a.Changes {
				fields[j] = c.Field.String()
			}
			text += " (" + strings.Join(fields, ", ") + ")"
		}
		parts = append(parts, "would "+text)
	}
	return parts
}
