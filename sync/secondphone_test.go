package sync_test

import (
	"testing"

	"tracktik-sync/sync/mapping"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

func TestASecondPhoneGoesTheWayOfEveryValue(t *testing.T) {
	w := newWorld(t)
	w.org.DefineUserAttribute("pager", "string")
	w.mapping = mapping.Config{Attributes: map[string]mapping.Attribute{plan.SecondaryPhone.String(): {Sources: []string{"user.pager"}}}}
	w.hire("ada", "bob")
	w.portal.AddEmployee(tracktiktest.Employee{FirstName: "Bob", LastName: "Guard", Email: mail("bob"), Username: mail("bob"), SecondaryPhone: "2"})
	for _, name := range []string{"ada", "bob"} {
		w.org.UpdateUser(w.users[name], map[string]any{"pager": "1"})
	}
	want := func(phone string) {
		t.Helper()
		for _, name := range []string{"ada", "bob"} {
			if got := w.employee(name).SecondaryPhone; got != phone {
				t.Errorf("%s has the second phone %q, want %q", name, got, phone)
			}
		}
	}
	w.wantDone(w.run(), "adopt 1, update 1, create 1")
	want("1")
	w.must(w.portal.UpdateEmployee(w.employee("ada").ID, func(e *tracktiktest.Employee) { e.SecondaryPhone = "3" })) // by hand
	w.wantDone(w.runWith(refreshed), "update 1")
	want("1")
	for _, name := range []string{"ada", "bob"} {
		w.org.UpdateUser(w.users[name], map[string]any{"pager": ""})
	}
	w.wantDone(w.run(), "update 2")
	want("")
	w.wantDone(w.runWith(refreshed), "")
}
