package report

import (
	"fmt"
	"slices"
	"strings"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/sync/plan"
)

// A person is what is done to one, or held.
type person struct {
	Name     string
	Employee plan.EmployeeID
	Actions  []action
}

type action struct {
	Kind    plan.Kind
	Class   string
	Outcome string
	Subject []string
	Changes []change
	Notes   []string
}

type change struct {
	Field, Old, New string
	Fresh, Hidden   bool // there was nothing before; the values were left out
}

// An item is a problem, a warning or a failure.
type item struct {
	Code   string
	Who    string
	Text   string
	WayOut string
}

func (r *Report) lists(v *view) {
	d := r.Document
	v.Done, v.Held = "What would be done", "Held: due, and not done"
	if !r.Planned && d.Mode != "observe" {
		v.Done = "What was done"
	}
	v.Roles, v.People = r.group(ui.ActionEntries(d.Actions), v.All)
	v.HeldRoles, v.HeldPeople = r.group(ui.HeldEntries(d.Held), v.All)
	v.Problems = items(d.Problems, v.All, func(p *plan.Problem) item {
		return item{p.Code, ui.Whose(p), p.Message, r.wayOut(p.Code)}
	})
	v.Warnings = items(d.Warnings, v.All, func(w *plan.Warning) item {
		return item{Code: w.Code, Who: ui.Person(w.User), Text: w.Message}
	})
	if d.Result != nil {
		v.Failures = items(d.Result.Failures, v.All, func(f *plan.Failure) item { return r.failure(f) })
	}
}

func items[T any](all []T, command string, show func(*T) item) list[item] {
	out := list[item]{Total: len(all), More: max(0, len(all)-Most), All: command}
	for i := range all[:min(len(all), Most)] {
		out.Shown = append(out.Shown, show(&all[i]))
	}
	return out
}

func (r *Report) wayOut(code string) string {
	if r.WayOut == nil {
		return ""
	}
	return r.WayOut(code)
}

func (r *Report) failure(f *plan.Failure) item {
	out := item{Code: ui.KindWords(f.Action.Kind) + " " + f.Outcome, Who: ui.Person(f.Action.User), Text: f.Message}
	if f.Action.Role != nil {
		out.Who = strings.TrimSpace(out.Who + " " + ui.Role(f.Action.Role))
	}
	if m, known := r.Trail.of(&f.Action); known && m.request != "" {
		out.WayOut = "request " + m.request
		if m.attempts > 1 {
			out.WayOut += fmt.Sprintf(", %d calls", m.attempts)
		}
	}
	return out
}

// group puts together what happens to one person. Those that concern nobody in particular
// are about roles. Not more than Most actions are shown, the first ones.
func (r *Report) group(entries []ui.Entry, command string) (roles list[action], people list[person]) {
	groups, alone := ui.ByPerson(entries)
	roles = list[action]{Total: len(alone), More: max(0, len(alone)-Most), All: command}
	for _, e := range alone[:len(alone)-roles.More] {
		roles.Shown = append(roles.Shown, r.action(e))
	}
	entries = slices.DeleteFunc(entries, ui.Entry.Alone)
	people = list[person]{Total: len(groups), More: max(0, len(entries)-Most), All: command}
	groups, _ = ui.ByPerson(entries[:len(entries)-people.More])
	for _, g := range groups {
		p := person{Name: ui.Person(g.User), Employee: g.Employee}
		for _, e := range g.Entries {
			p.Actions = append(p.Actions, r.action(e))
		}
		people.Shown = append(people.Shown, p)
	}
	return roles, people
}

func (r *Report) action(e ui.Entry) action {
	a := e.Action
	out := action{Kind: a.Kind, Class: "good"}
	switch {
	case e.Why != "":
		out.Class = "warn"
	case a.Kind.Removes():
		out.Class = "bad"
	case a.Kind == plan.Update || a.Kind == plan.RenameRole:
		out.Class = "changed"
	}
	if e.Why == "" {
		out.Outcome = r.outcome(a)
	}
	out.Subject = ui.Subject(a)
	for _, c := range ui.Changes(a) {
		out.Changes = append(out.Changes, change{c.Field.String(), c.Old, c.New, a.Kind == plan.Create, c.Old == "" &&
			c.New == ""})
	}
	out.Notes = r.notes(e)
	return out
}

// notes say why an action is due or held, and what settles it.
func (r *Report) notes(e ui.Entry) []string {
	notes := ui.Reasons(e.Action, e.Why)
	if e.Why != "" {
		if way := r.wayOut(plan.Held{Why: e.Why}.Code()); way != "" {
			notes = append(notes, "way out: "+way)
		}
	}
	return notes
}

// outcome is what became of a planned action; nothing where it was only planned.
func (r *Report) outcome(a *plan.Action) string {
	if r.Planned || r.Document.Result == nil {
		return ""
	}
	if m, known := r.Trail.of(a); known {
		return m.outcome
	}
	if r.Document.Mode == "observe" {
		return plan.Would
	}
	return "not done"
}
