package ui

import (
	"cmp"

	"tracktik-sync/sync/plan"
)

// An Entry is one action of a plan, held or not.
type Entry struct {
	Action *plan.Action
	Why    string // of a held one
	Again  bool   // it stands in a list above, with all that changes
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
	at := make(map[plan.PersonID]int)
	var whose, sizes []int // of each entry, and of each person
	for _, e := range entries {
		key := e.Action.User.ID
		i, known := at[key]
		switch {
		case e.Alone():
			roles = append(roles, e)
			continue
		case !known || key == "":
			i = len(sizes)
			at[key], sizes = i, append(sizes, 0)
		}
		whose = append(whose, i)
		sizes[i]++
	}
	people = make([]PersonGroup, len(sizes))
	room := make([]Entry, len(whose)) // of all people in one: a first plan has hundreds of thousands
	for i, n := range sizes {
		people[i].Entries, room = room[:0:n], room[n:]
	}
	n := 0
	for _, e := range entries {
		if e.Alone() {
			continue
		}
		g := &people[whose[n]]
		if n++; len(g.Entries) == 0 {
			g.User = e.Action.User
		}
		g.Entries = append(g.Entries, e)
		g.Employee = cmp.Or(g.Employee, e.Action.Employee)
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
		entries[i] = Entry{Action: &held[i].Action, Why: held[i].Why}
	}
	return entries
}
