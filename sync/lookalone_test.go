package sync_test

import (
	"context"
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

// failedLookUps are the ways in which a look-up fails that are about nobody else.
var failedLookUps = map[string]oktatest.Interceptor{
	"403": oktatest.Forbidden, "500": oktatest.ServerError, "closed": oktatest.Drop, "a proxy's 404": oktatest.HTMLNotFound,
	"truncated": oktatest.Truncated, "429": oktatest.TooManyRequests(time.Minute),
}

// singleRuns are the runs of single people: ada and bob are looked at.
var singleRuns = map[string]func(w *world) (*plan.Document, error){
	"poll":     func(w *world) (*plan.Document, error) { return w.poll() },
	"by id":    func(w *world) (*plan.Document, error) { return w.only(w.users["ada"], w.users["bob"]) },
	"by login": func(w *world) (*plan.Document, error) { return w.only(mail("ada"), mail("bob")) },
}

// only is a run of single people.
func (w *world) only(names ...string) (*plan.Document, error) {
	return w.sync(tsync.RunOptions{Users: names})
}

// Whose look-up fails is held, with the reason; the others of the run are done, and so are they
// once they can be looked up.
func TestWhoseLookUpFailsKeepsNobodyElseWaiting(t *testing.T) {
	for how, run := range singleRuns {
		for name, answer := range failedLookUps {
			t.Run(how+", "+name, func(t *testing.T) {
				w := listening(t)
				w.org.UpdateUser(w.users["ada"], map[string]any{"title": "Chief"})
				w.org.DeactivateUser(w.users["bob"])
				w.onlyAbout("ada", answer)
				doc, err := run(w)
				w.must(err)
				w.wantDone(doc, "terminate 1")
				w.wantHeld(doc, plan.HeldUnreadable, "ada")
				if !strings.Contains(details(doc), "the look-up failed: okta: GET /api/v1/") {
					t.Errorf("the reason is not told\n%s", details(doc))
				}
				w.wantStatus(tracktiktest.Terminated, "bob")
				w.wantStatus(tracktiktest.Active, "ada")
				w.inOkta(nil)
				doc, err = run(w)
				w.must(err)
				w.wantDone(doc, "update 1")
			})
		}
	}
}

// Who is not found by how they are named, since that look-up fails, is who has the name on record.
func TestWhoIsNotFoundByTheirLoginIsHeldByTheRecord(t *testing.T) {
	w := listening(t)
	w.org.DeactivateUser(w.users["bob"])
	w.inOkta(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		if strings.Contains(r.URL.String(), "ada") {
			oktatest.Forbidden(rw, r, next)
			return
		}
		next.ServeHTTP(rw, r)
	})
	doc, err := w.only(mail("ada"), mail("bob"))
	w.must(err)
	w.wantDone(doc, "terminate 1")
	w.wantHeld(doc, plan.HeldUnreadable, "ada")
}

// Of a stranger whose look-up fails nothing is held but the reason told.
func TestAStrangerWhoCannotBeLookedUpIsAWarning(t *testing.T) {
	for how, name := range map[string]func(w *world) string{
		"by id": func(w *world) string { return w.users["eve"] }, "by login": func(*world) string { return mail("eve") },
	} {
		t.Run(how, func(t *testing.T) {
			w := listening(t)
			w.hire("eve")
			w.org.DeactivateUser(w.users["bob"])
			w.onlyAbout("eve", oktatest.Forbidden)
			doc, err := w.only(name(w), w.users["bob"])
			w.must(err)
			w.wantDone(doc, "terminate 1")
			w.wantWarning(doc, plan.HeldUnreadable)
			if len(doc.Held)+len(doc.Problems) > 0 {
				t.Errorf("want a warning, and nothing else\n%s", details(doc))
			}
		})
	}
}

// Where nobody could be looked up, the run says why, and does nothing.
func TestARunInWhichNobodyCouldBeLookedUpFails(t *testing.T) {
	for how, run := range singleRuns {
		for name, answer := range failedLookUps {
			t.Run(how+", "+name, func(t *testing.T) {
				w := listening(t)
				w.org.DeactivateUser(w.users["ada"])
				w.org.DeactivateUser(w.users["bob"])
				w.inOkta(oktatest.On("/api/v1/apps/*/users/*", answer))
				doc, err := run(w)
				if code := tsync.ExitCode(doc, err, ""); code != tsync.ExitFailed || !strings.Contains(fmt.Sprint(err), "okta: GET /api/v1/apps") {
					t.Errorf("it ended with %d, %v", code, err)
				}
				w.wantNoWrites()
				w.inOkta(nil)
				doc, err = run(w)
				w.must(err)
				w.wantDone(doc, "terminate 2")
			})
		}
	}
}

