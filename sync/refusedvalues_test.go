package sync_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"tracktik-sync/sync/mapping"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// A value whose clearing is refused is what the portal has: the record and the history say so,
// each refresh tries again and warns, and the runs between leave it alone.
func TestAClearingThatIsRefusedIsTriedAgainAtEachRefresh(t *testing.T) {
	address := map[string]any{"streetAddress": "1 Main St", "city": "Albany", "state": "NY", "zipCode": "12207", "countryCode": "US"}
	for name, c := range map[string]struct {
		fields []plan.Field
		has    map[string]any
		with   map[string]any // changes at the same time
		held   func(e tracktiktest.Employee) bool
	}{
		"jobTitle": {[]plan.Field{plan.JobTitle}, map[string]any{"title": "Guard"}, nil,
			func(e tracktiktest.Employee) bool { return e.JobTitle == "Guard" }},
		"primaryPhone": {[]plan.Field{plan.PrimaryPhone}, map[string]any{"primaryPhone": "+1 555 010 0100"}, map[string]any{"title": "Chief"},
			func(e tracktiktest.Employee) bool { return e.PrimaryPhone != "" && e.JobTitle == "Chief" }},
		"address": {plan.AddressFields[:], address, map[string]any{"division": "North"},
			func(e tracktiktest.Employee) bool { return e.Address != nil && e.Region == 2 }},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.rules(func(r *tracktiktest.Rules) { r.NotClearable = []string{name} })
			w.hire("ada", "bob")
			w.org.UpdateUser(w.users["ada"], c.has)
			w.run()
			before := w.link("ada").Pushed
			change := map[string]any{}
			for key := range c.has {
				change[key] = ""
			}
			for key, value := range c.with {
				change[key] = value
			}
			w.org.UpdateUser(w.users["ada"], change)
			w.wantWarning(w.run(), plan.WarningInvalidValue)
			wantLeft := func(when string) {
				t.Helper()
				if e := w.employee("ada"); !c.held(e) {
					t.Errorf("%s, the portal has %+v", when, e)
				}
				for _, f := range c.fields {
					if got := w.link("ada").Pushed[f]; got != before[f] {
						t.Errorf("%s, the record says that %s is %q, want %q", when, f, got, before[f])
					}
				}
				for _, a := range w.audits() {
					for _, ch := range a.Changes {
						if ch.New == "" && ch.Old != "" {
							t.Errorf("%s, the history says that %s was emptied", when, ch.Field)
						}
					}
				}
			}
			wantLeft("after the change")
			w.wantDone(w.run(), "")
			w.wantNoWrites()
			for range 2 {
				w.wantWarning(w.runWith(refreshed), plan.WarningInvalidValue)
				wantLeft("after a refresh")
				w.wantDone(w.run(), "")
			}
			w.rules(func(r *tracktiktest.Rules) { r.NotClearable = nil })
			w.wantDone(w.runWith(refreshed), "update 1")
			for _, f := range c.fields {
				if got := w.link("ada").Pushed[f]; got != "" {
					t.Errorf("at last, %s is %q on record", f, got)
				}
			}
			w.wantDone(w.runWith(refreshed), "")
		})
	}
}

// link is the record of somebody.
func (w *world) link(name string) plan.Link {
	w.Helper()
	link, found, err := w.db.Link(plan.PersonID(w.users[name]))
	w.must(err)
	if !found {
		w.Fatalf("%s is not on record", name)
	}
	return link
}

