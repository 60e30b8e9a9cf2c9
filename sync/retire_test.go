package sync_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// forgotten types people into the portal who have left Okta, and whom nobody manages.
func (w *world) forgotten(names ...string) []int64 {
	w.Helper()
	var ids []int64
	for _, name := range names {
		w.users[name] = w.org.AddUser(oktatest.User{Login: mail(name), FirstName: title(name), LastName: "Guard"})
		w.org.DeactivateUser(w.users[name])
		ids = append(ids, w.typed(mail(name), mail(name), title(name), "Guard"))
	}
	return ids
}

// haunted is a world of ten managed people in which three leavers are active still.
func haunted(t *testing.T) (*world, []int64) {
	t.Helper()
	w := newWorld(t)
	w.crowd(10)
	w.run()
	return w, w.forgotten("ada", "ben", "cyd")
}

// asked names people as on a command line.
func asked(texts ...any) tsync.RetireOptions {
	opt := tsync.RetireOptions{Command: "tracktik-sync retire …"}
	for _, text := range texts {
		opt.Named = append(opt.Named, tsync.Named{Text: fmt.Sprint(text)})
	}
	return opt
}

func everybody(ids []int64) tsync.RetireOptions {
	var texts []any
	for _, id := range ids {
		texts = append(texts, id)
	}
	return asked(texts...)
}

// retire makes a retirement as a new process would.
func (w *world) retire(opt tsync.RetireOptions) (*plan.Document, error) {
	w.Helper()
	w.pass(15 * time.Minute)
	w.org.ResetRequests()
	w.portal.ResetRequests()
	return w.build().Retire(context.Background(), opt)
}

// terminations are how often the portal was asked to end an employee.
func (w *world) terminations() int {
	return w.portal.Count(http.MethodPost, "/employees/*/actions/terminate")
}

// wantLeftAlone wants one problem of that code about the employee, who is as before.
func (w *world) wantLeftAlone(doc *plan.Document, code string, id int64) {
	w.Helper()
	if len(doc.Problems) != 1 || doc.Problems[0].Code != code || int64(doc.Problems[0].Employee) != id || len(doc.Actions)+len(doc.Held) > 0 {
		w.Errorf("want employee %d left alone for %s\n%s", id, code, details(doc))
	}
	w.wantNoWrites()
}

func TestWhoLeftOktaIsRetiredAndOnRecord(t *testing.T) {
	w, ids := haunted(t)
	w.portal.AddRole(tracktiktest.Role{Name: "Patrol"})
	_, err := w.portal.Grant(ids[0], w.roleID("Patrol"))
	w.must(err)
	doc, err := w.retire(everybody(ids))
	w.must(err)
	w.wantDone(doc, "terminate 3")
	w.wantStatus(tracktiktest.Terminated, "ada", "ben", "cyd")
	former, found, err := w.db.FormerByEmployee(plan.EmployeeID(ids[0]))
	w.must(err)
	if !found || former.Run != doc.Run || former.Elsewhere || string(former.Link.Person) != w.users["ada"] || len(former.Roles) != 1 || former.Terminated.IsZero() {
		t.Errorf("the record is %+v", former)
	}
	if pending, err := w.db.Pending(); err != nil || len(pending) > 0 {
		t.Errorf("%d writes are open (%v)", len(pending), err)
	}
	if n, err := w.db.Managed(); err != nil || n != 10 {
		t.Errorf("%d are managed (%v), want 10", n, err)
	}
	w.wantDone(w.runWith(refreshed), "")
	again, err := w.retire(everybody(ids))
	w.must(err)
	w.wantWarning(again, plan.WarningAlreadyEnded)
	if len(again.Problems) > 0 {
		t.Errorf("who is ended already is a problem\n%s", details(again))
	}
	w.wantNoWrites()
}

