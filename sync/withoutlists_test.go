package sync_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
	"tracktik-sync/tracktik"
	"tracktik-sync/tracktik/tracktiktest"
)

// withoutReason are what leaves no termination reason to name, and what the run says of it.
var withoutReason = map[string]struct {
	lost func(w *world)
	says string
}{
	"renamed": {func(w *world) { w.change = func(e *tsync.Engine) { e.Reason = "Went fishing" } },
		"tracktik.termination_reason: the portal has no reason \"Went fishing\""},
	"none": {func(w *world) {
		for _, reason := range w.portal.Reasons() {
			w.must(w.portal.DeleteReason(reason.ID))
		}
	}, "add one in the portal"},
}

// Without a termination reason only terminations wait: new people are made, changes are sent, and
// roles are given.
func TestWithoutATerminationReasonOnlyTerminationsWait(t *testing.T) {
	for name, c := range withoutReason {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.hire("ada", "bob", "eve")
			w.run()
			w.org.DeactivateUser(w.users["ada"])
			w.hire("new.guy")
			w.edit("title", "Chief", []string{"bob"})
			w.group("Site North", "eve")
			c.lost(w)
			doc, err := w.sync(refreshedNot)
			w.wantRightsError(doc, err, "find a termination reason (1 not done)", c.says)
			w.wantNoTroubles(doc)
			w.wantHeld(doc, plan.HeldPending, "ada")
			w.wantStatus(tracktiktest.Active, "ada", "new.guy")
			w.wantRoles("eve", "Site North")
			if e := w.employee("bob"); e.JobTitle != "Chief" {
				t.Errorf("the title of bob is %q: the change was not sent", e.JobTitle)
			}
			w.change = nil
			w.portal.AddReason(tracktiktest.Reason{Name: "Left"})
			w.run()
			w.wantStatus(tracktiktest.Terminated, "ada")
		})
	}
}

// A retirement without a termination reason says so, and is made good by making it again.
func TestARetirementWithoutATerminationReasonSaysSo(t *testing.T) {
	for name, c := range withoutReason {
		t.Run(name, func(t *testing.T) {
			w, ids := haunted(t)
			c.lost(w)
			doc, err := w.retire(everybody(ids))
			w.wantRightsError(doc, err, "find a termination reason (3 not done)", c.says)
			w.wantStatus(tracktiktest.Active, "ada", "ben", "cyd")
			w.change = nil
			w.portal.AddReason(tracktiktest.Reason{Name: "Left"})
			_, err = w.retire(everybody(ids))
			w.must(err)
			w.wantRetired(ids)
		})
	}
}

// saying answers in the portal's own words that something is broken.
func saying(status int) tracktiktest.Interceptor {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(`{"message":"it is broken","code":"broken"}`))
	}
}

// noAnswer are the ways in which a portal fails to give a list.
var noAnswer = map[string]tracktiktest.Interceptor{"401": saying(401), "404": saying(404), "500": saying(500),
	"504": tracktiktest.CutBefore, "time-out": tracktiktest.Silent, "reset": tracktiktest.Unreached,
	"cut short": tracktiktest.Truncated, "null": tracktiktest.Null, "empty": tracktiktest.Empty,
	"a page": tracktiktest.LoginPage, "a page with 404": tracktiktest.ForeignNotFound, "too few": tracktiktest.WrongCount(1),
	"a record that makes no sense": odd}

// odd puts a number in the place of a list's last record.
func odd(rw http.ResponseWriter, r *http.Request, next http.Handler) {
	rec := answered(r, next)
	var e map[string]any
	if json.Unmarshal(rec.Body.Bytes(), &e) == nil {
		if list, is := e["data"].([]any); is && len(list) > 0 {
			list[len(list)-1] = 7
		}
	}
	body, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	send(rw, rec, string(body))
}

