package sync_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// What becomes of a run whose source is bad.
const (
	fails   = "fails"   // exit 1 with a sentence, and nothing is written
	passes  = "passes"  // everything due is done
	holds   = "holds"   // what rests on the source waits, the rest is done
	partly  = "partly"  // the same, with exit 1 and a sentence
	refused = "refused" // what rests on the source waits, the rest is done, and the sentence names the right
	lacks   = "lacks"   // it may not be read: the same, and the sentence names the right
	problem = "problem" // the people whom it is about have a problem, the rest is done
)

// A fault is a way in which a listing goes bad. onlyPaged ones need several pages.
type fault struct {
	name      string
	make      func() oktatest.Interceptor
	onlyPaged bool
	outcome   string
}

func always(i oktatest.Interceptor) func() oktatest.Interceptor {
	return func() oktatest.Interceptor { return i }
}

var oktaFaults = []fault{
	{"nothing", always(oktatest.EmptyBody), false, fails},
	{"null", always(oktatest.NullBody), false, fails},
	{"an object", always(oktatest.EmptyObject), false, fails},
	{"[]", always(oktatest.EmptyList), false, fails},
	{"truncated", always(oktatest.Truncated), false, fails},
	{"the page again, once, with links that go on", oktatest.PageAgain, true, passes},
	{"the page again for ever, with links that go on", samePage, true, fails},
	{"the page leads to itself", always(oktatest.SelfLoop), true, fails},
	{"the last page leads to the first", always(oktatest.LoopToStart), true, fails},
	{"a page left out", always(oktatest.MissingPage), true, fails},
	{"no link to the next page", always(oktatest.NoNext), true, fails},
	{"a malformed link", always(oktatest.MalformedLink), true, fails},
	{"pages that shift", func() oktatest.Interceptor { return oktatest.Shifted(1) }, true, fails},
	{"pages that overlap", func() oktatest.Interceptor { return oktatest.Overlapping(1) }, true, passes},
	{"HTML", always(oktatest.HTMLPage(http.StatusOK)), false, fails},
	{"HTML 502", always(oktatest.HTMLPage(http.StatusBadGateway)), false, fails},
	{"HTML 404", always(oktatest.HTMLNotFound), false, fails},
	{"401 mid-run", func() oktatest.Interceptor { return oktatest.After(1, oktatest.Unauthorized) }, true, fails},
	{"403", always(oktatest.Forbidden), false, fails},
	{"429 for ever, with headers", always(oktatest.TooManyRequests(time.Minute)), false, fails},
	{"429 for ever, bare", always(oktatest.TooManyBare), false, fails},
	{"429 of too many at once", always(oktatest.TooManyAtOnce), false, fails},
	{"429 for a while", func() oktatest.Interceptor { return oktatest.First(9, oktatest.TooManyRequests(20*time.Second)) }, false, passes},
	{"500 for ever", always(oktatest.ServerError), false, fails},
	{"500 once", func() oktatest.Interceptor { return oktatest.First(1, oktatest.ServerError) }, false, passes},
	{"503", always(oktatest.ReadOnly), false, fails},
	{"closed connections", always(oktatest.Drop), false, fails},
	{"connections reset mid-body", always(oktatest.ResetMidBody), false, fails},
	{"connections closed mid-body", always(oktatest.CutMidBody), false, fails},
	{"a closed connection", func() oktatest.Interceptor { return oktatest.First(1, oktatest.CutMidBody) }, false, passes},
	{"silence", always(oktatest.Silence), false, fails},
}

// samePage answers every page with what was on the first, and the right links.
func samePage() oktatest.Interceptor {
	first := map[string]string{}
	var mu sync.Mutex
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		rec := answered(r, next)
		mu.Lock()
		defer mu.Unlock()
		if first[r.URL.Path] == "" {
			first[r.URL.Path] = rec.Body.String()
		}
		send(w, rec, first[r.URL.Path])
	}
}

func onPortal(i tracktiktest.Interceptor) func() oktatest.Interceptor {
	return always(oktatest.Interceptor(i))
}

