package sync_test

import (
	"strings"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/mapping"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// claimants are people whom Okta's search does not find by the employee's names, and whom the
// app gives one of them: an old account of ada's left, and this is who she is now.
var claimants = map[string]func(w *world, id int64){
	"the app's user name": func(w *world, _ int64) {
		w.claimant(oktatest.Assignment{UserName: strings.ToUpper(mail("ada"))})
	},
	"the app's e-mail": func(w *world, _ int64) {
		w.claimant(oktatest.Assignment{Profile: map[string]any{"email": mail("ada")}})
	},
	"the custom id": func(w *world, id int64) {
		w.mapping.Attributes = map[string]mapping.Attribute{plan.CustomID.String(): {Sources: []string{"user.badge"}}}
		w.org.DefineUserAttribute("badge", "string")
		w.must(w.portal.UpdateEmployee(id, func(e *tracktiktest.Employee) { e.CustomID = "B-7" }))
		w.claimant(oktatest.Assignment{})
		w.org.UpdateUser(w.users["ada now"], map[string]any{"badge": "B-7"})
	},
	"a group's user name": func(w *world, _ int64) {
		w.mapping.Attributes = map[string]mapping.Attribute{plan.Username.String(): {CEL: `"Site A" in groups ? "ada@acme.example" : user.login`}}
		w.claimant(oktatest.Assignment{})
		w.group("Site A", "ada now")
	},
	"a name, suspended": func(w *world, _ int64) {
		w.claimant(oktatest.Assignment{UserName: mail("ada")})
		w.org.SetUserStatus(w.users["ada now"], "SUSPENDED")
	},
	"a name, staged": func(w *world, _ int64) {
		w.claimant(oktatest.Assignment{UserName: mail("ada")})
		w.org.SetUserStatus(w.users["ada now"], "STAGED")
	},
	"a name, out of scope": func(w *world, _ int64) {
		w.mapping.Scope = `user.lastName != "Married"`
		w.claimant(oktatest.Assignment{UserName: mail("ada")})
	},
	"a name, and no last name": func(w *world, _ int64) {
		w.claimant(oktatest.Assignment{UserName: mail("ada")})
		w.org.UpdateUser(w.users["ada now"], map[string]any{"lastName": ""})
	},
}

func (w *world) claimant(a oktatest.Assignment) {
	w.users["ada now"] = w.org.AddUser(oktatest.User{Login: "ada.new@acme.example", FirstName: "Ada", LastName: "Married"})
	w.org.AssignUser(w.app, w.users["ada now"], a)
}

func TestWhomTheAppNamesForSomebodyAssignedIsNotRetired(t *testing.T) {
	for name, prepare := range claimants {
		t.Run(name, func(t *testing.T) {
			w, ids := haunted(t)
			prepare(w, ids[0])
			doc, err := w.retire(asked(ids[0]))
			w.must(err)
			w.wantLeftAlone(doc, string(plan.Doubtful), ids[0])
			if len(doc.Problems) == 1 && !strings.Contains(doc.Problems[0].Message, w.users["ada now"]) {
				t.Errorf("it does not say whose they are: %s", doc.Problems[0].Message)
			}
			rest, err := w.retire(everybody(ids[1:]))
			w.must(err)
			w.wantDone(rest, "terminate 2")
		})
	}
}

// Whoever is gone as well claims nobody.
func TestWhomTheAppNamedForSomebodyWhoLeftTooIsRetired(t *testing.T) {
	for name, leave := range map[string]func(w *world){
		"unassigned":  func(w *world) { w.org.UnassignUser(w.app, w.users["ada now"]) },
		"revoked":     func(w *world) { w.org.SetAssignmentStatus(w.app, w.users["ada now"], "REVOKED") },
		"deactivated": func(w *world) { w.org.SetUserStatus(w.users["ada now"], "DEPROVISIONED") },
		"renamed":     func(w *world) { w.org.UpdateAssignment(w.app, w.users["ada now"], "ada.new", nil) },
	} {
		t.Run(name, func(t *testing.T) {
			w, ids := haunted(t)
			w.claimant(oktatest.Assignment{UserName: mail("ada")})
			leave(w)
			doc, err := w.retire(asked(ids[0]))
			w.must(err)
			w.wantDone(doc, "terminate 1")
		})
	}
}

// Who was assigned since the last run is left alone, and is not called "not assigned".
func TestNobodyAssignedIsCalledNotAssigned(t *testing.T) {
	w, ids := haunted(t)
	w.org.SetUserStatus(w.users["ada"], "ACTIVE")
	w.org.AssignUser(w.app, w.users["ada"], oktatest.Assignment{UserName: "ada"})
	doc, err := w.retire(asked(ids[0]))
	w.must(err)
	w.wantLeftAlone(doc, string(plan.Doubtful), ids[0])
	if said := doc.Problems[0].Message; strings.Contains(said, "not assigned") || !strings.Contains(said, "assigned to the app") {
		t.Errorf("it says %q", said)
	}
	w.policy.Match = []plan.Field{plan.CustomID}
	c := w.compare()
	for _, row := range c.OnlyTrackTik {
		if int64(row.Employee.ID) == ids[0] && (row.Class != plan.Doubtful || strings.Contains(row.Note, "not assigned")) {
			t.Errorf("compare says %s: %s", row.Class, row.Note)
		}
	}
	w.org.SetAssignmentStatus(w.app, w.users["ada"], "REVOKED") // no assignment
	doc, err = w.retire(asked(ids[0]))
	w.must(err)
	w.wantLeftAlone(doc, string(plan.NotAssigned), ids[0])
}

// Somebody's employee is not among those without anyone in Okta: neither in a comparison nor
// in what a refresh counts, whether that person is to have one or not.
func TestNobodysEmployeesAreNobodys(t *testing.T) {
	for name, prepare := range claimants {
		t.Run(name, func(t *testing.T) {
			w, ids := haunted(t)
			prepare(w, ids[0])
			w.policy.Match = append(w.policy.Match, plan.CustomID)
			c := w.compare()
			if len(c.OnlyTrackTik) != 2 || c.Summary.Unmanaged[plan.LeftOkta] != 2 {
				t.Errorf("nobody stands behind %+v", c.OnlyTrackTik)
			}
			doc, err := w.sync(tsync.RunOptions{Refresh: refreshed.Refresh, NoRemovals: true})
			w.must(err)
			if n := w.classes(); n[plan.LeftOkta] != 2 || n[plan.Doubtful]+n[plan.NotAssigned]+n[plan.Nobody] > 0 {
				t.Errorf("a refresh counts %v\n%s", n, details(doc))
			}
		})
	}
}

// By names that sync.match does not go by nobody is matched; but nobody has left, either.
func TestANameThatNobodyIsMatchedByIsADoubt(t *testing.T) {
	w, ids := haunted(t)
	w.policy.Match = []plan.Field{plan.CustomID}
	w.claimant(oktatest.Assignment{UserName: mail("ada")})
	for _, row := range w.compare().OnlyTrackTik {
		want := plan.LeftOkta
		if int64(row.Employee.ID) == ids[0] {
			want = plan.Doubtful
		}
		if row.Class != want {
			t.Errorf("employee %d is %s, want %s: %s", row.Employee.ID, row.Class, want, row.Note)
		}
	}
}

// An employee is for whoever is to have one, before all those who need not.
func TestWhoIsOutOfScopeTakesNobodysEmployee(t *testing.T) {
	w := newWorld(t)
	w.mapping.Scope = `user.lastName != "Married"`
	w.claimant(oktatest.Assignment{UserName: mail("ada")}) // listed first
	w.hire("ada")
	w.typed(mail("ada"), mail("ada"), "Ada", "Guard")
	c := w.compare()
	if len(c.Equal)+len(c.Different) != 1 || len(c.OnlyOkta)+len(c.OnlyTrackTik) > 0 {
		t.Errorf("%+v", c.Summary)
	}
	w.wantDone(w.run(), "adopt 1")
}

// Whoever confirms a plan may take minutes for it: somebody was given the name meanwhile.
func TestANameGivenWhileARetirementIsConfirmedIsSeen(t *testing.T) {
	w, ids := haunted(t)
	opt := everybody(ids)
	opt.Confirm = func(*plan.Document) bool {
		w.pass(2 * time.Minute)
		w.claimant(oktatest.Assignment{UserName: mail("ada")})
		return true
	}
	w.org.ResetRequests()
	doc, err := w.retire(opt)
	w.must(err)
	w.wantHeld(doc, plan.HeldUnconfirmed, "ada")
	w.wantStatus(tracktiktest.Active, "ada")
	w.wantStatus(tracktiktest.Terminated, "ben", "cyd")
	if n := w.org.Count("GET /api/v1/apps/*/users"); n != 2 {
		t.Errorf("the listing was read %d times, want 2", n)
	}
}
