package tracktik

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
)

// listed reads the roles of a portal that answers with handler.
func listed(t *testing.T, handler http.Handler) ([]plan.Role, *portal, error) {
	t.Helper()
	p := newPortal(t, handler.ServeHTTP)
	roles, err := client(t, p, nil).Roles(t.Context())
	return roles, p, err
}

// wantIDs checks that roles are 1 to n, each one once.
func wantIDs(t *testing.T, roles []plan.Role, n int) {
	t.Helper()
	seen := map[plan.RoleID]bool{}
	for _, role := range roles {
		seen[role.ID] = true
	}
	if len(roles) != n || len(seen) != n {
		t.Errorf("%d roles, %d of them distinct, want %d", len(roles), len(seen), n)
	}
}

func TestListsArePagedByKeyInAsFewCallsAsPossible(t *testing.T) {
	for n, calls := range map[int]int{0: 1, 1: 1, 999: 1, 1000: 1, 1001: 2, 2000: 2, 3357: 4} {
		roles, p, err := listed(t, records{ids: upTo(n)})
		ok(t, err)
		wantIDs(t, roles, n)
		requests := p.requests()
		if len(requests) != calls {
			t.Errorf("%d roles took %d calls, want %d", n, len(requests), calls)
		}
		for i, r := range requests {
			want := ""
			if i > 0 {
				want = fmt.Sprint(i * 1000)
			}
			if r.query.Get("sort") != "id" || r.query.Get("limit") != "1000" || r.query.Get("id:gt") != want || r.query.Has("offset") {
				t.Errorf("call %d asked for %v", i+1, r.query)
			}
		}
	}
}

func TestShiftUnderAListLosesAndDoublesNobody(t *testing.T) {
	ids := upTo(2500)
	roles, _, err := listed(t, inTurn(records{ids: ids}.ServeHTTP, records{ids: ids[500:], count: 2500}.ServeHTTP))
	ok(t, err) // 500 that were read already are gone: by offset, 500 would have been jumped over
	wantIDs(t, roles, 2500)
}

func TestRecordsThatCameMeanwhileAreRead(t *testing.T) {
	roles, _, err := listed(t, inTurn(records{ids: upTo(1500)}.ServeHTTP, records{ids: upTo(1600)}.ServeHTTP))
	ok(t, err)
	wantIDs(t, roles, 1600)
}

func TestPortalThatServesSmallerPagesIsReadWhole(t *testing.T) {
	roles, p, err := listed(t, records{ids: upTo(730), limit: 100})
	ok(t, err)
	wantIDs(t, roles, 730)
	if len(p.requests()) != 8 {
		t.Errorf("%d calls, want 8", len(p.requests()))
	}
}

func TestWhatIsNewerIsListedInAsFewCallsAsPossible(t *testing.T) {
	for newer, calls := range map[int]int{0: 1, 3: 1, 1000: 1, 1001: 2} {
		p := newPortal(t, records{ids: upTo(5000 + newer)}.ServeHTTP)
		var got []plan.Employee
		ok(t, client(t, p, nil).NewerEmployees(t.Context(), 5000, collect(&got)))
		if len(got) != newer || newer > 0 && (got[0].ID != 5001 || got[newer-1].ID != plan.EmployeeID(5000+newer)) {
			t.Errorf("%d of %d employees", len(got), newer)
		}
		if n := len(p.requests()); n != calls {
			t.Errorf("%d newer ones took %d calls, want %d", newer, n, calls)
		}
	}
}

// What an offset tells of a list that changes is not what is new.
func TestPortalWithoutTheKeyFilterIsNotAskedForWhatIsNewer(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{"refused": always(400, `{"status":400,"error":"id:gt is not a field in employees"}`),
		"ignored": records{ids: upTo(2500), deaf: keyFilter}.ServeHTTP} {
		p := newPortal(t, handler)
		c := client(t, p, nil)
		for range 2 {
			var got []plan.Employee
			err := c.NewerEmployees(t.Context(), 2400, collect(&got))
			if e := wantError(t, err); !e.Unfiltered() || len(got) > 0 {
				t.Errorf("%s: %d employees, %v", name, len(got), err)
			}
		}
		if n := len(p.requests()); n != 1 {
			t.Errorf("%s: %d calls, want 1", name, n)
		}
	}
}

func TestPortalWithoutTheKeyFilterIsReadByOffsetFromThenOn(t *testing.T) {
	refusing := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has(keyFilter) {
			answer(w, 400, `{"status":400,"error":"id:gt is not a field in roles"}`)
			return
		}
		records{ids: upTo(2500)}.ServeHTTP(w, r)
	}
	for name, handler := range map[string]http.HandlerFunc{"refused": refusing, "ignored": records{ids: upTo(2500), deaf: keyFilter}.ServeHTTP} {
		p := newPortal(t, handler)
		c := client(t, p, nil)
		for run, calls := range []int{4, 3} {
			before := len(p.requests())
			roles, err := c.Roles(t.Context())
			ok(t, err)
			wantIDs(t, roles, 2500)
			if got := len(p.requests()) - before; got != calls {
				t.Errorf("%s, list %d: %d calls, want %d", name, run+1, got, calls)
			}
		}
	}
}

