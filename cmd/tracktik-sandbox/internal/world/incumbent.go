package world

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/tracktik/tracktiktest"
)

// An incumbent is the portal's own Okta integration: Okta's servers push to the
// portal what happens to people, as far as it is switched on.
type incumbent struct {
	on      map[string]bool
	offs    []time.Time      // when it began and ended to be wholly off, in turns
	byHand  map[held]bool    // roles that somebody gave at the portal
	roles   map[int64]*Group // what the roles of pushed groups are of
	why     map[int64]string // of employees who are nobody in Okta
	atFirst map[int64]string // the status of everybody who was there
}

type held struct{ employee, role int64 }

// A Switch is one of those that the TrackTik app has in Okta.
type Switch struct {
	Name string `json:"name"`
	Text string `json:"text"` // where it is in Okta
	On   bool   `json:"on"`
}

// The switches, in the order in which they are switched off.
const (
	SwitchDeactivate = "deactivate_users"
	SwitchCreate     = "create_users"
	SwitchUpdate     = "update_users"
	SwitchGroups     = "push_groups"
	SwitchAPI        = "api_integration"
)

var switches = []Switch{
	{Name: SwitchDeactivate, Text: "Provisioning, To App: Deactivate Users"},
	{Name: SwitchCreate, Text: "Provisioning, To App: Create Users"},
	{Name: SwitchUpdate, Text: "Provisioning, To App: Update User Attributes"},
	{Name: SwitchGroups, Text: "Push Groups: every mapping active"},
	{Name: SwitchAPI, Text: "Provisioning, Integration: Enable API integration"},
}

const mappingInactive = "INACTIVE"

// features are what Okta's app resource says of each switch.
var features = map[string]string{SwitchDeactivate: "PUSH_USER_DEACTIVATION", SwitchCreate: "PUSH_NEW_USERS",
	SwitchUpdate: "PUSH_PROFILE_UPDATES", SwitchAPI: "GROUP_PUSH"}

func newIncumbent() *incumbent {
	i := &incumbent{on: map[string]bool{}, byHand: map[held]bool{}, roles: map[int64]*Group{}, why: map[int64]string{}, atFirst: map[int64]string{}}
	for _, s := range switches {
		i.on[s.Name] = true
	}
	return i
}

// Switches returns how the portal's own integration is switched, in the order in
// which it is switched off; known is false in a world without one.
func (w *World) Switches() (all []Switch, known bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.incumbent == nil {
		return nil, false
	}
	for _, s := range switches {
		s.On = w.incumbent.on[s.Name]
		all = append(all, s)
	}
	return all, true
}

// Switch turns one of the switches. What Okta's own pages would allow and the sandbox
// refuses is the wrong order: Deactivate Users is the first to go off and the last to
// come back, the API integration the last to go off and the first to come back.
func (w *World) Switch(name string, on bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := w.incumbent
	if i == nil {
		return fmt.Errorf("the portal has no integration of its own: start the sandbox with --incumbent")
	}
	if _, known := i.on[name]; !known {
		return fmt.Errorf("there is no switch %q; there are %s, %s, %s, %s, %s", name, SwitchDeactivate, SwitchCreate, SwitchUpdate, SwitchGroups, SwitchAPI)
	}
	if before := i.first(name, on); before != "" {
		return fmt.Errorf("%s comes first: Deactivate Users is the first to go off and the last to come back, the API integration the other way round", before)
	}
	if i.on[name] == on {
		return nil
	}
	wasOn := i.any()
	i.on[name] = on
	if name == SwitchGroups {
		for _, g := range w.groups {
			if g.mapping != "" {
				w.Okta.SetPushMapping(g.mapping, map[bool]string{true: oktatest.StatusActive, false: mappingInactive}[on], "")
			}
		}
	}
	if i.any() != wasOn {
		i.offs = append(i.offs, w.clock())
	}
	w.version++
	i.announce(w)
	return nil
}

// first returns the switch that has to be turned before this one, or "".
func (i *incumbent) first(name string, on bool) string {
	for _, s := range switches {
		other := s.Name
		switch {
		case other == name || i.on[other] == on:
		case !on && (other == SwitchDeactivate || name == SwitchAPI), on && (other == SwitchAPI || name == SwitchDeactivate):
			return other
		}
	}
	return ""
}

func (i *incumbent) any() bool {
	for _, on := range i.on {
		if on {
			return true
		}
	}
	return false
}

// announce lets the app say what Okta provisions.
func (i *incumbent) announce(w *World) {
	var on []string
	for _, s := range switches {
		if f := features[s.Name]; f != "" && i.on[s.Name] {
			on = append(on, f)
		}
	}
	w.Okta.SetAppFeatures(w.AppID, on...)
}

