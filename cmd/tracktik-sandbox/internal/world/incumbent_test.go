package world

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"tracktik-sync/tracktik/tracktiktest"
)

var inherited = Options{People: 120, Groups: 12, Seed: 1, Incumbent: true}

// A hand writes to the portal through its API, as a sync would.
type hand struct {
	t     *testing.T
	srv   *httptest.Server
	token string
}

func newHand(t *testing.T, w *World) *hand {
	t.Helper()
	h := &hand{t: t, srv: httptest.NewServer(w.TrackTik)}
	t.Cleanup(h.srv.Close)
	answer, err := h.srv.Client().PostForm(h.srv.URL+tracktiktest.DefaultTokenPath, url.Values{"grant_type": {"password"},
		"client_id": {tracktiktest.DefaultClientID}, "client_secret": {tracktiktest.DefaultClientSecret},
		"username": {tracktiktest.DefaultUsername}, "password": {tracktiktest.DefaultPassword}})
	check(t, err)
	defer answer.Body.Close()
	var token struct {
		Access string `json:"access_token"`
	}
	check(t, json.NewDecoder(answer.Body).Decode(&token))
	h.token = token.Access
	return h
}

func (h *hand) write(method, path, body string) {
	h.t.Helper()
	r, err := http.NewRequest(method, h.srv.URL+"/rest/v1"+path, strings.NewReader(body))
	check(h.t, err)
	r.Header.Set("Authorization", "Bearer "+h.token)
	r.Header.Set("Content-Type", "application/json")
	answer, err := h.srv.Client().Do(r)
	check(h.t, err)
	answer.Body.Close()
	if answer.StatusCode >= 300 {
		h.t.Fatalf("%s %s: %s", method, path, answer.Status)
	}
}

// wholly turns every switch, in the order that is right.
func wholly(t *testing.T, w *World, on bool) {
	t.Helper()
	all, _ := w.Switches()
	for i := range all {
		if on {
			i = len(all) - 1 - i
		}
		check(t, w.Switch(all[i].Name, on))
	}
}

func TestEqualSeedsLeaveEqualInheritances(t *testing.T) {
	one, other := New(inherited), New(inherited)
	if !reflect.DeepEqual(one.Leftovers(), other.Leftovers()) || !reflect.DeepEqual(one.Pairs(), other.Pairs()) || len(one.Pairs()) == 0 {
		t.Errorf("%v, %v", one.Pairs(), other.Pairs())
	}
	agrees(t, one)
}

func TestWhatIsInheritedHasEachLegacy(t *testing.T) {
	w := New(inherited)
	l := w.Leftovers()
	if len(l.OnlyTrackTik) < 6 || len(l.Different) < 2 || len(l.OutsideGroup) < 2 || len(l.Terminated) < 2 {
		t.Errorf("%+v", l)
	}
	for i, legacy := range legacies {
		if w.people[i].Note != legacy.note {
			t.Errorf("person %d is %q, want %q", i, w.people[i].Note, legacy.note)
		}
	}
}

func TestTheIntegrationPushesOnlyWhileItIsOn(t *testing.T) {
	w := New(inherited)
	active := func() int { return w.State(View{}).TrackTik.Totals[tracktiktest.Active] }
	before := active()
	happen := func(kind string) {
		t.Helper()
		if events, err := w.Live(1, 3, kind); err != nil || len(events) != 1 {
			t.Fatalf("%s: %v, %v", kind, events, err)
		}
	}
	if happen("hire"); active() != before+1 {
		t.Errorf("%d are active after a hire, and were %d", active(), before)
	}
	if happen("deactivate"); active() != before {
		t.Errorf("%d are active after a departure, and were %d before the hire", active(), before)
	}
	check(t, w.Switch(SwitchDeactivate, false))
	if happen("deactivate"); active() != before {
		t.Error("somebody was terminated with Deactivate Users off")
	}
	check(t, w.Switch(SwitchCreate, false))
	if happen("hire"); active() != before {
		t.Error("somebody was made with Create Users off")
	}
}

func TestSwitchesKeepTheirOrder(t *testing.T) {
	w := New(inherited)
	for _, name := range []string{SwitchCreate, SwitchUpdate, SwitchGroups, SwitchAPI} {
		if err := w.Switch(name, false); err == nil {
			t.Errorf("%s went off with Deactivate Users on", name)
		}
	}
	check(t, w.Switch(SwitchDeactivate, false))
	if err := w.Switch(SwitchAPI, false); err == nil {
		t.Error("the API integration went off before the others")
	}
	wholly(t, w, false)
	for _, name := range []string{SwitchCreate, SwitchUpdate, SwitchGroups, SwitchDeactivate} {
		if err := w.Switch(name, true); err == nil {
			t.Errorf("%s came back before the API integration", name)
		}
	}
	wholly(t, w, true)
	if err := w.Switch("magic", true); err == nil {
		t.Error("an unknown switch was turned")
	}
}

