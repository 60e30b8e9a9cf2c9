package sync_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

var guards = []string{"ada", "ben", "cyd"}

// dismissed is a world whose three guards were terminated by the run that it names.
func dismissed(t *testing.T) (*world, tsync.RestoreOptions) {
	t.Helper()
	w := newWorld(t)
	w.hire(guards...)
	w.group("Site North", guards...)
	w.portal.Configure(func(s *tracktiktest.Server) { s.Rules.RolesEndWithEmployment = true })
	w.run()
	for _, name := range guards {
		w.org.UnassignUser(w.app, w.users[name])
	}
	w.pass(time.Hour)
	doc := w.run()
	w.wantDone(doc, "terminate 3")
	opt := tsync.RestoreOptions{Run: doc.Run}
	for _, a := range doc.Actions {
		opt.Terminated = append(opt.Terminated, tsync.Terminated{User: a.User, Employee: a.Employee})
	}
	return w, opt
}

// restore makes a restore as a new process would.
func (w *world) restore(opt tsync.RestoreOptions) (*plan.Document, error) {
	w.Helper()
	w.pass(15 * time.Minute)
	w.portal.ResetRequests()
	return w.build().Restore(context.Background(), opt)
}

// wantBack wants each guard to be one active employee with username and role.
func (w *world) wantBack(when string) {
	w.Helper()
	for _, name := range guards {
		active := slices.DeleteFunc(w.employees(name), func(e tracktiktest.Employee) bool { return e.Status != tracktiktest.Active })
		if len(active) != 1 || active[0].Username != mail(name) || w.roles(name) != "Site North" {
			w.Errorf("%s: %s is %d active employees %+v with %q", when, name, len(active), active, w.roles(name))
		}
		link, found, err := w.db.Link(plan.PersonID(w.users[name]))
		w.must(err)
		if !found || len(active) > 0 && int64(link.Employee) != active[0].ID || !link.Restored || link.How != plan.HowRestored {
			w.Errorf("%s: the record of %s is %+v", when, name, link)
		}
	}
}

// A brittle snapshot takes so many writes, and then none: the process was stopped.
type brittle struct {
	tsync.Snapshot
	left int
}

var errStopped = errors.New("the process was stopped")

func (b *brittle) write() error {
	if b.left == 0 {
		return errStopped
	}
	b.left--
	return nil
}

func (b *brittle) Begin(i plan.Intent) (uint64, error) {
	if err := b.write(); err != nil {
		return 0, err
	}
	return b.Snapshot.Begin(i)
}

func (b *brittle) Commit(batch plan.Batch) error {
	if err := b.write(); err != nil {
		return err
	}
	return b.Snapshot.Commit(batch)
}

// restoreWrites are as many writes to the snapshot as a restore of three makes, or some
// more.
var restoreWrites = map[string]int{"reactivated": 16, "new": 16, "refused": 22}

func TestRestoreStoppedAnywhereIsCompletedByMakingItAgain(t *testing.T) {
	for how, writes := range restoreWrites {
		for stop := range writes + 1 {
			t.Run(fmt.Sprintf("%s after %d writes", how, stop), func(t *testing.T) { stopAndGoOn(t, how, stop) })
		}
	}
}

// stopAndGoOn stops a restore after so many writes to the snapshot, and makes it again.
func stopAndGoOn(t *testing.T, how string, stop int) {
	w, opt := dismissed(t)
	opt.New = how == "new"
	if how == "refused" {
		w.portal.Configure(func(s *tracktiktest.Server) {
			s.Rules.Forbid = []tracktiktest.Match{{Method: "POST", Path: "/employees/*/actions/reactivate"}}
		})
	}
	w.change = func(e *tsync.Engine) { e.Workers = 1 }
	w.wrap = func(s tsync.Snapshot) tsync.Snapshot { return &brittle{s, stop} }
	_, err := w.restore(opt)
	stopped := errors.Is(err, errStopped)
	if err != nil && !stopped || stop == 0 && !stopped || stop == restoreWrites[how] && stopped {
		t.Fatalf("it ended with %v", err)
	}
	w.wrap = nil
	w.reopen()
	_, err = w.restore(opt)
	w.must(err)
	w.wantBack("made again")
	w.runWith(refreshed)
	w.wantBack("after a refresh")
}

func TestRestoreIsNotDoubledByLostReplies(t *testing.T) {
	for path, anew := range map[string]bool{"/employees/*/actions/reactivate": false, "/employees": true, "/user-roles": false} {
		t.Run(path, func(t *testing.T) {
			w, opt := dismissed(t)
			opt.New = anew
			w.inPortal(tracktiktest.When(tracktiktest.Match{Method: "POST", Path: path, Times: 2}, tracktiktest.LostReply))
			_, err := w.restore(opt)
			w.must(err)
			w.inPortal(nil)
			_, err = w.restore(opt)
			w.must(err)
			w.wantBack("with lost replies")
		})
	}
}

func TestRestoreSetsAgainWhatWasRefusedTheFirstTime(t *testing.T) {
	w, opt := dismissed(t)
	w.inPortal(tracktiktest.When(tracktiktest.Match{Method: "PATCH"}, func(rw http.ResponseWriter, _ *http.Request, _ http.Handler) {
		http.Error(rw, `{"message":"no"}`, http.StatusUnprocessableEntity)
	}))
	doc, err := w.restore(opt)
	w.must(err)
	if doc.Result.Failed != 3 {
		t.Errorf("%d failed, want 3: a guard without a username cannot log in\n%s", doc.Result.Failed, details(doc))
	}
	w.inPortal(nil)
	doc, err = w.restore(opt)
	w.must(err)
	w.wantDone(doc, "update 3")
	w.wantBack("after the second one")
}

