package world

import (
	"strings"

	"golang.org/x/text/unicode/norm"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/tracktik/tracktiktest"
)

// boss is the title of the employee who must never be adopted.
const boss = "Portal administrator"

// A role in the cast: an ordinary person, made odd before they are hired, and what
// the portal knows of them.
type role struct {
	note   string
	judged bool // their employee is as an ordinary person's
	odd    func(w *World, p *Person)
	then   func(w *World, p *Person) // after they were hired; nil: they get site and posts
	there  func(w *World, p *Person) // after that
}

// CastSize is how many edge cases there are.
func CastSize() int { return len(cast) }

// addCast hires the edge cases, as many as there is room for.
func (w *World) addCast() {
	for _, r := range cast {
		if len(w.people) == w.options.People {
			return
		}
		p := w.somebody()
		p.Note, p.judged = r.note, r.judged
		if r.odd != nil {
			r.odd(w, p)
		}
		w.hire(p)
		if r.then != nil {
			r.then(w, p)
		} else {
			w.join(p, w.sites[len(w.people)%len(w.sites)], w.posts[len(w.people)%len(w.posts)])
		}
		if r.there != nil {
			r.there(w, p)
		}
	}
}

func inState(status string) func(*World, *Person) {
	return func(_ *World, p *Person) { p.Status = status }
}

var cast = []role{
	{note: "has the app themselves, with a title typed on the assignment", judged: true,
		then: func(w *World, p *Person) {
			w.assign(p, map[string]string{"title": "Branch manager"})
			w.join(p, w.posts[0])
		}},
	{note: "address without a postal code: provisioned without an address, with a warning", judged: true,
		odd: func(_ *World, p *Person) { p.Home = locales[1].home(12); p.Home.Zip = "" }},
	{note: "phone of 27 characters: left out, with a warning", judged: true,
		odd: func(_ *World, p *Person) { p.Phone = "+1 514 555 0123 ext. 456789" }},
	{note: "state spelt out: address left out, with a warning", judged: true,
		odd: func(_ *World, p *Person) { p.Home = locales[1].home(7); p.Home.State = "Québec" }},
	{note: "language in POSIX spelling: becomes FR", judged: true,
		odd: func(_ *World, p *Person) { p.Language = "fr_CA.UTF-8" }},
	{note: "language that TrackTik does not have: left out, with a warning", judged: true,
		odd: func(_ *World, p *Person) { p.Language = "tlh" }},
	{note: "no division: lands in HQ", judged: true,
		odd: func(_ *World, p *Person) { p.Division = "" }},
	{note: "unknown division: a problem of this person alone",
		odd: func(_ *World, p *Person) { p.Division = "Atlantis" }},
	{note: "division that two regions have: a problem",
		odd: func(_ *World, p *Person) { p.Division = "Central" }},
	{note: "no last name: a problem",
		odd: func(_ *World, p *Person) { p.Last = "" }},
	{note: "STAGED: waits until activated", odd: inState(oktatest.StatusStaged)},
	{note: "SUSPENDED: held", odd: inState(oktatest.StatusSuspended)},
	{note: "PASSWORD_EXPIRED: provisioned", judged: true, odd: inState(oktatest.StatusPasswordExpired)},
	{note: "LOCKED_OUT: provisioned", judged: true, odd: inState(oktatest.StatusLockedOut)},
	{note: "PROVISIONED, never logged in: provisioned", judged: true, odd: inState(oktatest.StatusProvisioned)},
	{note: "RECOVERY: provisioned", judged: true, odd: inState(oktatest.StatusRecovery)},
	{note: "DEPROVISIONED: nothing to do", odd: inState(oktatest.StatusDeprovisioned),
		then: func(w *World, p *Person) { w.join(p, w.posts[0]) }},
	{note: "in Okta, without the app: none of our business",
		then: func(w *World, p *Person) { w.join(p, w.posts[0]) }},
	{note: "shares an e-mail with somebody: one of them, or both, a problem",
		odd: func(_ *World, p *Person) { p.Email = "night.desk@" + domain }},
	{note: "shares an e-mail with somebody: one of them, or both, a problem",
		odd: func(_ *World, p *Person) { p.Email = "Night.Desk@" + domain }},
	{note: "in TrackTik already, all the same: adopted", judged: true, odd: composed,
		there: func(w *World, p *Person) { p.unplaced = true; w.existing(p, w.employee(p)) }},
	{note: "in TrackTik already under another username and title: adopted by e-mail, updated", judged: true, odd: composed,
		there: func(w *World, p *Person) {
			e := w.employee(p)
			e.Username, e.JobTitle = "guard0042", "Watchman"
			p.unplaced = true
			w.existing(p, e)
		}},
	{note: "TrackTik has somebody else under this e-mail: held as doubtful",
		there: func(w *World, p *Person) {
			w.existing(p, tracktiktest.Employee{FirstName: "Quite", LastName: "Another", Username: "quite.another", Email: p.Email})
		}},
	{note: "username of one employee, e-mail of another: a problem",
		there: func(w *World, p *Person) {
			one, other := w.employee(p), w.employee(p)
			one.Email, other.Username = "first@"+domain, "second.half"
			w.existing(p, one)
			w.existing(p, other)
		}},
	{note: "INACTIVE in TrackTik: a problem, never a second employee",
		there: func(w *World, p *Person) {
			e := w.employee(p)
			e.Status = tracktiktest.Inactive
			w.existing(p, e)
		}},
	{note: "terminated in TrackTik long ago: a new employee", judged: true,
		there: func(w *World, p *Person) {
			e := w.employee(p)
			e.Status, e.Username, e.TerminationDate, e.TerminationReason = tracktiktest.Terminated, "", "2019-05-31", tracktiktest.ContractReason
			w.existing(p, e)
		}},
	{note: "administrator of the portal: never adopted",
		there: func(w *World, p *Person) {
			e := w.employee(p)
			e.JobTitle = boss
			w.existing(p, e)
		}},
	{note: "has the e-mail of the employee whose credentials the sync uses: never touched",
		odd: func(_ *World, p *Person) {
			p.First, p.Last, p.Email = "Okta", "Integration", "integration@portal.example"
		}},
	{note: "name that looks like HTML", judged: true,
		odd: func(_ *World, p *Person) { p.First, p.Last = "<script>alert('Bob')</script>", `"&amp;<b>Tables` }},
	{note: "name in NFD, login with a plus and an apostrophe", judged: true,
		odd: func(w *World, p *Person) {
			p.First, p.Last = norm.NFD.String("Mélodie"), norm.NFD.String("O’Çelik-Ångström")
			p.Login = strings.Replace(p.Login, "@", "+o'night@", 1)
			p.Email = p.Login
		}},
	{note: "division with other capitals and spaces", judged: true,
		odd: func(_ *World, p *Person) { p.Division = "  mONTRÉAL " }},
	{note: "division by region number", judged: true,
		odd: func(_ *World, p *Person) { p.Division = "3" }},
	{note: "in the group of administrators, which never becomes a role", judged: true,
		then: func(w *World, p *Person) { w.join(p, w.sites[0], w.groups[2], w.posts[0]) }},
}

// composed keeps a person's name and place so that the portal can have them alike.
func composed(_ *World, p *Person) {
	p.First, p.Last = norm.NFC.String(p.First), norm.NFC.String(p.Last)
}