// The phone of a leaver stands in the way of whoever has it now, be it another person, and
// however the portal says so.
func TestAPhoneOfAnyLeaverStandsInNobodysWay(t *testing.T) {
	const phone = "+1 555 010 0100"
	for attribute, key := range map[string]string{"primaryPhone": "primaryPhone", "mobilePhone": "secondaryPhone"} {
		for _, says := range []string{"400 a terminated profile stands in the way", "409 duplicate", "422 not allowed", "400 phone exists"} {
			t.Run(attribute+", "+says, func(t *testing.T) {
				w := newWorld(t)
				w.mapping.Attributes = map[string]mapping.Attribute{"secondaryPhone": {Sources: []string{"user.mobilePhone"}}}
				w.hire("ada", "bob")
				w.org.UpdateUser(w.users["ada"], map[string]any{attribute: phone})
				w.run()
				unassign(w, "ada")
				w.run()
				w.inPortal(refusingNumber(writes["create"], key, phone, says))
				w.hire("eve")
				w.org.UpdateUser(w.users["eve"], map[string]any{attribute: phone})
				doc := w.run()
				w.wantDone(doc, "create 1")
				w.wantWarning(doc, plan.WarningInvalidValue)
				if e := w.employee("eve"); e.PrimaryPhone != "" || e.SecondaryPhone != "" {
					t.Errorf("eve is %+v", e)
				}
				for _, a := range w.audits() {
					for _, c := range a.Changes {
						if a.Person == plan.PersonID(w.users["eve"]) && c.New == phone {
							t.Errorf("the history says that eve has the %s", c.Field)
						}
					}
				}
				w.hire("cid")
				w.org.UpdateUser(w.users["cid"], map[string]any{attribute: "+1 555 010 0999"})
				w.wantDone(w.run(), "create 1")
				if e := w.employee("cid"); e.PrimaryPhone+e.SecondaryPhone == "" {
					t.Error("cid has a phone of his own, and was made without it")
				}
			})
		}
	}
}

// refusingNumber refuses new employees with a phone, by a status and words.
func refusingNumber(calls tracktiktest.Match, key, phone, says string) tracktiktest.Interceptor {
	return tracktiktest.When(calls, func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		body, _ := io.ReadAll(r.Body)
		var sent map[string]any
		_ = json.Unmarshal(body, &sent)
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		if sent[key] != phone {
			next.ServeHTTP(rw, r)
			return
		}
		rw.Header().Set("Content-Type", "application/json")
		status, text, _ := strings.Cut(says, " ")
		code, _ := strconv.Atoi(status)
		rw.WriteHeader(code)
		fmt.Fprintf(rw, `{"status":%d,"error":%q}`, code, text)
	})
}

// So where the portal speaks of a violated constraint, and nobody was made.
func TestAPhoneOfALeaverThatViolatesAConstraintStandsInNobodysWay(t *testing.T) {
	w := newWorld(t)
	w.rules(func(r *tracktiktest.Rules) {
		r.TerminatedPhonesBlock, r.Duplicates = true, tracktiktest.DuplicateConstraint
	})
	w.hire("ada", "bob")
	w.org.UpdateUser(w.users["ada"], map[string]any{"primaryPhone": "+1 555 010 0100"})
	w.run()
	unassign(w, "ada")
	w.run()
	w.hire("eve")
	w.org.UpdateUser(w.users["eve"], map[string]any{"primaryPhone": "+1 555 010 0100"})
	doc := w.run()
	w.wantDone(doc, "create 1")
	w.wantWarning(doc, plan.WarningInvalidValue)
	w.wantNoDoubles()
}

// A create that is refused for another reason is tried once more at the most, and says nothing
// of a phone.
func TestACreateThatIsRefusedForAnotherReasonBlamesNoPhone(t *testing.T) {
	for text, calls := range map[string]int{"not like this": 2, "email is not allowed": 1} {
		t.Run(text, func(t *testing.T) {
			w := newWorld(t)
			w.hire("ada", "bob")
			w.org.UpdateUser(w.users["ada"], map[string]any{"primaryPhone": "+1 555 010 0100"})
			w.run()
			unassign(w, "ada")
			w.run()
			w.hire("eve")
			w.org.UpdateUser(w.users["eve"], map[string]any{"primaryPhone": "+1 555 010 0100"})
			w.inPortal(tracktiktest.When(writes["create"], func(rw http.ResponseWriter, _ *http.Request, _ http.Handler) {
				rw.Header().Set("Content-Type", "application/json")
				rw.WriteHeader(http.StatusBadRequest)
				fmt.Fprintf(rw, `{"status":400,"error":%q}`, text)
			}))
			doc := w.run()
			w.wantTrouble(plan.ProblemRefused, "eve")
			if n := w.portal.Count("POST", "/employees"); n != calls || strings.Contains(details(doc), plan.WarningInvalidValue) {
				t.Errorf("%d calls, want %d\n%s", n, calls, details(doc))
			}
		})
	}
}

