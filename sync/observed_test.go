package sync_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/compare"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// shadow is a world of people whom another provisioner has put into the portal, in
// which runs only observe.
func shadow(t *testing.T) *world {
	w := newWorld(t)
	w.push.Push = "listed"
	w.change = func(e *tsync.Engine) { e.Observe, e.RefreshEvery = true, 24*time.Hour }
	names := w.crowd(30)
	w.group("Site North", names[:10]...)
	role := w.portal.AddRole(tracktiktest.Role{Name: "Site North"})
	for i, name := range names {
		id := w.incumbent(name)
		if i < 10 {
			_, err := w.portal.Grant(id, role)
			w.must(err)
		}
	}
	return w
}

// incumbent creates somebody as the portal's own integration does.
func (w *world) incumbent(name string) int64 {
	w.Helper()
	return w.typed(mail(name), mail(name), title(name), "Guard")
}

// days lets runs observe for n days, every three hours.
func (w *world) days(n int) {
	w.Helper()
	for range n * 8 {
		w.pass(165 * time.Minute)
		w.run()
		w.wantNoWrites()
	}
}

// observed compares, as the command does, with what the history has.
func (w *world) observed() *plan.Observation {
	w.Helper()
	meta, err := w.db.Meta()
	w.must(err)
	var seen compare.Observed
	if meta.Observing != nil {
		for entry, err := range w.db.Audits(state.Query{Since: meta.Observing.Since}) {
			w.must(err)
			seen.Note(entry)
		}
		last, _, err := w.db.Run(state.LastRun)
		w.must(err)
		var d plan.Document
		w.must(json.Unmarshal(last.Document, &d))
		for i := range d.Actions {
			seen.NoteDue(&d.Actions[i])
		}
		for i := range d.Held {
			seen.NoteHeld(&d.Held[i])
		}
	}
	w.org.ResetRequests()
	w.portal.ResetRequests()
	c, err := w.build().Compare(context.Background(), seen)
	w.must(err)
	w.wantNoWrites()
	return c.Observed
}

