package sync_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// Every state of a user and of an assignment, and what becomes of a managed
// employee and of a new person.
func TestEveryOktaStatusHasItsVerdict(t *testing.T) {
	provision := []string{"ACTIVE", "PASSWORD_EXPIRED", "LOCKED_OUT", "RECOVERY", "PROVISIONED"}
	cases := map[string][2]string{ // managed, new
		"user STAGED": {"ACTIVE", "-"}, "user SUSPENDED": {"ACTIVE held suspended", "-"}, "user DEPROVISIONED": {"TERMINATED", "-"},
		"user SOMETHING_NEW": {"ACTIVE held unreadable", "-"}, "transition DEPROVISIONED": {"TERMINATED", "-"},
	}
	for _, s := range provision {
		cases["user "+s] = [2]string{"ACTIVE", "ACTIVE"}
	}
	for _, s := range []string{"ACTIVE", "APPROVED", "PROVISIONED", "STAGED", "IMPLICIT", "PENDING"} {
		cases["assignment "+s] = [2]string{"ACTIVE", "ACTIVE"}
	}
	for _, s := range []string{"DEPROVISIONED", "INACTIVE", "REVOKED", "SUSPENDED"} {
		cases["assignment "+s] = [2]string{"TERMINATED", "-"}
	}
	for _, s := range []string{"IMPORTED", "MATCHED", "UNASSIGNED", "SOMETHING_NEW"} {
		cases["assignment "+s] = [2]string{"ACTIVE", "-"}
	}
	for name, want := range cases {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			w := newWorld(t)
			w.hire("managed", "bystander")
			w.run()
			w.hire("fresh")
			what, status, _ := strings.Cut(name, " ")
			for _, p := range []string{"managed", "fresh"} {
				switch what {
				case "user":
					w.org.SetUserStatus(w.users[p], status)
				case "transition":
					w.org.SetTransitioning(w.users[p], status)
				default:
					w.org.SetAssignmentStatus(w.app, w.users[p], status)
				}
			}
			doc := w.run()
			state, code, held := strings.Cut(want[0], " held ")
			w.wantStatus(state, "managed")
			w.wantStatus(tracktiktest.Active, "bystander")
			if held {
				w.wantHeld(doc, code, "managed")
			}
			switch n := len(w.employees("fresh")); {
			case want[1] == "-" && n != 0:
				t.Errorf("a new person became %d employees", n)
			case want[1] != "-":
				w.wantStatus(want[1], "fresh")
			}
		})
	}
}

func TestSuspendedIsTerminatedWhereConfigured(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob")
	w.run()
	w.policy.TerminateSuspended = true
	w.org.SetUserStatus(w.users["ada"], oktatest.StatusSuspended)
	w.wantDone(w.run(), "terminate 1")
	w.wantStatus(tracktiktest.Terminated, "ada")
}

func TestDeparturesAreTerminatedOnEvidence(t *testing.T) {
	for name, depart := range map[string]func(w *world, id string){
		"deactivated":              func(w *world, id string) { w.org.DeactivateUser(id) },
		"unassigned":               func(w *world, id string) { w.org.UnassignUser(w.app, id) },
		"deleted":                  func(w *world, id string) { w.org.DeleteUser(id) },
		"deactivated then deleted": func(w *world, id string) { w.org.DeactivateUser(id); w.org.DeleteUser(id) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.hire("ada", "bob")
			w.group("Site North", "ada", "bob")
			w.run()
			depart(w, w.users["ada"])
			doc := w.run()
			w.wantDone(doc, "terminate 1")
			w.wantStatus(tracktiktest.Terminated, "ada")
			w.wantStatus(tracktiktest.Active, "bob")
			if e := w.employee("ada"); e.Username != "" || e.TerminationReason == 0 || e.Notified || !strings.Contains(e.TerminationComment, doc.Run) {
				t.Errorf("terminated as %+v", e)
			}
			if held := w.portal.RolesOf(w.employee("ada").ID); len(held) != 1 {
				t.Errorf("the terminated hold the roles %v, want the one they had", held)
			}
			w.wantDone(w.run(), "")
			w.wantNoWrites()
		})
	}
}