var portalFaults = []fault{
	{"nothing", onPortal(tracktiktest.Empty), false, fails},
	{"null", onPortal(tracktiktest.Null), false, fails},
	{"[]", onPortal(tracktiktest.EmptyList), false, fails},
	{"[] without meta", onPortal(func(w http.ResponseWriter, r *http.Request, next http.Handler) { sendText(w, "[]") }), false, fails},
	{"truncated", onPortal(tracktiktest.Truncated), false, fails},
	{"the first page for every page", onPortal(tracktiktest.RepeatedPage), true, fails},
	{"records left out", onPortal(withoutThird), false, fails},
	{"a count that is too high", onPortal(tracktiktest.WrongCount(3)), false, fails},
	{"pages that shift", onPortal(tracktiktest.ShiftedPage), true, passes}, // they go by id
	{"HTML", onPortal(tracktiktest.LoginPage), false, fails},
	{"HTML 404", onPortal(tracktiktest.ForeignNotFound), false, fails},
	{"401 for ever", onPortal(tracktiktest.ExpiredToken), false, fails},
	{"401 once", func() oktatest.Interceptor { return oktatest.First(1, tracktiktest.ExpiredToken) }, false, passes},
	{"403", onPortal(tracktiktest.ScopeLost), false, fails},
	{"403 of the firewall", onPortal(tracktiktest.Firewall), false, fails},
	{"429 for ever, with headers", onPortal(tracktiktest.TooMany(30 * time.Second)), false, fails},
	{"429 for ever, bare", onPortal(tracktiktest.TooMany(0)), false, fails},
	{"429 for a while", func() oktatest.Interceptor { return oktatest.First(9, tracktiktest.TooMany(5*time.Second)) }, false, passes},
	{"500 for ever", onPortal(tracktiktest.FailBefore), false, fails},
	{"500 once", func() oktatest.Interceptor { return oktatest.First(1, tracktiktest.FailBefore) }, false, passes},
	{"504", onPortal(tracktiktest.CutBefore), false, fails},
	{"closed connections", onPortal(tracktiktest.Unreached), false, fails},
	{"a closed connection", func() oktatest.Interceptor { return oktatest.First(1, tracktiktest.Unreached) }, false, passes},
	{"silence", onPortal(tracktiktest.Silent), false, fails},
}

func sendText(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(body)) // the client may be gone
}

// withoutThird leaves the third record out of each list, and the count as it is.
func withoutThird(w http.ResponseWriter, r *http.Request, next http.Handler) {
	rec := answered(r, next)
	var e struct {
		Meta json.RawMessage   `json:"meta"`
		Data []json.RawMessage `json:"data"`
	}
	if json.Unmarshal(rec.Body.Bytes(), &e) != nil || len(e.Data) == 0 {
		send(w, rec, rec.Body.String())
		return
	}
	e.Data = slices.Delete(e.Data, min(2, len(e.Data)-1), min(3, len(e.Data)))
	body, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	send(w, rec, string(body))
}

// A source is one listing, or one kind of look-up, and how it is told apart.
type source struct {
	name    string
	portal  bool
	selects func(*http.Request) bool
	limit   int    // elements on a page; 0: there is one page
	push    string // sync.groups.push with which it is read; empty: listed
	but     map[string]string
}

