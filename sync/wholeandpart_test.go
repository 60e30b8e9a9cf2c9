package sync_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

var (
	partWorlds = flag.Int("parts", 40, "worlds in which single people are compared with everybody")
	partSeed   = flag.Uint64("parts.seed", 0, "seed of one such world; 0: draw them")
)

// Whatever happened since the last whole run, a run of one person does nothing that a
// whole run would not do now: it does the same, or holds.
func TestARunOfOnePersonDoesNothingThatAWholeRunWouldNot(t *testing.T) {
	for i := range *partWorlds {
		seed := *partSeed
		if seed == 0 {
			seed = rand.Uint64()
		} else if i > 0 {
			break
		}
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			p := newParts(newWorld(t), rand.New(rand.NewPCG(seed, 2)))
			p.compare()
			if t.Failed() {
				t.Logf("again with -run TestARunOfOnePerson -parts.seed %d; it happened:\n%s", seed, strings.Join(p.log, "\n"))
			}
		})
	}
}

// parts is a company to which much has happened.
type parts struct {
	*world
	rng      *rand.Rand
	people   []string        // names that are in w.users
	gone     []string        // Okta ids of those who were deleted
	named    []string        // groups
	assigned map[string]bool // groups, to the app
	deleted  int
	n        int
	log      []string
}

func newParts(w *world, rng *rand.Rand) *parts {
	p := &parts{world: w, rng: rng, assigned: map[string]bool{}}
	w.limits.Kinds = nil
	w.change = func(e *tsync.Engine) { e.ReadFingerprint = fmt.Sprint(w.push) }
	w.push.Push = []string{"listed", "assigned", "mappings"}[rng.IntN(3)]
	w.policy.RevokeUnpushed = p.maybe(2)
	w.policy.OneRole = p.maybe(4)
	w.policy.Reactivate = p.maybe(2)
	w.policy.Adopt = !p.maybe(5)
	w.policy.TerminateSuspended = p.maybe(5)
	w.policy.DeactivateUsers = !p.maybe(6)
	if p.maybe(4) {
		w.policy.UnassignedGrace = time.Hour
	}
	if p.maybe(3) {
		w.policy.Protected = []string{"p1@*"}
	}
	for range 3 {
		p.found()
	}
	for range 7 {
		p.arrive("")
	}
	w.must(p.whole())
	for range 2 + rng.IntN(3) {
		p.happen()
	}
	if p.maybe(2) {
		w.must(p.whole())
	}
	for range 1 + rng.IntN(5) {
		p.happen()
	}
	return p
}

func (p *parts) maybe(oneIn int) bool { return p.rng.IntN(oneIn) == 0 }

// whole makes a whole run. Problems and refusals are nothing that matters here.
func (p *parts) whole() error {
	doc, err := p.sync(refreshedNot)
	if doc != nil {
		p.note("a whole run: %s\n%s", counts(doc), details(doc))
	}
	return err
}

func (p *parts) note(text string, args ...any) { p.log = append(p.log, fmt.Sprintf(text, args...)) }

func (p *parts) anyone() string { return p.people[p.rng.IntN(len(p.people))] }
func (p *parts) group() string  { return p.named[p.rng.IntN(len(p.named))] }

// found makes a group, of a name that another one has perhaps.
func (p *parts) found() {
	p.n++
	key, name := fmt.Sprintf("g%d", p.n), fmt.Sprintf("Site %d", p.n)
	if len(p.named) > 0 && p.maybe(3) {
		name = fmt.Sprintf("Site %d", 1+p.rng.IntN(p.n))
	}
	p.namesake(key, name)
	p.named = append(p.named, key)
	p.pushGroup(key)
	p.note("group %s is %q", key, name)
}

// pushGroup pushes a group by the mode's own means.
func (p *parts) pushGroup(key string) {
	p.org.AssignGroup(p.app, p.groups[key], oktatest.GroupAssignment{})
	p.assigned[key] = true
	if p.push.Push == "mappings" {
		p.groups["mapping of "+key] = p.org.AddPushMapping(p.app, p.groups[key])
	}
}

// arrive hires somebody, with the names of another one perhaps.
func (p *parts) arrive(like string) {
	p.n++
	name := fmt.Sprintf("p%d", p.n)
	email := mail(name)
	first := title(name)
	if like != "" {
		email, first = mail(like), title(like)
	}
	p.users[name] = p.org.AddUser(oktatest.User{Login: mail(name), FirstName: first, LastName: "Guard", Email: email})
	p.org.AssignUser(p.app, p.users[name], oktatest.Assignment{})
	p.people = append(p.people, name)
	for _, g := range p.named {
		if p.maybe(3) {
			p.org.AddMembers(p.groups[g], p.users[name])
		}
	}
	p.note("%s arrives, with %s", name, email)
}

