package okta

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"tracktik-sync/sync/plan"
)

func TestPagesAreReadInOrderWithEveryParameter(t *testing.T) {
	var asked []string
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.RawQuery)
		switch r.URL.Query().Get("after") {
		case "":
			w.Header().Set("Link", "<http://"+r.Host+r.URL.Path+`?after=c1>; rel="next"`) // drops limit and expand
			_, _ = w.Write([]byte(array(assignment("00u1"), assignment("00u2"))))
		case "c1":
			nextPage(w, r, "c2")
			_, _ = w.Write([]byte(array(assignment("00u3"))))
		default:
			_, _ = w.Write([]byte("[]"))
		}
	})
	ids, err := o.everybody()
	if err != nil || !slices.Equal(ids, []plan.PersonID{"00u1", "00u2", "00u3"}) {
		t.Errorf("got %v, %v", ids, err)
	}
	if want := []string{"expand=user&limit=500", "after=c1&expand=user&limit=500", "after=c2&expand=user&limit=500"}; !slices.Equal(asked, want) {
		t.Errorf("asked %q, want %q", asked, want)
	}
}

func TestFoldedLinkLinesAreStillTwoLinks(t *testing.T) {
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("after") == "" {
			self := "http://" + r.Host + r.URL.String()
			w.Header().Set("Link", "<"+self+`>; rel="self", <`+self+`&after=c1>; rel="next"`)
			_, _ = w.Write([]byte(array(assignment("00u1"))))
			return
		}
		_, _ = w.Write([]byte(array(assignment("00u2"))))
	})
	if ids, err := o.everybody(); err != nil || len(ids) != 2 || o.Requests() != 2 {
		t.Errorf("got %v, %v in %d requests", ids, err, o.Requests())
	}
}

func TestListingThatGoesRoundInCirclesIsBroken(t *testing.T) {
	page := func(after string, ids ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			nextPage(w, r, after)
			elements := make([]string, len(ids))
			for i, id := range ids {
				elements[i] = assignment(id)
			}
			_, _ = w.Write([]byte(array(elements...)))
		}
	}
	ownSuccessor := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "<http://"+r.Host+r.URL.String()+`>; rel="next"`)
		_, _ = w.Write([]byte(array(assignment("00u1"))))
	}
	n := 0
	fresh := func(w http.ResponseWriter, r *http.Request) { n++; page("c"+strconv.Itoa(n), "00u1", "00u2")(w, r) }
	empty := func(w http.ResponseWriter, r *http.Request) { n++; page("c"+strconv.Itoa(n))(w, r) }
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		good    int // people before the fault
		most    int // requests
	}{
		"next is the page itself":       {ownSuccessor, 0, 6},
		"a cursor comes again":          {inTurn(page("c1", "00u1"), page("c2", "00u2"), page("c1", "00u3")), 2, 8},
		"a page comes again":            {fresh, 2, 7},
		"empty pages follow each other": {empty, 0, maxEmpty + 6},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrg(t, c.handler)
			ids, err := o.everybody()
			wantBroken(t, err)
			if len(ids) != c.good || o.Requests() > c.most {
				t.Errorf("read %v in %d requests, want %d people in at most %d", ids, o.Requests(), c.good, c.most)
			}
		})
	}
}

func TestNextPageOnAnotherHostOrPathIsBroken(t *testing.T) {
	for _, link := range []string{
		`<https://evil.example/api/v1/apps/0oatracktik/users?after=x>; rel="next"`,
		`</api/v1/users?after=x>; rel="next"`,
	} {
		o := newOrg(t, withLink(link, answer(200, array(assignment("00u1")))))
		ids, err := o.everybody()
		wantBroken(t, err)
		if len(ids) != 0 {
			t.Errorf("%s: read %v", link, ids)
		}
	}
}

func TestFailingPageIsReadAgainAndNothingTwice(t *testing.T) {
	var mu sync.Mutex
	failed := map[string]int{}
	pages := manyPages(4)
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		after := r.URL.Query().Get("after")
		failed[after]++
		n := failed[after]
		mu.Unlock()
		switch {
		case n == 1:
			dropConnection(w, r)
		case n == 2:
			answer(200, `[{"id":"00uHalf"`)(w, r)
		case n < 6:
			answer(503, "")(w, r)
		default:
			pages(w, r)
		}
	})
	ids, err := o.everybody()
	if err != nil || !slices.Equal(ids, []plan.PersonID{"00u0", "00u1", "00u2", "00u3"}) {
		t.Errorf("got %v, %v", ids, err)
	}
}

