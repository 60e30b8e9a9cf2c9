package sync_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// onSearch lets the look-ups of employees that name a text be answered otherwise.
func (w *world) onSearch(text string, answer tracktiktest.Interceptor) {
	w.inPortal(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		query := r.URL.Query()
		if strings.HasSuffix(r.URL.Path, "/employees") && r.Method == http.MethodGet && strings.Contains(query.Encode(), text) {
			answer(rw, r, next)
			return
		}
		next.ServeHTTP(rw, r)
	})
}

// Somebody new about whom the portal cannot be asked waits, and nobody else: leavers are ended,
// others are made. What the portal refuses is that person's problem; what fails ends the run
// with 1, after all.
func TestOneWhoCannotBeLookedUpStopsNobodyElse(t *testing.T) {
	for name, c := range map[string]struct {
		answer tracktiktest.Interceptor
		code   int
	}{
		"403, of one among others": {tracktiktest.ScopeLost, 4},
		"400":                      {answering(400), 4}, "404": {answering(404), 4}, "409": {answering(409), 4}, "422": {answering(422), 4},
		"500": {answering(500), 1}, "503": {answering(503), 1}, "a firewall's 403": {tracktiktest.Firewall, 1},
		"a page": {tracktiktest.LoginPage, 1}, "closed": {tracktiktest.Unreached, 1}, "cut": {tracktiktest.Truncated, 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.hire("ada", "bob")
			w.run()
			w.org.DeactivateUser(w.users["ada"])
			w.org.UpdateUser(w.users["bob"], map[string]any{"title": "Chief"})
			w.hire("eve", "zoe")
			w.onSearch("eve", c.answer)
			again := func(want string, code int) {
				t.Helper()
				doc, err := w.sync(tsync.RunOptions{})
				if doc == nil || doc.Result == nil {
					t.Fatal(err)
				}
				w.wantDone(doc, want)
				if got := tsync.ExitCode(doc, err, ""); got != code {
					t.Errorf("the run ended with %d: %v", got, err)
				}
				if code == 4 {
					w.wantProblem(doc, plan.ProblemRefused, "eve")
					w.wantTrouble(plan.ProblemRefused, "eve")
				} else {
					w.wantHeld(doc, plan.HeldUnreadable, "eve")
				}
				if n := len(w.employees("eve")); n > 0 {
					t.Errorf("eve has %d employees", n)
				}
			}
			again("terminate 1, update 1, create 1", c.code)
			if strings.HasPrefix(name, "403") {
				c.code = 1 // nobody else is asked about: it may be the right
			}
			again("", c.code)
			w.inPortal(nil)
			w.wantDone(w.run(), "create 1")
			w.wantNoTrouble("eve")
		})
	}
}

// Where nobody new can be looked up, the portal is not asked about each of them.
func TestAPortalThatFailsIsNotAskedAboutEverybodyNew(t *testing.T) {
	w := newWorld(t)
	w.hire("ada")
	w.run()
	names := w.crowd(60)
	w.org.DeactivateUser(w.users["ada"])
	var mu sync.Mutex
	asked := map[string]bool{}
	w.onSearch("acme.example", func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		mu.Lock()
		asked[r.URL.RawQuery] = true
		mu.Unlock()
		answering(503)(rw, r, next)
	})
	doc, err := w.sync(tsync.RunOptions{})
	if tsync.ExitCode(doc, err, "") != 1 {
		t.Errorf("the run ended with %v", err)
	}
	w.wantDone(doc, "terminate 1")
	w.wantHeld(doc, plan.HeldUnreadable, names[59])
	if len(asked) > 12 {
		t.Errorf("the portal was asked about %d people", len(asked))
	}
	w.inPortal(nil)
	w.wantDone(w.run(), "create 60")
}

// However many cannot be asked about: the others come first in one run or the next.
func TestThoseWhoCannotBeLookedUpDoNotComeFirstEachTime(t *testing.T) {
	w := newWorld(t)
	w.hire("ada")
	w.run()
	w.hire("eve1", "eve2", "eve3", "zoe1", "zoe2", "zoe3", "zoe4", "zoe5", "zoe6")
	w.onSearch("eve", answering(503))
	for range 10 {
		if doc, err := w.sync(refreshedNot); doc == nil {
			t.Fatal(err)
		}
	}
	w.wantStatus(tracktiktest.Active, "zoe1", "zoe2", "zoe3", "zoe4", "zoe5", "zoe6")
	if n := len(w.employees("eve1")); n > 0 {
		t.Errorf("eve1 has %d employees", n)
	}
}
