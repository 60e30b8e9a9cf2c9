package report

import (
	"fmt"
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
	entries := make([]entry, len(d.Actions))
	for i := range d.Actions {
		entries[i] = entry{action: &d.Actions[i]}
	}
	v.Roles, v.People = r.group(entries, v.All)
	held := make([]entry, len(d.Held))
	for i := range d.Held {
		held[i] = entry{&d.Held[i].Action, d.Held[i].Why}
	}
	v.HeldRoles, v.HeldPeople = r.group(held, v.All)
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

// An entry is one action of a document, held or not.
type entry struct {
	action *plan.Action
	why    string // of a held one
}

// group puts together what happens to one person, in the order of the first action.
// Those that concern nobody in particular are about roles. Not more than Most actions
// are shown.
func (r *Report) group(entries []entry, command string) (roles list[action], people list[person]) {
	roles.All, people.All = command, command
	at := map[plan.PersonID]int{}
	seen := map[plan.PersonID]bool{}
	shown := 0
	for _, e := range entries {
		user := e.action.User
		if user == (plan.UserRef{}) && e.action.Employee == 0 {
			roles.Total++
			if len(roles.Shown) < Most {
				roles.Shown = append(roles.Shown, r.action(e))
			}
			continue
		}
		if user.ID == "" || !seen[user.ID] {
			people.Total++
			seen[user.ID] = true
		}
		if shown++; shown > Most {
			people.More++
			continue
		}
		i, known := at[user.ID]
		if !known || user.ID == "" {
			i = len(people.Shown)
			at[user.ID] = i
			people.Shown = append(people.Shown, person{Name: ui.Person(user)})
		}
		p := &people.Shown[i]
		p.Actions = append(p.Actions, r.action(e))
		if p.Employee == 0 {
			p.Employee = e.action.Employee
		}
	}
	roles.More = roles.Total - len(roles.Shown)
	return roles, people
}

func (r *Report) action(e entry) action {
	a := e.action
	out := action{Kind: a.Kind, Class: "good"}
	switch {
	case e.why != "":
		out.Class = "warn"
	case a.Kind.Removes():
		out.Class = "bad"
	case a.Kind == plan.Update || a.Kind == plan.RenameRole:
		out.Class = "changed"
	}
	if e.why == "" {
		out.Outcome = r.outcome(a)
	}
	out.Subject = ui.Subject(a)
	for _, c := range ui.Changes(a) {
		out.Changes = append(out.Changes, change{c.Field.String(), c.Old, c.New, a.Kind == plan.Create, c.Old == "" && c.New == ""})
	}
	out.Notes = r.notes(e)
	return out
}

// notes say why an action is due or held, and what settles it.
func (r *Report) notes(e entry) []string {
	notes := ui.Reasons(e.action, e.why)
	if e.why != "" {
		if way := r.wayOut(plan.Held{Why: e.why}.Code()); way != "" {
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