// A clearing that passed the guards and was refused is no new loss at each refresh: however many
// there are by now, they stop no run.
func TestClearingsThatWereRefusedCountOnce(t *testing.T) {
	w := newWorld(t)
	names := w.crowd(40)
	for _, name := range names {
		w.org.UpdateUser(w.users[name], map[string]any{"title": "Guard"})
	}
	w.run()
	w.limits.Kinds[plan.Clear] = plan.Limit{MaxCount: 3, MaxPercent: -1, MaxPerDay: -1}
	w.limits.Kinds[plan.Update] = plan.Limit{MaxCount: 3, MaxPercent: -1, MaxPerDay: -1}
	w.rules(func(r *tracktiktest.Rules) { r.NotClearable = []string{"jobTitle"} })
	for i := range 4 {
		for _, name := range names[3*i : 3*i+3] {
			w.org.UpdateUser(w.users[name], map[string]any{"title": ""})
		}
		w.wantDone(w.run(), "update 3")
	}
	w.org.DeactivateUser(w.users[names[39]])
	w.wantDone(w.runWith(refreshed), "terminate 1, update 12")
	for _, name := range names[:4] { // what somebody has put there since is another loss
		w.must(w.portal.UpdateEmployee(w.employee(name).ID, func(e *tracktiktest.Employee) { e.JobTitle = "By hand" }))
	}
	_, err := w.sync(refreshed)
	w.wantRefused(err, "guard")
	for _, name := range names[:4] {
		w.must(w.portal.UpdateEmployee(w.employee(name).ID, func(e *tracktiktest.Employee) { e.JobTitle = "Guard" }))
	}
	w.wantDone(w.runWith(refreshed), "update 12")
	for _, name := range names[12:16] { // four new ones are too many
		w.org.UpdateUser(w.users[name], map[string]any{"title": ""})
	}
	_, err = w.sync(refreshed)
	w.wantRefused(err, "guard")
}

// Who was made without a leaver's phone is given the rest of an update, too.
func TestALeaversPhoneKeepsNobodyFromAnUpdate(t *testing.T) {
	const phone = "+1 555 010 0100"
	for _, says := range []string{"400 phone exists", "422 not allowed", "409 duplicate"} {
		t.Run(says, func(t *testing.T) {
			w := newWorld(t)
			w.hire("ada", "bob")
			w.org.UpdateUser(w.users["ada"], map[string]any{"primaryPhone": phone})
			w.run()
			unassign(w, "ada")
			w.run()
			w.inPortal(refusingNumber(tracktiktest.Match{}, "primaryPhone", phone, says))
			w.hire("eve")
			w.org.UpdateUser(w.users["eve"], map[string]any{"primaryPhone": phone})
			w.wantDone(w.run(), "create 1")
			w.org.UpdateUser(w.users["eve"], map[string]any{"lastName": "Married", "title": "Chief"})
			doc := w.run()
			w.wantDone(doc, "update 1")
			w.wantWarning(doc, plan.WarningInvalidValue)
			if e := w.employee("eve"); e.LastName != "Married" || e.JobTitle != "Chief" || e.PrimaryPhone != "" {
				t.Errorf("eve is %+v", e)
			}
			w.wantNoTrouble("eve")
			w.wantDone(w.run(), "")
			w.limits.Kinds[plan.Update] = plan.Limit{MaxCount: 0, MaxPercent: -1, MaxPerDay: -1} // a phone that is tried again is none
			w.wantDone(w.runWith(refreshed), "update 1")
			w.inPortal(nil)
			w.wantDone(w.runWith(refreshed), "update 1")
			if e := w.employee("eve"); e.PrimaryPhone == "" {
				t.Error("eve has no phone once the portal takes it")
			}
		})
	}
}