// A user of their names left, and Okta ties the employee to another one who is assigned.
func TestWhomOktaTiesToSomebodyElseIsNotRetired(t *testing.T) {
	w, ids := haunted(t)
	w.users["ada again"] = w.org.AddUser(oktatest.User{Login: "ada.new@acme.example", FirstName: "Ada", LastName: "Married"})
	w.org.AssignUser(w.app, w.users["ada again"], oktatest.Assignment{ExternalID: strconv.FormatInt(ids[0], 10)})
	doc, err := w.retire(everybody(ids[:1]))
	w.must(err)
	w.wantLeftAlone(doc, string(plan.Doubtful), ids[0])
}

// Two calls a leaver to Okta, one each for the employee and the roles to TrackTik.
func TestARetirementAsksNoMoreThanItNeeds(t *testing.T) {
	w, ids := haunted(t)
	_, err := w.retire(everybody(ids))
	w.must(err)
	if n := len(w.org.Requests()); n != 1+2*3+1 {
		t.Errorf("%d requests to Okta, want the app, two a person, and a page of who is assigned", n)
	}
	// Three employees, their roles and our own; all roles, reasons and regions; our own
	// employee; the terminations, and the first one read back.
	want := 3 + 3 + 1 + 1 + 1 + 1 + 1 + 3 + 1
	if n := len(w.portal.Requests()); n > want+1 { // and a token
		t.Errorf("%d requests to TrackTik, want %d at most\n%v", n, want+1, w.portal.Requests())
	}
}

func TestARetirementOfManyReadsTheListsOnce(t *testing.T) {
	w := newWorld(t)
	w.crowd(1)
	w.limits.Kinds[plan.Terminate] = plan.NoLimit
	w.run()
	var names []string
	for i := range 120 {
		names = append(names, fmt.Sprintf("f%03d", i))
	}
	ids := w.forgotten(names...)
	w.org.ResetRequests()
	w.portal.ResetRequests()
	doc, err := w.build().PlanRetire(context.Background(), everybody(ids))
	w.must(err)
	if got := counts(doc); got != "terminate 120" {
		t.Errorf("it plans %q\n%s", got, details(doc))
	}
	if n := len(w.portal.Requests()); n > 8 {
		t.Errorf("%d requests to TrackTik for 120 people", n)
	}
	if n := len(w.org.Requests()); n > 1+2*120+1 {
		t.Errorf("%d requests to Okta for 120 people, want two a person", n)
	}
	w.wantNoWrites()
}

