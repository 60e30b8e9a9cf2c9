package sync_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/explain"
	"tracktik-sync/sync/mapping"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

const mostExplainCalls = 8

// explain explains as a new process would, and holds it to its promises: five steps,
// few calls, no writes.
func (w *world) explain(name string) (*explain.Explanation, error) {
	w.Helper()
	w.org.ResetRequests()
	w.portal.ResetRequests()
	known := plan.UserRef{}
	if id, ours := w.users[name]; ours {
		known.ID, name = plan.PersonID(id), mail(name)
	}
	x, err := w.build().Explain(context.Background(), name, known)
	if x == nil {
		w.Fatalf("nothing was explained: %v", err)
	}
	if n := len(w.org.Requests()) + len(w.portal.Requests()); n > mostExplainCalls {
		w.Errorf("%d calls were made, want at most %d: %v", n, mostExplainCalls, w.calls())
	}
	w.wantNoWrites()
	names := make([]string, len(x.Steps))
	for i, s := range x.Steps {
		names[i] = s.Name
		if s.Summary == "" {
			w.Errorf("step %s says nothing", s.Name)
		}
	}
	if got := strings.Join(names, " "); got != "okta scope match map plan" {
		w.Errorf("the steps are %q", got)
	}
	return x, err
}

func (w *world) explained(name string) *explain.Explanation {
	w.Helper()
	x, err := w.explain(name)
	w.must(err)
	return x
}

// wantStep wants a step to be in order or not, and to say something.
func (w *world) wantStep(x *explain.Explanation, name string, ok bool, says ...string) {
	w.Helper()
	i := slices.IndexFunc(x.Steps, func(s explain.Step) bool { return s.Name == name })
	text := x.Steps[i].Summary + "\n" + strings.Join(x.Steps[i].Notes, "\n")
	if x.Steps[i].OK != ok {
		w.Errorf("step %s is %v: %s", name, x.Steps[i].OK, text)
	}
	for _, want := range says {
		if !strings.Contains(text, want) {
			w.Errorf("step %s does not say %q: %s", name, want, text)
		}
	}
}

func field(x *explain.Explanation, name string) explain.ExplainedField {
	for _, f := range x.Steps[3].Fields {
		if f.Field == name {
			return f
		}
	}
	return explain.ExplainedField{}
}

func TestExplainShowsWhereEachValueAndRoleComesFrom(t *testing.T) {
	w := newWorld(t)
	w.users["ada"] = w.org.AddUser(oktatest.User{Login: mail("ada"), FirstName: "Ada", LastName: "Guard",
		Profile: map[string]any{"preferredLanguage": "fr_CA", "primaryPhone": "a phone of more than twenty", "title": " Guard "}})
	w.group("Site A", "ada")
	w.org.AssignGroup(w.app, w.groups["Site A"], oktatest.GroupAssignment{})
	x := w.explained("ada")
	w.wantStep(x, "okta", true, "ACTIVE", `through group "Site A"`, w.groups["Site A"])
	w.wantStep(x, "scope", true)
	w.wantStep(x, "match", true, "would be a new one")
	w.wantStep(x, "map", true, "1 value left out")
	w.wantStep(x, "plan", true, "would create", `would grant role "Site A"`)
	if f := field(x, "language"); f.Value != "FR" || f.Raw != "fr_CA" || !f.Normalised || f.Source != "user.preferredLanguage" {
		t.Errorf("the language is %+v", f)
	}
	if f := field(x, "jobTitle"); f.Value != "Guard" || f.Source != "user.title" {
		t.Errorf("the title is %+v", f)
	}
	if f := field(x, "primaryPhone"); f.Value != "" || !strings.Contains(f.Why, "at most 20") {
		t.Errorf("the phone is %+v", f)
	}
	if f := field(x, "region"); !strings.Contains(f.Why, `sync.default_region "HQ", region`) {
		t.Errorf("the region is %+v", f)
	}
	run := w.run()
	x = w.explained("ada")
	w.wantStep(x, "match", true, "created at", run.ID)
	w.wantStep(x, "plan", true, "everything is as Okta wants it")
	if len(x.Roles) != 1 || x.Roles[0].Why != `member of group "Site A"` || x.Roles[0].State != explain.RoleHas || x.Roles[0].Since == nil || x.Roles[0].Run != run.ID {
		t.Errorf("the roles are %+v", x.Roles)
	}
	w.leave("Site A", "ada")
	w.org.AssignUser(w.app, w.users["ada"], oktatest.Assignment{})
	if x = w.explained("ada"); len(x.Roles) != 1 || x.Roles[0].State != explain.RoleRevoked {
		t.Errorf("the roles are %+v", x.Roles)
	}
}