func path(pattern string) func(*http.Request) bool {
	want := strings.Split(pattern, "/")
	return func(r *http.Request) bool {
		got := strings.Split(strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/api/v1"), "/rest/v1"), "/")
		return r.Method == http.MethodGet && slices.EqualFunc(got, want, func(a, b string) bool { return b == "*" || a == b })
	}
}

func with(selects func(*http.Request) bool, key string, there bool) func(*http.Request) bool {
	return func(r *http.Request) bool { return selects(r) && r.URL.Query().Has(key) == there }
}

var sources = []source{
	{name: "okta: the app's users", selects: path("/apps/*/users"), limit: 3},
	{name: "okta: groups", selects: path("/groups"), limit: 2},
	{name: "okta: the app's groups", selects: path("/apps/*/groups"), limit: 20, push: "assigned"},
	{name: "okta: push mappings", selects: path("/apps/*/group-push/mappings"), limit: 2, push: "mappings", but: map[string]string{
		// What is missing is looked up by itself, and a 4xx changes nothing: the mappings known before go on.
		"[]": passes, "a page left out": passes, "no link to the next page": passes, "pages that shift": passes, "403": passes, "HTML 404": passes,
	}},
	{name: "okta: a group's members", selects: path("/groups/*/users"), limit: 3},
	{name: "okta: a person's groups", selects: path("/users/*/groups"), limit: 2, but: everything(holds, map[string]string{
		// It is asked whether the group is in it: what is short agrees with the departure.
		"[]": passes, "a page left out": passes, "no link to the next page": passes, "pages that shift": passes, "pages that overlap": passes,
		"429 for a while": passes, "500 once": passes, "a closed connection": passes, "401 mid-run": fails,
		"the page again, once, with links that go on": passes, "403": refused,
	})},
	{name: "okta: a user", selects: path("/users/*"), but: everything(holds, map[string]string{
		"429 for a while": passes, "500 once": passes, "a closed connection": passes, "403": refused})},
	{name: "okta: an assignment", selects: path("/apps/*/users/*"), but: everything(holds, map[string]string{
		"429 for a while": passes, "500 once": passes, "a closed connection": passes, "403": refused})},
	{name: "okta: the app", selects: path("/apps/*")},

	{name: "tracktik: employees", portal: true, selects: with(with(path("/employees"), "username", false), "email", false), limit: 3},
	{name: "tracktik: roles", portal: true, selects: path("/roles"), limit: 3, but: unreadable(partly, nil)},
	{name: "tracktik: user-roles", portal: true, selects: with(with(path("/user-roles"), "user.id", false), "role.id", false), limit: 5, but: everything(partly, map[string]string{
		"pages that shift": passes, "401 once": passes, "429 for a while": passes, "500 once": passes, "a closed connection": passes,
	})},
	{name: "tracktik: regions", portal: true, selects: path("/regions"), limit: 2, but: unreadable(lacks, map[string]string{"[]": problem})},
	{name: "tracktik: termination reasons", portal: true, selects: path("/employment-termination-reasons"), limit: 2,
		but: unreadable(lacks, map[string]string{"[]": lacks})},
	{name: "tracktik: look-ups of employees", portal: true, selects: func(r *http.Request) bool {
		return path("/employees")(r) && (r.URL.Query().Has("username") || r.URL.Query().Has("email"))
	}, but: unreadable(lacks, map[string]string{"[]": holds})}, // we are not found either
}

// unreadable is the outcome of what keeps a list from being read and is about that list alone.
func unreadable(outcome string, but map[string]string) map[string]string {
	for _, name := range []string{"nothing", "null", "[] without meta", "truncated", "the first page for every page", "records left out",
		"a count that is too high", "HTML", "HTML 404", "401 for ever", "403", "500 for ever", "504", "closed connections", "silence"} {
		if but == nil {
			but = map[string]string{}
		}
		but[name] = outcome
	}
	return but
}

// everything is the outcome of all faults but some.
func everything(outcome string, but map[string]string) map[string]string {
	all := map[string]string{}
	for _, f := range slices.Concat(oktaFaults, portalFaults) {
		all[f.name] = cmp.Or(but[f.name], outcome)
	}
	return all
}

// No bad answer, of whatever listing, writes what is not due, asks for ever, or goes
// without a word; and once the source is well, nothing was lost.
func TestBadSources(t *testing.T) {
	for _, s := range sources {
		faults := oktaFaults
		if s.portal {
			faults = portalFaults
		}
		for _, f := range faults {
			if f.onlyPaged && s.limit == 0 {
				continue
			}
			t.Run(s.name+"/"+f.name, func(t *testing.T) {
				w := newWorld(t)
				w.prepareBadSource(s)
				before := w.picture()
				w.due(s)
				if f.name == "silence" {
					w.timeout = 300 * time.Millisecond
				}
				w.goBad(s, f.make())
				w.wantOutcome(cmp.Or(s.but[f.name], f.outcome), before, s)
				w.timeout = 30 * time.Second
				w.goBad(s, nil)
				w.recover(s)
			})
		}
	}
}

// prepareBadSource makes seven people, in one group or in several.
func (w *world) prepareBadSource(s source) {
	w.Helper()
	w.push.Push = cmp.Or(s.push, "listed")
	names := w.crowd(7)
	w.group("Site North", names...)
	w.group("Site South", names[:4]...)
	w.group("Site West", names[2])
	if s.push == "assigned" {
		w.push.Names = nil
		for i := range 20 {
			w.group(fmt.Sprintf("Team %02d", i))
			w.org.AssignGroup(w.app, w.groups[fmt.Sprintf("Team %02d", i)], oktatest.GroupAssignment{})
		}
	}
	for _, g := range []string{"Site North", "Site South", "Site West"} {
		switch s.push {
		case "assigned":
			w.org.AssignGroup(w.app, w.groups[g], oktatest.GroupAssignment{})
		case "mappings":
			w.org.AddPushMapping(w.app, w.groups[g])
		}
	}
	for i := range 6 { // so that a person's groups take several pages
		w.group(fmt.Sprintf("Office %d", i), "g003")
	}
	w.run()
}

// due lets things happen that need every listing: g001 leaves, g002 changes, g003
// leaves a group, and fresh comes.
func (w *world) due(s source) {
	w.leave("Site North", "g001")
	w.leave("Site South", "g001")
	w.org.UnassignUser(w.app, w.users["g001"])
	w.org.UpdateUser(w.users["g002"], map[string]any{"title": "Chief"})
	w.leave("Site North", "g003")
	if s.push != "assigned" {
		w.hire("fresh")
		w.group("Site North", "fresh")
		return
	}
	w.users["fresh"] = w.org.AddUser(oktatest.User{Login: mail("fresh"), FirstName: "Fresh", LastName: "Guard"})
	w.group("Site North", "fresh")
}

// goBad makes the source bad by i, or well again, and its pages short.
func (w *world) goBad(s source, i oktatest.Interceptor) {
	short := func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		if !s.selects(r) {
			next.ServeHTTP(rw, r)
			return
		}
		if s.limit > 0 {
			r = r.Clone(r.Context())
			q := r.URL.Query()
			q.Set("limit", fmt.Sprint(s.limit))
			r.URL.RawQuery = q.Encode()
		}
		if i == nil {
			next.ServeHTTP(rw, r)
			return
		}
		i(rw, r, next)
	}
	if s.portal {
		w.inPortal(short)
	} else {
		w.inOkta(short)
	}
}

