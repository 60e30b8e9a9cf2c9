package sync_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// manyWorld has so many new people that TrackTik's employees are listed once for all. The
// last one made is the one whom it returns.
func manyWorld(t *testing.T, n int) (w *world, last string) {
	w = newWorld(t)
	w.limits.Kinds[plan.Create] = plan.NoLimit
	names := w.crowd(n)
	return w, slices.MaxFunc(names, func(a, b string) int { return strings.Compare(w.users[a], w.users[b]) })
}

// atCreate calls f when the nth create arrives, before it takes effect.
func (w *world) atCreate(nth int, f func()) {
	var seen atomic.Int32
	w.inPortal(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/employees") && int(seen.Add(1)) == nth {
			f()
		}
		next.ServeHTTP(rw, r)
	})
}

// A first run of 1,000 people, whose creates take minutes: the newest employees cost a page
// or two a minute, and nobody a look-up.
func TestFirstRunCostsItsWritesAndItsPages(t *testing.T) {
	w, _ := manyWorld(t, 1000)
	w.group("Site North", slices.Collect(maps.Keys(w.users))...)
	var creates atomic.Int32
	w.inPortal(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/employees") && creates.Add(1)%10 == 0 {
			w.pass(2 * time.Second)
		}
		next.ServeHTTP(rw, r)
	})
	doc := w.run()
	w.wantDone(doc, "create_role 1, create 1000, grant_role 1000")
	writes, all := w.portal.AttemptedWrites(), len(w.portal.Requests())
	if reads := 1 + 1 + 1 + 1; float64(all) > 1.02*float64(writes)+float64(reads) { // token, regions, roles, the listing
		t.Errorf("%d requests for %d writes: %v", all, writes, w.calls())
	}
	if newer := w.calls()["look-up or list"] - 1; newer < 4 || newer > 10 {
		t.Errorf("what is newer was listed by %d calls in %d s of creates", newer, creates.Load()/5)
	}
	w.wantDone(w.run(), "")
}

// Somebody makes an employee at the portal's own pages while the program makes others: the
// next run adopts them, whether or not the portal would have refused a second one.
func TestWhoIsMadeByHandMeanwhileIsNotMadeTwice(t *testing.T) {
	for name, rules := range map[string]func(*tracktiktest.Rules){
		"unique names":                   func(*tracktiktest.Rules) {},
		"doubles are accepted":           func(r *tracktiktest.Rules) { r.Duplicates = tracktiktest.DuplicateAccepted },
		"doubles are accepted, no id:gt": func(r *tracktiktest.Rules) { r.Duplicates, r.NoGreaterThan = tracktiktest.DuplicateAccepted, true },
		"doubles are accepted, id:gt lax": func(r *tracktiktest.Rules) {
			r.Duplicates, r.IgnoredFilters = tracktiktest.DuplicateAccepted, []string{"id:gt"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, last := manyWorld(t, 120)
			w.rules(rules)
			w.atCreate(60, func() {
				w.atPortal(last, nil)
				w.pass(time.Minute)
			})
			doc := w.run()
			if doc.Result.Done["create"] != 119 || doc.Result.Failed != 1 {
				t.Errorf("%v\n%s", doc.Result.Done, details(doc))
			}
			w.inPortal(nil)
			w.wantDone(w.run(), "adopt 1")
			w.wantStatus(tracktiktest.Active, last)
			w.wantNoDoubles()
		})
	}
}

// A list may lag behind what is made: who is missing from it once is in the next one.
func TestWhoIsListedLateIsNotMadeTwice(t *testing.T) {
	w, last := manyWorld(t, 150)
	lag := func(lists int) {
		w.rules(func(r *tracktiktest.Rules) { r.Duplicates, r.VisibleAfter = tracktiktest.DuplicateAccepted, lists })
	}
	others := w.build().Target // another program makes them
	var seen atomic.Int32
	w.inPortal(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/employees") {
			switch seen.Add(1) {
			case 30:
				v := plan.Values{plan.FirstName: title(last), plan.LastName: "Guard", plan.Email: mail(last), plan.Username: mail(last)}
				lag(1)
				if _, err := others.CreateEmployee(t.Context(), v, plan.RegionID(tracktiktest.HQ)); err != nil {
					t.Error(err)
				}
				lag(0)
			case 70, 110:
				w.pass(time.Minute)
			}
		}
		next.ServeHTTP(rw, r)
	})
	w.run()
	w.inPortal(nil)
	w.wantDone(w.run(), "adopt 1")
	w.wantNoDoubles()
}