func TestOnlyWhoLeftOktaIsRetired(t *testing.T) {
	for name, c := range map[string]struct {
		code    string
		prepare func(w *world, id int64)
	}{
		"active again": {string(plan.NotAssigned), func(w *world, _ int64) { w.org.SetUserStatus(w.users["ada"], "ACTIVE") }},
		"suspended":    {string(plan.NotAssigned), func(w *world, _ int64) { w.org.SetUserStatus(w.users["ada"], "SUSPENDED") }},
		"deleted":      {string(plan.Nobody), func(w *world, _ int64) { w.org.DeleteUser(w.users["ada"]) }},
		"another person": {string(plan.Doubtful), func(w *world, _ int64) {
			w.org.UpdateUser(w.users["ada"], map[string]any{"firstName": "Eve", "lastName": "Else"})
		}},
		"two users": {string(plan.Doubtful), func(w *world, _ int64) {
			w.org.AddUser(oktatest.User{Login: "ada.new@acme.example", Email: mail("ada"), FirstName: "Ada", LastName: "Guard"})
		}},
		"okta fails": {string(plan.Doubtful), func(w *world, _ int64) {
			w.inOkta(oktatest.On("/api/v1/users", oktatest.CutMidBody))
		}},
		"the id is active": {string(plan.NotAssigned), func(w *world, _ int64) { // the search is behind
			w.inOkta(oktatest.On("/api/v1/users", func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
				next.ServeHTTP(rw, r)
				w.org.SetUserStatus(w.users["ada"], "ACTIVE")
			}))
		}},
		"inactive": {plan.RetireNotActive, func(w *world, id int64) { w.must(w.portal.DeactivateEmployee(id)) }},
		"banned":   {plan.RetireNotActive, func(w *world, id int64) { w.must(w.portal.BanEmployee(id)) }},
		"protected": {plan.RetireProtected, func(w *world, _ int64) {
			w.policy.Protected = []string{"ada@*"}
		}},
		"own by id": {plan.RetireProtected, func(w *world, id int64) {
			w.change = func(e *tsync.Engine) { e.OwnEmployee = strconv.FormatInt(id, 10) }
		}},
		"protected role": {plan.RetireRole, func(w *world, id int64) {
			w.portal.AddRole(tracktiktest.Role{Name: "Site Administrator"})
			_, err := w.portal.Grant(id, w.roleID("Site Administrator"))
			w.must(err)
		}},
		"role of the portal ADMIN": {plan.RetireRole, func(w *world, id int64) {
			w.portal.AddRole(tracktiktest.Role{Name: "Dispatch", Portal: "ADMIN"})
			_, err := w.portal.Grant(id, w.roleID("Dispatch"))
			w.must(err)
		}},
		"roles cannot be read": {plan.RetireUnconfirmed, func(w *world, _ int64) {
			w.portal.Configure(func(s *tracktiktest.Server) {
				s.Rules.Forbid = []tracktiktest.Match{{Method: "GET", Path: "/user-roles"}}
			})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w, ids := haunted(t)
			c.prepare(w, ids[0])
			doc, err := w.retire(asked(ids[0]))
			if c.code != plan.RetireUnconfirmed { // that the roles cannot be read is the run's error, too
				w.must(err)
			}
			w.wantLeftAlone(doc, c.code, ids[0])
			if got := tsync.ExitCode(doc, nil, "new"); got != tsync.ExitProblems {
				t.Errorf("exit %d, want %d", got, tsync.ExitProblems)
			}
		})
	}
}

func TestAManagedEmployeeIsNotRetiredAndTheOthersAre(t *testing.T) {
	w, ids := haunted(t)
	w.org.DeactivateUser(w.users["g001"]) // a run will end them, with its own evidence
	managed := w.employee("g001").ID
	for _, name := range []any{managed, w.users["g001"], mail("g001")} {
		doc, err := w.retire(asked(name))
		var wrong *tsync.ManagedError
		if !errors.As(err, &wrong) || tsync.ExitCode(doc, err, "4") != tsync.ExitUsage {
			t.Errorf("%v: %v", name, err)
		}
		w.wantLeftAlone(doc, plan.RetireManaged, managed)
	}
	doc, err := w.retire(asked(managed, ids[0]))
	if tsync.ExitCode(doc, err, "4") != tsync.ExitUsage {
		t.Errorf("with a managed one it ends with %v", err)
	}
	w.wantStatus(tracktiktest.Terminated, "ada")
	w.wantStatus(tracktiktest.Active, "g001")

	listed := asked(managed, ids[1])
	for i := range listed.Named {
		listed.Named[i].Listed = true
	}
	doc, err = w.retire(listed) // nobody has named the managed one
	w.must(err)
	w.wantWarning(doc, plan.WarningManaged)
	w.wantStatus(tracktiktest.Terminated, "ben")
	w.wantStatus(tracktiktest.Active, "g001")
}

