package control

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tracktik-sync/cmd/tracktik-sandbox/internal/world"
)

func TestTheIntegrationIsSwitchedOffByCalls(t *testing.T) {
	c := New(world.New(world.Options{People: 60, Groups: 12, Seed: 1, Incumbent: true}))
	s := &sandbox{c, t, httptest.NewServer(c.Okta()), httptest.NewServer(c.TrackTik()), httptest.NewServer(c.Admin())}
	t.Cleanup(func() { s.okta.Close(); s.tracktik.Close(); s.admin.Close() })
	var out struct{ Switches []world.Switch }
	s.do("GET", "/incumbent", http.StatusOK, &out)
	features := func() string {
		_, app := s.atOkta("/api/v1/apps/" + c.world.AppID)
		_, after, _ := strings.Cut(app, `"features":[`)
		list, _, _ := strings.Cut(after, "]")
		return list
	}
	if list := features(); !strings.Contains(list, "PUSH_USER_DEACTIVATION") || !strings.Contains(list, "GROUP_PUSH") {
		t.Errorf("the app says %s", list)
	}
	var refused map[string]string
	s.do("POST", "/incumbent?switch=api_integration&on=false", http.StatusConflict, &refused)
	s.do("POST", "/incumbent?switch=api_integration&on=maybe", http.StatusBadRequest, &refused)
	for _, x := range out.Switches {
		s.do("POST", "/incumbent?switch="+x.Name+"&on=false", http.StatusOK, &out)
	}
	for _, x := range out.Switches {
		if x.On {
			t.Errorf("%s is on", x.Name)
		}
	}
	if list := features(); list != "" {
		t.Errorf("the app says %s", list)
	}
	if _, mappings := s.atOkta("/api/v1/apps/" + c.world.AppID + "/group-push/mappings"); strings.Contains(mappings, `"ACTIVE"`) || !strings.Contains(mappings, `"INACTIVE"`) {
		t.Errorf("the mappings are %s", mappings)
	}
	var writes world.Writes
	if s.do("GET", "/writes", http.StatusOK, &writes); !writes.OK || writes.Judged != 0 {
		t.Errorf("%+v", writes)
	}
	var left world.Leftovers
	if s.do("GET", "/leftovers", http.StatusOK, &left); len(left.OnlyTrackTik) == 0 {
		t.Error("nobody is left over")
	}
	answer, err := http.Get(s.admin.URL + "/pairs")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if pairs, err := io.ReadAll(answer.Body); err != nil || !strings.HasPrefix(string(pairs), "user,employee_id\n") || strings.Count(string(pairs), "\n") < 3 {
		t.Errorf("%s, %v", pairs, err)
	}
}

func TestAWorldWithoutAnIntegrationSaysSo(t *testing.T) {
	s := newSandbox(t)
	var refused map[string]string
	s.do("GET", "/incumbent", http.StatusNotFound, &refused)
	s.do("POST", "/incumbent?switch=create_users&on=false", http.StatusNotFound, &refused)
}

func TestAnEventHappensToThePersonThatIsNamed(t *testing.T) {
	s := newSandbox(t)
	p := s.world.State(world.View{Query: "assignment, with"}).Okta.People
	if len(p) == 0 {
		p = s.world.State(world.View{}).Okta.People
	}
	var out struct{ Events []world.Event }
	s.do("POST", "/life?kinds=deactivate&user="+p[0].Login, http.StatusOK, &out)
	if len(out.Events) != 1 || out.Events[0].User != p[0].ID {
		t.Errorf("%+v", out)
	}
	var refused map[string]string
	s.do("POST", "/life?kinds=deactivate&user="+p[0].Login, http.StatusBadRequest, &refused)
	s.do("POST", "/life?kinds=deactivate&user=nobody@acme.example", http.StatusBadRequest, &refused)
}
