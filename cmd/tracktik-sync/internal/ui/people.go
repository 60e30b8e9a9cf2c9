package ui

import "tracktik-sync/sync/plan"

// An Entry is one action of a plan, held or not.
type Entry struct {
	Action *plan.Action
	Why    string // of a held one
}

// Alone reports that the action concerns nobody in particular.
func (e Entry) Alone() bool { return e.Action.User == plan.UserRef{} && e.Action.Employee == 0 }

// A PersonGroup is what happens to one person, in the plan's order.
type PersonGroup struct {
	User     plan.UserRef
	Employee plan.EmployeeID
	Entries  []Entry
}

// ByPerson groups entries by person in the order of their first; roles are those
// that concern nobody in particular.
func ByPerson(entries []Entry) (people []PersonGroup, roles []Entry) {
	at := make(map[plan.PersonID]int, len(entries))
	for _, e := range entries {
		if e.Alone() {
			roles = append(roles, e)
			continue
		}
		key := e.Action.User.ID
		i, known := at[key]
		if !known || key == "" {
			i = len(people)
			at[key] = i
			people = append(people, PersonGroup{User: e.Action.User})
		}
		g := &people[i]
		g.Entries = append(g.Entries, e)
		if g.Employee == 0 {
			g.Employee = e.Action.Employee
		}
	}
	return people, roles
}

// ActionEntries are the entries of actions that are due.
func ActionEntries(actions []plan.Action) []Entry {
	entries := make([]Entry, len(actions))
	for i := range actions {
		entries[i] = Entry{Action: &actions[i]}
	}
	return entries
}

// HeldEntries are the entries of what is held.
func HeldEntries(held []plan.Held) []Entry {
	entries := make([]Entry, len(held))
	for i := range held {
		entries[i] = Entry{&held[i].Action, held[i].Why}
	}
	return entries
}
