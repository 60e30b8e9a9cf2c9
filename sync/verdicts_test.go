package sync_test

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/mapping"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// A verdict brings somebody who is managed to one that is not to provision, and back.
// Okta answers what is asked about them by id with intercept, where there is one.
type verdict struct {
	reach, back func(w *world, name string)
	intercept   oktatest.Interceptor
}

func userStatus(status string) verdict {
	set := func(status string) func(*world, string) {
		return func(w *world, name string) { w.org.SetUserStatus(w.users[name], status) }
	}
	return verdict{reach: set(status), back: set(oktatest.StatusActive)}
}

func assignmentStatus(status string) verdict {
	set := func(status string) func(*world, string) {
		return func(w *world, name string) { w.org.SetAssignmentStatus(w.app, w.users[name], status) }
	}
	return verdict{reach: set(status), back: set("ACTIVE")}
}

func lastName(text string) func(*world, string) {
	return func(w *world, name string) { w.org.UpdateUser(w.users[name], map[string]any{"lastName": text}) }
}

func inPortalAs(status string) verdict {
	set := func(status string) func(*world, string) {
		return func(w *world, name string) {
			w.must(w.portal.UpdateEmployee(w.employee(name).ID, func(e *tracktiktest.Employee) { e.Status = status }))
		}
	}
	return verdict{reach: set(status), back: set(tracktiktest.Active)}
}

func unassign(w *world, name string) { w.org.UnassignUser(w.app, w.users[name]) }
func assign(w *world, name string)   { w.org.AssignUser(w.app, w.users[name], oktatest.Assignment{}) }

// verdicts are all that a managed person can come to other than to provision, by the
// name of the person who does.
var verdicts = map[string]verdict{
	"staged":             userStatus(oktatest.StatusStaged),
	"suspended":          userStatus(oktatest.StatusSuspended),
	"unknown-user":       userStatus("SOMETHING_NEW"),
	"imported":           assignmentStatus("IMPORTED"),
	"matched":            assignmentStatus("MATCHED"),
	"status-unassigned":  assignmentStatus("UNASSIGNED"),
	"unknown-assignment": assignmentStatus("SOMETHING_NEW"),
	"out":                {reach: lastName("Out"), back: lastName("Guard")},
	"scope-fails":        {reach: lastName("Fails"), back: lastName("Guard")},
	"protected":          {reach: unassign, back: assign},
	"restored":           {reach: unassign, back: assign},
	"doubted":            {assignmentStatus("INACTIVE").reach, assignmentStatus("INACTIVE").back, oktatest.ServerError},
	"unconfirmed":        {unassign, assign, oktatest.ServerError},
	"foreign-not-found":  {unassign, assign, oktatest.HTMLNotFound},
	"banned":             inPortalAs(tracktiktest.Banned),
	"terminated":         inPortalAs(tracktiktest.Terminated),
}

// withheld are what keeps departures from being carried out.
var withheld = map[string]func(w *world, names []string) tsync.RunOptions{
	"switch": func(w *world, _ []string) tsync.RunOptions {
		w.policy.DeactivateUsers = false
		return tsync.RunOptions{}
	},
	"grace": func(w *world, _ []string) tsync.RunOptions {
		w.policy.UnassignedGrace = 240 * time.Hour
		return tsync.RunOptions{}
	},
	"no removals": func(*world, []string) tsync.RunOptions { return tsync.RunOptions{NoRemovals: true} },
	"guard": func(w *world, _ []string) tsync.RunOptions {
		w.limits.Kinds = map[plan.Kind]plan.Limit{plan.Terminate: {MaxCount: 0, MaxPercent: -1, MaxPerDay: -1}}
		return tsync.RunOptions{}
	},
	"not visible": func(w *world, names []string) tsync.RunOptions {
		w.inOkta(oktatest.Narrowed(w.ids(names)...))
		return tsync.RunOptions{}
	},
}

// A regrouping changes which roles the people of Site North are due, and bob is one of
// them: before and after say what he holds.
type regrouping struct {
	do            func(w *world, names []string)
	before, after string
}

var regroupings = map[string]regrouping{
	"joined": {func(w *world, names []string) { w.group("Site East", names...) }, "Site North, Site South", "Site East, Site North, Site South"},
	"left":   {func(w *world, names []string) { w.leave("Site North", names...) }, "Site North, Site South", "Site South"},
	"unpushed": {func(w *world, _ []string) { w.org.DeleteGroup(w.groups["Site North"]) },
		"Site North, Site South", "Site South"},
	"role changed": {func(w *world, _ []string) { w.push.Roles = map[string]string{"Site North": "Patrol"} },
		"Site North, Site South", "Patrol, Site North, Site South"},
}