// push is what Okta's servers do after an event, within a moment.
func (w *World) push(e Event) {
	if w.incumbent == nil {
		return
	}
	for _, g := range w.groups {
		if g.ID == e.Group && w.incumbent.on[SwitchGroups] {
			w.pushGroup(g)
		}
	}
	for _, p := range w.people {
		if p.ID == e.User || e.User == "" && slices.ContainsFunc(p.groups, func(g *Group) bool { return g.ID == e.Group }) {
			w.pushPerson(p)
		}
	}
}

// pushGroup gives a pushed group its mapping and its role, of the group's name.
func (w *World) pushGroup(g *Group) {
	if !g.Pushed {
		return
	}
	if g.mapping == "" {
		g.mapping = w.Okta.AddPushMapping(w.AppID, g.ID)
	}
	if g.role == 0 {
		g.role = w.TrackTik.AddRole(tracktiktest.Role{Name: g.Name, Description: "pushed by Okta", Portal: tracktiktest.StaffPortal})
	}
	w.incumbent.roles[g.role] = g
	_ = w.TrackTik.RenameRole(g.role, g.Name) // the role is there
}

// pushPerson makes, changes or ends the employee whom the integration knows.
func (w *World) pushPerson(p *Person) {
	on, e := w.incumbent.on, w.latest(p)
	scope := p.Assigned() && p.Status != oktatest.StatusDeprovisioned && p.Status != Deleted
	if !w.incumbent.any() { // what Okta knew of the employee goes with the assignment
		p.pushed = p.pushed && scope
		return
	}
	switch {
	case waits(p):
		return
	case !scope:
		if p.pushed && on[SwitchDeactivate] && e.Status == tracktiktest.Active {
			_ = w.TrackTik.TerminateEmployee(e.ID) // it is there
		}
		p.pushed = p.pushed && !on[SwitchDeactivate]
		return
	case !p.pushed:
		if !on[SwitchCreate] || e.Status == tracktiktest.Active {
			return // a username that is taken is a push that fails
		}
		id := w.TrackTik.AddEmployee(w.asPushed(p))
		p.pushed, p.unplaced, p.mine = true, true, append(p.mine, id)
		w.Okta.ProvisionAssignment(w.AppID, p.ID, fmt.Sprint(id))
		_, _ = w.TrackTik.Grant(id, tracktiktest.GuardRole) // it is new
		e, _ = w.TrackTik.Employee(id)
	case on[SwitchUpdate] && e.Status == tracktiktest.Active:
		_ = w.TrackTik.UpdateEmployee(e.ID, func(e *tracktiktest.Employee) { // it is there
			pushed := w.asPushed(p)
			pushed.ID, pushed.CustomID, pushed.Username, pushed.Region, pushed.Status = e.ID, e.CustomID, e.Username, e.Region, e.Status
			pushed.CreatedOn, pushed.UpdatedOn, pushed.UpdatedBy = e.CreatedOn, e.UpdatedOn, e.UpdatedBy
			*e = pushed
		})
	}
	if on[SwitchGroups] && e.Status == tracktiktest.Active {
		w.pushRoles(p, e.ID)
	}
}

// pushRoles gives an employee the roles of the person's pushed groups, and takes those
// that it gave before.
func (w *World) pushRoles(p *Person, id int64) {
	holds := w.TrackTik.RolesOf(id)
	for _, g := range w.posts {
		switch has := slices.Contains(holds, g.role); {
		case g.role == 0 || has == p.in(g):
		case has && !w.givenByHand(id, g.role):
			_ = w.TrackTik.Revoke(id, g.role) // it is held
		case !has:
			_, _ = w.TrackTik.Grant(id, g.role) // it is not held
		}
	}
}

// givenByHand reports whether somebody at the portal gave an employee a role.
func (w *World) givenByHand(employee, role int64) bool {
	return w.incumbent != nil && w.incumbent.byHand[held{employee, role}]
}

// latest is the employee who is a person in truth, the last of several.
func (w *World) latest(p *Person) tracktiktest.Employee {
	if len(p.mine) == 0 {
		return tracktiktest.Employee{}
	}
	e, _ := w.TrackTik.Employee(p.mine[len(p.mine)-1])
	return e
}

func (w *World) clock() time.Time {
	if w.TrackTik.Now != nil {
		return w.TrackTik.Now()
	}
	return time.Now()
}

// regionOf is where an employee is created: by the division's name or number, else HQ.
func (w *World) regionOf(p *Person) int64 {
	for name, id := range w.regions {
		if division := fold(p.Division); division != "" && (fold(name) == division || fmt.Sprint(id) == division) {
			return id
		}
	}
	return tracktiktest.HQ
}

// Pairs are those whom no key finds, as a round of telephone calls would tell: the
// login, and the id of the employee.
func (w *World) Pairs() [][2]string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out [][2]string
	for _, p := range w.people {
		if p.lost && p.Assigned() {
			out = append(out, [2]string{p.Login, strings.TrimSpace(fmt.Sprint(p.mine[len(p.mine)-1]))})
		}
	}
	return out
}