func TestPageThatTakesOktaTooLongIsAskedForInHalf(t *testing.T) {
	var limits []string
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		limit := r.URL.Query().Get("limit")
		limits = append(limits, limit)
		if n, _ := strconv.Atoi(limit); n > 125 {
			oktaError(500, "E0000009", "Internal Server Error")(w, r)
			return
		}
		if r.URL.Query().Get("after") == "" {
			query := strings.Replace(r.URL.RawQuery, "limit=125", "limit=500", 1)
			w.Header().Set("Link", "<"+r.URL.Path+"?"+query+`&after=c1>; rel="next"`)
			_, _ = w.Write([]byte(array(assignment("00u1"))))
			return
		}
		_, _ = w.Write([]byte(array(assignment("00u2"))))
	})
	if ids, err := o.everybody(); err != nil || len(ids) != 2 {
		t.Errorf("got %v, %v", ids, err)
	}
	if want := []string{"500", "500", "250", "250", "125", "125"}; !slices.Equal(limits, want) {
		t.Errorf("asked for %v, want %v", limits, want)
	}
}

func TestLastingServerErrorEndsAPageAfterSixTries(t *testing.T) {
	o := newOrg(t, oktaError(500, "E0000009", "Internal Server Error"))
	_, err := o.everybody()
	if failure := wantError(t, err); failure.Status() != 500 || o.Requests() != maxRetries+1 {
		t.Errorf("got %v after %d requests, want a 500 after %d", err, o.Requests(), maxRetries+1)
	}
}

func TestErrorOfTheReaderEndsTheListingAsItIs(t *testing.T) {
	o := newOrg(t, manyPages(5))
	enough := errors.New("enough")
	err := o.Assignments(t.Context(), func([]plan.Entry) error { return enough })
	if err != enough || o.Requests() != 1 { // it must not be wrapped
		t.Errorf("got %v after %d requests", err, o.Requests())
	}
	pages := 0
	err = o.Assignments(t.Context(), func([]plan.Entry) error {
		if pages++; pages == 2 {
			return enough
		}
		return nil
	})
	if err != enough || pages != 2 || o.Requests() > 1+3 { // the third may be under way
		t.Errorf("got %v after %d pages and %d requests", err, pages, o.Requests()-1)
	}
}

func TestAttributesDoNotLeakFromOnePersonToTheNext(t *testing.T) {
	full := strings.Replace(assignment("00u1"), `"firstName":"Ana"`, `"firstName":"Ana","department":"Docks"`, 1)
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("after") == "" {
			nextPage(w, r, "c1")
			_, _ = w.Write([]byte(array(full)))
			return
		}
		_, _ = w.Write([]byte(array(assignment("00u2"))))
	})
	var kept []plan.Entry
	err := o.Assignments(t.Context(), func(entries []plan.Entry) error {
		kept = append(kept, entries...)
		return nil
	})
	if err != nil || len(kept) != 2 {
		t.Fatalf("got %d entries, %v", len(kept), err)
	}
	for i, department := range []any{"Docks", nil} {
		p, err := kept[i].Decode() // long after its page
		if err != nil || p.User["department"] != department || p.ID != kept[i].ID {
			t.Errorf("person %d: got %v, %v, want department %v", i, p.User, err, department)
		}
	}
}

func TestNobodyCostsARequestOfTheirOwn(t *testing.T) {
	for _, people := range []int{0, 1, 500, 501, 1250} {
		o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
			limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
			first, _ := strconv.Atoi(r.URL.Query().Get("after"))
			last := min(first+limit, people)
			elements := []string{}
			for i := first; i < last; i++ {
				elements = append(elements, assignment(fmt.Sprintf("00u%d", i)))
			}
			if last < people {
				nextPage(w, r, strconv.Itoa(last))
			}
			_, _ = w.Write([]byte(array(elements...)))
		})
		ids, err := o.everybody()
		if want := max(1, (people+499)/500); err != nil || len(ids) != people || o.Requests() != want {
			t.Errorf("%d people: read %d, %v in %d requests, want %d", people, len(ids), err, o.Requests(), want)
		}
	}
}