// A list that the portal fails to give stops only what needs it: a leaver is ended all the same, and
// the run says what failed.
func TestAListThatFailsStopsOnlyWhatNeedsIt(t *testing.T) {
	for list, needs := range map[string]func(w *world){
		"regions": func(w *world) { w.hire("new.guy") },
		"roles":   func(w *world) { w.group("Site North", "eve") },
		"employment-termination-reasons": func(w *world) {
			id := strconv.FormatInt(w.portal.Reasons()[0].ID, 10)
			w.change = func(e *tsync.Engine) { e.Reason = id }
		},
	} {
		for name, fails := range noAnswer {
			t.Run(list+", "+name, func(t *testing.T) {
				w := newWorld(t)
				w.hire("ada", "bob", "eve")
				w.group("Site North", "ada", "bob")
				w.run()
				w.org.DeactivateUser(w.users["ada"])
				needs(w)
				w.inPortal(tracktiktest.When(tracktiktest.Match{Method: "GET", Path: "/rest/v1/" + list}, fails))
				patience := w.timeout
				if name == "time-out" {
					w.timeout = time.Second
				}
				doc, err := w.sync(refreshedNot)
				if list != "employment-termination-reasons" {
					w.wantRightsError(doc, err, list)
				}
				w.wantStatus(tracktiktest.Terminated, "ada")
				w.wantNoTroubles(doc)
				w.timeout = patience
				w.inPortal(nil)
				w.run()
				w.wantDone(w.run(), "")
			})
		}
	}
}

// What fails for another reason than the list ends the run before its first write.
func TestWhatIsNoMatterOfTheListEndsTheRun(t *testing.T) {
	regions := tracktiktest.Match{Method: "GET", Path: "/rest/v1/regions"}
	for name, fault := range map[string]func(w *world, end func()){
		"the login is refused": func(w *world, _ func()) {
			w.auth = func(a *tracktik.Auth) { a.Password = "wrong" }
			w.portal.ExpireTokens()
		},
		"the firewall": func(w *world, _ func()) { w.inPortal(tracktiktest.When(regions, tracktiktest.Firewall)) },
		"the run is told to end": func(w *world, end func()) {
			w.inPortal(tracktiktest.When(regions, func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
				end()
				saying(500)(rw, r, next)
			}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.hire("ada", "bob")
			w.run()
			w.org.DeactivateUser(w.users["ada"])
			w.hire("new.guy")
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			w.pass(15 * time.Minute)
			w.portal.ResetRequests()
			fault(w, cancel)
			doc, err := w.build().RunOnce(ctx, refreshedNot)
			if err == nil || strings.Contains(err.Error(), "could not read regions") {
				t.Errorf("ended with %v\n%s", err, details(doc))
			}
			w.wantNoWrites()
			w.wantStatus(tracktiktest.Active, "ada")
		})
	}
}

// A role on record that the list lacks, and that cannot be read by its id either, leaves it open
// what the list is worth: what needs roles waits, and nobody else.
func TestARoleThatCannotBeReadStopsOnlyWhatNeedsRoles(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob", "eve")
	w.group("Site North", "ada", "bob")
	w.run()
	w.org.DeactivateUser(w.users["ada"])
	w.group("Site North", "eve")
	w.must(w.portal.DeleteRole(w.roleID("Site North")))
	w.inPortal(tracktiktest.When(tracktiktest.Match{Method: "GET", Path: "/rest/v1/roles/*"}, saying(500)))
	doc, err := w.sync(refreshed)
	w.wantRightsError(doc, err, "could not read roles")
	w.wantStatus(tracktiktest.Terminated, "ada")
	w.inPortal(nil)
	w.runWith(refreshed)
	w.wantRoles("eve", "Site North")
}

// listed makes the list of employees bad, and leaves the look-ups as they are.
func (w *world) listed(fails tracktiktest.Interceptor) {
	w.inPortal(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		q := r.URL.Query()
		for _, key := range []string{"sort", "limit", "include", "includeInactive", "id:gt", "offset"} {
			q.Del(key)
		}
		if r.URL.Path != "/rest/v1/employees" || r.Method != http.MethodGet || len(q) > 0 {
			next.ServeHTTP(rw, r)
			return
		}
		fails(rw, r, next)
	})
}

// half serves the first page of a list, of four, and fails to serve the others.
func half(rw http.ResponseWriter, r *http.Request, next http.Handler) {
	q := r.URL.Query()
	if q.Has("id:gt") || q.Has("offset") {
		saying(500)(rw, r, next)
		return
	}
	q.Set("limit", "4")
	r = r.Clone(r.Context())
	r.URL.RawQuery = q.Encode()
	next.ServeHTTP(rw, r)
}