func (w *world) wantOutcome(want, before string, s source) {
	w.Helper()
	yes := true
	doc, err := w.sync(tsync.RunOptions{Refresh: &yes})
	after, code := w.picture(), tsync.ExitCode(doc, err, "4")
	w.Logf("exit %d: %v", code, err)
	if n := len(w.org.Requests()) + len(w.portal.Requests()); n > 200 {
		w.Errorf("%d requests", n)
	}
	switch want {
	case fails:
		if code != tsync.ExitFailed || err == nil || !strings.Contains(err.Error(), strings.SplitN(s.name, ":", 2)[0]) {
			w.Errorf("exit %d, %v: want exit 1 and a sentence that names the system\n%s", code, err, details(doc))
		}
		if n := w.portal.AttemptedWrites(); n > 0 || after != before {
			w.Errorf("%d writes; the portal was\n%sand is\n%s", n, before, after)
		}
		return
	case holds, refused:
		if want == refused {
			wantRight(w, err, "look up")
			err = nil
		}
		if !slices.ContainsFunc(doc.Held, func(h plan.Held) bool {
			return h.Code() == plan.HeldUnconfirmed && (strings.Contains(h.Why, "okta") || s.portal && strings.Contains(h.Why, "tracktik"))
		}) {
			w.Errorf("nothing is held for the failed look-up\n%s", details(doc))
		}
	case partly:
		if code != tsync.ExitFailed || err == nil || !strings.Contains(err.Error(), "tracktik") {
			w.Errorf("exit %d, %v: want exit 1 and a sentence that names the system\n%s", code, err, details(doc))
		}
		err = nil
	case lacks:
		if code != tsync.ExitFailed || err == nil || !strings.Contains(err.Error(), "the program read ") &&
			!strings.Contains(err.Error(), "the program could not ") {
			w.Errorf("exit %d, %v: want exit 1 and a sentence that names the right\n%s", code, err, details(doc))
		}
		if len(doc.Problems) > 0 || len(doc.Held) != 1 {
			w.Fatalf("want one person to wait, and nobody to have a problem\n%s", details(doc))
		}
		if doc.Held[0].Kind == plan.Terminate {
			w.wantStatus(tracktiktest.Active, "g001", "fresh")
		} else {
			w.wantStatus(tracktiktest.Terminated, "g001")
		}
		if w.employee("g002").JobTitle != "Chief" {
			w.Error("g002 was not updated")
		}
		err = nil
	case problem:
		w.wantProblem(doc, plan.ProblemUnknownRegion, "fresh")
		if code != tsync.ExitProblems {
			w.Errorf("exit %d, want 4", code)
		}
	}
	if err != nil {
		w.Errorf("ended with %v, want it to pass\n%s", err, details(doc))
	}
	w.wantWell(want == passes || want == partly) // what is due here needs no list of grants
}