// guarded is a world in which bob and the others are managed and in two groups.
func guarded(t *testing.T, names []string) (*world, []string) {
	w := newWorld(t)
	w.limits.Kinds = nil
	w.policy.RevokeUnpushed = true
	w.portal.AddRole(tracktiktest.Role{Name: "Patrol"})
	all := append([]string{"bob"}, names...)
	w.hire(all...)
	w.hire("eve")
	w.group("Site North", all...)
	w.group("Site South", all...)
	w.group("Site East", "eve")
	w.run()
	return w, all
}

// roleIDs are the roles of the person's only employee, whatever its status.
func (w *world) roleIDs(name string) []int64 {
	w.Helper()
	ids := w.portal.RolesOf(w.employee(name).ID)
	slices.Sort(ids)
	return ids
}

// keeping remembers what people hold, and looks whether they hold it still.
func (w *world) keeping(names []string) func(after string) {
	before := map[string][]int64{}
	for _, name := range names {
		before[name] = w.roleIDs(name)
	}
	return func(after string) {
		w.Helper()
		for _, name := range names {
			if now := w.roleIDs(name); !slices.Equal(now, before[name]) {
				w.Errorf("%s: %s held the roles %v, and holds %v", after, name, before[name], now)
			}
		}
	}
}

func TestRolesStayForEveryVerdictButProvision(t *testing.T) {
	names := slices.Sorted(maps.Keys(verdicts))
	for change, c := range regroupings {
		for _, first := range []bool{true, false} {
			t.Run(change+map[bool]string{true: ", after the verdict", false: ", with the verdict"}[first], func(t *testing.T) {
				w, all := guarded(t, names)
				w.mapping = mapping.Config{Scope: `user.lastName == "Fails" ? user.nothing == "x" : user.lastName != "Out"`}
				w.policy.Protected = []string{"protected@*"}
				w.run()
				w.wantRoles("bob", c.before)
				same := w.keeping(names)
				w.restored("restored")
				w.inOkta(w.about(names))
				for _, name := range names {
					verdicts[name].reach(w, name)
				}
				if first {
					w.runWith(refreshed) // which sees who was ended in TrackTik
					same("with the verdict")
				}
				c.do(w, all)
				for i, opt := range []tsync.RunOptions{refreshed, {}, {}, refreshed} {
					w.runWith(opt)
					same(fmt.Sprint("run ", i+1))
				}
				w.wantRoles("bob", c.after)

				w.inOkta(nil)
				for _, name := range names {
					verdicts[name].back(w, name)
				}
				same = w.keeping([]string{"protected"}) // who neither gets nor loses any
				w.runWith(refreshed)
				same("to provision again")
				for _, name := range names {
					if name != "protected" {
						w.wantRoles(name, c.after)
					}
				}
			})
		}
	}
}

func TestRolesStayWhileADepartureIsWithheld(t *testing.T) {
	names := []string{"ada", "ben", "cid", "dan"}
	for why, withhold := range withheld {
		for change, c := range regroupings {
			t.Run(why+", "+change, func(t *testing.T) {
				w, all := guarded(t, names)
				same := w.keeping(names)
				opt := withhold(w, names)
				if why != "not visible" {
					for _, name := range names {
						unassign(w, name)
					}
				}
				c.do(w, all)
				for range 3 {
					_, err := w.sync(opt)
					var refused *tsync.RefusedError
					if err != nil && !errors.As(err, &refused) {
						t.Fatal(err)
					}
					same(why)
					w.wantStatus(tracktiktest.Active, names...)
				}
				if !opt.NoRemovals {
					w.wantRoles("bob", c.after)
				}
			})
		}
	}
}

// restored marks somebody as a restore does.
func (w *world) restored(name string) {
	w.Helper()
	link, _, err := w.db.Link(plan.PersonID(w.users[name]))
	w.must(err)
	link.Restored = true
	w.must(w.db.Commit(plan.Batch{Links: []plan.Link{link}}))
}

// about answers what is asked about single people with their verdict's interceptor.
func (w *world) about(names []string) oktatest.Interceptor {
	by := map[string]oktatest.Interceptor{}
	for _, name := range names {
		if i := verdicts[name].intercept; i != nil {
			by[w.users[name]] = i
		}
	}
	return func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		for id, i := range by {
			if strings.Contains(r.URL.Path, id) {
				i(rw, r, next)
				return
			}
		}
		next.ServeHTTP(rw, r)
	}
}
