package world

import (
	"iter"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/tracktik/tracktiktest"
)

// A View chooses what a State lists. Its zero value is everything.
type View struct {
	Query string // a part of a name, login, e-mail, title, status, group or note; empty: all
	// Limit is of each list; 0: none. With one, those to whom something happened come
	// first, the latest at the top.
	Limit int
}

// maxRecent is how many come first.
const maxRecent = 50

// Version changes with every event. Writes by others are not in it.
func (w *World) Version() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.version
}

// State returns both sides.
func (w *World) State(v View) State {
	v.Query = fold(v.Query)
	w.mu.Lock()
	day, okta := w.day, w.oktaState(v)
	w.mu.Unlock()
	return State{Day: day, Okta: okta, TrackTik: w.trackTikState(v)}
}

func (v View) room(have int) bool { return v.Limit == 0 || have < v.Limit }

func (v View) shows(texts ...string) bool {
	return v.Query == "" || slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(fold(text), v.Query) })
}

func (w *World) oktaState(v View) OktaState {
	out := OktaState{App: w.AppID, Totals: map[string]int{}, People: []PersonState{}, Groups: []GroupState{}, Memberships: []Membership{}}
	for _, p := range w.people {
		out.Totals[p.Status]++
		if p.Assigned() {
			out.Totals["assigned"]++
		}
	}
	for p := range inOrder(v, w.people, func(p *Person) string { return p.ID }, w.touched) {
		if !v.room(len(out.People)) {
			break
		}
		view := p.state()
		if !v.shows(append(view.Groups, p.ID, p.Name(), p.Login, p.Email, p.Title, p.Division, p.Status, p.Note)...) {
			continue
		}
		out.People = append(out.People, view)
		for _, g := range p.groups {
			out.Memberships = append(out.Memberships, Membership{g.ID, p.ID})
		}
	}
	for _, g := range w.groups {
		if v.room(len(out.Groups)) && v.shows(g.ID, g.Name, g.Note) {
			out.Groups = append(out.Groups, GroupState{g.ID, g.Name, g.Assigned, g.Pushed, g.members, g.Note})
		}
	}
	return out
}

func (p *Person) state() PersonState {
	out := PersonState{ID: p.ID, Login: p.Login, Email: p.Email, FirstName: p.First, LastName: p.Last, Title: p.Title, Phone: p.Phone,
		Division: p.Division, Language: p.Language, Status: p.Status, Groups: []string{}, Note: p.Note}
	for _, g := range p.groups {
		out.Groups = append(out.Groups, g.Name)
	}
	switch {
	case p.direct:
		out.Assignment, out.UserName = oktatest.ScopeUser, p.userName
	case p.via != nil:
		out.Assignment, out.UserName = oktatest.ScopeGroup, p.userName
	}
	return out
}

func (w *World) trackTikState(v View) TrackTikState {
	out := TrackTikState{Totals: map[string]int{}, Employees: []EmployeeState{}, Roles: []tracktiktest.Role{}, Grants: []GrantState{},
		Regions: []RegionState{}, History: []ChangeState{}}
	regions, roles := map[int64]string{}, map[int64]string{}
	for _, r := range w.TrackTik.Regions() {
		regions[r.ID] = r.Name
		out.Regions = append(out.Regions, RegionState{r.ID, r.Name, r.TimeZone})
	}
	for _, r := range w.TrackTik.Roles() {
		roles[r.ID] = r.Name
		if v.room(len(out.Roles)) && v.shows(r.Name, r.Portal) {
			out.Roles = append(out.Roles, r)
		}
	}
	held := map[int64][]tracktiktest.Grant{}
	for _, g := range w.TrackTik.Grants() {
		held[g.Employee] = append(held[g.Employee], g)
		out.Totals["grants"]++
	}
	employees, changes := w.TrackTik.Employees(), w.TrackTik.History()
	for _, e := range employees {
		out.Totals[e.Status]++
	}
	for e := range inOrder(v, employees, func(e tracktiktest.Employee) int64 { return e.ID }, touched(changes)) {
		if !v.room(len(out.Employees)) {
			break
		}
		out.show(v, e, regions[e.Region], held[e.ID], roles)
	}
	out.History = history(changes, v.Limit)
	return out
}

// touched returns the employees whom something happened to lately, the latest last.
func touched(changes []tracktiktest.Change) []int64 {
	var ids []int64
	for _, c := range changes[max(0, len(changes)-4*maxRecent):] {
		if c.Resource == "employees" {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// inOrder yields all as they stand, or, in a view with a limit, first those named by
// the end of latest, backwards.
func inOrder[T any, K comparable](v View, all []T, key func(T) K, latest []K) iter.Seq[T] {
	return func(yield func(T) bool) {
		place := map[K]int{} // of the recent ones, which come first
		for i := len(latest) - 1; i >= 0 && v.Limit > 0 && len(place) < maxRecent; i-- {
			if _, seen := place[latest[i]]; !seen {
				place[latest[i]] = len(place)
			}
		}
		first := make([]*T, len(place))
		for i := range all {
			if at, recent := place[key(all[i])]; recent && len(place) > 0 {
				first[at] = &all[i]
			}
		}
		for _, p := range first {
			if p != nil && !yield(*p) {
				return
			}
		}
		for i := range all {
			if _, recent := place[key(all[i])]; !recent && !yield(all[i]) {
				return
			}
		}
	}
}

// show adds an employee, if the view wants them.
func (t *TrackTikState) show(v View, e tracktiktest.Employee, region string, held []tracktiktest.Grant, roles map[int64]string) {
	view := EmployeeState{ID: e.ID, CustomID: e.CustomID, Username: e.Username, Email: e.Email, FirstName: e.FirstName, LastName: e.LastName,
		JobTitle: e.JobTitle, Phone: e.PrimaryPhone, Language: e.Language, Region: region, Status: e.Status, Ended: e.TerminationDate, Roles: []string{}}
	if e.Address != nil {
		view.City = e.Address.City
	}
	for _, g := range held {
		view.Roles = append(view.Roles, roles[g.Role])
	}
	if !v.shows(append(view.Roles, e.FirstName+" "+e.LastName, e.Username, e.Email, e.JobTitle, region, e.Status)...) {
		return
	}
	t.Employees = append(t.Employees, view)
	for _, g := range held {
		t.Grants = append(t.Grants, GrantState(g))
	}
}

// history returns the last limit changes.
func history(all []tracktiktest.Change, limit int) []ChangeState {
	if limit > 0 {
		all = all[max(0, len(all)-limit):]
	}
	out := make([]ChangeState, 0, len(all))
	for _, c := range all {
		view := ChangeState{Time: c.Time.UTC().Format("2006-01-02T15:04:05Z"), By: c.By, Resource: c.Resource, ID: c.ID, What: c.What}
		for _, f := range c.Fields {
			view.Fields = append(view.Fields, FieldChange(f))
		}
		out = append(out, view)
	}
	return out
}

// fold makes texts comparable without regard to case, composition and the space
// around them.
func fold(s string) string { return norm.NFC.String(strings.ToLower(strings.TrimSpace(s))) }