func TestAnEntryThatSaysDeprovisionedNeedsNoLookUp(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob")
	w.run()
	w.org.SetAssignmentStatus(w.app, w.users["ada"], "REVOKED")
	w.wantDone(w.run(), "terminate 1")
	if n := w.org.Count("/api/v1/users/*") + w.org.Count("/api/v1/apps/*/users/*"); n != 0 {
		t.Errorf("%d look-ups", n)
	}
}

func TestUnassignedGraceHoldsFirst(t *testing.T) {
	w := newWorld(t)
	w.policy.UnassignedGrace = 2 * time.Hour
	w.hire("ada", "bob")
	w.run()
	w.org.UnassignUser(w.app, w.users["ada"])
	w.wantHeld(w.run(), plan.HeldUnassignedGrace, "ada")
	w.wantStatus(tracktiktest.Active, "ada")
	w.pass(time.Hour)
	w.wantHeld(w.run(), plan.HeldUnassignedGrace, "ada")
	w.pass(time.Hour)
	w.wantDone(w.run(), "terminate 1")
}

func TestManyWhomOktaDoesNotKnowAreHeldUntilTheGraceIsOver(t *testing.T) {
	w := newWorld(t)
	names := w.crowd(30)
	w.run()
	for _, name := range names[:4] {
		w.org.DeleteUser(w.users[name])
	}
	doc, err := w.sync(refreshedNot)
	w.wantRefused(err, "guard")
	w.wantNoWrites()
	for _, name := range names[:4] {
		w.wantHeld(doc, plan.HeldNotVisible, name)
	}
	for _, h := range doc.Held {
		if h.Kind != plan.Terminate {
			t.Errorf("%s of %s is held, want the termination", h.Kind, h.User.ID)
		}
	}
	w.pass(23 * time.Hour)
	_, err = w.sync(refreshedNot)
	w.wantRefused(err, "guard")
	w.wantNoWrites()
	w.pass(time.Hour)
	w.limits.Kinds[plan.Terminate] = plan.NoLimit
	w.wantDone(w.runWith(refreshedNot), "terminate 4")
	w.wantStatus(tracktiktest.Terminated, names[:4]...)
	w.wantStatus(tracktiktest.Active, names[4:]...)
}

func TestWhoIsVisibleAgainIsForgottenAsMissing(t *testing.T) {
	w := newWorld(t)
	names := w.crowd(30)
	w.run()
	hidden := w.idsOf(names[:4]...)
	w.inOkta(w.blind(hidden))
	_, err := w.sync(refreshedNot)
	w.wantRefused(err, "guard")
	w.inOkta(nil)
	w.wantDone(w.run(), "")
	w.pass(48 * time.Hour)
	w.inOkta(w.blind(hidden))
	_, err = w.sync(refreshedNot)
	w.wantRefused(err, "guard")
	w.wantNoWrites()
}

// idsOf are the Okta ids of people, as blind takes them.
func (w *world) idsOf(names ...string) map[string]bool {
	ids := map[string]bool{}
	for _, name := range names {
		ids[w.users[name]] = true
	}
	return ids
}

// blind hides people: listings leave them out, and look-ups are 404.
func (w *world) blind(hidden map[string]bool) oktatest.Interceptor {
	return func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		for id := range hidden {
			if strings.Contains(r.URL.Path, id) {
				oktatest.ResourceNotFound(rw, r, next)
				return
			}
		}
		if strings.HasSuffix(r.URL.Path, "/users") {
			filtered(rw, r, next, func(id string) bool { return !hidden[id] })
			return
		}
		next.ServeHTTP(rw, r)
	}
}

func TestAFewWhomOktaDoesNotKnowAreGone(t *testing.T) {
	w := newWorld(t)
	names := w.crowd(40)
	w.run()
	for _, name := range names[:3] {
		w.org.DeleteUser(w.users[name])
	}
	w.wantDone(w.run(), "terminate 3")
}