// Bad credentials and the end of the run are nobody's own.
func TestBadCredentialsEndARunOfSinglePeople(t *testing.T) {
	w := listening(t)
	w.org.DeactivateUser(w.users["bob"])
	w.onlyAbout("ada", oktatest.Unauthorized)
	if doc, err := w.only(w.users["ada"], w.users["bob"]); err == nil || doc.Made() {
		t.Errorf("the run went on: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	w.onlyAbout("ada", func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		cancel()
		oktatest.Drop(rw, r, next)
	})
	w.pass(time.Minute)
	if doc, err := w.build().RunOnce(ctx, tsync.RunOptions{Users: []string{w.users["ada"], w.users["bob"]}}); err == nil || doc.Made() {
		t.Errorf("the run went on: %v", err)
	}
	w.wantStatus(tracktiktest.Active, "bob")
}

// Who seems to have left, and cannot be looked up, waits as unconfirmed: a run of single people
// begins the day, and does not end it.
func TestALeaverWhoCannotBeLookedUpStaysUnconfirmed(t *testing.T) {
	t.Run("by a poll", func(t *testing.T) {
		w := listening(t)
		w.org.DeactivateUser(w.users["ada"])
		w.org.UpdateUser(w.users["bob"], map[string]any{"title": "Chief"})
		w.onlyAbout("ada", oktatest.Forbidden)
		doc := w.polled()
		w.wantDone(doc, "update 1")
		w.wantUnconfirmed(doc, "ada", false)
		doc, err := w.poll() // once more, and alone
		if err == nil {
			t.Errorf("nobody could be looked up\n%s", details(doc))
		}
		w.wantIdle()
		w.inOkta(nil)
		w.wantDone(w.run(), "terminate 1")
	})
	t.Run("after a whole run", func(t *testing.T) {
		w := newWorld(t)
		w.hire("ada", "bob", "cyd")
		w.run()
		w.org.UnassignUser(w.app, w.users["ada"])
		w.org.DeactivateUser(w.users["cyd"])
		w.onlyAbout("ada", oktatest.ServerError)
		w.wantUnconfirmed(w.run(), "ada", false)
		w.pass(23 * time.Hour)
		doc, err := w.only(w.users["ada"], w.users["bob"])
		w.must(err)
		w.wantUnconfirmed(doc, "ada", false)
		w.pass(2 * time.Hour)
		w.wantUnconfirmed(w.run(), "ada", true)
		doc, err = w.only(w.users["ada"], w.users["bob"])
		w.must(err)
		w.wantUnconfirmed(doc, "ada", true)
	})
}

// Whose groups cannot be looked up keeps the roles that they have, and gets no others; all else
// about them is done.
func TestWhoseGroupsCannotBeLookedUpKeepsTheirRoles(t *testing.T) {
	for how, run := range singleRuns {
		for name, answer := range failedLookUps {
			t.Run(how+", "+name, func(t *testing.T) {
				w := listening(t)
				w.org.UpdateUser(w.users["ada"], map[string]any{"title": "Chief"})
				w.leave("Site Airport", "ada")
				w.group("Site Bank", "ada")
				w.org.UpdateUser(w.users["bob"], map[string]any{"title": "Guard"})
				w.inOkta(oktatest.On("/api/v1/users/"+w.users["ada"]+"/groups", answer))
				doc, err := run(w)
				w.must(err)
				w.wantDone(doc, "update 2")
				w.wantRoles("ada", "Site Airport")
				w.wantWarning(doc, "group_unread")
				w.inOkta(nil)
				doc, err = run(w)
				w.must(err)
				w.wantDone(doc, "grant_role 1, revoke_role 1")
			})
		}
	}
}

// So does somebody new, whom the next whole run gives the roles.
func TestANewcomerWhoseGroupsCannotBeLookedUpGetsTheirRolesLater(t *testing.T) {
	w := listening(t)
	w.hire("eve")
	w.group("Site Bank", "eve")
	w.policy.CreateUsers = false
	w.run() // it knows the group as it is
	w.policy.CreateUsers = true
	w.inOkta(oktatest.On("/api/v1/users/"+w.users["eve"]+"/groups", oktatest.ServerError))
	w.org.UpdateUser(w.users["eve"], map[string]any{"title": "Chief"})
	_, err := w.only(w.users["eve"], w.users["bob"])
	w.must(err)
	w.inOkta(nil)
	w.run()
	w.wantRoles("eve", "Site Bank")
}

// Where the mapping asks for groups, nothing about the person is known without them.
func TestWhoseGroupsTheMappingNeedsIsHeldWithoutThem(t *testing.T) {
	w := listening(t)
	w.mapping.Scope = `!("Site Nowhere" in groups)`
	w.org.UpdateUser(w.users["ada"], map[string]any{"title": "Chief"})
	w.org.UpdateUser(w.users["bob"], map[string]any{"title": "Guard"})
	w.inOkta(oktatest.On("/api/v1/users/"+w.users["ada"]+"/groups", oktatest.Forbidden))
	doc, err := w.only(w.users["ada"], w.users["bob"])
	w.must(err)
	w.wantDone(doc, "update 1")
	w.wantHeld(doc, plan.HeldUnreadable, "ada")
}

