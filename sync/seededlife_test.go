package sync_test

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// A seededWorld is a company whose life follows from its seed alone: one writer, a
// clock of its own, and the same names of both systems every time.
type seededWorld struct {
	*world
	rng   *rand.Rand
	steps int
	names []string        // everybody who was ever hired
	gone  map[string]bool // those without an assignment
	out   bytes.Buffer
}

func newSeededWorld(t testing.TB, seed uint64) *seededWorld {
	t.Helper()
	return growSeededWorld(t, newWorld(t), seed)
}

// newSeededWorldBeside is newSeededWorld for a test that has one already.
func newSeededWorldBeside(t testing.TB, seed uint64) *seededWorld {
	t.Helper()
	return growSeededWorld(t, newQuietWorld(t), seed)
}

func growSeededWorld(t testing.TB, w *world, seed uint64) *seededWorld {
	t.Helper()
	g := &seededWorld{world: w, rng: rand.New(rand.NewPCG(seed, 1)), steps: 9, gone: map[string]bool{}}
	binding := plan.Binding{Org: "https://acme.okta.example", App: w.app, Portal: "https://acme.staffr.example"}
	w.must(w.db.Close())
	w.path = filepath.Join(t.TempDir(), "seeded.db")
	var err error
	w.db, err = state.Create(w.path, binding, state.Options{Now: w.now})
	w.must(err)
	w.change = func(e *tsync.Engine) { e.Binding, e.Workers = binding, 1 }
	g.configure(seed)
	g.people(14 + g.rng.IntN(12))
	return g
}

// configure draws what an administrator chooses once.
func (g *seededWorld) configure(seed uint64) {
	coin := func() bool { return g.rng.IntN(3) == 0 }
	g.policy.RevokeUnpushed, g.policy.Reactivate, g.policy.OneRole = coin(), coin(), coin()
	g.policy.AdoptKeep = coin()
	g.portal.Configure(func(s *tracktiktest.Server) { s.Rules.LastRoleRemovable = g.rng.IntN(2) == 0 })
	g.policy.Protected = []string{"boss*"}
	switch seed % 5 {
	case 1:
		g.push = tsync.GroupRules{Push: "assigned"}
	case 2:
		g.policy.Match = []plan.Field{plan.CustomID, plan.Username, plan.Email}
	case 3:
		g.change = func(before func(*tsync.Engine)) func(*tsync.Engine) {
			return func(e *tsync.Engine) { before(e); e.Observe = len(g.names) < 22 }
		}(g.change)
	case 4:
		g.limits.Kinds[plan.Terminate] = plan.Limit{MaxCount: 2, MaxPercent: -1, MaxPerDay: -1}
	}
	if seed%7 == 3 {
		g.loseReplies()
	}
}