// A refresh that is due by the clock, and cannot be made, keeps no leaver active. It stays due, and
// half a list of employees is no list.
func TestADueRefreshThatCannotBeMadeKeepsNoLeaver(t *testing.T) {
	faults := maps.Clone(noAnswer)
	faults["half"] = half
	for name, fails := range faults {
		for _, many := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, many new people %v", name, many), func(t *testing.T) {
				w := newQuietWorld(t)
				w.limits = plan.Limits{}
				names := w.crowd(8)
				w.group("Site North", names...)
				w.change = func(e *tsync.Engine) { e.RefreshEvery = 24 * time.Hour }
				w.run()
				w.pass(25 * time.Hour)
				w.org.DeactivateUser(w.users[names[0]])
				w.edit("title", "Chief", names[1:2])
				newcomers := []string{"new.guy"}
				for i := range read.ManyNew {
					if many {
						newcomers = append(newcomers, fmt.Sprintf("n%03d", i))
					}
				}
				w.hire(newcomers...)
				w.listed(fails)
				patience := w.timeout
				if name == "time-out" {
					w.timeout = time.Second
				}
				doc, err := w.sync(tsync.RunOptions{})
				w.wantRightsError(doc, err, "read employees")
				w.wantNoTroubles(doc)
				w.wantStatus(tracktiktest.Terminated, names[0])
				if doc.Options.Refresh || doc.Result.Done["terminate"] != 1 || w.employee(names[1]).JobTitle != "Chief" {
					t.Errorf("a refresh %v\n%s", doc.Options.Refresh, details(doc))
				}
				if many {
					w.wantHeld(doc, plan.HeldUnreadable, "new.guy")
				} else {
					w.wantStatus(tracktiktest.Active, "new.guy")
				}
				w.timeout = patience
				w.inPortal(nil)
				if doc := w.run(); !doc.Options.Refresh {
					t.Errorf("the refresh is not made up for\n%s", details(doc))
				}
				w.wantStatus(tracktiktest.Active, newcomers...)
				w.wantDone(w.run(), "")
			})
		}
	}
}

// An employee of ours whom the list lacks, and who cannot be read by their id, stays as they are on
// record, and stops nobody else. So do those of whom a sample would have spoken.
func TestAnEmployeeWhoCannotBeReadStopsNoRefresh(t *testing.T) {
	for _, lost := range []int{2, 40} {
		t.Run(strconv.Itoa(lost), func(t *testing.T) {
			w := newQuietWorld(t)
			w.limits = plan.Limits{}
			w.limits.Kinds = map[plan.Kind]plan.Limit{plan.Terminate: {MaxCount: 5, MaxPercent: 100, MaxPerDay: -1}}
			names := w.crowd(lost + 8)
			w.group("Site North", names...)
			w.run()
			var ids []int64
			for _, name := range names[:lost] {
				ids = append(ids, w.employee(name).ID)
				w.must(w.portal.DeleteEmployeeRecord(w.employee(name).ID))
			}
			w.org.DeactivateUser(w.users[names[lost]])
			w.edit("title", "Chief", names[lost+1:lost+2])
			unread := ids[:1]
			if lost > read.SampleSize { // whomever it draws
				unread = ids
			}
			w.inPortal(func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
				if slices.ContainsFunc(unread, func(id int64) bool { return strings.HasSuffix(r.URL.Path, fmt.Sprint("/employees/", id)) }) {
					saying(500)(rw, r, next)
					return
				}
				next.ServeHTTP(rw, r)
			})
			doc := w.runWith(refreshed)
			w.wantWarning(doc, "employees_unread")
			w.wantNoTroubles(doc)
			w.wantDone(doc, "terminate 1, update 1")
			if slices.ContainsFunc(doc.Held, func(h plan.Held) bool { return h.User.Login == mail(names[0]) }) {
				t.Errorf("something is said about %s\n%s", names[0], details(doc))
			}
			if lost < read.SampleSize {
				w.wantHeld(doc, plan.HeldTerminatedElsewhere, names[1])
			}
			w.inPortal(nil)
			doc = w.runWith(refreshed)
			for _, name := range names[:lost] {
				w.wantHeld(doc, plan.HeldTerminatedElsewhere, name)
			}
		})
	}
}
