package ui

import "tracktik-sync/sync/plan"

// An entry is one action of a plan, held or not.
type entry struct {
	action *plan.Action
	why    string // of a held one
}

// A personGroup is what happens to one person, in the plan's order.
type personGroup struct {
	user     plan.UserRef
	employee plan.EmployeeID
	entries  []entry
}

// byPerson groups entries by person in the order of their first; roles are those
// that concern nobody in particular.
func byPerson(entries []entry) (people []personGroup, roles []entry) {
	at := make(map[plan.PersonID]int, len(entries))
	for _, e := range entries {
		if e.action.User == (plan.UserRef{}) && e.action.Employee == 0 {
			roles = append(roles, e)
			continue
		}
		key := e.action.User.ID
		i, known := at[key]
		if !known || key == "" {
			i = len(people)
			at[key] = i
			people = append(people, personGroup{user: e.action.User})
		}
		g := &people[i]
		g.entries = append(g.entries, e)
		if g.employee == 0 {
			g.employee = e.action.Employee
		}
	}
	return people, roles
}

func actionEntries(actions []plan.Action) []entry {
	entries := make([]entry, len(actions))
	for i := range actions {
		entries[i] = entry{action: &actions[i]}
	}
	return entries
}

func heldEntries(held []plan.Held) []entry {
	entries := make([]entry, len(held))
	for i := range held {
		entries[i] = entry{&held[i].Action, held[i].Why}
	}
	return entries
}