// TestWrongWritesAreFound makes one mistake a case, through the portal's API.
func TestWrongWritesAreFound(t *testing.T) {
	for name, mistake := range map[string]struct {
		make func(w *World, h *hand)
		says string
	}{
		"terminates somebody who works": {func(w *World, h *hand) {
			h.write("POST", fmt.Sprintf("/employees/%d/actions/terminate", w.people[0].mine[0]), `{"date":"2026-11-24","reason":1,"sendNotification":false}`)
		}, "terminated, and has left 0 times"},
		"touches a forgotten leaver": {func(w *World, h *hand) {
			h.write("PATCH", fmt.Sprintf("/employees/%d", w.bystanders[0].ID), `{"jobTitle":"x"}`)
		}, "nobody in Okta is that"},
		"moves somebody back": {func(w *World, h *hand) {
			h.write("POST", fmt.Sprintf("/employees/%d/actions/move-to-region", w.people[7].mine[0]), `{"region":2}`)
		}, "Okta never said so"},
		"makes a double": {func(w *World, h *hand) {
			h.write("POST", "/employees", fmt.Sprintf(`{"firstName":"A","lastName":"B","region":1,"username":%q,"email":"new@acme.example"}`, w.people[4].userName))
		}, "who is employee"},
		"revokes a role given by hand": {func(w *World, h *hand) {
			for g := range w.incumbent.byHand {
				for _, grant := range w.TrackTik.Grants() {
					if grant.Employee == g.employee && grant.Role == g.role {
						h.write("DELETE", fmt.Sprintf("/user-roles/%d", grant.ID), "")
						return
					}
				}
			}
		}, ""},
		"makes a role": {func(_ *World, h *hand) {
			h.write("POST", "/roles", `{"name":"Post Patrol 2","description":"","portal":"STAFF","order":0}`)
		}, "every pushed group had its role"},
	} {
		t.Run(name, func(t *testing.T) {
			w := New(inherited)
			wholly(t, w, false)
			h := newHand(t, w)
			mistake.make(w, h)
			if got := w.Writes(); got.OK || len(got.Wrong) != 1 || got.Judged != 1 || !strings.Contains(got.Wrong[0].Text, mistake.says) {
				t.Errorf("%+v", got)
			}
			if got := w.Writes().Doubles; got != 0 != (name == "makes a double") || got > 1 {
				t.Errorf("%d doubles", got)
			}
		})
	}
}

// TestForgottenLeaversMayBeRetired, and of those whom nobody manages nobody else.
func TestForgottenLeaversMayBeRetired(t *testing.T) {
	for why, right := range map[string]bool{deactivated: true, deleted: false, rivalDouble: false} {
		w := New(inherited)
		wholly(t, w, false)
		h := newHand(t, w)
		for _, e := range w.bystanders {
			if w.incumbent.why[e.ID] == why {
				h.write("POST", fmt.Sprintf("/employees/%d/actions/terminate", e.ID), `{"date":"2026-11-24","reason":1,"sendNotification":false}`)
				break
			}
		}
		touched := slices.ContainsFunc(w.Audit(), func(d Disagreement) bool { return strings.Contains(d.Text, "not ours to touch") })
		if got := w.Writes(); got.Judged != 1 || got.OK != right || touched == right {
			t.Errorf("%s: %+v, touched %v", why, got, touched)
		}
	}
}

func TestARightWriteBesideTheIntegrationIsWrong(t *testing.T) {
	w := New(inherited)
	h := newHand(t, w)
	path := fmt.Sprintf("/employees/%d", w.people[1].mine[0])
	h.write("PATCH", path, fmt.Sprintf(`{"username":%q}`, w.people[1].userName))
	if got := w.Writes(); got.OK || !strings.Contains(got.Wrong[0].Text, "own integration was on") {
		t.Errorf("%+v", got)
	}
	w = New(inherited)
	h = newHand(t, w)
	wholly(t, w, false)
	h.write("PATCH", path, fmt.Sprintf(`{"username":%q}`, w.people[1].userName))
	if got := w.Writes(); !got.OK || got.Judged != 1 {
		t.Errorf("%+v", got)
	}
}
