package world

import (
	"strings"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/tracktik/tracktiktest"
)

// A legacy is what years of pushes and of work by hand made of somebody.
type legacy struct {
	note     string
	perMille int // of all who have the app
	left     func(w *World, h *inheritance, p *Person)
}

// Why employees are there who are nobody in Okta.
const (
	rivalDouble = "the double of somebody, with their e-mail address; HR has to end it"
	deactivated = "left long ago, and is deactivated in Okta; `retire` or HR has to end it"
	deleted     = "left long ago, and is deleted in Okta; HR has to end it"
)

// unaffected is the index of the legacy of most people: they were pushed, and that is
// all.
const unaffected = 0

var legacies = []legacy{
	{note: "pushed by Okta itself, all the same: adopted",
		left: func(w *World, h *inheritance, p *Person) {
			if p.Assigned() && p.Status != oktatest.StatusStaged {
				w.wasPushed(h, p, nil)
			}
		}},
	{note: "renamed since, and the push never changes a username: adopted by e-mail, updated", perMille: 20,
		left: func(w *World, h *inheritance, p *Person) {
			before, _ := w.formerName(p)
			w.wasPushed(h, p, func(e *tracktiktest.Employee) { e.Username = before })
		}},
	{note: "renamed since, and the app calls them by the name of that time: adopted, not renamed", perMille: 20,
		left: func(w *World, h *inheritance, p *Person) {
			p.userName, _ = w.formerName(p)
			w.Okta.UpdateAssignment(w.AppID, p.ID, p.userName, nil)
			w.wasPushed(h, p, nil)
		}},
	{note: "renamed since, and the push of it failed: only `link` finds them", perMille: 3,
		left: func(w *World, h *inheritance, p *Person) {
			login, family := w.formerName(p)
			p.lost, p.judged = true, true
			w.wasPushed(h, p, func(e *tracktiktest.Employee) { e.Username, e.Email, e.LastName = login, login, family })
		}},
	{note: "typed into TrackTik by hand, with a private e-mail address: only `link` finds them", perMille: 5,
		left: func(w *World, h *inheritance, p *Person) {
			e := w.asPushed(p)
			e.Username, e.Email, p.lost = strings.SplitN(p.Login, "@", 2)[0], private(p), true
			w.wasTyped(h, p, e)
		}},
	{note: "two employees: the username of one, the e-mail of the other; `link` says which", perMille: 2,
		left: func(w *World, h *inheritance, p *Person) {
			e := w.asPushed(p)
			e.Username, e.JobTitle = private(p), "Trainee"
			h.nobody(e, rivalDouble)
			p.lost = true
			w.wasPushed(h, p, func(e *tracktiktest.Employee) { e.Email = private(p) })
		}},
	{note: "two employees, of whom only one is found: adopted; the other is for HR", perMille: 2,
		left: func(w *World, h *inheritance, p *Person) {
			e := w.asPushed(p)
			e.Username, e.Email = strings.SplitN(p.Login, "@", 2)[0]+".old", private(p)
			h.nobody(e, "the double of somebody who has another employee; HR has to end it")
			w.wasPushed(h, p, nil)
		}},
	{note: "moved to another region by a dispatcher: never undone", perMille: 20,
		left: func(w *World, h *inheritance, p *Person) {
			w.wasPushed(h, p, nil)
			w.dispatched(h, p)
		}},
	{note: "title and phone typed at the portal: adopted, updated", perMille: 10,
		left: func(w *World, h *inheritance, p *Person) {
			w.wasPushed(h, p, func(e *tracktiktest.Employee) { e.JobTitle, e.PrimaryPhone = "Night watch", "000" })
		}},
	{note: "holds the role of a group that they are not in, given by hand: never revoked", perMille: 8,
		left: func(w *World, h *inheritance, p *Person) {
			i := w.wasPushed(h, p, nil)
			if g := w.otherPost(p); g != nil {
				h.give(i, g, true)
			}
		}},
	{note: "terminated at the portal, and still assigned in Okta: an account to be ended, or to come back", perMille: 2,
		left: func(w *World, h *inheritance, p *Person) {
			w.wasPushed(h, p, ended(tracktiktest.Terminated))
			p.judged = false
		}},
	{note: "INACTIVE at the portal, and still assigned in Okta: a problem, never a second employee",
		left: func(w *World, h *inheritance, p *Person) {
			w.wasPushed(h, p, ended(tracktiktest.Inactive))
			p.judged = false
		}},
	{note: "the push failed: nobody at the portal yet", perMille: 3,
		left: func(*World, *inheritance, *Person) {}},
	{note: "left, and the push of it failed: a forgotten leaver, still active at the portal", perMille: 6,
		left: func(w *World, h *inheritance, p *Person) {
			h.nobody(w.asPushed(p), deactivated)
			w.deactivate(p)
			p.left, p.leaves = false, 0 // before our time
		}},
	{note: "left, and is deleted in Okta: a forgotten leaver, still active at the portal", perMille: 4,
		left: func(w *World, h *inheritance, p *Person) {
			h.nobody(w.asPushed(p), deleted)
			w.delete(p)
			p.left, p.leaves = false, 0
		}},
	{note: "SUSPENDED in Okta, active at the portal: held", perMille: 3,
		left: func(w *World, h *inheritance, p *Person) {
			w.wasPushed(h, p, nil)
			w.setStatus(p, oktatest.StatusSuspended)
		}},
	{note: "administrator of the portal: never adopted",
		left: func(w *World, h *inheritance, p *Person) {
			p.never, p.judged = true, false
			w.wasTyped(h, p, w.asPushed(p))
		}},
	{note: "TrackTik has somebody else under this e-mail: held as doubtful",
		left: func(w *World, h *inheritance, p *Person) {
			p.mistaken = int64(h.nobody(tracktiktest.Employee{FirstName: "Quite", LastName: "Another", Username: "quite.another", Email: p.Email,
				JobTitle: "Receptionist"}, "has the e-mail of somebody else in Okta"))
			p.judged = false
		}},
	{note: "STAGED in Okta: waits until activated",
		left: func(w *World, _ *inheritance, p *Person) { w.setStatus(p, oktatest.StatusStaged) }},
}
