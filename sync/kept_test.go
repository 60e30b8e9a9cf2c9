package sync_test

import (
	"fmt"
	"strings"
	"testing"

	"tracktik-sync/tracktik/tracktiktest"
)

// withoutCountry is a portal that keeps the numbers of its own country only.
func withoutCountry(field, value string) string {
	if field == "primaryPhone" || field == "secondaryPhone" {
		return strings.TrimPrefix(tracktiktest.PhonesFormatted(field, value), "1 ")
	}
	return value
}

// shortened is a portal that keeps some characters of a title.
func shortened(field, value string) string {
	if field == "jobTitle" && len(value) > 8 {
		return value[:8]
	}
	return value
}

// rewritten is a portal that makes of a title what nobody can tell.
func rewritten(field, value string) string {
	if field == "jobTitle" && value != "" {
		return fmt.Sprintf("title no. %d", len(value))
	}
	return value
}

// What a portal makes of a value that it is sent is what it keeps: nobody is updated for it
// again, no guard refuses it, and nobody has a problem. An edit by hand is still seen.
func TestWhatThePortalMakesOfAValueIsNoDrift(t *testing.T) {
	for name, world := range map[string]struct {
		store func(field, value string) string
		edit  func(*tracktiktest.Employee)
	}{
		"phones formatted":   {tracktiktest.PhonesFormatted, func(e *tracktiktest.Employee) { e.PrimaryPhone = "+1 514 555 9999" }},
		"no country code":    {withoutCountry, func(e *tracktiktest.Employee) { e.PrimaryPhone = "514.555.9999" }},
		"titles in capitals": {tracktiktest.Uppercased("jobTitle"), func(e *tracktiktest.Employee) { e.JobTitle = "BOSS" }},
		"titles shortened":   {shortened, func(e *tracktiktest.Employee) { e.JobTitle = "Boss" }},
		"titles rewritten":   {rewritten, func(e *tracktiktest.Employee) { e.JobTitle = "Boss" }},
		"names in capitals":  {tracktiktest.Uppercased("firstName", "lastName"), func(e *tracktiktest.Employee) { e.LastName = "SOMEBODY" }},
		"cities in capitals": {tracktiktest.Uppercased("address.city"), func(e *tracktiktest.Employee) { e.Address.City = "TORONTO" }},
		"small e-mails":      {tracktiktest.Lowercased("email", "username"), func(e *tracktiktest.Employee) { e.Email = "private@home.example" }},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.portal.Configure(func(s *tracktiktest.Server) { s.Rules.Store = world.store })
			people := w.crowd(25)
			dress := func(name, title, phone string) {
				w.org.UpdateUser(w.users[name], map[string]any{"title": title, "primaryPhone": phone, "secondEmail": "",
					"streetAddress": "1 Main Street", "city": "Montreal", "state": "QC", "zipCode": "H2X 1Y4", "countryCode": "CA"})
			}
			for i, name := range people {
				dress(name, "Patrol guard", fmt.Sprintf("+1 (514) 555-01%02d", i))
			}
			quiet := func(when string) {
				t.Helper()
				for range 3 {
					if doc := w.runWith(refreshed); len(doc.Actions)+len(doc.Problems)+len(doc.Held) > 0 || !doc.Guard.OK {
						t.Fatalf("%s: %v, problems %v, held %d, guard %+v", when, doc.Summary, doc.Problems, len(doc.Held), doc.Guard)
					}
				}
			}
			w.wantDone(w.run(), "create 25")
			quiet("after they were made")

			for i, name := range people[:4] {
				dress(name, "Patrol supervisor", fmt.Sprintf("+1 (514) 555-02%02d", i))
			}
			w.wantDone(w.run(), "update 4")
			quiet("after a change")

			w.must(w.portal.UpdateEmployee(w.employee(people[0]).ID, world.edit))
			w.wantDone(w.runWith(refreshed), "update 1")
			quiet("after an edit by hand")
		})
	}
}

// A country code that only one side writes makes no change of everybody who is adopted.
func TestACountryCodeIsNoDifferenceWhenAdopted(t *testing.T) {
	w := newWorld(t)
	w.atPortal("ada", func(e *tracktiktest.Employee) { e.PrimaryPhone = "514-555-0100" })
	w.atPortal("bob", func(e *tracktiktest.Employee) { e.PrimaryPhone = "514-555-0200" })
	w.hire("ada", "bob")
	w.org.UpdateUser(w.users["ada"], map[string]any{"primaryPhone": "+1 514 555 0100"})
	w.org.UpdateUser(w.users["bob"], map[string]any{"primaryPhone": "+1 514 555 0201"})
	w.wantDone(w.run(), "adopt 2, update 1")
	w.wantDone(w.runWith(refreshed), "")
}
