package sync

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"tracktik-sync/sync/plan"
)

// tell writes down what was found out. An error is about the snapshot.
func (x *explainer) tell() error {
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
func (x *explainer) collect() {
	if x.s == nil {
		return
	}
	for _, d := range []plan.Decision{x.s.decision, x.roles.results[x.id]} {
		x.out.Actions, x.out.Held = append(x.out.Actions, d.Actions...), append(x.out.Held, d.Held...)
		x.out.Problems, x.out.Warnings = append(x.out.Problems, d.Problems...), append(x.out.Warnings, d.Warnings...)
	}
	for _, role := range x.roles.groups.Held {
		if role.Role != nil && x.byGroup[role.Role.Group] != nil && x.byGroup[role.Role.Group].holds(x.id) {
			x.out.Held = append(x.out.Held, role)
		}
	}
	for _, a := range x.roles.groups.Actions {
		if a.Role != nil && x.byGroup[a.Role.Group] != nil && x.byGroup[a.Role.Group].holds(x.id) {
			x.out.Actions = append(x.out.Actions, a)
		}
	}
	x.order(x.out.Actions)
	slices.SortStableFunc(x.out.Held, func(a, b plan.Held) int { return compareActions(&a.Action, &b.Action) })
	x.out.Warnings = append(x.out.Warnings, x.warnings...)
}

func (x *explainer) tellOkta() Step {
	step := Step{Name: StepOkta}
	if x.app != nil {
		step.App = x.app.Status
		if !x.app.Active() {
			x.note(StepOkta, "the app itself is %s in Okta: no run decides anything before it is active", quoteStatus(x.app.Status))
		}
		if pushes := pushFeatures(x.app.Features); pushes != "" {
			x.note(StepOkta, "okta itself provisions the portal through this app (%s)", pushes)
		}
	}
	p := &x.full
	switch {
	case x.s != nil && x.s.absent:
		step.Summary = fmt.Sprintf("user %s is not in Okta: deleted, or not visible to us", x.id)
		return step
	case p.ID == "":
		step.Summary = fmt.Sprintf("nobody is called %q in Okta: no user has that id, login or e-mail", x.opt.Users[0])
		if x.id != "" {
			step.Summary = fmt.Sprintf("user %s is not in Okta", x.id)
		}
		return step
	}
	step.Status = p.Status
	step.OK = p.Readable
	step.Summary = fmt.Sprintf("user %s is %s", p.ID, quoteStatus(p.Status))
	if p.Transition != "" {
		step.Summary += ", on the way to " + p.Transition
	}
	if !p.Assignment.Present {
		step.Summary += ", and not assigned to the app"
		return step
	}
	a := &p.Assignment
	step.Assignment = &ExplainedAssignment{Status: a.Status, Scope: a.Scope, Group: a.Group, Name: x.group, UserName: a.UserName}
	step.Summary += ", assigned to the app " + x.assignedBy(a) + " (assignment " + quoteStatus(a.Status) + ")"
	return step
}

// assignedBy says how somebody came to the app.
func (x *explainer) assignedBy(a *plan.Assignment) string {
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

func (x *explainer) tellScope() Step {
	step := Step{Name: StepScope, Summary: "not judged: there is nobody to judge"}
	if x.s == nil {
		return step
	}
	j := x.s.judgement
	step.Verdict, step.Summary = j.Verdict.String(), j.Why
	switch {
	case j.Verdict != plan.Provision:
		if j.Verdict == plan.Depart && x.s.link == nil {
			step.Summary += "; no employee is managed for them"
		}
	case x.s.scopeErr != "":
		step.Summary = "sync.scope failed, so nothing is changed: " + x.s.scopeErr
	case x.s.outOf:
		step.Summary = "assigned to the app, and left out by sync.scope"
	default:
		step.OK = true
		step.Summary = "in scope: " + j.Why
	}
	return step
}

func (x *explainer) tellMatch() (Step, error) {
	step := Step{Name: StepMatch, OK: true}
	if x.s == nil || x.s.link == nil {
		formers, err := x.Snapshot.FormersOf(x.id)
		if err != nil {
			return step, err
		}
		for _, f := range formers {
			step.Former = f.Link.Employee
			by := "terminated"
			if f.Elsewhere {
				by = "terminated in TrackTik by somebody else"
			}
			x.note(StepMatch, "was employee %d from %s on, %s at %s (run %s)", f.Link.Employee, moment(f.Link.Since), by, moment(f.Terminated), f.Run)
		}
	}
	switch {
	case x.s == nil:
		return step, x.tellRecord(&step)
	case x.s.link != nil:
		x.tellLink(&step, x.s.link)
	case x.unread != nil:
		step.OK, step.Summary = false, "not known, since TrackTik was not asked: "+x.unread.Error()
	case x.s.judgement.Verdict != plan.Provision || x.s.outOf || x.s.scopeErr != "":
		step.Summary = "no employee is managed for them, and none is looked for"
	default:
		x.tellFound(&step)
	}
	return step, nil
}

func moment(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// tellRecord is what the snapshot has of somebody whom Okta could not show.
func (x *explainer) tellRecord(step *Step) error {
	step.OK, step.Summary = false, "not looked for"
	if x.id == "" {
		return nil
	}
	l, found, err := x.Snapshot.Link(x.id)
	if found && err == nil {
		x.s = &subject{link: &l}
		x.tellLink(step, &l)
		x.s, step.OK = nil, false
		step.Summary += " by our record"
	}
	return err
}

// tellLink is about somebody who is managed.
func (x *explainer) tellLink(step *Step, l *plan.Link) {
	since := l.Since.UTC()
	step.Employee, step.Key, step.Since, step.Run = l.Employee, l.How, &since, l.Run
	step.Summary = fmt.Sprintf("employee %d, %s at %s", l.Employee, l.How, moment(l.Since))
	if l.Run != "" {
		step.Summary += " by run " + l.Run
	}
	status := l.ElsewhereStatus
	switch e := x.s.employee; {
	case x.s.gone:
		status = "GONE"
	case e != nil:
		step.InTrackTik = e.Status
		status = ""
		if !e.Active() {
			status = e.Status
		}
	}
	if status != "" {
		step.OK = false
		step.Summary += fmt.Sprintf("; it is %s in TrackTik, and not by us", status)
	}
	if l.Restored {
		x.note(StepMatch, "was restored, and Okta has not shown them in scope since: neither terminated nor revoked before that, or `forget --restored`")
	}
	if l.NotVisibleSince != nil {
		x.note(StepMatch, "Okta has not shown them since %s", moment(*l.NotVisibleSince))
	}
	if l.UnassignedSince != nil {
		x.note(StepMatch, "unassigned since %s", moment(*l.UnassignedSince))
	}
	if l.Kept {
		x.note(StepMatch, "adopted as it was (sync.on_adopt: keep): only what changes in Okta since is sent")
	}
	if len(x.pol.Protected) > 0 && x.shielded(l, x.s) {
		x.note(StepMatch, "sync.protected names them: never terminated or revoked")
	}
}

// tellFound is about somebody who is not managed yet.
func (x *explainer) tellFound(step *Step) {
	for i := range x.out.Actions {
		if a := &x.out.Actions[i]; a.Kind == plan.Adopt || a.Kind == plan.Reactivate {
			step.Employee, step.Key = a.Employee, a.Key
			step.Summary = fmt.Sprintf("employee %d: %s", a.Employee, a.Reason)
			return
		}
	}
	for _, m := range x.s.matches {
		x.note(StepMatch, "found by %s: employee %d, %s%s", m.Key, m.Employee.ID, m.Employee.Status, ownerText(m.Owner, x.id))
	}
	for _, h := range x.s.decision.Held {
		if h.Kind == plan.Adopt {
			step.OK, step.Employee, step.Key, step.Summary = false, h.Employee, h.Key, h.Why
			return
		}
	}
	for _, p := range x.out.Problems {
		if isMatchProblem(p.Code) {
			step.OK, step.Summary = false, p.Code+": "+p.Message
			return
		}
	}
	if len(x.s.mapped.Problems) > 0 {
		step.Summary = "no employee is looked for before the values are in order"
		return
	}
	var keys []string
	for _, f := range x.keys(x.s) {
		keys = append(keys, f.String())
	}
	step.Summary = "no employee has that " + strings.Join(keys, " or ") + ": they would be a new one"
}

func ownerText(owner, id plan.PersonID) string {
	if owner == "" || owner == id {
		return ""
	}
	return ", managed for user " + string(owner)
}

func isMatchProblem(code string) bool {
	switch code {
	case plan.ProblemAmbiguousMatch, plan.ProblemInactiveMatch, plan.ProblemProtectedMatch, plan.ProblemAdoptOff, plan.ProblemNameInUse, plan.ProblemDuplicate, plan.ProblemSwap:
		return true
	}
	return false
}

func (x *explainer) tellPlan() Step {
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
	case x.s == nil:
		step.OK, parts = false, []string{"nothing: there is nobody to do anything for"}
	case x.unread != nil:
		step.OK, parts = false, []string{"not known before TrackTik can be asked who they are"}
	case x.app != nil && !x.app.Active():
		step.OK = false
		parts = append([]string{"nothing while the app is not active in Okta"}, parts...)
	case len(parts) == 0 && x.s.link == nil:
		parts = []string{"nothing: they are to have no employee, and have none"}
	case len(parts) == 0:
		parts = []string{"nothing: everything is as Okta wants it"}
	}
	step.Summary = strings.Join(parts, "; ")
	return step
}

// would is what would be done, in words.
func (x *explainer) would() []string {
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

// tellRoles lists what the person has and is to have.
func (x *explainer) tellRoles() ([]ExplainedRole, error) {
	if x.id == "" {
		return nil, nil
	}
	grants, err := x.Snapshot.GrantsOf(x.id)
	if err != nil {
		return nil, err
	}
	links, err := x.Snapshot.Groups()
	if err != nil {
		return nil, err
	}
	stored := storedGroups(links)
	seen := map[plan.GroupID]bool{}
	var roles []ExplainedRole
	for _, g := range append(grants, x.roles.adopted...) {
		role := x.explainGrant(g, stored[g.Group])
		seen[g.Group] = true
		roles = append(roles, role)
	}
	for _, g := range x.groups {
		if g.role != nil && g.holds(x.id) && !seen[g.group.ID] {
			roles = append(roles, x.explainDue(g))
		}
	}
	slices.SortStableFunc(roles, func(a, b ExplainedRole) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return roles, nil
}

func (x *explainer) explainGrant(g plan.Grant, l *plan.GroupLink) ExplainedRole {
	since := g.Since.UTC()
	role := ExplainedRole{ID: g.Role, Group: g.Group, State: RoleHas, How: g.How, Since: &since, Run: g.Run}
	if l != nil {
		role.Name, role.GroupName = l.RoleName, l.Name
	}
	role.Why = fmt.Sprintf("member of group %q", cmp.Or(role.GroupName, string(g.Group)))
	if l != nil && l.Unpushed {
		role.Why = fmt.Sprintf("was a member of group %q, which is no longer pushed", role.GroupName)
	}
	if groups, asked := x.ownGroups[x.id]; asked && !slices.ContainsFunc(groups, func(o plan.Group) bool { return o.ID == g.Group }) {
		role.Why = fmt.Sprintf("was a member of group %q, and is not any more", cmp.Or(role.GroupName, string(g.Group)))
	}
	about := func(a *plan.Action) bool {
		return a.Kind == plan.RevokeRole && a.Role != nil && a.Role.ID == g.Role && a.Grant == 0
	}
	for i := range x.out.Actions {
		if a := &x.out.Actions[i]; about(a) {
			role.State, role.Why = RoleRevoked, a.Reason
		}
	}
	for i := range x.out.Held {
		if h := &x.out.Held[i]; about(&h.Action) {
			role.Why += "; it stays: " + h.Why
		}
	}
	return role
}

// explainDue is about a role that the person is to have, and has not.
func (x *explainer) explainDue(g *pushed) ExplainedRole {
	role := ExplainedRole{Name: g.role.Name, ID: g.role.ID, Group: g.group.ID, GroupName: g.group.Name, State: RoleWithheld,
		Why: fmt.Sprintf("member of group %q", g.group.Name)}
	about := func(a *plan.Action) bool {
		return a.Kind == plan.GrantRole && a.Role != nil && a.Role.Group == g.group.ID
	}
	for i := range x.out.Actions {
		if about(&x.out.Actions[i]) {
			role.State = RoleGranted
			return role
		}
	}
	why := "the person is not to have it now: " + x.s.judgement.Why
	switch {
	case x.noRoles != nil || x.unread != nil:
		why = "whether they hold it already is not known"
	case len(x.out.Problems) > 0:
		why = "the person's problem comes first"
	case x.s.outOf || x.s.scopeErr != "":
		why = "sync.scope leaves them out"
	case x.s.judgement.Verdict == plan.Provision && x.pol.OneRole:
		why = "another role comes first (sync.groups.order)"
	case x.s.judgement.Verdict == plan.Provision:
		why = "what they have in TrackTik is left alone"
	}
	for i := range x.out.Held {
		if h := &x.out.Held[i]; about(&h.Action) {
			why = h.Why
		}
	}
	role.Why += "; not granted: " + why
	return role
}