// situations are people of all kinds; each is named for who is explained.
var situations = map[string]struct {
	prepare func(w *world)
	step    string // the first one that is not in order; empty: none
	says    string
}{
	"new":  {func(w *world) { w.hire("new") }, "", ""},
	"fine": {func(w *world) { w.hire("fine"); w.group("Site A", "fine"); w.run() }, "", ""},
	"differ": {func(w *world) {
		w.hire("differ")
		w.run()
		w.org.UpdateUser(w.users["differ"], map[string]any{"title": "Lead"})
	}, "", ""},
	"staged": {func(w *world) { w.hire("staged"); w.org.SetUserStatus(w.users["staged"], oktatest.StatusStaged) }, "scope", "staged"},
	"hold": {func(w *world) {
		w.hire("hold")
		w.run()
		w.org.SetUserStatus(w.users["hold"], oktatest.StatusSuspended)
	}, "scope", "suspended"},
	"free":     {func(w *world) { w.hire("free"); w.run(); w.org.UnassignUser(w.app, w.users["free"]) }, "scope", "no longer assigned"},
	"stranger": {func(w *world) { w.hire("stranger"); w.org.UnassignUser(w.app, w.users["stranger"]) }, "scope", "no employee is managed"},
	"gone":     {func(w *world) { w.hire("gone"); w.run(); w.org.DeleteUser(w.users["gone"]) }, "okta", "not in Okta"},
	"out":      {func(w *world) { w.hire("out"); w.mapping = mapping.Config{Scope: `user.login != "out@acme.example"`} }, "scope", "sync.scope"},
	"failing":  {func(w *world) { w.hire("failing"); w.mapping = mapping.Config{Scope: `user.nothing == "x"`} }, "scope", "sync.scope failed"},
	"lost": {func(w *world) {
		w.hire("lost")
		w.org.UpdateUser(w.users["lost"], map[string]any{"division": "Atlantis"})
	}, "map", "unknown_region"},
	"nameless": {func(w *world) {
		w.hire("nameless")
		w.org.UpdateUser(w.users["nameless"], map[string]any{"lastName": ""})
	}, "map", "missing_required"},
	"match": {func(w *world) { w.hire("match"); w.atPortal("match", nil) }, "", ""},
	"double": {func(w *world) {
		w.hire("double")
		w.atPortal("double", func(e *tracktiktest.Employee) { e.Email = "x@acme.example" })
		w.atPortal("double", func(e *tracktiktest.Employee) { e.Username = "y" })
	}, "match", "ambiguous_match"},
	"sleeper": {func(w *world) {
		w.hire("sleeper")
		w.atPortal("sleeper", func(e *tracktiktest.Employee) { e.Status = tracktiktest.Inactive })
	}, "match", "inactive_match"},
	"ended": {func(w *world) {
		w.hire("ended")
		w.run()
		w.must(w.portal.UpdateEmployee(w.employee("ended").ID, func(e *tracktiktest.Employee) { e.Status = tracktiktest.Terminated }))
	}, "match", "TERMINATED in TrackTik, not by this program"},
	"back": {func(w *world) {
		w.hire("back")
		w.run()
		w.org.UnassignUser(w.app, w.users["back"])
		w.run()
		w.org.AssignUser(w.app, w.users["back"], oktatest.Assignment{})
	}, "", ""},
	"drifted": {func(w *world) {
		w.hire("drifted")
		w.run()
		w.must(w.portal.UpdateEmployee(w.employee("drifted").ID, func(e *tracktiktest.Employee) { e.JobTitle = "by hand" }))
	}, "", ""},
	"member": {func(w *world) { w.hire("member"); w.run(); w.group("Site A", "member") }, "", ""},
}

func TestExplanationsAreWhatThePlanSays(t *testing.T) {
	for name, c := range situations {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c.prepare(w)
			x := w.explained(name)
			yes := true
			doc, err := w.build().Plan(context.Background(), tsync.RunOptions{Users: []string{w.users[name]}, Refresh: &yes})
			w.must(err)
			if got, want := wire(t, x.Actions), wire(t, doc.Actions); got != want {
				t.Errorf("it would do\n%s\nand the plan\n%s", got, want)
			}
			if got, want := wire(t, x.Held), wire(t, doc.Held); len(doc.Held) > 0 && got != want {
				t.Errorf("it would hold\n%s\nand the plan\n%s", got, want)
			}
			for i, s := range x.Steps {
				if c.step == "" && !s.OK {
					t.Errorf("step %s is not in order: %s", s.Name, s.Summary)
				}
				if s.Name == c.step {
					w.wantStep(x, c.step, false, c.says)
					break
				}
				if !s.OK && i < 3 {
					t.Errorf("step %s is not in order already: %s", s.Name, s.Summary)
				}
			}
		})
	}
}

