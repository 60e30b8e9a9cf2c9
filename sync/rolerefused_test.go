package sync_test

import (
	"net/http"
	"testing"
	"time"

	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// refuses makes the portal say no to a call, for a reason that is not about rights.
func (w *world) refuses(call tracktiktest.Match) {
	w.inPortal(tracktiktest.When(call, func(rw http.ResponseWriter, _ *http.Request, _ http.Handler) {
		rw.Header().Set("Content-Type", "application/json")
		rw.WriteHeader(http.StatusBadRequest)
		_, _ = rw.Write([]byte(`{"status":400,"error":"no"}`))
	}))
}

// tries is how often runs of a day, one every half hour, make a call.
func (w *world) tries(method, path string) int {
	w.Helper()
	n := 0
	for range 48 {
		w.pass(15 * time.Minute)
		doc := w.runWith(refreshedNot)
		n += w.portal.Count(method, path)
		if refusals(doc) != 1 {
			w.Fatalf("the refusal is to be told once in every run\n%s", details(doc))
		}
	}
	return n
}

// refusals are the problems and failures of nobody.
func refusals(doc *plan.Document) int {
	n := 0
	for _, p := range doc.Problems {
		if p.User.ID == "" && p.Code == plan.ProblemRefused {
			n++
		}
	}
	for _, f := range doc.Result.Failures {
		if f.Action.User.ID == "" {
			n++
		}
	}
	return n
}

// TestARefusedRoleIsTriedLessAndLessOften, and its members wait for it: nobody gets another
// role in its place, or loses one.
func TestARefusedRoleIsTriedLessAndLessOften(t *testing.T) {
	w := newDefaultWorld(t)
	w.hire("ada", "bob")
	w.run() // bob has the default role
	w.hire("cy")
	w.group("Site North", "bob", "cy")
	w.refuses(writes["create role"])
	if n := w.tries("POST", "/roles"); n != 5 { // at once, after 1, 2, 4 and 8 hours
		t.Errorf("a day of refusals made %d calls, want 5", n)
	}
	doc := w.runWith(refreshedNot)
	w.wantHeld(doc, plan.HeldPending, "bob")
	w.wantHeld(doc, plan.HeldPending, "cy")
	w.wantRoles("bob", "Guard")
	w.wantRoles("cy", "")
	troubles, err := w.db.Troubles()
	if err != nil || len(troubles) != 1 || troubles[0].Attempts != 5 || string(troubles[0].Group) != w.groups["Site North"] {
		t.Errorf("on record: %+v, %v", troubles, err)
	}
	if doc := w.runWith(tsync.RunOptions{Users: []string{w.users["cy"]}}); w.portal.Count("POST", "/roles") != 0 {
		t.Errorf("a run of single people tried it\n%s", details(doc))
	}
	w.inPortal(nil)
	w.pass(24 * time.Hour)
	w.wantDone(w.runWith(refreshedNot), "create_role 1, grant_role 2, revoke_role 1")
	w.wantRoles("bob", "Site North")
	w.wantRoles("cy", "Site North")
	if troubles, err := w.db.Troubles(); err != nil || len(troubles) > 0 {
		t.Errorf("still on record: %+v, %v", troubles, err)
	}
}

// TestARefusedRenameIsTriedLessAndLessOften, and nobody is kept from the role meanwhile.
func TestARefusedRenameIsTriedLessAndLessOften(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob")
	w.group("Site North", "ada")
	w.run()
	w.org.RenameGroup(w.groups["Site North"], "Site Nord")
	w.refuses(writes["rename role"])
	if n := w.tries("PATCH", "/roles/*"); n != 5 {
		t.Errorf("a day of refusals made %d calls, want 5", n)
	}
	w.group("Site North", "bob")
	w.runWith(refreshedNot)
	w.wantRoles("bob", "Site North")
	w.inPortal(nil)
	w.pass(24 * time.Hour)
	w.wantDone(w.runWith(refreshedNot), "rename_role 1")
}

// TestARefusedRoleOfAnotherNameIsTriedAtOnce, and so is one that somebody asks for.
func TestARefusedRoleOfAnotherNameIsTriedAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		call  tracktiktest.Match
		again func(w *world) tsync.RunOptions
	}{
		"made under another name": {writes["create role"], func(w *world) tsync.RunOptions {
			w.org.RenameGroup(w.groups["Site North"], "Site Nord")
			return refreshedNot
		}},
		"renamed to another name": {writes["rename role"], func(w *world) tsync.RunOptions {
			w.org.RenameGroup(w.groups["Site North"], "Site Norte")
			return refreshedNot
		}},
		"made on request": {writes["create role"], func(w *world) tsync.RunOptions {
			return tsync.RunOptions{Users: []string{w.users["ada"]}, Retry: []plan.PersonID{plan.PersonID(w.users["ada"])}}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.hire("ada")
			w.group("Site North", "ada")
			if c.call.Method == "PATCH" {
				w.run()
				w.org.RenameGroup(w.groups["Site North"], "Site Nord")
			}
			w.refuses(c.call)
			w.runWith(refreshedNot)
			w.runWith(refreshedNot)
			if n := w.portal.Count(c.call.Method, c.call.Path); n != 0 {
				t.Errorf("tried %d times at once", n)
			}
			w.inPortal(nil)
			doc := w.runWith(c.again(w))
			if doc.Result.Done["create_role"]+doc.Result.Done["rename_role"] != 1 {
				t.Errorf("done %v\n%s", doc.Result.Done, details(doc))
			}
			if troubles, err := w.db.Troubles(); err != nil || len(troubles) > 0 {
				t.Errorf("still on record: %+v, %v", troubles, err)
			}
		})
	}
}
