package world

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"tracktik-sync/okta/oktatest"
)

func (w *World) eventHire(rng *rand.Rand) (Event, bool) {
	p := w.hire(w.somebody())
	site, post := pick(rng, w.sites), w.somePost(rng, nil)
	w.join(p, site)
	e := about(p, "is hired for %s", site.Name)
	if post != nil {
		w.join(p, post)
		e.Text += ", as " + post.Name
	}
	e.Text += "."
	e.Expect = "one create, one role granted"
	return e, true
}

func (w *World) eventDeactivate(rng *rand.Rand) (Event, bool) {
	p := w.find(rng, working)
	if p == nil {
		return Event{}, false
	}
	w.deactivate(p)
	e := about(p, "leaves: the account is deactivated.")
	e.Expect = "the employee is terminated"
	return e, true
}

func (w *World) eventUnassign(rng *rand.Rand) (Event, bool) {
	p := w.find(rng, working)
	if p == nil {
		return Event{}, false
	}
	w.unassign(p)
	e := about(p, "goes to the office: no longer assigned to the TrackTik app.")
	e.Expect = "the employee is terminated"
	return e, true
}

func (w *World) eventDelete(rng *rand.Rand) (Event, bool) {
	p := w.find(rng, working)
	if p == nil {
		return Event{}, false
	}
	w.delete(p)
	e := about(p, "leaves: the account is deleted, Okta answers 404 from now on.")
	e.Expect = "the employee is terminated, after a direct look-up"
	return e, true
}

func (w *World) eventSuspend(rng *rand.Rand) (Event, bool) {
	p := w.find(rng, working)
	if p == nil {
		return Event{}, false
	}
	w.setStatus(p, oktatest.StatusSuspended)
	e := about(p, "is suspended.")
	e.Expect = "held: the employee stays as it is"
	return e, true
}

func (w *World) eventUnsuspend(rng *rand.Rand) (Event, bool) {
	p := w.find(rng, func(p *Person) bool { return p.Status == oktatest.StatusSuspended && p.judged })
	if p == nil {
		return Event{}, false
	}
	w.setStatus(p, oktatest.StatusActive)
	return about(p, "may work again: the suspension ends."), true
}

// eventRehire brings somebody back who left: a deleted person as a new account of
// the same name.
func (w *World) eventRehire(rng *rand.Rand) (Event, bool) {
	p := w.find(rng, func(p *Person) bool {
		return p.left && p.judged && (p.Status != Deleted || w.byLogin[strings.ToLower(p.Login)] == nil)
	})
	if p == nil {
		return Event{}, false
	}
	how := "the account is activated again"
	switch p.Status {
	case Deleted:
		p = w.hire(&Person{Login: p.Login, Email: p.Email, First: p.First, Last: p.Last, Title: p.Title, Phone: p.Phone,
			Division: p.Division, Language: p.Language, Home: p.Home, judged: true, unplaced: true})
		how = "with a new account of the old name"
	case oktatest.StatusDeprovisioned:
		w.setStatus(p, oktatest.StatusActive)
	default:
		how = "assigned to the app again"
	}
	p.byHand = 0
	w.assign(p, nil)
	e := about(p, "comes back, %s.", how)
	e.Expect = "a new employee: the old one stays terminated"
	return e, true
}

func (w *World) eventMove(rng *rand.Rand) (Event, bool) {
	p, to := w.find(rng, working), pick(rng, locales).region
	if p == nil || strings.TrimSpace(p.Division) == to {
		return Event{}, false
	}
	from := strings.TrimSpace(p.Division)
	w.change(p, func(p *Person) { p.Division, p.byHand, p.resited = to, 0, p.resited+1 })
	if from == "" {
		from = "no division"
	}
	e := about(p, "moves from %s to %s.", from, to)
	e.Expect = "the employee is moved to the region"
	return e, true
}

func (w *World) eventTitle(rng *rand.Rand) (Event, bool) {
	p, to := w.find(rng, working), pick(rng, titles)
	if p == nil || p.Title == to {
		return Event{}, false
	}
	w.change(p, func(p *Person) { p.Title = to })
	e := about(p, "is %s from now on.", to)
	e.Expect = "an update of the title"
	if w.title(p) != to {
		e.Expect = "nothing: the title of the assignment wins"
	}
	return e, true
}

func (w *World) eventPhone(rng *rand.Rand) (Event, bool) {
	p := w.find(rng, working)
	if p == nil {
		return Event{}, false
	}
	w.change(p, func(p *Person) { p.Phone = fmt.Sprintf("%s %04d", pick(rng, locales).dial, rng.IntN(10_000)) })
	e := about(p, "has a new phone: %s.", p.Phone)
	e.Expect = "an update of the phone"
	return e, true
}

