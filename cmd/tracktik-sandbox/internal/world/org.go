package world

import (
	"maps"
	"slices"
	"strings"

	"tracktik-sync/okta/oktatest"
)

// A Person is somebody in Okta, as the administrator there knows them.
type Person struct {
	ID                 string
	Login, Email       string
	First, Last        string
	Title, Phone       string
	Division, Language string
	Home               Home
	Status             string // of the user: ACTIVE, SUSPENDED, …, or Deleted
	Note               string // what is odd, and what to expect; empty: ordinary

	direct   bool              // assigned to the app themselves
	via      *Group            // else the group that gives them the app, or nil
	userName string            // in the app, where it is not the login at the time
	app      map[string]string // what was typed on their own assignment
	groups   []*Group

	judged   bool  // whether Audit has an opinion: false for those who are broken on purpose
	unplaced bool  // the employee's region is not by their division: adopted
	byHand   int64 // the region that a dispatcher chose since
	left     bool  // was in scope once and is no more

	mine    []int64 // employees who are this person in truth, of a world with an incumbent, the latest last
	pushed  bool    // Okta's own integration knows the last of them
	lost    bool    // no key finds that one: somebody has to say who is who
	never   bool    // nobody may touch that one
	leaves  int     // how often they left
	resited int     // how often the division changed in Okta

	mistaken int64           // an employee who has their e-mail, and is somebody else
	been     map[*Group]bool // pushed groups they were ever in
	outOf    map[*Group]bool // and went out of
}

// Deleted is the status of somebody who was deleted: Okta knows them no more.
const Deleted = "DELETED"

// Home is an address in Okta's words.
type Home struct{ Street, City, State, Zip, Country string }

// Name is how people call them.
func (p *Person) Name() string { return strings.TrimSpace(p.First + " " + p.Last) }

// Assigned reports whether the app is theirs.
func (p *Person) Assigned() bool { return p.direct || p.via != nil }

func (p *Person) in(g *Group) bool { return slices.Contains(p.groups, g) }

// A Group is one in Okta.
type Group struct {
	ID, Name string
	Assigned bool // to the app: whoever is in it has the app
	Pushed   bool // its name is one that the configuration names, and it becomes a role
	Note     string

	profile  map[string]any // of the assignment
	priority int
	members  int

	role    int64  // of a group that the incumbent pushes
	mapping string // id of the push
}

func (p *Person) profile() map[string]any {
	out := map[string]any{"userType": "User"}
	for name, value := range p.attributes() {
		if value != "" {
			out[name] = value
		}
	}
	return out
}

func (p *Person) attributes() map[string]string {
	return map[string]string{"title": p.Title, "primaryPhone": p.Phone, "division": p.Division, "preferredLanguage": p.Language,
		"streetAddress": p.Home.Street, "city": p.Home.City, "state": p.Home.State, "zipCode": p.Home.Zip, "countryCode": p.Home.Country}
}

// hire adds a person to Okta, assigned to nothing. Without a status they are active.
func (w *World) hire(p *Person) *Person {
	if p.Status == "" {
		p.Status = oktatest.StatusActive
	}
	p.ID = w.Okta.AddUser(oktatest.User{Login: p.Login, Email: p.Email, FirstName: p.First, LastName: p.Last,
		Status: p.Status, Profile: p.profile()})
	w.people = append(w.people, p)
	w.byLogin[strings.ToLower(p.Login)] = p
	return p
}

// change edits a profile. What the app calls them follows the login, as Okta's
// provisioning has it.
func (w *World) change(p *Person, edit func(*Person)) {
	before := *p
	edit(p)
	changes := map[string]any{"login": p.Login, "email": p.Email, "firstName": p.First, "lastName": p.Last}
	for name, value := range p.attributes() {
		changes[name] = value
		if value == "" {
			changes[name] = nil
		}
	}
	w.Okta.UpdateUser(p.ID, changes)
	if p.Login == before.Login {
		return
	}
	delete(w.byLogin, strings.ToLower(before.Login))
	w.byLogin[strings.ToLower(p.Login)] = p
	if p.Assigned() {
		p.userName = p.Login
		w.Okta.UpdateAssignment(w.AppID, p.ID, p.Login, nil)
	}
}

