package world

import (
	"cmp"
	"slices"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/tracktik/tracktiktest"
)

// Leftovers are whom a comparison of both sides has to name once everything is
// settled, and nobody else.
type Leftovers struct {
	OnlyOkta     []Leftover `json:"only_okta"`
	OnlyTrackTik []Leftover `json:"only_tracktik"`
	Different    []Leftover `json:"different"`
	OutsideGroup []Leftover `json:"outside_group"`
	Terminated   []Leftover `json:"terminated"`
}

// A Leftover is one of them: a person in Okta, an employee, or a holder of a role.
type Leftover struct {
	User     string `json:"user,omitempty"`
	Employee int64  `json:"employee,omitempty"`
	Role     int64  `json:"role,omitempty"`
	Why      string `json:"why"`
}

// Leftovers says whom. It is for worlds with an incumbent.
func (w *World) Leftovers() Leftovers {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := Leftovers{OnlyOkta: []Leftover{}, OnlyTrackTik: []Leftover{}, Different: []Leftover{}, OutsideGroup: []Leftover{}, Terminated: []Leftover{}}
	if w.incumbent == nil {
		return out
	}
	claimed := map[int64]bool{tracktiktest.IntegrationEmployee: true}
	for _, p := range w.people {
		w.leftover(&out, p, claimed)
	}
	for _, e := range w.TrackTik.Employees() {
		if why := w.incumbent.why[e.ID]; e.Status == tracktiktest.Active && !claimed[e.ID] && why != "" {
			out.OnlyTrackTik = append(out.OnlyTrackTik, Leftover{Employee: e.ID, Why: why})
		}
	}
	for h := range w.incumbent.byHand {
		e, _ := w.TrackTik.Employee(h.employee)
		pushed := slices.ContainsFunc(w.posts, func(g *Group) bool { return g.role == h.role }) // and not deleted since
		if pushed && e.Status == tracktiktest.Active && slices.Contains(w.TrackTik.RolesOf(h.employee), h.role) {
			out.OutsideGroup = append(out.OutsideGroup, Leftover{Employee: h.employee, Role: h.role, Why: "somebody gave it at the portal"})
		}
	}
	slices.SortFunc(out.OutsideGroup, func(a, b Leftover) int {
		return cmp.Or(cmp.Compare(a.Employee, b.Employee), cmp.Compare(a.Role, b.Role))
	})
	return out
}

func (w *World) leftover(out *Leftovers, p *Person, claimed map[int64]bool) {
	if !p.Assigned() || p.Status == oktatest.StatusDeprovisioned || waits(p) {
		return
	}
	e := w.latest(p)
	switch {
	case p.mistaken != 0:
		claimed[p.mistaken] = true
		out.Different = append(out.Different, Leftover{User: p.ID, Employee: p.mistaken, Why: p.Note})
	case e.ID == 0 && !p.judged:
		out.OnlyOkta = append(out.OnlyOkta, Leftover{User: p.ID, Why: p.Note})
	case e.ID != 0 && e.Status != tracktiktest.Active && !p.judged:
		out.Terminated = append(out.Terminated, Leftover{User: p.ID, Employee: e.ID, Why: p.Note})
	case fold(p.Division) == "": // Okta says nothing of where they are
	case e.Status == tracktiktest.Active && p.unplaced && e.Region != w.regionOf(p) && p.byHand == 0:
		out.Different = append(out.Different, Leftover{User: p.ID, Employee: e.ID, Why: "is where the portal's own integration made them, and whoever is adopted is not moved"})
	case p.byHand != 0 && p.byHand != w.regionOf(p):
		out.Different = append(out.Different, Leftover{User: p.ID, Employee: e.ID, Why: "a dispatcher moved them, which stays"})
	}
}