func (w *World) eventAddress(rng *rand.Rand) (Event, bool) {
	p := w.find(rng, working)
	if p == nil {
		return Event{}, false
	}
	l := &locales[rng.IntN(len(locales))]
	w.change(p, func(p *Person) { p.Home = l.home(rng.IntN(200) + 1) })
	e := about(p, "lives at %s, %s now.", p.Home.Street, p.Home.City)
	e.Expect = "an update of the address"
	return e, true
}

// eventRename is a marriage: last name, login and e-mail change at once.
func (w *World) eventRename(rng *rand.Rand) (Event, bool) {
	p := w.find(rng, working)
	if p == nil {
		return Event{}, false
	}
	before, family := quoted(p.Name()), pick(rng, pick(rng, locales).family)
	given, _, _ := strings.Cut(p.Login, ".")
	w.change(p, func(p *Person) {
		p.Login = w.freeLogin(given, family.ascii)
		p.Last, p.Email = family.native, p.Login
	})
	return Event{User: p.ID, Login: p.Login, Expect: "an update of name, username and e-mail; no second employee",
		Text: fmt.Sprintf("%s marries and is %s now, login %s.", before, quoted(p.Name()), p.Login)}, true
}

// eventPost takes somebody from one post to another.
func (w *World) eventPost(rng *rand.Rand) (Event, bool) {
	p := w.find(rng, func(p *Person) bool { return working(p) && len(p.posts()) > 0 })
	if p == nil {
		return Event{}, false
	}
	from, to := pick(rng, p.posts()), w.somePost(rng, p)
	if to == nil {
		return Event{}, false
	}
	w.join(p, to)
	w.leave(p, from)
	e := about(p, "goes from %s to %s.", from.Name, to.Name)
	e.Group, e.Expect = to.ID, "one role granted, one revoked"
	return e, true
}

func (p *Person) posts() []*Group {
	return slices.DeleteFunc(slices.Clone(p.groups), func(g *Group) bool { return !g.Pushed })
}

// somePost returns a post by chance, where p is not. It is nil when there is none.
func (w *World) somePost(rng *rand.Rand, p *Person) *Group {
	if len(w.posts) == 0 {
		return nil
	}
	for range 20 {
		if g := pick(rng, w.posts); p == nil || !p.in(g) {
			return g
		}
	}
	return nil
}

func (w *World) eventNewGroup(rng *rand.Rand) (Event, bool) {
	pushed := w.incumbent == nil || w.incumbent.on[SwitchGroups] // later nobody adds it to the app's Push Groups
	g := w.addGroup(&Group{Name: w.freeGroupName(rng), Pushed: pushed}, "")
	for range 5 {
		if p := w.find(rng, func(p *Person) bool { return working(p) && !p.in(g) }); p != nil {
			w.join(p, g)
		}
	}
	return Event{Group: g.ID, Text: fmt.Sprintf("There is a new group %s with %d members.", g.Name, g.members),
		Expect: "a role is created and granted to them"}, true
}

func (w *World) eventRenameGroup(rng *rand.Rand) (Event, bool) {
	if len(w.posts) == 0 {
		return Event{}, false
	}
	return w.rename(w.posts[len(w.posts)-1-rng.IntN(min(3, len(w.posts)))], w.freeGroupName(rng)), true
}

func (w *World) rename(g *Group, to string) Event {
	before := g.Name
	w.renameGroup(g, to)
	return Event{Group: g.ID, Text: fmt.Sprintf("The group %s is called %s now.", before, to),
		Expect: "the role is renamed; nobody loses or gains it"}
}

func (w *World) freeGroupName(rng *rand.Rand) string {
	for i := len(w.groups) + rng.IntN(10); ; i++ {
		if name := pushedPrefix + numbered(roleNames, i); !w.taken[name] {
			return name
		}
	}
}

func (w *World) eventDeleteGroup(rng *rand.Rand) (Event, bool) {
	if len(w.posts) < 2 {
		return Event{}, false
	}
	i := 1 + rng.IntN(len(w.posts)-1) // the first one's role was there before
	g := w.posts[i]
	w.Okta.DeleteGroup(g.ID)
	w.posts = slices.Delete(w.posts, i, i+1)
	w.groups = slices.DeleteFunc(w.groups, func(other *Group) bool { return other == g })
	for _, p := range w.people {
		p.groups = slices.DeleteFunc(p.groups, func(other *Group) bool { return other == g })
	}
	return Event{Group: g.ID, Text: fmt.Sprintf("The group %s is deleted.", g.Name), Expect: "reported once; the role and its holders stay"}, true
}