func TestOnlyOktasOwn404Counts(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob")
	w.run()
	w.org.DeleteUser(w.users["ada"])
	w.inOkta(oktatest.On("/api/v1/users/*", oktatest.HTMLNotFound))
	doc := w.run()
	w.wantHeld(doc, plan.HeldUnconfirmed, "ada")
	w.wantNoWrites()
	w.inOkta(nil)
	w.wantDone(w.run(), "terminate 1")
}

func TestEmptyListingTerminatesNobody(t *testing.T) {
	for _, n := range []int{3, 80} { // all looked up; a sample
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			w := newWorld(t)
			w.crowd(n)
			w.run()
			w.inOkta(oktatest.On("/api/v1/apps/*/users", oktatest.EmptyList))
			doc, err := w.sync(refreshedNot)
			if err == nil || !strings.Contains(err.Error(), "who is assigned") {
				t.Errorf("ended with %v, want the contradiction", err)
			}
			if len(doc.Actions) > 0 {
				t.Errorf("planned %s", counts(doc))
			}
			w.wantNoWrites()
			if looked := w.org.Count("/api/v1/users/*"); looked > 20+4 {
				t.Errorf("%d people were looked up", looked)
			}
			w.inOkta(nil)
			w.wantDone(w.run(), "")
		})
	}
}

func TestShortenedListingIsLookedInto(t *testing.T) {
	w := newWorld(t)
	names := w.crowd(30)
	w.run()
	w.inOkta(oktatest.On("/api/v1/apps/*/users", func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		filtered(rw, r, next, func(id string) bool { return id != w.users[names[11]] })
	}))
	w.org.UnassignUser(w.app, w.users[names[3]])
	if _, err := w.sync(refreshedNot); err == nil || !strings.Contains(err.Error(), w.users[names[11]]) {
		t.Errorf("ended with %v, want the person named whom the listing lacks", err)
	}
	w.wantNoWrites()
	w.inOkta(nil)
	w.wantDone(w.run(), "terminate 1")
}

func TestListingThatShowsAPersonTwiceDifferentlyIsLookedUp(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob")
	w.run()
	w.inOkta(oktatest.On("/api/v1/apps/*/users", func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		twice(rw, r, next, w.users["ada"], `"status":"ACTIVE"`, `"status":"REVOKED"`)
	}))
	w.run()
	w.wantNoWrites()
	if n := w.org.Count("/api/v1/apps/*/users/*"); n != 1 {
		t.Errorf("%d look-ups, want one", n)
	}
}

func TestNobodyUnmanagedIsTouched(t *testing.T) {
	w := newWorld(t)
	w.hire("ada")
	stranger := w.portal.AddEmployee(tracktiktest.Employee{FirstName: "Sue", LastName: "Stranger", Email: "sue@elsewhere.example", Username: "sue"})
	w.run()
	w.runWith(refreshed)
	if e, _ := w.portal.Employee(stranger); e.Status != tracktiktest.Active || e.Username != "sue" {
		t.Errorf("a stranger became %+v", e)
	}
}

func TestProtectedPeopleStay(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob")
	w.group("Site North", "ada", "bob")
	w.run()
	w.policy.Protected = []string{"ADA@*"}
	w.org.DeactivateUser(w.users["ada"])
	w.wantHeld(w.run(), plan.HeldProtected, "ada")
	w.wantNoWrites()
	w.wantStatus(tracktiktest.Active, "ada")
}

func TestAReasonThatNobodyChoseIsAWarning(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob", "cid")
	w.run()
	w.org.DeactivateUser(w.users["ada"])
	doc := w.run()
	w.wantDone(doc, "terminate 1")
	w.wantWarning(doc, "default_termination_reason")
	w.change = func(e *tsync.Engine) { e.Reason = "1" }
	w.org.DeactivateUser(w.users["bob"])
	doc = w.run()
	w.wantDone(doc, "terminate 1")
	if slices.ContainsFunc(doc.Warnings, func(x plan.Warning) bool { return x.Code == "default_termination_reason" }) {
		t.Errorf("warned though a reason was chosen: %s", details(doc))
	}
}