func TestPeopleAreNamedInManyWaysAndBadNamesStopNobody(t *testing.T) {
	w, ids := haunted(t)
	dead := w.typed("xdead", mail("xdead"), "X", "Dead")
	w.must(w.portal.TerminateEmployee(dead))
	opt := asked(w.users["ada"], strings.ToUpper(mail("ben")), ids[2], ids[2], mail("cyd"), "-5", "0", "99999999999999999999", "nobody@acme.example", 987654, "0", "a/b", mail("xdead"), "me")
	opt.Named = append(opt.Named, tsync.Named{Line: 7, Err: errors.New("three cells")})
	doc, err := w.retire(opt)
	w.must(err)
	w.wantDone(doc, "terminate 3")
	w.wantStatus(tracktiktest.Terminated, "ada", "ben", "cyd")
	var got []string
	for _, p := range doc.Problems {
		got = append(got, fmt.Sprintf("%s %s %d", p.Code, p.User.Login, p.Employee))
	}
	slices.Sort(got)
	want := []string{"bad_name  0", "bad_name -5 0", "bad_name 0 0", "bad_name 0 0", "bad_name 99999999999999999999 0",
		"not_found  987654", "not_found a/b 0", "not_found me 0", "not_found nobody@acme.example 0"}
	if !slices.Equal(got, want) {
		t.Errorf("the problems are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	twice := 0
	for _, x := range doc.Warnings {
		if x.Code == plan.WarningNamedTwice {
			twice++
		}
	}
	if twice != 2 {
		t.Errorf("%d are named more than once, want 2\n%s", twice, details(doc))
	}
	w.wantWarning(doc, plan.WarningAlreadyEnded)
}

func TestNobodyIsRetiredWhereNothingIsToBeTerminated(t *testing.T) {
	for name, prepare := range map[string]func(*world){
		"observing":  func(w *world) { w.change = func(e *tsync.Engine) { e.Observe = true } },
		"switch off": func(w *world) { w.policy.DeactivateUsers = false },
		"restored snapshot": func(w *world) {
			meta, err := w.db.Meta()
			w.must(err)
			meta.RefreshDue = true
			w.must(w.db.Commit(plan.Batch{Meta: &meta}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, ids := haunted(t)
			prepare(w)
			_, err := w.retire(everybody(ids))
			w.wantRefused(err, tsync.RefusedRetire)
			_, err = w.build().PlanRetire(context.Background(), everybody(ids))
			w.wantRefused(err, tsync.RefusedRetire)
			if n := len(w.org.Requests()) + len(w.portal.Requests()); n > 0 {
				t.Errorf("%d requests", n)
			}
		})
	}
}

func TestAGuardHoldsARetirementUntilItIsApproved(t *testing.T) {
	w, ids := haunted(t)
	w.limits.Kinds[plan.Terminate] = plan.Limit{MaxCount: 2, MaxPercent: -1, MaxPerDay: 4}
	doc, err := w.retire(everybody(ids))
	w.wantRefused(err, tsync.RefusedGuard)
	w.wantNoWrites()
	hash := doc.Guard.Refusals[0].Approve
	said := doc.Guard.Refusals[0].Message
	if hash == "" || !strings.Contains(said, "tracktik-sync retire … --approve "+hash) || !strings.Contains(said, "the names are in `tracktik-sync retire … --dry-run`") {
		t.Errorf("%+v", doc.Guard.Refusals)
	}
	opt := everybody(ids)
	opt.Approve = []string{hash}
	doc, err = w.retire(opt)
	w.must(err)
	w.wantDone(doc, "terminate 3")
	more := w.forgotten("dan", "eve")
	if doc, err = w.retire(everybody(more)); err != nil { // what was approved does not count against the day
		t.Errorf("%v\n%s", err, details(doc))
	}
	more = w.forgotten("fay", "gil", "hal")[:2]
	w.limits.Kinds[plan.Terminate] = plan.Limit{MaxCount: -1, MaxPercent: -1, MaxPerDay: 3}
	_, err = w.retire(everybody(more))
	w.wantRefused(err, tsync.RefusedGuard)
}

func TestTheRetiredComeBackWithTheirRoles(t *testing.T) {
	for _, ends := range []bool{false, true} {
		for _, anew := range []bool{false, true} {
			t.Run(fmt.Sprintf("roles end %v, new %v", ends, anew), func(t *testing.T) {
				w, ids := haunted(t)
				w.portal.Configure(func(s *tracktiktest.Server) { s.Rules.RolesEndWithEmployment = ends })
				w.portal.AddRole(tracktiktest.Role{Name: "Patrol"})
				_, err := w.portal.Grant(ids[0], w.roleID("Patrol"))
				w.must(err)
				doc, err := w.retire(asked(ids[0]))
				w.must(err)
				opt := tsync.RestoreOptions{Run: doc.Run, New: anew, Terminated: []tsync.Terminated{{User: doc.Actions[0].User, Employee: plan.EmployeeID(ids[0])}}}
				back, err := w.restore(opt)
				w.must(err)
				if back.Result.Failed+back.Result.Unknown > 0 || len(back.Problems) > 0 {
					t.Errorf("%s", details(back))
				}
				active := slices.DeleteFunc(w.employees("ada"), func(e tracktiktest.Employee) bool { return e.Status != tracktiktest.Active })
				if len(active) != 1 || active[0].Username != mail("ada") || (active[0].ID == ids[0]) == anew {
					t.Errorf("ada is %+v", active)
				}
				w.wantRoles("ada", "Patrol")
				w.run()
				w.runWith(refreshed) // the restored are left alone
				w.wantRoles("ada", "Patrol")
			})
		}
	}
}

// The title that somebody typed by hand was never ours: it outlives a restore.
func TestWhatWasNeverPushedOutlivesARestoreOfTheRetired(t *testing.T) {
	w, ids := haunted(t)
	w.must(w.portal.UpdateEmployee(ids[0], func(e *tracktiktest.Employee) { e.JobTitle = "Captain" }))
	doc, err := w.retire(asked(ids[0]))
	w.must(err)
	_, err = w.restore(tsync.RestoreOptions{Run: doc.Run, Terminated: []tsync.Terminated{{User: doc.Actions[0].User, Employee: plan.EmployeeID(ids[0])}}})
	w.must(err)
	w.org.SetUserStatus(w.users["ada"], "ACTIVE")
	w.org.AssignUser(w.app, w.users["ada"], oktatest.Assignment{})
	w.runWith(refreshed)
	if e := w.employee("ada"); e.JobTitle != "Captain" || e.Status != tracktiktest.Active {
		t.Errorf("ada is %+v", e)
	}
}

func TestARehireOfTheRetiredIsNoDouble(t *testing.T) {
	w, ids := haunted(t)
	w.policy.Reactivate = true
	_, err := w.retire(asked(ids[0]))
	w.must(err)
	w.org.SetUserStatus(w.users["ada"], "ACTIVE")
	w.org.AssignUser(w.app, w.users["ada"], oktatest.Assignment{})
	w.wantDone(w.run(), "reactivate 1")
	if e := w.employee("ada"); e.ID != ids[0] || e.Status != tracktiktest.Active {
		t.Errorf("ada is %+v", e)
	}
}

func TestARetirementIsInHistoryAsATermination(t *testing.T) {
	w, ids := haunted(t)
	doc, err := w.retire(asked(ids[0]))
	w.must(err)
	entries := slices.DeleteFunc(w.audits(), func(a plan.Audit) bool { return a.Run != doc.Run })
	if len(entries) != 1 || entries[0].Kind != "terminate" || entries[0].Outcome != plan.Done || string(entries[0].Person) != w.users["ada"] ||
		int64(entries[0].Employee) != ids[0] || entries[0].Login != mail("ada") || !strings.Contains(entries[0].Reason, "DEPROVISIONED") {
		t.Errorf("%+v", entries)
	}
	body := ""
	for _, r := range w.portal.Requests() {
		if strings.HasSuffix(r.Path, "/actions/terminate") {
			body = r.Body
		}
	}
	if !strings.Contains(body, doc.Run) || strings.Contains(body, "Ada") {
		t.Errorf("TrackTik is told %s", body)
	}
}
