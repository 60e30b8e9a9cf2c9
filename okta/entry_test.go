package okta

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
)

func printOf(seed, raw string) plan.Print {
	print, _ := dissect(raw).print([]byte(seed), nil)
	return print
}

func TestPrintChangesWithEverythingThatIsRead(t *testing.T) {
	base := assignment("00u1")
	for name, change := range map[string][2]string{
		"assignment status": {`"scope":"GROUP","status":"ACTIVE"`, `"scope":"GROUP","status":"REVOKED"`},
		"scope":             {`"scope":"GROUP"`, `"scope":"USER"`},
		"app username":      {`"userName":"00u1`, `"userName":"ana`},
		"app profile":       {`"site":"Docks"`, `"site":"North"`},
		"group":             {`groups/00gguards`, `groups/00gother`},
		"user status":       {`"status":"ACTIVE","lastLogin"`, `"status":"SUSPENDED","lastLogin"`},
		"transition":        {`"lastLogin":null`, `"transitioningToStatus":"DEPROVISIONED"`},
		"user profile":      {`"lastName":"Silva"`, `"lastName":"Souza"`},
		"null and absent":   {`"mobilePhone":null,`, ``},
		"user's id":         {`"user":{"id":"00u1"`, `"user":{"id":"00u2"`},
		"no user":           {`"_embedded"`, `"_elsewhere"`},
		"a value's place":   {`"status":"ACTIVE","lastLogin":null`, `"transitioningToStatus":"ACTIVE"`},
	} {
		changed := strings.Replace(base, change[0], change[1], 1)
		if changed == base {
			t.Fatalf("%s: nothing to change", name)
		}
		if printOf("seed", changed) == printOf("seed", base) {
			t.Errorf("%s: the print stayed the same", name)
		}
	}
	if printOf("other", base) == printOf("seed", base) {
		t.Error("another seed makes the same print")
	}
}

func TestPrintIgnoresWhatDecidesNothing(t *testing.T) {
	base := assignment("00u1")
	for name, change := range map[string][2]string{
		"last login":       {`"lastLogin":null`, `"lastLogin":"2026-03-01T03:00:00.000Z"`},
		"last updated":     {`"lastUpdated":"2024`, `"lastUpdated":"2026`},
		"sync state":       {`"syncState":"DISABLED"`, `"syncState":"SYNCHRONIZED"`},
		"a new place":      {`"scope"`, `"risk":{"level":"low"},"scope"`},
		"order of members": {`"scope":"GROUP","status":"ACTIVE"`, `"status":"ACTIVE","scope":"GROUP"`},
	} {
		changed := strings.Replace(base, change[0], change[1], 1)
		if changed == base || printOf("", changed) != printOf("", base) {
			t.Errorf("%s: the print changed", name)
		}
	}
}

func TestListingAndLookUpAgreeOnAPersonAndTheirPrint(t *testing.T) {
	o := newOrg(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/users") {
			_, _ = w.Write([]byte(array(assignment("00u1"))))
			return
		}
		_, _ = w.Write([]byte(assignment("00u1")))
	}, func(c *Config) { c.PrintSeed = "mapping 7" })
	var listed plan.Person
	err := o.Assignments(t.Context(), func(entries []plan.Entry) (err error) {
		listed, err = entries[0].Decode()
		if listed.Print != entries[0].Print || listed.Print == (plan.Print{}) {
			t.Errorf("the person's print is not the entry's: %x and %x", listed.Print, entries[0].Print)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	found, ok, err := o.Assignment(t.Context(), "00u1")
	if err != nil || !ok || !reflect.DeepEqual(found, listed) {
		t.Errorf("listed %+v, looked up %+v, %v", listed, found, err)
	}
}

// FuzzEqualPrintsDecodeAlike holds entries to what they are for: one with a known
// print is never decoded. What its assignment says about the app's own integration is only
// asked of those who are decoded in every run.
func FuzzEqualPrintsDecodeAlike(f *testing.F) {
	base := assignment("00u1")
	f.Add(base, base)
	f.Add(base, strings.Replace(base, `"lastLogin":null`, `"lastLogin":"x"`, 1))
	f.Add(base, strings.Replace(base, `"status"`, `"status":5,"status"`, 1))
	f.Add(base, `{"id":"00u1","_embedded":{"user":[]},"profile":"x","_links":7,"credentials":null}`)
	f.Add(`{"id":"","profile":{}}`, `{"\u0069d":"00u1"}`)
	f.Fuzz(func(t *testing.T, a, b string) {
		first, second, err := decodeBoth(a, b)
		if err != nil {
			t.Skip(err)
		}
		for _, a := range []*plan.Assignment{&first.Assignment, &second.Assignment} {
			a.External, a.SyncState = "", ""
		}
		if first.Print == second.Print && !reflect.DeepEqual(first, second) {
			t.Errorf("one print, two people:\n%+v\n%+v", first, second)
		}
	})
}

// decodeBoth decodes two texts as the elements of one page.
func decodeBoth(a, b string) (first, second plan.Person, err error) {
	c := &call{route: routeAssignments, shape: '['}
	var elements []element
	c.inspect = func() error { elements, err = split(c.body, "id"); return err }
	if failure := c.accept(http.Header{}, []byte("["+a+","+b+"]")); failure != nil {
		return first, second, failure
	}
	if len(elements) != 2 {
		return first, second, fmt.Errorf("%d elements", len(elements))
	}
	if first, err = dissect(elements[0].raw).decode(routeAssignments, "", printOf("", elements[0].raw)); err != nil {
		return first, second, err
	}
	second, err = dissect(elements[1].raw).decode(routeAssignments, "", printOf("", elements[1].raw))
	return first, second, err
}

func TestTheExternalIDIsReadWithTheListing(t *testing.T) {
	base := assignment("00u1")
	for raw, want := range map[string]struct {
		text string
		id   plan.EmployeeID
	}{`null`: {"", 0}, `"1042"`: {"1042", 1042}, `"ana-1"`: {"ana-1", 0}, `"-7"`: {"-7", 0}, `1042`: {"1042", 1042}, `""`: {"", 0}, `{"id":7}`: {`{"id":7}`, 0}} {
		changed := strings.Replace(base, `"externalId":null`, `"externalId":`+raw, 1)
		changed = strings.Replace(changed, `"syncState":"DISABLED"`, `"syncState":"ERROR"`, 1)
		o := newOrg(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(array(changed))) })
		err := o.Assignments(t.Context(), func(entries []plan.Entry) error {
			p, err := entries[0].Decode()
			if err != nil || p.Assignment.External != want.text || p.Assignment.SyncState != "ERROR" || entries[0].External != want.id {
				t.Errorf("%s: %q, %+v, %v", raw, p.Assignment.External, entries[0], err)
			}
			if entries[0].Print != printOf("", base) {
				t.Errorf("%s: everybody would be decoded anew", raw)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
}