// wantWell wants nobody hurt, and, when all is done, everything that was due.
func (w *world) wantWell(all bool) {
	w.Helper()
	status := map[string]int{}
	for _, e := range w.portal.Employees() {
		status[e.Status]++
		if e.Status == tracktiktest.Terminated && e.Email != mail("g001") {
			w.Errorf("employee %d, %s, was terminated", e.ID, e.Email)
		}
	}
	w.wantRoles("g002", "Site North, Site South")
	w.wantRoles("g004", "Site North, Site South")
	for i := 5; i <= 7; i++ {
		w.wantRoles(fmt.Sprintf("g%03d", i), "Site North")
	}
	seen := map[string]bool{}
	for _, g := range w.portal.Grants() {
		key := fmt.Sprint(g.Employee, " ", g.Role)
		if seen[key] {
			w.Errorf("employee and role %s are granted twice", key)
		}
		seen[key] = true
	}
	if !all {
		return
	}
	w.wantStatus(tracktiktest.Terminated, "g001")
	w.wantStatus(tracktiktest.Active, "fresh")
	w.wantRoles("fresh", "Site North")
	w.wantRoles("g003", "Site South, Site West")
	if w.employee("g002").JobTitle != "Chief" {
		w.Error("g002 was not updated")
	}
	if status[tracktiktest.Active] != 7+1 {
		w.Errorf("%d active employees, want 7 and our own", status[tracktiktest.Active])
	}
}

// recover is the next runs with a source that is well.
func (w *world) recover(s source) {
	w.Helper()
	w.pass(6 * time.Hour)
	w.runWith(refreshed)
	w.wantWell(true)
	w.wantDone(w.runWith(refreshed), "")
}

// picture is everything that the portal holds.
func (w *world) picture() string {
	var b strings.Builder
	for _, e := range w.portal.Employees() {
		fmt.Fprintf(&b, "employee %d %s %s %q %q %d\n", e.ID, e.Status, e.Email, e.Username, e.JobTitle, e.Region)
	}
	for _, r := range w.portal.Roles() {
		fmt.Fprintf(&b, "role %d %s\n", r.ID, r.Name)
	}
	for _, g := range w.portal.Grants() {
		fmt.Fprintf(&b, "grant %d of %d to %d\n", g.ID, g.Role, g.Employee)
	}
	return b.String()
}