// happen lets one thing happen, in Okta or by hand in TrackTik.
func (p *parts) happen() {
	name, g := p.anyone(), p.group()
	id := p.users[name]
	things := []func() string{
		func() string {
			p.org.AssignUser(p.app, id, oktatest.Assignment{}) // by nobody's group
			p.org.UnassignUser(p.app, id)
			return "is unassigned"
		},
		func() string { p.org.AssignUser(p.app, id, oktatest.Assignment{}); return "is assigned" },
		func() string { p.org.DeactivateUser(id); return "is deactivated" },
		func() string {
			p.org.SetUserStatus(id, []string{oktatest.StatusStaged, oktatest.StatusSuspended, oktatest.StatusActive, "ODD"}[p.rng.IntN(4)])
			return "has another status"
		},
		func() string {
			p.org.AssignUser(p.app, id, oktatest.Assignment{})
			status := []string{"IMPORTED", "INACTIVE", "REVOKED", "ACTIVE", "ODD"}[p.rng.IntN(5)]
			p.org.SetAssignmentStatus(p.app, id, status)
			return "is assigned as " + status
		},
		func() string { p.delete(name, p.maybe(2)); return "was deleted" },
		func() string { p.arrive(name); return "has a double" },
		func() string { p.arrive(""); return "is not alone" },
		func() string { p.org.UpdateUser(id, map[string]any{"title": "Chief"}); return "is chief" },
		func() string {
			other := p.anyone()
			p.org.UpdateUser(id, map[string]any{"email": mail(other)})
			return "has the e-mail of " + other
		},
		func() string {
			p.org.UpdateUser(id, map[string]any{"email": "new-" + mail(name)})
			return "has a new e-mail"
		},
		func() string { p.org.AddMembers(p.groups[g], id); return "joins " + g },
		func() string { p.org.AddMembers(p.groups[g], id); return "joins " + g },
		func() string { p.org.RemoveMembers(p.groups[g], id); return "leaves " + g },
		func() string { p.org.RemoveMembers(p.groups[g], id); return "leaves " + g },
		func() string { p.found(); return "sees it" },
		func() string { p.unpush(g); return "sees that " + g + " is unpushed" },
		func() string { p.pushGroup(g); return "sees that " + g + " is pushed" },
		func() string {
			p.n++
			p.org.RenameGroup(p.groups[g], fmt.Sprintf("Site %d", 1+p.rng.IntN(p.n)))
			return "sees that " + g + " is renamed"
		},
		func() string {
			if len(p.named) > 1 {
				p.org.DeleteGroup(p.groups[g])
				p.named = slices.DeleteFunc(p.named, func(other string) bool { return other == g })
			}
			return "sees that " + g + " is deleted"
		},
		func() string { return "sees what the configuration says of " + g + ": " + p.configure(g) },
		func() string {
			one, two := fmt.Sprintf("p%d", p.n+1), fmt.Sprintf("p%d", p.n+1+p.rng.IntN(2))
			p.portal.AddEmployee(tracktiktest.Employee{FirstName: title(one), LastName: "Guard", Username: mail(one), Email: mail(two)})
			p.arrive("")
			p.arrive("")
			return "sees two who are in TrackTik by the names of " + one + " and " + two
		},
		func() string {
			if list := p.employees(name); len(list) > 0 {
				status := []string{tracktiktest.Banned, tracktiktest.Terminated}[p.rng.IntN(2)]
				p.must(p.portal.UpdateEmployee(list[0].ID, func(e *tracktiktest.Employee) { e.Status = status }))
			}
			return "is ended by hand"
		},
	}
	p.note("%s %s", name, things[p.rng.IntN(len(things))]())
}

// configure gives a group an existing role by the configuration.
func (p *parts) configure(g string) string {
	if p.push.Roles == nil {
		p.push.Roles = map[string]string{}
	}
	names := []string{"Guard", "Site 1", "Site 2", "Site 3"}
	role := names[p.rng.IntN(len(names))]
	if !slices.ContainsFunc(p.portal.Roles(), func(r tracktiktest.Role) bool { return r.Name == role }) {
		return "nothing"
	}
	p.push.Roles[p.groups[g]] = role
	return role
}

func (p *parts) unpush(g string) {
	switch p.push.Push {
	case "assigned":
		if p.assigned[g] {
			p.org.UnassignGroup(p.app, p.groups[g])
		}
		p.assigned[g] = false
	case "mappings":
		if m := p.groups["mapping of "+g]; m != "" {
			p.org.DeletePushMapping(m)
			p.groups["mapping of "+g] = ""
		}
	default:
		p.push.Names = []string{"Site 1*"}
	}
}