func wire(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestNobodyIsExplainedToo(t *testing.T) {
	w := newWorld(t)
	x, err := w.explain("nobody@acme.example")
	if !errors.Is(err, tsync.ErrNobody) {
		t.Errorf("got %v", err)
	}
	w.wantStep(x, "okta", false, "nobody@acme.example")
	w.wantStep(x, "plan", false)
}

func TestWhoIsGoneFromBothIsExplainedByTheRecord(t *testing.T) {
	w := newWorld(t)
	w.hire("old")
	w.run()
	w.org.DeactivateUser(w.users["old"])
	w.run()
	w.org.DeleteUser(w.users["old"])
	x, err := w.explain("old")
	if !errors.Is(err, tsync.ErrNobody) {
		t.Errorf("got %v", err)
	}
	w.wantStep(x, "match", false, "was employee", "terminated at")
}

func TestAnExplanationGoesOnWithoutTrackTik(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "new")
	w.org.UnassignUser(w.app, w.users["new"])
	w.run()
	w.org.AssignUser(w.app, w.users["new"], oktatest.Assignment{})
	w.inPortal(func(rw http.ResponseWriter, r *http.Request, _ http.Handler) {
		http.Error(rw, "no", http.StatusForbidden)
	})
	x := w.explained("ada")
	w.wantStep(x, "match", true, "the employee was not read", "created at")
	w.wantStep(x, "plan", true)
	x = w.explained("new")
	w.wantStep(x, "match", false, "not known, since TrackTik was not asked")
	w.wantStep(x, "plan", false, "not known before")
	if len(x.Actions) > 0 {
		t.Errorf("it would do %s", wire(t, x.Actions))
	}
}

func TestAnExplanationShowsTheRecordWhileOktaDoesNotAnswer(t *testing.T) {
	w := newWorld(t)
	w.hire("ada")
	w.run()
	w.inOkta(func(rw http.ResponseWriter, r *http.Request, _ http.Handler) {
		http.Error(rw, "no", http.StatusForbidden)
	})
	x, err := w.explain("ada")
	if err == nil || errors.Is(err, tsync.ErrNobody) {
		t.Errorf("got %v", err)
	}
	w.wantStep(x, "match", false, "created at", "by our record")
}

func TestNobodyLogsInForAnExplanationDuringAQuarantine(t *testing.T) {
	w := newWorld(t)
	w.hire("ada")
	w.run()
	meta, err := w.db.Meta()
	w.must(err)
	e := w.build()
	meta.Quarantine = &plan.Quarantine{System: "tracktik", Reason: "invalid_grant", Since: w.now(), NextTry: w.now().Add(time.Hour), Credentials: e.Target.CredentialsFingerprint()}
	w.must(w.db.Commit(plan.Batch{Meta: &meta}))
	x := w.explained("ada")
	if n := len(w.portal.Requests()); n > 0 {
		t.Errorf("TrackTik was asked %d times", n)
	}
	w.wantStep(x, "match", true, "quarantine")
}

func TestAnInactiveAppIsSaid(t *testing.T) {
	w := newWorld(t)
	w.hire("ada")
	w.run()
	w.org.SetAppStatus(w.app, "INACTIVE")
	w.wantStep(w.explained("ada"), "plan", false, "not active")
}

func TestAPendingWriteIsSaidAndNotSettled(t *testing.T) {
	w := newWorld(t)
	w.hire("ada")
	var v plan.Values
	v[plan.Username] = mail("ada")
	_, err := w.db.Begin(plan.Intent{Run: "20261124T060000Z-000001", At: w.now(), Wanted: &plan.Wanted{Values: v},
		Action: plan.Action{Kind: plan.Create, User: plan.UserRef{ID: plan.PersonID(w.users["ada"]), Login: mail("ada")}}})
	w.must(err)
	x := w.explained("ada")
	w.wantStep(x, "plan", false, "pending")
	if list, err := w.db.Pending(); err != nil || len(list) != 1 {
		t.Errorf("pending are %v, %v", list, err)
	}
}

// The longest way: found by e-mail only, assigned through a group that is not among
// theirs, a new role, a division, an employee who matches, and no login yet.
func TestTheLongestExplanationKeepsToItsCalls(t *testing.T) {
	w := newWorld(t)
	id := w.org.AddUser(oktatest.User{Login: "a.guard@other.example", Email: mail("ada"), FirstName: "Ada", LastName: "Guard",
		Profile: map[string]any{"division": "North"}})
	w.users["long"] = id
	w.group("Site A", "long")
	w.org.AssignGroup(w.app, w.groups["Site A"], oktatest.GroupAssignment{})
	w.atPortal("ada", nil)
	delete(w.users, "long") // nobody knows them
	x, err := w.explain(mail("ada"))
	w.must(err)
	w.wantStep(x, "match", true, "matched by email")
	if len(w.org.Requests())+len(w.portal.Requests()) != mostExplainCalls {
		t.Errorf("this is no longest way: %d and %d calls", len(w.org.Requests()), len(w.portal.Requests()))
	}
	notes := 0
	for _, s := range x.Steps {
		notes += len(s.Notes)
	}
	if notes == 0 {
		t.Error("what was not asked is not said")
	}
}

func TestWhoWasRestoredIsNotTerminatedAndThatIsSaid(t *testing.T) {
	w := newWorld(t)
	w.hire("ada")
	w.run()
	link, _, err := w.db.Link(plan.PersonID(w.users["ada"]))
	w.must(err)
	link.Restored = true
	w.must(w.db.Commit(plan.Batch{Links: []plan.Link{link}}))
	w.org.UnassignUser(w.app, w.users["ada"])
	x := w.explained("ada")
	w.wantStep(x, "match", true, "was restored", "forget --restored")
	w.wantStep(x, "plan", false, "held: restored")
	if len(x.Actions) > 0 {
		t.Errorf("it would do %s", wire(t, x.Actions))
	}
}