// Within the minute only the portal can prevent a second employee. One that does not has
// two, and the run says so.
func TestBothEmployeesOfOneMinuteAreAProblemOrNamed(t *testing.T) {
	for name, accepted := range map[string]bool{"unique names": false, "doubles are accepted": true} {
		t.Run(name, func(t *testing.T) {
			w, last := manyWorld(t, 120)
			if accepted {
				w.rules(func(r *tracktiktest.Rules) { r.Duplicates = tracktiktest.DuplicateAccepted })
			}
			var byHand int64
			w.atCreate(60, func() { byHand = w.atPortal(last, func(e *tracktiktest.Employee) { e.Username = "typed.by.hand" }) })
			doc := w.run()
			w.inPortal(nil)
			if !accepted {
				troubles, err := w.db.Troubles()
				w.must(err)
				if len(troubles) != 1 || string(troubles[0].Person) != w.users[last] || troubles[0].Code != plan.ProblemNameInUse {
					t.Errorf("problems %+v", troubles)
				}
				w.wantDone(w.run(), "adopt 1, update 1")
				w.wantNoDoubles()
				return
			}
			ours, found, err := w.db.Link(plan.PersonID(w.users[last]))
			w.must(err)
			if !found || int64(ours.Employee) == byHand {
				t.Fatalf("%s is %+v", last, ours)
			}
			w.wantWarning(doc, plan.WarningPossibleDouble)
			i := slices.IndexFunc(doc.Warnings, func(x plan.Warning) bool { return string(x.User.ID) == w.users[last] })
			if i < 0 || !strings.Contains(doc.Warnings[i].Message, fmt.Sprint("employee ", byHand)) || !strings.Contains(doc.Warnings[i].Message, fmt.Sprint("employee ", ours.Employee)) {
				t.Errorf("the two are not named: %s", details(doc))
			}
		})
	}
}

// Nobody is made while it cannot be seen who is there already.
func TestWhileTheNewestCannotBeListedNobodyIsMade(t *testing.T) {
	w, _ := manyWorld(t, 120)
	w.rules(func(r *tracktiktest.Rules) { r.Duplicates = tracktiktest.DuplicateAccepted })
	var broken atomic.Bool
	var late atomic.Int32
	w.inPortal(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		switch {
		case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/employees"):
			if broken.Load() {
				late.Add(1)
			}
		case r.URL.Query().Has("id:gt"):
			tracktiktest.FailBefore(rw, r, next)
			return
		}
		next.ServeHTTP(rw, r)
		if w.portal.Count("POST", "/employees") == 60 && !broken.Swap(true) {
			w.pass(time.Minute)
		}
	})
	doc, _ := w.sync(tsync.RunOptions{})
	if n := late.Load(); n > 4 { // those on their way
		t.Errorf("%d were made", n)
	}
	w.wantWarning(doc, plan.WarningPossibleDouble)
	w.inPortal(nil)
	w.run()
	w.wantDone(w.run(), "")
	w.wantNoDoubles()
	if n := len(w.portal.Employees()); n != 121 {
		t.Errorf("%d employees, want 120 and our own", n)
	}
}

// The answer to a create is lost, its look-up shows nobody yet, and then a list shows the
// employee: it is ours, also where nobody is adopted.
func TestALostCreateThatIsListedLaterIsOurs(t *testing.T) {
	w, _ := manyWorld(t, 120)
	w.policy.Adopt = false
	w.rules(func(r *tracktiktest.Rules) { r.Duplicates, r.VisibleAfter = tracktiktest.DuplicateAccepted, 2 })
	var seen atomic.Int32
	w.inPortal(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/employees") && seen.Add(1) == 60 {
			w.pass(time.Minute)
			tracktiktest.LostReply(rw, r, next)
		}
		next.ServeHTTP(rw, r)
	})
	w.run()
	w.inPortal(nil)
	w.pass(time.Minute)
	w.run()
	doc := w.run()
	w.wantDone(doc, "")
	if len(doc.Problems) > 0 {
		t.Errorf("somebody is not ours:\n%s", details(doc))
	}
	w.wantNoDoubles()
	if n := len(w.portal.Employees()); n != 121 {
		t.Errorf("%d employees, want 120 and our own", n)
	}
}
