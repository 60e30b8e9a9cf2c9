package world

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/tracktik/tracktiktest"
)

var small = Options{People: 200, Groups: 12, Seed: 1}

// get reads from the org over HTTP, page by page.
func get(t *testing.T, w *World, path string) []map[string]any {
	t.Helper()
	srv := httptest.NewServer(w.Okta)
	defer srv.Close()
	var all []map[string]any
	for next := srv.URL + path; next != ""; {
		r, err := http.NewRequest(http.MethodGet, next, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "SSWS "+oktatest.DefaultToken)
		answer, err := srv.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		var page []map[string]any
		err = json.NewDecoder(answer.Body).Decode(&page)
		answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("GET %s: %s, %v", next, answer.Status, err)
		}
		all, next = append(all, page...), ""
		for _, link := range answer.Header.Values("Link") {
			if target, rest, _ := strings.Cut(link, ">"); strings.Contains(rest, `"next"`) {
				next = target[1:]
			}
		}
	}
	return all
}

// agrees checks that the model says what the org says: who is assigned and how, in
// which groups, under which names.
func agrees(t *testing.T, w *World) {
	t.Helper()
	assigned := map[string]map[string]any{}
	for _, entry := range get(t, w, "/api/v1/apps/"+w.AppID+"/users?limit=500&expand=user") {
		assigned[entry["id"].(string)] = entry
	}
	state := w.State(View{})
	for _, p := range state.Okta.People {
		entry := assigned[p.ID]
		delete(assigned, p.ID)
		if (entry != nil) != (p.Assignment != "") {
			t.Errorf("%s, %s: the model says assigned %q, the org %t", p.Login, p.Status, p.Assignment, entry != nil)
			continue
		}
		if entry == nil {
			continue
		}
		user := entry["_embedded"].(map[string]any)["user"].(map[string]any)
		profile := user["profile"].(map[string]any)
		if entry["scope"] != p.Assignment || entry["credentials"].(map[string]any)["userName"] != p.UserName ||
			user["status"] != p.Status || profile["login"] != p.Login || profile["email"] != p.Email {
			t.Errorf("the model has %+v, the org %v", p, entry)
		}
	}
	for id := range assigned {
		t.Errorf("the org assigns %s, the model does not", id)
	}
	members := map[string]int{}
	for _, m := range state.Okta.Memberships {
		members[m.Group]++
	}
	for _, g := range state.Okta.Groups {
		if n := len(get(t, w, "/api/v1/groups/"+g.ID+"/users")); n != g.Members || n != members[g.ID] {
			t.Errorf("%s: the org has %d members, the model %d, and %d memberships", g.Name, n, g.Members, members[g.ID])
		}
	}
}