// How many are not visible, nobody can tell who looks at one of them.
func TestAWholeRunsVerdictHoldsForSinglePeople(t *testing.T) {
	w := newWorld(t)
	w.limits.Kinds[plan.Terminate] = plan.NoLimit
	names := w.crowd(30)
	w.run()
	for _, name := range names[:8] {
		w.org.DeleteUser(w.users[name])
	}
	single := func(name string) tsync.RunOptions {
		return tsync.RunOptions{Users: []string{w.users[name]}, Retry: []plan.PersonID{plan.PersonID(w.users[name])}}
	}
	heldAlone := func() *plan.Document {
		t.Helper()
		doc, err := w.sync(single(names[0]))
		w.wantRefused(err, "guard")
		w.wantHeld(doc, plan.HeldNotVisible, names[0])
		w.wantNoWrites()
		return doc
	}
	w.mistaken(26*time.Hour, refreshedNot) // notes no time, and sees them all the same
	heldAlone()
	_, err := w.sync(refreshedNot)
	w.wantRefused(err, "guard")
	doc := heldAlone()
	x, err := w.build().Explain(t.Context(), w.users[names[1]], plan.UserRef{})
	w.must(err)
	if len(x.Actions) > 0 || len(x.Held) != 1 || x.Held[0].Code() != plan.HeldNotVisible {
		t.Errorf("explained as %+v %+v", x.Actions, x.Held)
	}
	w.pass(12 * time.Hour)
	heldAlone()
	doc, err = w.sync(tsync.RunOptions{Users: []string{w.users[names[0]]}, Approve: []string{doc.Guard.Refusals[0].Approve}})
	w.must(err)
	w.wantDone(doc, "terminate 1")
	w.pass(12 * time.Hour)
	w.wantDone(w.runWith(single(names[1])), "terminate 1") // a day after the whole run that saw it first
	w.wantDone(w.run(), "terminate 6")
}

// Those whom a whole run saw to be deleted, and did not end, count with who follows: the
// first three may have been the first of many whose rights were lost.
func TestWhoIsDeletedAndStaysCountsForSinglePeople(t *testing.T) {
	w := newWorld(t)
	w.limits.Kinds[plan.Terminate] = plan.Limit{MaxCount: 0, MaxPercent: -1, MaxPerDay: -1}
	names := w.crowd(30)
	w.run()
	for _, name := range names[:3] {
		w.org.DeleteUser(w.users[name])
	}
	_, err := w.sync(refreshedNot)
	w.wantRefused(err, "guard")
	w.limits.Kinds[plan.Terminate] = plan.NoLimit
	w.org.DeleteUser(w.users[names[3]])
	single := func(name string) tsync.RunOptions { return tsync.RunOptions{Users: []string{w.users[name]}} }
	doc, err := w.sync(single(names[3]))
	w.wantRefused(err, "guard")
	w.wantHeld(doc, plan.HeldNotVisible, names[3])
	w.wantNoWrites()
	for _, name := range names[:3] { // who is one of three is no one of many
		w.wantDone(w.runWith(single(name)), "terminate 1")
	}
}

// Somebody whose look-up failed may be one of those whom Okta does not know: three others
// are not ended on the word that they are only three.
func TestAFailedLookUpMakesManyNotFew(t *testing.T) {
	w := newWorld(t)
	w.limits.Kinds[plan.Terminate] = plan.NoLimit
	names := w.crowd(30)
	w.run()
	for _, name := range names[:4] {
		w.org.DeleteUser(w.users[name])
	}
	failing := oktatest.On("/api/v1/users/"+w.users[names[0]], oktatest.ServerError)
	for _, before := range []bool{false, true} { // a run that saw all four comes between
		w.inOkta(failing)
		doc, err := w.sync(refreshedNot)
		w.wantRefused(err, "guard")
		for _, name := range names[1:4] {
			w.wantHeld(doc, plan.HeldNotVisible, name)
		}
		w.wantNoWrites()
		if before {
			continue
		}
		w.inOkta(nil)
		_, err = w.sync(refreshedNot)
		w.wantRefused(err, "guard")
	}
}