// loseReplies lets every eighth write take effect without an answer.
func (g *seededWorld) loseReplies() {
	n := 0
	g.inPortal(func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method != http.MethodGet && r.URL.Path != tracktiktest.DefaultTokenPath {
			if n++; n%8 == 0 {
				tracktiktest.LostReply(w, r, next)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// people fills both systems as they are found on the first day: some are employees
// already, one of them an administrator, one under another name.
func (g *seededWorld) people(n int) {
	for range n {
		g.recruit()
	}
	for i, name := range g.names {
		switch i % 6 {
		case 1:
			g.typed(mail(name), mail(name), title(name), "Guard")
		case 2:
			g.typed("old-"+name, mail(name), title(name), "Other")
		}
	}
	g.portal.AddRole(tracktiktest.Role{Name: "Site North", Portal: tracktiktest.StaffPortal})
	for _, site := range []string{"Site North", "Site South", "Site Admins"} {
		g.group(site, g.some(5)...)
		g.org.AssignGroup(g.app, g.groups[site], oktatest.GroupAssignment{})
	}
}

func (g *seededWorld) recruit() {
	name := "p" + strconv.Itoa(100+len(g.names))
	if len(g.names) == 3 {
		name = "boss"
	}
	g.names = append(g.names, name)
	g.hire(name)
	if g.rng.IntN(3) == 0 {
		g.org.UpdateUser(g.users[name], map[string]any{"division": []string{"North", "South", "North", "South", "Nowhere"}[g.rng.IntN(5)], "title": "Guard"})
	}
}

func (g *seededWorld) some(n int) []string {
	var list []string
	for range n {
		if name := g.names[g.rng.IntN(len(g.names))]; g.lives(name) && !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

// lives reports that Okta knows the person.
func (g *seededWorld) lives(name string) bool { return g.users[name] != "" }

// happen lets up to four things happen, and says which.
func (g *seededWorld) happen() []string {
	var said []string
	for range 2 + g.rng.IntN(5) {
		name := g.names[g.rng.IntN(len(g.names))]
		if !g.lives(name) {
			continue
		}
		if what := g.happenTo(name); what != "" {
			said = append(said, what+" "+name)
		}
	}
	return said
}

func (g *seededWorld) happenTo(name string) string {
	id := g.users[name]
	sites := slices.Sorted(maps.Keys(g.groups))
	site := sites[g.rng.IntN(len(sites))]
	employee := slices.IndexFunc(g.portal.Employees(), func(e tracktiktest.Employee) bool {
		return e.FirstName == title(name) && e.Status == tracktiktest.Active
	})
	switch g.rng.IntN(16) {
	case 0:
		g.recruit()
		return "hired after"
	case 1:
		if g.gone[name] {
			return ""
		}
		g.gone[name] = true
		g.org.UnassignUser(g.app, id)
		return "unassigned"
	case 2:
		g.gone[name] = true
		g.org.DeactivateUser(id)
		return "deactivated"
	case 3:
		g.org.DeleteUser(id)
		delete(g.users, name)
		return "deleted"
	case 4:
		g.org.SetUserStatus(id, oktatest.StatusSuspended)
		return "suspended"
	case 5, 6:
		g.org.SetUserStatus(id, oktatest.StatusActive)
		g.org.AssignUser(g.app, id, oktatest.Assignment{})
		g.gone[name] = false
		return "assigned"
	case 7, 8:
		g.org.UpdateUser(id, map[string]any{"title": fmt.Sprintf("Title %d", g.rng.IntN(100)), "division": []string{"North", "South"}[g.rng.IntN(2)]})
		return "changed"
	case 9:
		g.org.UpdateUser(id, map[string]any{"lastName": fmt.Sprintf("Name%d", g.rng.IntN(100))})
		return "renamed"
	case 10:
		g.group(site, name)
		return "into " + site
	case 11, 12:
		for _, site := range sites {
			g.leave(site, name)
		}
		return "out of all groups"
	case 13:
		g.org.RenameGroup(g.groups[site], fmt.Sprintf("Site %d", g.rng.IntN(1000)))
		return "group renamed: " + site
	}
	if employee < 0 {
		return ""
	}
	return g.byHand(g.portal.Employees()[employee].ID)
}

// byHand is what somebody does at the portal's own pages.
func (g *seededWorld) byHand(id int64) string {
	switch g.rng.IntN(4) {
	case 0:
		g.must(g.portal.TerminateEmployee(id))
		return "ended by hand:"
	case 1:
		g.must(g.portal.UpdateEmployee(id, func(e *tracktiktest.Employee) { e.JobTitle = fmt.Sprintf("Hand %d", g.rng.IntN(100)) }))
		return "changed by hand:"
	case 2:
		if held := g.portal.RolesOf(id); len(held) > 0 {
			g.must(g.portal.Revoke(id, held[0]))
			return "role taken by hand:"
		}
		return ""
	}
	g.must(g.portal.BanEmployee(id))
	return "banned by hand:"
}