func TestPortalThatIgnoresTheOrderIsReadByOffset(t *testing.T) {
	ids := upTo(1200)
	for i := range ids {
		ids[i] = 1201 - ids[i]
	}
	roles, _, err := listed(t, records{ids: ids, deaf: keyFilter})
	ok(t, err)
	wantIDs(t, roles, 1200)
}

func TestListThatIsShorterThanItsCountIsBroken(t *testing.T) {
	for name, handler := range map[string]http.Handler{
		"one page":  records{ids: upTo(300), count: 301},
		"two pages": records{ids: upTo(1700), count: 3357},
		"no filter": records{ids: upTo(1700), count: 3357, deaf: keyFilter},
		"empty":     records{count: 5},
	} {
		_, p, err := listed(t, handler)
		if e := wantError(t, err); !e.Broken() || len(p.requests()) > 6 {
			t.Errorf("%s: broken %v after %d calls: %v", name, e.Broken(), len(p.requests()), e)
		}
	}
}

func TestEndOfAShortListIsReadOnceMore(t *testing.T) {
	slow := records{ids: upTo(300), count: 301}
	roles, p, err := listed(t, inTurn(slow.ServeHTTP, records{ids: upTo(301)}.ServeHTTP))
	ok(t, err)
	wantIDs(t, roles, 301)
	if got := p.requests()[1].query.Get(keyFilter); got != "300" {
		t.Errorf("read on after %q, want 300", got)
	}
}

func TestRepeatedPageIsBroken(t *testing.T) {
	first := records{ids: upTo(3000), deaf: keyFilter}
	again := func(w http.ResponseWriter, r *http.Request) {
		r.URL.RawQuery = "limit=1000"
		first.ServeHTTP(w, r)
	}
	withoutMeta := func(w http.ResponseWriter, r *http.Request) {
		r.URL.RawQuery = "limit=1000"
		records{ids: upTo(3000), noMeta: true}.ServeHTTP(w, r)
	}
	for name, handler := range map[string]http.HandlerFunc{"with meta": again, "without": withoutMeta} {
		_, p, err := listed(t, handler)
		if e := wantError(t, err); !e.Broken() || len(p.requests()) > 6 {
			t.Errorf("%s: broken %v after %d calls: %v", name, e.Broken(), len(p.requests()), e)
		}
	}
}

func TestListWithoutMetaIsBelievedWhenItHoldsSomething(t *testing.T) {
	for n, calls := range map[int]int{3: 1, 99: 1, 250: 2, 1000: 2, 2200: 4} {
		roles, p, err := listed(t, records{ids: upTo(n), noMeta: true})
		ok(t, err)
		wantIDs(t, roles, n)
		if len(p.requests()) != calls {
			t.Errorf("%d roles took %d calls, want %d", n, len(p.requests()), calls)
		}
	}
	for _, empty := range []string{`[]`, `{"data":[]}`} {
		_, _, err := listed(t, always(200, empty))
		if e := wantError(t, err); !e.Broken() {
			t.Errorf("%s is not broken: %v", empty, e)
		}
	}
}

func TestPageThatContradictsItselfIsBroken(t *testing.T) {
	for _, body := range []string{
		`{"meta":{"count":2,"itemCount":2},"data":[{"id":1}]}`,
		`{"meta":{"count":1},"data":[{"id":1},{"id":2}]}`,
		`{"meta":{"count":2},"data":[{"id":1},{"id":1}]}`,
		`{"meta":{"count":1},"data":[{"name":"nobody"}]}`,
		`{"meta":{"count":1},"data":[{"id":"x"}]}`,
		`{"meta":{"count":1},"data":[null]}`,
		`{"meta":{"count":0,"security":{"granted":false}},"data":[]}`,
		`{"meta":{"count":0},"data":{}}`,
		`{"meta":{"count":-1},"data":[]}`,
		`{"status":500,"error":"in disguise"}`,
		`"text"`, `{`, `[`, ` `,
	} {
		_, p, err := listed(t, always(200, body))
		if e := wantError(t, err); !e.Broken() || len(p.requests()) != maxBroken {
			t.Errorf("%s: broken %v after %d calls: %v", body, e.Broken(), len(p.requests()), e)
		}
	}
}

func TestErrorOfThePageFunctionEndsTheList(t *testing.T) {
	stop := errors.New("enough")
	p := newPortal(t, records{ids: upTo(5000)}.ServeHTTP)
	n, err := client(t, p, nil).Employees(t.Context(), func([]plan.Employee) error { return stop })
	if err != stop || n != 1000 || len(p.requests()) != 1 {
		t.Errorf("got %v after %d records and %d calls", err, n, len(p.requests()))
	}
}

func TestFailedPageFailsTheList(t *testing.T) {
	_, _, err := listed(t, inTurn(records{ids: upTo(1500)}.ServeHTTP, always(503, "")))
	if e := wantError(t, err); e.Status() != 503 || !strings.Contains(e.Error(), "GET /roles") {
		t.Errorf("got %v", e)
	}
}
