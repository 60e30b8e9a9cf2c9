package okta

import (
	"net/http"
	"path"
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
)

func TestOnlyOktasOwn404MeansGone(t *testing.T) {
	notFound := "Not found: Resource not found: 00u1 (AppUser)"
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) { // about whom it was asked
		oktaError(404, "E0000007", "Not found: Resource not found: "+path.Base(r.URL.Path)+" (AppUser)")(w, r)
	})
	lookUps := map[string]func(*org) (bool, error){
		"user":       func(o *org) (bool, error) { _, found, err := o.User(t.Context(), "00u1"); return found, err },
		"assignment": func(o *org) (bool, error) { _, found, err := o.Assignment(t.Context(), "00u1"); return found, err },
		"group":      func(o *org) (bool, error) { _, found, err := o.Group(t.Context(), "00g1"); return found, err },
		"app group":  func(o *org) (bool, error) { return o.GroupAssigned(t.Context(), "00g1") },
		"mapping":    func(o *org) (bool, error) { return o.Mapping(t.Context(), "gPm1") },
	}
	for what, lookUp := range lookUps {
		if found, err := lookUp(o); found || err != nil {
			t.Errorf("%s: got %v, %v, want not found", what, found, err)
		}
		for name, handler := range map[string]http.HandlerFunc{
			"a web server's": answer(404, "<html>404 page not found</html>"),
			"another code":   oktaError(404, "E0000008", "The requested path was not found"),
			"no body":        answer(404, ""),
			"a 410":          oktaError(410, "E0000007", notFound),
			"a 403":          oktaError(403, "E0000006", "You do not have permission"),
			"a 500":          oktaError(500, "E0000007", notFound),
			"an empty 200":   answer(200, ""),
			"about another":  oktaError(404, "E0000007", "Not found: Resource not found: 00uOther (User)"),
			"about nothing":  oktaError(404, "E0000007", "Not found"),
			"about the app":  oktaError(404, "E0000007", "Not found: Resource not found: "+testApp+" (AppInstance)"),
			"another id":     answer(200, `{"id":"00uOther","profile":{"name":"x"}}`),
		} {
			if found, err := lookUp(newOrg(t, handler)); found || err == nil {
				t.Errorf("%s, %s: got %v, %v, want a failed look-up", what, name, found, err)
			}
		}
	}
}

func TestHiddenAppIsNotEverybodysDeparture(t *testing.T) {
	o := newOrg(t, oktaError(404, "E0000007", "Not found: Resource not found: "+testApp+" (AppInstance)"))
	if _, found, err := o.Assignment(t.Context(), "00u1"); found || err == nil {
		t.Errorf("assignment: got %v, %v, want a failed look-up", found, err)
	}
	if found, err := o.GroupAssigned(t.Context(), "00g1"); found || err == nil {
		t.Errorf("group: got %v, %v, want a failed look-up", found, err)
	}
	if _, err := o.App(t.Context()); !wantError(t, err).NotFound() {
		t.Errorf("app: got %v", err)
	}
}

func TestIDThatCannotBeOneIsNeverSent(t *testing.T) {
	o := newOrg(t, answer(200, array(user("00u1"))))
	for _, id := range []string{"", ".", "..", "a/b", "a?b", "a#b", "a b", "a%2fb", "a\x00"} {
		_, _, err2 := o.Assignment(t.Context(), plan.PersonID(id))
		_, _, err3 := o.Group(t.Context(), plan.GroupID(id))
		_, err4 := o.GroupsOf(t.Context(), plan.PersonID(id))
		_, err5 := o.GroupAssigned(t.Context(), plan.GroupID(id))
		_, err6 := o.Mapping(t.Context(), id)
		err7 := o.Members(t.Context(), plan.GroupID(id), func([]plan.PersonID) error { return nil })
		for i, err := range []error{err2, err3, err4, err5, err6, err7} {
			if failure := wantError(t, err); failure.Kind != KindArgument {
				t.Errorf("%q, read %d: got %v", id, i+1, err)
			}
		}
	}
	for _, login := range []string{"", ".", "..", "me", "Me", "a/b", "a\x00", "ana/../x@acme.example", `acme\ana`} {
		if _, _, err := o.User(t.Context(), login); wantError(t, err).Kind != KindArgument {
			t.Errorf("%q: got %v", login, err)
		}
	}
	if people, err := o.UserByEmail(t.Context(), ""); len(people) != 0 || err != nil {
		t.Errorf("no e-mail: got %v, %v", people, err)
	}
	if o.Requests() != 0 {
		t.Errorf("sent %d requests", o.Requests())
	}
}

func TestUserIsFoundByIDAndByLogin(t *testing.T) {
	var path string
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		path = r.URL.EscapedPath()
		_, _ = w.Write([]byte(user("00u1")))
	})
	for asked, want := range map[string]string{
		"00u1":              "/api/v1/users/00u1",
		"00U1@acme.example": "/api/v1/users/00U1@acme.example",
	} {
		p, found, err := o.User(t.Context(), asked)
		if err != nil || !found || p.ID != "00u1" || p.Assignment.Present || !p.Readable || p.Print != (plan.Print{}) {
			t.Errorf("%s: got %+v, %v, %v", asked, p, found, err)
		}
		if path != want {
			t.Errorf("%s: asked for %s, want %s", asked, path, want)
		}
	}
	for _, asked := range []string{"00u2", "bob@acme.example"} {
		_, found, err := o.User(t.Context(), asked)
		wantBroken(t, err)
		if found {
			t.Errorf("%s: found as somebody else", asked)
		}
	}
}

func TestLoginIsEscapedInThePath(t *testing.T) {
	var path string
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		path = r.RequestURI
		_, _ = w.Write([]byte(strings.ReplaceAll(user("00u1"), "00u1@acme", "a?b#c%d@acme")))
	})
	if _, found, err := o.User(t.Context(), "a?b#c%d@acme.example"); err != nil || !found {
		t.Errorf("got %v, %v", found, err)
	}
	if path != "/api/v1/users/a%3Fb%23c%25d@acme.example" {
		t.Errorf("asked for %s", path)
	}
}

func TestUsersAreFoundByEmailAndNobodyElseIs(t *testing.T) {
	var filter string
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		filter = r.URL.Query().Get("filter")
		if r.URL.Query().Get("after") == "" {
			nextPage(w, r, "c1")
			_, _ = w.Write([]byte(array(user("00u1"), user("00u2"))))
			return
		}
		_, _ = w.Write([]byte(array(strings.Replace(user("00u3"), "00u3@mail", "00U1@MAIL", 1))))
	})
	people, err := o.UserByEmail(t.Context(), "00u1@mail.example")
	if err != nil || len(people) != 2 || people[0].ID != "00u1" || people[1].ID != "00u3" {
		t.Errorf("got %+v, %v", people, err)
	}
	if filter != `profile.email eq "00u1@mail.example"` {
		t.Errorf("filtered by %s", filter)
	}
	_, _ = o.UserByEmail(t.Context(), `a"b\c@x`)
	if filter != `profile.email eq "a\"b\\c@x"` {
		t.Errorf("filtered by %s", filter)
	}
}
