package world

import (
	"slices"
	"strings"
	"testing"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/tracktik/tracktiktest"
)

// A follower is a sync as simple as can be, which knows the model from within. It
// lets the audit be judged without the program that is audited.
type follower struct {
	w     *World
	links map[string]int64 // employees by person
	roles map[string]int64 // by group
}

func (f *follower) follow(t *testing.T) {
	t.Helper()
	for _, g := range f.w.posts {
		f.role(t, g)
	}
	for _, p := range f.w.people {
		switch linked := f.links[p.ID]; {
		case !p.judged, p.Status == oktatest.StatusSuspended, p.Status == oktatest.StatusStaged:
		case p.Status == oktatest.StatusDeprovisioned, p.Status == Deleted, !p.Assigned():
			if linked != 0 {
				check(t, f.w.TrackTik.TerminateEmployee(linked))
				delete(f.links, p.ID)
			}
		default:
			f.provision(t, p)
		}
	}
}

func (f *follower) role(t *testing.T, g *Group) {
	t.Helper()
	all := f.w.TrackTik.Roles()
	if f.roles[g.ID] != 0 {
		check(t, f.w.TrackTik.RenameRole(f.roles[g.ID], g.Name))
	} else if i := slices.IndexFunc(all, func(r tracktiktest.Role) bool { return r.Name == g.Name }); i >= 0 {
		f.roles[g.ID] = all[i].ID
	} else {
		f.roles[g.ID] = f.w.TrackTik.AddRole(tracktiktest.Role{Name: g.Name})
	}
}

func (f *follower) provision(t *testing.T, p *Person) {
	t.Helper()
	region := f.w.auditor().regionOf(p)
	fill := func(e *tracktiktest.Employee) {
		e.Username, e.Email, e.FirstName, e.LastName, e.JobTitle = p.userName, p.Email, clean(p.First), clean(p.Last), clean(f.w.title(p))
		if e.PrimaryPhone = p.Phone; len(p.Phone) > 20 {
			e.PrimaryPhone = ""
		}
		if !p.unplaced && p.byHand == 0 {
			e.Region = region
		}
	}
	id := f.links[p.ID]
	for _, e := range f.w.TrackTik.Employees() {
		if id == 0 && e.Status == tracktiktest.Active && (fold(e.Username) == fold(p.userName) || fold(e.Email) == fold(p.Email)) {
			id = e.ID
		}
	}
	if id == 0 {
		id = f.w.TrackTik.AddEmployee(tracktiktest.Employee{})
	}
	f.links[p.ID] = id
	check(t, f.w.TrackTik.UpdateEmployee(id, fill))
	for group, role := range f.roles {
		held := slices.Contains(f.w.TrackTik.RolesOf(id), role)
		switch member := slices.ContainsFunc(p.groups, func(g *Group) bool { return g.ID == group }); {
		case member && !held:
			_, err := f.w.TrackTik.Grant(id, role)
			check(t, err)
		case held && !member && slices.ContainsFunc(f.w.posts, func(g *Group) bool { return g.ID == group }):
			check(t, f.w.TrackTik.Revoke(id, role))
		}
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func synced(t *testing.T) (*World, *follower) {
	t.Helper()
	w := New(small)
	if len(w.Audit()) < 100 {
		t.Fatal("before any sync hardly anybody is missed")
	}
	f := &follower{w, map[string]int64{}, map[string]int64{}}
	f.follow(t)
	agreed(t, w)
	return w, f
}

func agreed(t *testing.T, w *World) {
	t.Helper()
	for _, d := range w.Audit() {
		t.Errorf("after a good sync: %+v", d)
	}
}

func TestAuditIsContentWithAGoodSyncOnEveryDay(t *testing.T) {
	w, f := synced(t)
	for day := range WeekDays + 3 {
		w.Advance()
		if found := w.Audit(); len(found) == 0 && day < WeekDays {
			t.Errorf("day %d: nothing is to be done", day+1)
		}
		f.follow(t)
		agreed(t, w)
	}
	for seed := range uint64(4) {
		_, err := w.Live(60, seed)
		check(t, err)
		f.follow(t)
		agreed(t, w)
	}
}

func TestAuditFindsWhatIsWrong(t *testing.T) {
	one := func(w *World) (*Person, int64) {
		for _, p := range w.people {
			if p.Note == "" && working(p) && len(p.posts()) > 0 {
				e := w.auditor().active[fold(p.userName)]
				return p, e.ID
			}
		}
		panic("nobody works here")
	}
	for name, c := range map[string]struct {
		harm func(t *testing.T, w *World)
		says string
	}{
		"leaver still active": {func(t *testing.T, w *World) { p, _ := one(w); w.deactivate(p) }, "nobody in scope"},
		"terminated by mistake": {func(t *testing.T, w *World) {
			_, id := one(w)
			check(t, w.TrackTik.TerminateEmployee(id))
		}, "no active employee"},
		"second employee": {func(t *testing.T, w *World) {
			_, id := one(w)
			e, _ := w.TrackTik.Employee(id)
			e.ID, e.Username, e.CustomID = 0, "twice", ""
			w.TrackTik.AddEmployee(e)
		}, "nobody in scope"},
		"stranger touched": {func(t *testing.T, w *World) { check(t, w.TrackTik.TerminateEmployee(w.bystanders[0].ID)) }, "not ours to touch"},
		"wrong title": {func(t *testing.T, w *World) {
			_, id := one(w)
			check(t, w.TrackTik.UpdateEmployee(id, func(e *tracktiktest.Employee) { e.JobTitle = "Emperor" }))
		}, "jobTitle"},
		"wrong region": {func(t *testing.T, w *World) {
			p, id := one(w)
			p.unplaced = false
			check(t, w.TrackTik.MoveEmployee(id, 2))
		}, "region"},
		"role missing": {func(t *testing.T, w *World) {
			p, id := one(w)
			check(t, w.TrackTik.Revoke(id, w.auditor().roles[p.posts()[0].Name]))
		}, "does not hold"},
		"role too many": {func(t *testing.T, w *World) { p, _ := one(w); w.leave(p, p.posts()[0]) }, "is not a member"},
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := synced(t)
			c.harm(t, w)
			if found := w.Audit(); len(found) != 1 || !strings.Contains(found[0].Text, c.says) {
				t.Errorf("found %+v, want one that says %q", found, c.says)
			}
		})
	}
}