// Who is to be given names that somebody else may have in Okta waits while that one cannot be
// looked up, and keeps nobody else waiting.
func TestWhoseNamesakeCannotBeLookedUpWaitsAlone(t *testing.T) {
	for how, prepare := range map[string]func(w *world){
		"made": func(*world) {}, "taken over": func(w *world) { w.atPortal("eve", nil) },
	} {
		for name, answer := range failedLookUps {
			t.Run(how+", "+name, func(t *testing.T) {
				w := listening(t)
				prepare(w)
				w.hire("eve")
				w.users["zed"] = w.org.AddUser(oktatest.User{Login: mail("zed"), Email: mail("eve"), FirstName: "Zed", LastName: "Zorn"})
				w.org.DeactivateUser(w.users["bob"])
				w.onlyAbout("zed", answer)
				doc, err := w.only(w.users["eve"], w.users["bob"])
				w.must(err)
				w.wantDone(doc, "terminate 1")
				w.wantHeld(doc, plan.HeldUnreadable, "eve")
				w.inOkta(nil)
				doc, err = w.only(w.users["eve"], w.users["bob"])
				w.must(err)
				if doc.Result.Done["create"]+doc.Result.Done["adopt"] != 1 {
					t.Errorf("eve gets nothing\n%s", details(doc))
				}
			})
		}
	}
}

// lookUps are the kinds of look-ups of people that a run makes in Okta, and what it asks them for.
var lookUps = map[string]struct {
	path, what string
	happens    func(w *world, name string)
}{
	"users":       {"/api/v1/users/*", "look up users;", func(w *world, name string) { w.org.UnassignUser(w.app, w.users[name]) }},
	"assignments": {"/api/v1/apps/*/users/*", "look up assignments;", func(w *world, name string) { w.org.UnassignUser(w.app, w.users[name]) }},
	"groups":      {"/api/v1/users/*/groups", "look up the groups of users;", func(w *world, name string) { w.leave("Site North", name) }},
}

// A 403 to every look-up of a kind is about our rights: the run ends with exit 1 and names them,
// when all else is done. Those whom it is about stay held, and have no problem.
func TestLookUpsThatAreAllRefusedNameTheRight(t *testing.T) {
	for kind, k := range lookUps {
		for _, n := range []int{1, 8} {
			t.Run(fmt.Sprint(kind, " ", n), func(t *testing.T) {
				w := newWorld(t)
				names := w.crowd(100)
				w.group("Site North", names...)
				w.group("Site South", names...)
				w.run()
				for _, name := range names[:n] {
					k.happens(w, name)
				}
				w.hire("fresh")
				w.org.UpdateUser(w.users["g050"], map[string]any{"title": "Chief"})
				w.inOkta(oktatest.On(k.path, oktatest.Forbidden))
				w.pass(15 * time.Minute)
				_, err := w.build().Plan(context.Background(), tsync.RunOptions{})
				wantRight(t, err, k.what)
				doc, err := w.sync(tsync.RunOptions{})
				wantRight(t, err, k.what)
				w.wantDone(doc, "update 1, create 1")
				for _, name := range names[:n] {
					w.wantHeld(doc, plan.HeldUnconfirmed, name)
					w.wantNoTrouble(name)
				}
				if len(doc.Problems) > 0 {
					t.Errorf("there are problems\n%s", details(doc))
				}
				w.inOkta(nil)
				doc = w.run()
				if done := doc.Result.Done["terminate"] + doc.Result.Done["revoke_role"]; done != n {
					t.Errorf("%d of %d are done\n%s", done, n, details(doc))
				}
			})
		}
	}
}

func wantRight(t testing.TB, err error, what string) {
	t.Helper()
	text := fmt.Sprint(err)
	for _, part := range []string{"okta does not let the program " + what, "read-only administrator", "okta.apps.read", "okta.users.read"} {
		if !strings.Contains(text, part) {
			t.Errorf("%q does not say %q", text, part)
		}
	}
}

// One of many look-ups that is refused is that person's own affair; three of them in a row are not.
func TestARefusedLookUpAmongAnsweredOnesIsThatPersons(t *testing.T) {
	for kind, k := range lookUps {
		for _, n := range []int{1, 3} {
			t.Run(fmt.Sprint(kind, " ", n), func(t *testing.T) {
				w := newWorld(t)
				names := w.crowd(60)
				w.group("Site North", names...)
				w.group("Site South", names...)
				w.run()
				refused := names[3 : 3+n]
				for _, name := range names[:6] {
					k.happens(w, name)
				}
				w.inOkta(oktatest.On(k.path, func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
					if slices.ContainsFunc(refused, func(name string) bool { return strings.Contains(r.URL.Path, w.users[name]) }) {
						oktatest.Forbidden(rw, r, next)
						return
					}
					next.ServeHTTP(rw, r)
				}))
				_, err := w.only(append(w.ids(names[:6]), w.users["g050"])...)
				if n == 1 {
					w.must(err)
				} else {
					wantRight(t, err, k.what)
				}
				w.wantStatus(tracktiktest.Active, refused...)
				w.wantRoles(refused[0], "Site North, Site South")
			})
		}
	}
}