// assign gives a person the app themselves.
func (w *World) assign(p *Person, app map[string]string) {
	profile := map[string]any{}
	for name, value := range app {
		profile[name] = value
	}
	if p.userName == "" || !p.Assigned() {
		p.userName = p.Login
	}
	w.Okta.AssignUser(w.AppID, p.ID, oktatest.Assignment{UserName: p.userName, Profile: profile})
	p.direct, p.via, p.app, p.left = true, nil, maps.Clone(app), false
}

// unassign takes the app from a person, whatever gives it to them. The groups that
// do are left.
func (w *World) unassign(p *Person) {
	for _, g := range slices.Clone(p.groups) {
		if g.Assigned {
			w.leave(p, g)
		}
	}
	if p.direct {
		w.Okta.UnassignUser(w.AppID, p.ID)
		p.direct, p.app = false, nil
	}
	p.left = true
	p.leaves++
}

func (w *World) setStatus(p *Person, status string) {
	w.Okta.SetUserStatus(p.ID, status)
	p.Status = status
}

// deactivate is what an administrator does to most who leave. They stay in their
// groups, which give them nothing any more.
func (w *World) deactivate(p *Person) {
	w.Okta.DeactivateUser(p.ID)
	p.Status, p.left = oktatest.StatusDeprovisioned, true
	p.leaves++
	p.direct, p.via, p.app = false, nil, nil
}

func (w *World) delete(p *Person) {
	w.Okta.DeleteUser(p.ID)
	for _, g := range p.groups {
		g.members--
	}
	delete(w.byLogin, strings.ToLower(p.Login))
	p.Status, p.left = Deleted, true
	p.leaves++
	p.direct, p.via, p.app, p.groups = false, nil, nil, nil
}

func (w *World) join(p *Person, groups ...*Group) {
	for _, g := range groups {
		if p.in(g) {
			continue
		}
		w.Okta.AddMembers(g.ID, p.ID)
		g.members++
		p.groups = append(p.groups, g)
		if w.incumbent != nil && g.Pushed {
			if p.been == nil {
				p.been = map[*Group]bool{}
			}
			p.been[g] = true
		}
		w.process(p, g)
	}
}

func (w *World) leave(p *Person, g *Group) {
	w.Okta.RemoveMembers(g.ID, p.ID)
	g.members--
	if w.incumbent != nil {
		if p.outOf == nil {
			p.outOf = map[*Group]bool{}
		}
		p.outOf[g] = true
	}
	p.groups = slices.DeleteFunc(p.groups, func(other *Group) bool { return other == g })
	w.process(p, g)
}

// process is what Okta does when somebody joins or leaves a group with apps: their
// own assignment wins, else the group of the lowest priority number.
func (w *World) process(p *Person, changed *Group) {
	if !changed.Assigned || p.direct {
		return
	}
	var due *Group
	for _, g := range p.groups {
		if g.Assigned && (due == nil || g.priority < due.priority) {
			due = g
		}
	}
	switch {
	case due == nil:
		p.via = nil
	case p.via == nil && p.Status == oktatest.StatusDeprovisioned:
	default:
		if p.via == nil {
			p.userName = p.Login
		}
		p.via, p.left = due, false
	}
}

func (w *World) addGroup(g *Group, description string) *Group {
	g.ID = w.Okta.AddGroup(oktatest.Group{Name: g.Name, Description: description})
	w.groups = append(w.groups, g)
	w.taken[g.Name] = true
	switch {
	case g.Assigned:
		w.Okta.AssignGroup(w.AppID, g.ID, oktatest.GroupAssignment{Profile: g.profile})
		w.sites = append(w.sites, g)
		g.priority = len(w.sites)
	case g.Pushed:
		w.posts = append(w.posts, g)
	}
	return g
}

func (w *World) renameGroup(g *Group, to string) {
	w.Okta.RenameGroup(g.ID, to)
	g.Name = to
	w.taken[to] = true // and the old name too: a role may have it still
}
