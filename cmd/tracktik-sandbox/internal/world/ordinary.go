package world

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"tracktik-sync/okta/oktatest"
)

// addOrdinary adds somebody as there are many: whatever is odd about them, such as a
// name in NFD or an e-mail in capitals, makes no difference to who they are.
func (w *World) addOrdinary() *Person {
	p := w.somebody()
	if !w.scattered(p) {
		p.Status = w.someStatus()
	}
	w.hire(p)
	w.place(p)
	if p.Status == oktatest.StatusActive && p.Assigned() && chance(w.rng, 4) {
		w.knownAlready(p)
	}
	return p
}

// somebody invents a person, without adding them.
func (w *World) somebody() *Person {
	rng := w.rng
	l := &locales[rng.IntN(len(locales))]
	given, family := pick(rng, l.given), pick(rng, l.family)
	p := &Person{First: given.native, Last: family.native, Title: pick(rng, titles), Division: l.region,
		Phone: fmt.Sprintf("%s %04d", l.dial, rng.IntN(10_000)), judged: true}
	p.Login = w.freeLogin(given.ascii, family.ascii)
	p.Email = p.Login
	if chance(rng, 60) {
		p.Home = l.home(rng.IntN(200) + 1)
	}
	if chance(rng, 70) {
		if p.Language = pick(rng, l.languages); w.options.Incumbent {
			p.Language = portalLanguage(l.region) // others it never got through
		}
	}
	return p
}

func (l *locale) home(number int) Home {
	return Home{Street: fmt.Sprintf("%d %s", number, l.street), City: l.city, State: l.state, Zip: l.zip, Country: l.country}
}

// freeLogin returns a login that nobody has had.
func (w *World) freeLogin(given, family string) string {
	base := given + "." + family
	for {
		w.logins[base]++
		login := base
		if n := w.logins[base]; n > 1 {
			login += strconv.Itoa(n)
		}
		if login += "@" + domain; w.byLogin[login] == nil {
			return login
		}
	}
}

// scattered spells things as profiles do, and reports whether it did.
func (w *World) scattered(p *Person) bool {
	rng := w.rng
	switch n := rng.IntN(100); {
	case n < 6:
		p.First, p.Last = norm.NFD.String(p.First), norm.NFD.String(p.Last)
	case n < 9:
		p.Email = strings.ToUpper(p.Email[:1]) + strings.Replace(p.Email[1:], "acme", "ACME", 1)
	case n < 11:
		p.First, p.Title = p.First+" ", " "+p.Title
	case n < 14:
		p.Division = " " + strings.ToUpper(p.Division)
	case n < 15:
		p.Division = strconv.FormatInt(w.regions[p.Division], 10)
	case n < 17:
		p.Division = ""
	default:
		return false
	}
	return true
}

// someStatus is mostly ACTIVE.
func (w *World) someStatus() string {
	switch n := w.rng.IntN(200); n {
	case 0:
		return oktatest.StatusProvisioned
	case 1:
		return oktatest.StatusPasswordExpired
	case 2:
		return oktatest.StatusLockedOut
	case 3:
		return oktatest.StatusStaged
	case 4:
		return oktatest.StatusSuspended
	case 5:
		return oktatest.StatusDeprovisioned
	case 6:
		return oktatest.StatusRecovery
	}
	return oktatest.StatusActive
}

// place gives a person their site and posts. Some have the app by themselves, and a
// few have it not at all.
func (w *World) place(p *Person) {
	rng := w.rng
	switch n := rng.IntN(100); {
	case p.Status == oktatest.StatusDeprovisioned:
		return
	case n < 2:
	case n < 15:
		var app map[string]string
		if n < 4 {
			app = map[string]string{"title": "Team lead"}
		}
		w.assign(p, app)
	default:
		w.join(p, pick(rng, w.sites))
	}
	for range 1 + rng.IntN(3) {
		w.join(p, pick(rng, w.posts))
	}
}

// knownAlready puts a person into TrackTik, to be recognised by username or e-mail.
func (w *World) knownAlready(p *Person) {
	e := w.employee(p)
	switch w.rng.IntN(3) {
	case 0:
		e.Username = "portal." + strings.SplitN(p.Login, "@", 2)[0]
	case 1:
		e.JobTitle = "Watchman"
	}
	p.unplaced = true
	w.existing(p, e)
}
