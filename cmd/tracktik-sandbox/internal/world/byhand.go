package world

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"tracktik-sync/tracktik/tracktiktest"
)

// atPortal finds somebody working who has an employee, and that employee.
func (w *World) atPortal(rng *rand.Rand) (*Person, tracktiktest.Employee) {
	by := map[string]tracktiktest.Employee{}
	for _, e := range w.TrackTik.Employees() {
		if e.Status == tracktiktest.Active && e.Username != "" {
			by[fold(e.Username)] = e
		}
	}
	p := w.find(rng, func(p *Person) bool { return working(p) && by[fold(p.userName)].ID != 0 })
	if p == nil {
		return nil, tracktiktest.Employee{}
	}
	return p, by[fold(p.userName)]
}

// eventByHand is drift: somebody types another title and phone at the portal.
func (w *World) eventByHand(rng *rand.Rand) (Event, bool) {
	p, e := w.atPortal(rng)
	if p == nil || w.TrackTik.UpdateEmployee(e.ID, func(e *tracktiktest.Employee) {
		e.JobTitle, e.PrimaryPhone = "typed by hand", "000"
	}) != nil {
		return Event{}, false
	}
	out := about(p, "gets another title and phone, typed by hand in TrackTik.")
	out.Expect = "nothing until a refresh reads TrackTik; then repaired"
	return out, true
}

// eventEndDouble is what HR does once it knows of somebody's second employee.
func (w *World) eventEndDouble(*rand.Rand) (Event, bool) { return w.endOne(rivalDouble) }

// eventEndLeaver is what HR does with an employee who left long ago.
func (w *World) eventEndLeaver(*rand.Rand) (Event, bool) { return w.endOne(deactivated, deleted) }

func (w *World) endOne(whys ...string) (Event, bool) {
	if w.incumbent == nil {
		return Event{}, false
	}
	for i, e := range w.bystanders {
		if now, _ := w.TrackTik.Employee(e.ID); now.Status == tracktiktest.Active && slices.Contains(whys, w.incumbent.why[e.ID]) {
			_ = w.TrackTik.TerminateEmployee(e.ID) // it is there
			w.bystanders[i], _ = w.TrackTik.Employee(e.ID)
			return Event{Text: fmt.Sprintf("HR ends employee %d at the portal: %s.", e.ID, w.incumbent.why[e.ID]), Expect: "nothing: they are nobody's"}, true
		}
	}
	return Event{}, false
}

// eventMovedByHand is what dispatchers do every day.
func (w *World) eventMovedByHand(rng *rand.Rand) (Event, bool) {
	p, e := w.atPortal(rng)
	if p == nil {
		return Event{}, false
	}
	l := &locales[rng.IntN(len(locales))]
	if w.TrackTik.MoveEmployee(e.ID, w.regions[l.region]) != nil {
		return Event{}, false
	}
	p.byHand = w.regions[l.region]
	out := about(p, "is moved to %s by a dispatcher, in TrackTik.", l.region)
	out.Expect = "nothing: a move by hand is never undone"
	return out, true
}