// Rights that are lost between two whole runs end a few at most, however many single
// people are looked at.
func TestSinglePeopleWhoAreNotVisibleAreCountedTogether(t *testing.T) {
	w := newWorld(t)
	w.limits.Kinds[plan.Terminate] = plan.NoLimit
	names := w.crowd(30)
	w.run()
	for _, name := range names[:8] {
		w.org.DeleteUser(w.users[name])
	}
	single := func(name string) tsync.RunOptions { return tsync.RunOptions{Users: []string{w.users[name]}} }
	for _, name := range names[:3] {
		w.wantDone(w.runWith(single(name)), "terminate 1")
	}
	for _, name := range names[3:5] {
		doc, err := w.sync(single(name))
		w.wantRefused(err, "guard")
		w.wantHeld(doc, plan.HeldNotVisible, name)
	}
	w.pass(48 * time.Hour) // which a look at single people does not begin
	_, err := w.sync(refreshedNot)
	w.wantRefused(err, "guard")
	w.wantStatus(tracktiktest.Active, names[3:]...)
	w.pass(24 * time.Hour)
	w.wantDone(w.run(), "terminate 5")
	w.org.DeleteUser(w.users[names[9]])
	w.wantDone(w.runWith(single(names[9])), "terminate 1")
}

// Whoever was seen meanwhile, in whatever state, is not visible since later.
func TestTheWaitForWhoIsNotVisibleBeginsAnewOnceTheyWereSeen(t *testing.T) {
	w := newWorld(t)
	names := w.crowd(12)
	w.run()
	for _, name := range names[:4] {
		w.org.SetUserStatus(w.users[name], oktatest.StatusSuspended)
	}
	hidden := oktatest.Narrowed(w.ids(names[:4])...)
	w.inOkta(hidden)
	_, err := w.sync(refreshedNot)
	w.wantRefused(err, "guard")
	w.inOkta(nil)
	w.wantHeld(w.run(), plan.HeldSuspended, names[0])
	w.pass(48 * time.Hour)
	w.inOkta(hidden)
	doc, err := w.sync(refreshedNot)
	w.wantRefused(err, "guard")
	w.wantHeld(doc, plan.HeldNotVisible, names[0])
	w.wantStatus(tracktiktest.Active, names...)
}

// Who comes back while a removal waits for its turn, since TrackTik wants to be left alone,
// keeps what they have: Okta is asked again before the call is sent.
func TestARemovalThatWaitedLongIsLookedUpAgain(t *testing.T) {
	for name, c := range map[string]struct {
		write       string
		leave, back func(w *world)
	}{
		"unassigned": {"terminate", func(w *world) { w.org.UnassignUser(w.app, w.users["ada"]) },
			func(w *world) { w.org.AssignUser(w.app, w.users["ada"], oktatest.Assignment{}) }},
		"out of the group": {"revoke", func(w *world) { w.leave("Site North", "ada") },
			func(w *world) { w.group("Site North", "ada") }},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.hire("ada", "bob")
			w.group("Site North", "ada", "bob")
			w.group("Site South", "ada", "bob")
			w.run()
			want := w.outcome()
			c.leave(w)
			first := writes[c.write]
			first.Times = 1
			w.inPortal(tracktiktest.When(first, func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
				c.back(w)
				tracktiktest.TooMany(64*time.Second)(rw, r, next)
			}))
			doc := w.runWith(refreshedNot)
			w.wantHeld(doc, plan.HeldUnconfirmed, "ada")
			if got := w.outcome(); got != want {
				t.Errorf("the portal holds\n%s\nwant\n%s\n%s", got, want, details(doc))
			}
			w.inPortal(nil)
			w.wantDone(w.run(), "")
			if pending, err := w.db.Pending(); err != nil || len(pending) > 0 {
				t.Errorf("pending %v %v", pending, err)
			}
		})
	}
}