func encoded(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// timeless is a state without what the clock wrote into it.
func timeless(w *World) State {
	s := w.State(View{})
	for i := range s.TrackTik.History {
		s.TrackTik.History[i].Time = ""
	}
	return s
}

func TestEqualSeedsMakeEqualWorlds(t *testing.T) {
	lived := func(seed uint64) string {
		w := New(Options{People: 150, Groups: 9, Seed: seed})
		first := encoded(t, timeless(w))
		if _, err := w.AdvanceTo(9); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Live(50, 7); err != nil {
			t.Fatal(err)
		}
		return first + encoded(t, timeless(w))
	}
	if lived(3) != lived(3) {
		t.Error("two worlds of one seed differ")
	}
	if lived(3) == lived(4) {
		t.Error("worlds of different seeds are the same")
	}
}

func TestModelAgreesWithTheOrg(t *testing.T) {
	w := New(small)
	agrees(t, w)
	for range WeekDays + 3 {
		w.Advance()
		agrees(t, w)
	}
	if _, err := w.Live(400, 5); err != nil {
		t.Fatal(err)
	}
	agrees(t, w)
}

func TestNamesAreInManyScriptsAndBothForms(t *testing.T) {
	scripts := map[string]*unicode.RangeTable{"Latin": unicode.Latin, "Cyrillic": unicode.Cyrillic, "Greek": unicode.Greek,
		"Arabic": unicode.Arabic, "Hebrew": unicode.Hebrew, "Han": unicode.Han, "Hangul": unicode.Hangul, "Devanagari": unicode.Devanagari,
		"Thai": unicode.Thai, "Georgian": unicode.Georgian, "Katakana": unicode.Katakana}
	decomposed := 0
	for _, p := range New(Options{People: 1000, Groups: 12, Seed: 1}).people {
		for name, table := range scripts {
			if strings.ContainsFunc(p.Name(), func(r rune) bool { return unicode.Is(table, r) }) {
				delete(scripts, name)
			}
		}
		if !norm.NFC.IsNormalString(p.Name()) {
			decomposed++
		}
		if strings.ContainsFunc(p.Login, func(r rune) bool { return r > 0x7e }) {
			t.Errorf("the login %q is not ASCII", p.Login)
		}
	}
	if len(scripts) > 0 || decomposed == 0 {
		t.Errorf("scripts that nobody's name is in: %v; names in NFD: %d", scripts, decomposed)
	}
}

func TestCastIsThereAndSaysWhatIsOdd(t *testing.T) {
	w := New(small)
	statuses := map[string]int{}
	emails := map[string]int{}
	for _, p := range w.people[:len(cast)] {
		if p.Note == "" {
			t.Errorf("%s is of the cast, and has no note", p.Login)
		}
		statuses[p.Status]++
		emails[strings.ToLower(p.Email)]++
	}
	for _, status := range []string{"ACTIVE", "STAGED", "SUSPENDED", "PASSWORD_EXPIRED", "LOCKED_OUT", "PROVISIONED", "RECOVERY", "DEPROVISIONED"} {
		if statuses[status] == 0 {
			t.Errorf("nobody is %s", status)
		}
	}
	if emails["night.desk@acme.example"] != 2 {
		t.Error("no two people share an e-mail")
	}
	there := map[string]int{}
	for _, e := range w.TrackTik.Employees() {
		there[e.Status]++
	}
	if there[tracktiktest.Active] < 8 || there[tracktiktest.Inactive] != 1 || there[tracktiktest.Terminated] != 1 {
		t.Errorf("the portal had employees before: %v", there)
	}
	if len(w.TrackTik.Roles()) != 5 {
		t.Errorf("the portal had roles before: %v", w.TrackTik.Roles())
	}
}

func TestSmallWorldsLiveToo(t *testing.T) {
	for _, people := range []int{0, 1, 5, 34} {
		w := New(Options{People: people, Groups: 3, Seed: 1})
		if _, err := w.AdvanceTo(WeekDays + 2); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Live(30, 1); err != nil {
			t.Fatal(err)
		}
		agrees(t, w)
	}
	if err := (Options{People: 10, Groups: 2}).Check(); err == nil {
		t.Error("two groups are not enough for a world, and were accepted")
	}
}

// TestLargeWorldIsLinear guards against work that grows with the square: then this
// would take minutes.
func TestLargeWorldIsLinear(t *testing.T) {
	if testing.Short() {
		t.Skip("100,000 people")
	}
	began := time.Now()
	w := New(Options{People: 100_000, Groups: 2_000, Seed: 1})
	t.Logf("100,000 people in 2,000 groups: %s", time.Since(began).Round(time.Millisecond))
	s := w.State(View{Limit: 200, Query: "ΕΛΈΝΗ"})
	if len(w.people) != 100_000 || len(w.groups) != 2_000 || len(s.Okta.People) != 200 || s.Okta.Totals["assigned"] < 95_000 {
		t.Errorf("%d people, %d groups, %d shown, totals %v", len(w.people), len(w.groups), len(s.Okta.People), s.Okta.Totals)
	}
	if len(w.TrackTik.History()) > len(locales)+3 {
		t.Error("who was there before left a trace in the portal's history")
	}
}

func TestEveryScriptedDayChangesWhatItSays(t *testing.T) {
	w := New(small)
	person := func(e Event) *Person {
		i := slices.IndexFunc(w.people, func(p *Person) bool { return p.ID == e.User })
		if i < 0 {
			t.Fatalf("%+v is about nobody", e)
		}
		return w.people[i]
	}
	var renamed string
	for day := 1; day <= WeekDays; day++ {
		before := map[string]Person{}
		for _, p := range w.people {
			was := *p
			was.groups = slices.Clone(p.groups)
			before[p.ID] = was
		}
		portal := len(w.TrackTik.History())
		d := w.Advance()
		if d.Day != day || len(d.Events) != len(week[day-1]) {
			t.Fatalf("day %d: %d events of %d: %+v", day, len(d.Events), len(week[day-1]), d)
		}
		for i, e := range d.Events {
			if e.Kind != week[day-1][i] || e.Text == "" || strings.Contains(e.Text, "\n") || e.Day != day {
				t.Errorf("day %d: %+v", day, e)
			}
			if e.User == "" {
				continue
			}
			p, was := person(e), before[e.User]
			ok := true
			switch e.Kind {
			case "hire":
				ok = was.ID == "" && p.Assigned() && len(p.posts()) == 1
			case "move":
				ok = p.Division != was.Division
			case "title":
				ok = p.Title != was.Title
			case "phone":
				ok = p.Phone != was.Phone
			case "address":
				ok = p.Home != was.Home
			case "rename":
				ok = p.Last != was.Last && p.Login != was.Login && p.Email != was.Email && p.userName == p.Login && p.First == was.First
			case "deactivate":
				ok = was.Assigned() && p.Status == oktatest.StatusDeprovisioned && !p.Assigned()
			case "unassign":
				ok = was.Assigned() && p.Status == oktatest.StatusActive && !p.Assigned()
			case "delete":
				ok = was.Assigned() && p.Status == Deleted
			case "suspend":
				ok = was.Status == oktatest.StatusActive && p.Status == oktatest.StatusSuspended
			case "rehire":
				ok = working(p) && (was.ID == "" || was.left)
			case "post":
				ok = len(p.posts()) == len(was.posts()) && !slices.Equal(p.posts(), was.posts())
			}
			if !ok {
				t.Errorf("day %d: %q, but was %+v and is %+v", day, e.Text, was, *p)
			}
		}
		switch day {
		case 5:
			if g := w.groups[len(w.groups)-1]; g.ID != d.Events[0].Group || !g.Pushed || g.members == 0 {
				t.Errorf("the new group is %+v", g)
			}
		case 6:
			renamed = d.Events[0].Group
		}
		if byHand := len(w.TrackTik.History()) - portal; day < 7 && byHand != 0 {
			t.Errorf("day %d touched TrackTik", day)
		}
	}
	if !slices.ContainsFunc(w.groups, func(g *Group) bool { return g.ID == renamed && strings.HasPrefix(g.Name, pushedPrefix) }) {
		t.Error("the renamed group is no longer one that is pushed")
	}
}

func TestByHandChangesTheEmployeeAlone(t *testing.T) {
	w := New(small)
	before := encoded(t, w.State(View{}).Okta)
	events, err := w.Live(2, 1, "by_hand")
	if err != nil || len(events) != 2 {
		t.Fatalf("%v, %v", events, err)
	}
	history := w.TrackTik.History()
	if last := history[len(history)-1]; last.By != tracktiktest.Portal || last.What != "updated" || len(last.Fields) != 2 {
		t.Errorf("the portal's history ends with %+v", last)
	}
	if encoded(t, w.State(View{}).Okta) != before {
		t.Error("Okta changed")
	}
}

func TestUnknownKindIsNamed(t *testing.T) {
	if _, err := New(Options{Groups: 3}).Live(1, 1, "earthquake"); err == nil || !strings.Contains(err.Error(), "earthquake") {
		t.Errorf("got %v", err)
	}
}