// lines are what was observed, one a change: "create new1", "update g001 jobTitle".
func (w *world) lines(list []plan.ObservedChange) string {
	var lines []string
	for _, c := range list {
		name, _, _ := strings.Cut(c.User.Login, "@")
		if name == "" {
			e, _ := w.portal.Employee(int64(c.Employee))
			name = "(" + e.FirstName + ")"
		}
		line := string(c.Kind) + " " + name
		if c.Field != "" {
			line += " " + c.Field
		}
		if c.Planned != nil {
			line += " planned"
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return strings.Join(lines, ", ")
}

func TestTwoWeeksOfObservingCountEachThingOnceOnTheRightSide(t *testing.T) {
	w := shadow(t)
	w.days(1)
	north := w.roleID("Site North")
	set := func(name string, change func(*tracktiktest.Employee)) {
		w.must(w.portal.UpdateEmployee(w.employee(name).ID, change))
	}

	w.hire("late", "quick", "lost", "fleeting") // one seen by us first, one done at once, one forgotten, one gone again
	w.incumbent("quick")
	w.days(1)
	w.incumbent("late")
	w.org.UnassignUser(w.app, w.users["fleeting"])
	w.days(1)

	for _, name := range []string{"g011", "g012"} { // one title arrives there, the other does not
		w.org.UpdateUser(w.users[name], map[string]any{"title": "Chief"})
	}
	w.days(1)
	set("g011", func(e *tracktiktest.Employee) { e.JobTitle = "Chief" })

	w.org.DeactivateUser(w.users["g013"]) // ended there, a day later
	w.org.DeactivateUser(w.users["g014"]) // forgotten there
	w.days(1)
	w.must(w.portal.TerminateEmployee(w.employee("g013").ID))

	w.group("Site North", "g015", "g016") // granted there, and forgotten
	w.leave("Site North", "g001", "g002") // revoked there, and forgotten
	w.group("Site South", "g017")         // a role that nobody makes
	w.days(1)
	_, err := w.portal.Grant(w.employee("g015").ID, north)
	w.must(err)
	w.must(w.portal.Revoke(w.employee("g001").ID, north))
	w.days(4)

	w.portal.AddEmployee(tracktiktest.Employee{FirstName: "Temp", LastName: "Hand", Username: "temp"}) // all that nothing in Okta asks for
	w.must(w.portal.TerminateEmployee(w.employee("g020").ID))
	set("g021", func(e *tracktiktest.Employee) { e.LastName = "Garde" })
	_, err = w.portal.Grant(w.employee("g022").ID, north)
	w.must(err)
	w.days(4)

	o := w.observed()
	for side, want := range map[string]string{
		w.lines(o.Agreed):   "create late planned, create quick, grant_role g015 planned, revoke_role g001 planned, terminate g013 planned, update g011 jobTitle planned",
		w.lines(o.OnlyWe):   "create lost planned, create_role () planned, grant_role g016 planned, grant_role g017 planned, revoke_role g002 planned, terminate g014 planned, update g012 jobTitle planned",
		w.lines(o.OnlyThey): "create (Temp), grant_role g022, terminate g020, update g021 lastName planned",
	} {
		if side != want {
			t.Errorf("a side is\n%s, want\n%s", side, want)
		}
	}
	if o.Lapsed != 1 {
		t.Errorf("%d lapsed, want the one who was assigned for a day", o.Lapsed)
	}
	for _, row := range o.Table {
		if row.Kind == plan.Create && (row.Agreed != 2 || row.OnlyWe != 1 || row.OnlyThey != 1) {
			t.Errorf("the table says %+v", row)
		}
	}
	if o.PortalRead == nil || o.PortalRead.Sub(o.Since) > 6*time.Hour {
		t.Errorf("observing began %s, and the portal was read %v", o.Since, o.PortalRead)
	}
}

func TestTheTableOfObservingCostsNoCall(t *testing.T) {
	w := shadow(t)
	w.days(1)
	w.hire("lost")
	w.days(1)
	calls := func() int { return len(w.portal.Requests()) + len(w.org.Requests()) }
	w.observed()
	with := calls()
	w.change = nil
	w.observed()
	if without := calls(); with != without {
		t.Errorf("a comparison made %d calls with the table and %d without it", with, without)
	}
}

func TestObservingBeginsAnewAfterRunsThatWrite(t *testing.T) {
	w := shadow(t)
	w.days(1)
	first := w.observed()
	w.change = nil
	w.run()
	if o := w.observed(); o != nil {
		t.Errorf("runs write, and observing came to %+v", o)
	}
	w.change = func(e *tsync.Engine) { e.Observe = true }
	w.hire("lost")
	w.run()
	o := w.observed()
	if o == nil || !o.Since.After(first.Since) || w.lines(o.OnlyWe) != "create lost planned" || len(o.Agreed) > 0 {
		t.Errorf("observing anew came to %+v", o)
	}
}

// A guard that would have asked is no reason to say that only they ended people.
func TestWhatWouldHaveWaitedForAnApprovalIsAgreed(t *testing.T) {
	w := shadow(t)
	w.limits.Kinds[plan.Terminate] = plan.Limit{MaxCount: 0, MaxPercent: -1, MaxPerDay: -1}
	w.days(1)
	w.org.DeactivateUser(w.users["g011"])
	w.org.DeactivateUser(w.users["g012"])
	w.pass(time.Hour)
	_, err := w.sync(tsync.RunOptions{})
	w.wantRefused(err, tsync.RefusedGuard)
	w.must(w.portal.TerminateEmployee(w.employee("g011").ID))
	o := w.observed()
	if w.lines(o.Agreed) != "terminate g011 planned" || w.lines(o.OnlyWe) != "terminate g012 planned" || !strings.Contains(o.OnlyWe[0].Note, "guard") {
		t.Errorf("agreed %s; only we %s", w.lines(o.Agreed), w.lines(o.OnlyWe))
	}
}