// delete deletes somebody, and makes them anew perhaps. More than three at once would be
// held until a day has passed.
func (p *parts) delete(name string, again bool) {
	if p.deleted == 3 {
		return
	}
	p.deleted++
	p.gone = append(p.gone, p.users[name])
	p.org.DeleteUser(p.users[name])
	p.people = slices.DeleteFunc(p.people, func(other string) bool { return other == name })
	if again {
		p.users[name] = p.org.AddUser(oktatest.User{Login: mail(name), FirstName: title(name), LastName: "Guard"})
		p.org.AssignUser(p.app, p.users[name], oktatest.Assignment{})
		p.people = append(p.people, name)
	}
}

// compare wants nothing of the plan for each person alone that is not in everybody's.
func (p *parts) compare() {
	p.Helper()
	p.pass(15 * time.Minute)
	opt := tsync.RunOptions{}
	if p.maybe(3) {
		opt = refreshed
	}
	everybody, err := p.build().Plan(context.Background(), opt)
	p.must(err)
	whole := map[string]bool{}
	for i := range everybody.Actions {
		whole[acts(&everybody.Actions[i])] = true
	}
	ids := slices.Clone(p.gone)
	for _, name := range p.people {
		ids = append(ids, p.users[name])
	}
	for _, id := range ids {
		opt.Users = []string{id}
		alone, err := p.build().Plan(context.Background(), opt)
		if err != nil {
			if !errors.Is(err, tsync.ErrNobody) {
				p.Errorf("%s: %v", id, err)
			}
			continue
		}
		p.wantPart(everybody, alone, whole, id)
	}
}

func (p *parts) wantPart(everybody, alone *plan.Document, whole map[string]bool, id string) {
	p.Helper()
	mine := map[string]bool{}
	for i := range alone.Actions {
		a := acts(&alone.Actions[i])
		mine[a] = true
		if !whole[a] {
			p.Errorf("%s alone: %s\n%s\neverybody: %s\n%s", id, a, details(alone), actsOf(everybody, id), details(everybody))
		}
	}
	if len(alone.Held)+len(alone.Problems) > 0 {
		return
	}
	for i := range everybody.Actions {
		a := &everybody.Actions[i]
		if string(a.User.ID) == id && a.Kind != plan.RevokeRole && !mine[acts(a)] {
			p.Errorf("%s alone does not %s, and holds nothing\n%s\neverybody: %s\n%s", id, acts(a), details(alone), actsOf(everybody, id), details(everybody))
		}
	}
}

// Which role a group has, a whole run says. Where a group of the person has none before that,
// a run of them alone does not go by their other groups.
func TestARunOfOnePersonWaitsForTheRoleOfAGroupThatComesFirst(t *testing.T) {
	for name, c := range map[string]struct {
		given  func(*world) // what the configuration says at first
		later  func(*world)
		before string
	}{
		"one role a person": {
			given: func(w *world) {
				w.policy.OneRole = true
				w.push.Roles = map[string]string{"Site A": "Guard", "Site B": "Guard"}
			},
			later:  func(w *world) { w.push.Roles = nil },
			before: "Guard",
		},
		"a default role": {
			given: func(w *world) { w.policy.DefaultRole = "Guard" },
			later: func(w *world) { w.push.Names = []string{"Site A"} },
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.portal.AddRole(tracktiktest.Role{Name: "Guard"})
			w.push.Names = []string{"Site B"}
			w.hire("ada")
			w.namesake("Site A", "Site A")
			w.group("Site A", "ada")
			w.namesake("second", "Site A")
			if c.before != "" {
				w.push.Names = []string{"Site *"}
				w.group("Site B", "ada")
			} else {
				w.policy.GrantRoles = false
			}
			c.given(w)
			w.run()
			w.policy.GrantRoles = true
			w.wantRoles("ada", c.before)
			c.later(w)
			w.change = func(e *tsync.Engine) { e.ReadFingerprint = "other" }
			doc := w.runWith(tsync.RunOptions{Users: []string{mail("ada")}})
			w.wantRoles("ada", c.before)
			w.wantHeld(doc, plan.HeldUnconfirmed, "ada")
			w.run()
			w.wantRoles("ada", "Site A")
			w.wantDone(w.runWith(tsync.RunOptions{Users: []string{mail("ada")}}), "")
		})
	}
}

// acts is an action by what it does to whom.
func acts(a *plan.Action) string {
	text := fmt.Sprintf("%s %s employee %d former %d grant %d", a.Kind, a.User.ID, a.Employee, a.Extras().Former, a.Extras().Grant)
	if a.Role != nil {
		text += fmt.Sprintf(" role %d of %s", a.Role.ID, a.Role.Group) // the name may be changed by the same plan
	}
	for _, c := range a.FieldChanges() {
		text += fmt.Sprintf(" %s=%q", c.Field, c.New)
	}
	return text
}

func actsOf(doc *plan.Document, id string) string {
	var all []string
	for i := range doc.Actions {
		if a := &doc.Actions[i]; string(a.User.ID) == id || a.User.ID == "" {
			all = append(all, acts(a))
		}
	}
	return strings.Join(all, "\n  ")
}