func TestRestoreLeavesAloneWhoseNameWasGivenAway(t *testing.T) {
	w, opt := dismissed(t)
	id := w.portal.AddEmployee(tracktiktest.Employee{Username: mail("ada"), FirstName: "Ada", LastName: "Lovelace", Email: "lovelace@acme.example"})
	var pushed plan.Values
	pushed[plan.Username] = mail("ada")
	w.must(w.db.Commit(plan.Batch{Links: []plan.Link{{Person: "00uother", Employee: plan.EmployeeID(id), Pushed: pushed}}}))
	doc, err := w.restore(opt)
	w.must(err)
	w.wantProblem(doc, plan.ProblemNameInUse, "ada")
	w.wantStatus(tracktiktest.Terminated, "ada")
	w.wantStatus(tracktiktest.Active, "ben", "cyd")
}

func TestRestoreBringsNobodyBackWhoWasBannedOrIsBack(t *testing.T) {
	w, opt := dismissed(t)
	w.must(w.portal.BanEmployee(w.employee("ada").ID))
	w.must(w.portal.ReactivateEmployee(w.employee("ben").ID))
	w.portal.ResetRequests()
	doc, err := w.restore(opt)
	w.must(err)
	w.wantProblem(doc, plan.ProblemInactiveMatch, "ada")
	w.wantWarning(doc, "already_back")
	w.wantStatus(tracktiktest.Banned, "ada")
	if got := counts(doc); got != "reactivate 1, grant_role 1" {
		t.Errorf("it does %q\n%s", got, details(doc))
	}
}

func TestRestoreOfManyReadsEachSideOnce(t *testing.T) {
	w := newWorld(t)
	names := w.crowd(120)
	w.limits.Kinds[plan.Terminate] = plan.NoLimit
	w.run()
	for _, name := range names {
		w.org.UnassignUser(w.app, w.users[name])
	}
	gone := w.run()
	opt := tsync.RestoreOptions{Run: gone.Run}
	for _, a := range gone.Actions {
		opt.Terminated = append(opt.Terminated, tsync.Terminated{User: a.User, Employee: a.Employee})
	}
	w.portal.ResetRequests()
	doc, err := w.build().PlanRestore(context.Background(), opt)
	w.must(err)
	if got := counts(doc); got != "reactivate 120" {
		t.Errorf("it plans %q\n%s", got, details(doc))
	}
	if n := len(w.portal.Requests()); n > 15 {
		t.Errorf("%d requests for 120 people", n)
	}
	w.wantNoWrites()
}

// Who was ended, and stands in TrackTik again by somebody's hand, is not made a second time when
// they come back under other names; nor is a ban gone round so.
func TestWhoStandsAgainIsNotMadeTwiceUnderOtherNames(t *testing.T) {
	for name, hand := range map[string]func(w *world, id int64) error{
		"active":   func(w *world, id int64) error { return w.portal.ReactivateEmployee(id) },
		"banned":   func(w *world, id int64) error { return w.portal.BanEmployee(id) },
		"inactive": func(w *world, id int64) error { return w.portal.DeactivateEmployee(id) },
	} {
		for _, reactivate := range []bool{false, true} {
			for who, end := range map[string]func(w *world, id int64){
				"by us": func(w *world, id int64) { w.org.UnassignUser(w.app, w.users["ada"]); w.run() },
				"by somebody else": func(w *world, id int64) {
					w.must(w.portal.TerminateEmployee(id))
					w.runWith(refreshed)
					w.org.UnassignUser(w.app, w.users["ada"])
					w.run()
				},
			} {
				for _, seen := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s, ended %s, reactivate %t, seen %t", name, who, reactivate, seen), func(t *testing.T) {
						w := newWorld(t)
						w.policy.Reactivate = reactivate
						w.hire("ada", "bob")
						w.run()
						id := w.employee("ada").ID
						end(w, id)
						w.must(hand(w, id))
						if seen {
							w.runWith(refreshed)
						}
						w.org.UpdateUser(w.users["ada"], map[string]any{"login": mail("married"), "email": mail("married")})
						w.org.AssignUser(w.app, w.users["ada"], oktatest.Assignment{})
						for _, opt := range []tsync.RunOptions{refreshedNot, refreshed, {Users: []string{w.users["ada"]}}} {
							doc := w.runWith(opt)
							code := plan.HeldDoubtfulMatch
							if name == "banned" {
								code = plan.HeldBannedElsewhere
							}
							w.wantHeldOf(doc, plan.Create, code, "ada")
							w.wantNoWrites()
						}
					})
				}
			}
		}
	}
}

// What somebody gave by hand since the copy was made is theirs after a restore, though the copy
// knows a grant of ours of the same role to the same person.
func TestARestoredSnapshotTakesNobodysGrantForOurs(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob")
	w.group("Site North", "ada", "bob")
	w.group("Site South", "ada")
	w.run()
	w.rewind(func() {
		w.leave("Site North", "ada")
		w.run()
		_, err := w.portal.Grant(w.employee("ada").ID, w.roleID("Site North"))
		w.must(err)
	})
	for range 2 {
		w.run()
		w.runWith(refreshed)
	}
	w.wantRoles("ada", "Site North, Site South")
}
