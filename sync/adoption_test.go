package sync_test

import (
	"strings"
	"testing"

	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// atPortal adds an employee as somebody at the portal does, with the names that
// hire gives.
func (w *world) atPortal(name string, change func(*tracktiktest.Employee)) int64 {
	e := tracktiktest.Employee{FirstName: title(name), LastName: "Guard", Email: mail(name), Username: mail(name)}
	if change != nil {
		change(&e)
	}
	return w.portal.AddEmployee(e)
}

func TestAnEmployeeWhoMatchesIsAdopted(t *testing.T) {
	w := newWorld(t)
	ada := w.atPortal("ada", func(e *tracktiktest.Employee) { e.Username, e.JobTitle, e.Region = "ADA@acme.example", "Old", 4 })
	bob := w.atPortal("bob", func(e *tracktiktest.Employee) { e.Username = "somebody.else" })
	w.hire("ada", "bob")
	w.org.UpdateUser(w.users["ada"], map[string]any{"title": "New", "division": "North"})
	w.wantDone(w.run(), "adopt 2, update 2")
	if e := w.employee("ada"); e.ID != ada || e.JobTitle != "New" || e.Region != 4 {
		t.Errorf("ada is %+v: adopted, brought in line, and not moved", e)
	}
	if e := w.employee("bob"); e.ID != bob || e.Username != mail("bob") {
		t.Errorf("bob is %+v", e)
	}
	w.wantDone(w.run(), "")
}

func TestAnUpdateOfWhatWasNeverReadDoesNotBlameOkta(t *testing.T) {
	w := newWorld(t)
	w.observing(true)
	w.atPortal("ada", func(e *tracktiktest.Employee) { e.JobTitle = "Old" })
	w.hire("ada")
	w.org.UpdateUser(w.users["ada"], map[string]any{"title": "New"})
	w.run()
	doc := w.run()
	if len(doc.Actions) != 1 || !strings.Contains(doc.Actions[0].Reason, "was not read") {
		t.Errorf("%+v", doc.Actions)
	}
}

func TestALanguageThatTheEmployeeHasIsNotWrittenAgain(t *testing.T) {
	w := newWorld(t)
	ada := w.atPortal("ada", func(e *tracktiktest.Employee) { e.Language = "FR" })
	w.hire("ada")
	w.org.UpdateUser(w.users["ada"], map[string]any{"preferredLanguage": "fr"})
	w.wantDone(w.run(), "adopt 1")
	w.must(w.portal.UpdateEmployee(ada, func(e *tracktiktest.Employee) { e.Language = "DE" }))
	w.wantDone(w.runWith(refreshed), "update 1")
	if e := w.employee("ada"); e.Language != "FR" {
		t.Errorf("ada is %+v", e)
	}
}

func TestAdoptionsThatKeepShowWhatDiffers(t *testing.T) {
	w := newWorld(t)
	w.policy.AdoptKeep = true
	w.atPortal("ada", func(e *tracktiktest.Employee) { e.JobTitle = "Old" })
	w.hire("ada")
	w.org.UpdateUser(w.users["ada"], map[string]any{"title": "New"})
	doc := w.run()
	w.wantDone(doc, "adopt 1")
	w.wantHeld(doc, plan.HeldAdoptedDiffers, "ada")
	w.org.UpdateUser(w.users["ada"], map[string]any{"title": "Newer"})
	w.wantDone(w.run(), "update 1")
	if e := w.employee("ada"); e.JobTitle != "Newer" {
		t.Errorf("ada is %+v", e)
	}
}

func TestNobodyDoubtfulIsAdopted(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(w *world)
		held    string
		problem string
	}{
		"by e-mail alone, of another name": {held: plan.HeldDoubtfulMatch, prepare: func(w *world) {
			w.atPortal("ada", func(e *tracktiktest.Employee) { e.FirstName, e.LastName, e.Username = "Zoe", "Other", "zoe" })
		}},
		"two employees": {problem: plan.ProblemAmbiguousMatch, prepare: func(w *world) {
			w.atPortal("ada", func(e *tracktiktest.Employee) { e.Username = "zoe" })
			w.atPortal("zoe", func(e *tracktiktest.Employee) { e.Username = mail("ada") })
		}},
		"inactive": {problem: plan.ProblemInactiveMatch, prepare: func(w *world) { w.must(w.portal.DeactivateEmployee(w.atPortal("ada", nil))) }},
		"banned":   {problem: plan.ProblemInactiveMatch, prepare: func(w *world) { w.must(w.portal.BanEmployee(w.atPortal("ada", nil))) }},
		"an administrator": {problem: plan.ProblemProtectedMatch, prepare: func(w *world) {
			_, err := w.portal.Grant(w.atPortal("ada", nil), tracktiktest.AdministratorRole)
			w.must(err)
		}},
		"protected": {problem: plan.ProblemProtectedMatch, prepare: func(w *world) {
			w.atPortal("ada", nil)
			w.policy.Protected = []string{"ada*"}
		}},
		"ourselves": {problem: plan.ProblemProtectedMatch, prepare: func(w *world) {
			w.must(w.portal.UpdateEmployee(tracktiktest.IntegrationEmployee, func(e *tracktiktest.Employee) { e.Email = mail("ada") }))
		}},
		"adopt never": {problem: plan.ProblemAdoptOff, prepare: func(w *world) {
			w.atPortal("ada", nil)
			w.policy.Adopt = false
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.hire("ada")
			c.prepare(w)
			for range 2 {
				doc := w.run()
				if c.held != "" {
					w.wantHeld(doc, c.held, "ada")
				} else {
					w.wantProblem(doc, c.problem, "ada")
				}
				w.wantNoWrites()
			}
			if n, err := w.db.Managed(); err != nil || n != 0 {
				t.Errorf("%d managed, %v", n, err)
			}
		})
	}
}

func TestWhoWasTerminatedBeforeIsNobodysMatch(t *testing.T) {
	w := newWorld(t)
	w.must(w.portal.TerminateEmployee(w.atPortal("ada", nil)))
	w.hire("ada")
	w.wantDone(w.run(), "create 1")
}

func TestALostSnapshotAdoptsEverybodyAndTerminatesNobody(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob")
	w.group("Site North", "ada", "bob")
	w.run()
	ada := w.employee("ada").ID
	w.lose()
	w.hire("cy")
	w.wantDone(w.run(), "link_role 1, adopt 2, create 1")
	if n := w.portal.Count("POST", "/user-roles"); n != 0 {
		t.Errorf("%d roles were granted again", n)
	}
	if e := w.employee("ada"); e.ID != ada {
		t.Errorf("ada is employee %d, was %d", e.ID, ada)
	}
	w.wantDone(w.run(), "")
	w.org.DeactivateUser(w.users["bob"])
	w.leave("Site North", "ada")
	w.group("Site South", "ada")
	w.wantDone(w.run(), "create_role 1, terminate 1, grant_role 1, revoke_role 1")
}

func TestEmployeesEndedBySomebodyElseAreHeld(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(w *world, id int64) error
		code string
	}{
		"terminated": {func(w *world, id int64) error { return w.portal.TerminateEmployee(id) }, plan.HeldTerminatedElsewhere},
		"inactive":   {func(w *world, id int64) error { return w.portal.DeactivateEmployee(id) }, plan.HeldTerminatedElsewhere},
		"banned":     {func(w *world, id int64) error { return w.portal.BanEmployee(id) }, plan.HeldBannedElsewhere},
		"deleted":    {func(w *world, id int64) error { return w.portal.DeleteEmployeeRecord(id) }, plan.HeldTerminatedElsewhere},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.hire("ada", "bob")
			w.group("Site North", "ada", "bob")
			w.run()
			w.must(c.end(w, w.employee("ada").ID))
			w.wantHeld(w.runWith(refreshed), c.code, "ada")
			w.wantNoWrites()
			w.org.UpdateUser(w.users["ada"], map[string]any{"title": "New"})
			w.wantHeld(w.run(), c.code, "ada") // it is not forgotten between refreshes
			w.wantNoWrites()

			doc := w.runWith(tsync.RunOptions{Recreate: []plan.PersonID{plan.PersonID(w.users["ada"])}})
			switch name {
			case "banned":
				w.wantDone(doc, "")
				return
			case "inactive": // who still has the names: a second one would be a double
				w.wantHeld(doc, c.code, "ada")
				w.wantNoWrites()
				return
			case "deleted": // or out of our sight: two commands are asked for, not one
				w.wantHeld(doc, c.code, "ada")
				w.wantNoWrites()
				id := plan.PersonID(w.users["ada"])
				grants, err := w.db.GrantsOf(id)
				w.must(err)
				w.must(w.db.Commit(plan.Batch{Unlink: []plan.PersonID{id}, DropGrants: []plan.GrantKey{grants[0].Key()}})) // as `unlink` does
				doc = w.run()
			}
			if doc.Summary["create"] != 1 {
				t.Errorf("recreate plans %s\n%s", counts(doc), details(doc))
			}
			w.run()
			w.wantRoles("ada", "Site North")
			w.wantDone(w.runWith(refreshed), "")
		})
	}
}

func TestDriftIsRepaired(t *testing.T) {
	w := newWorld(t)
	w.hire("ada", "bob")
	w.group("Site North", "ada", "bob")
	w.group("Site South", "ada", "bob")
	w.org.UpdateUser(w.users["ada"], map[string]any{"title": "Guard"})
	w.run()
	ada := w.employee("ada").ID
	w.must(w.portal.UpdateEmployee(ada, func(e *tracktiktest.Employee) { e.JobTitle, e.Region, e.Tags = "By hand", 3, []string{"x"} }))
	w.must(w.portal.Revoke(ada, w.roleID("Site North")))
	w.must(w.portal.RenameRole(w.roleID("Site South"), "Site Renamed"))
	w.wantDone(w.run(), "") // what was last pushed is what counts between refreshes
	doc := w.runWith(refreshed)
	w.wantDone(doc, "rename_role 1, update 1, grant_role 1")
	if e := w.employee("ada"); e.JobTitle != "Guard" || e.Region != 3 {
		t.Errorf("ada is %+v: repaired, and left where a dispatcher put them", e)
	}
	w.wantRoles("ada", "Site North, Site South")
	w.wantDone(w.runWith(refreshed), "")
}

func TestDriftIsReportedWhereConfigured(t *testing.T) {
	w := newWorld(t)
	w.policy.RepairDrift = false
	w.hire("ada")
	w.org.UpdateUser(w.users["ada"], map[string]any{"title": "Guard"})
	w.run()
	w.must(w.portal.UpdateEmployee(w.employee("ada").ID, func(e *tracktiktest.Employee) { e.JobTitle = "By hand" }))
	doc := w.runWith(refreshed)
	w.wantWarning(doc, plan.WarningDrift)
	w.wantNoWrites()
}

func TestAValueThatIsNotKeptIsSentTwiceAtMost(t *testing.T) {
	w := newWorld(t)
	w.portal.Configure(func(s *tracktiktest.Server) {
		s.Rules.Store = func(field, value string) string { // drops what is not in capitals
			if field == "jobTitle" && value != strings.ToUpper(value) {
				return ""
			}
			return value
		}
	})
	w.hire("ada")
	w.org.UpdateUser(w.users["ada"], map[string]any{"title": "Guard"})
	w.run()
	w.wantDone(w.runWith(refreshed), "update 1")
	for range 3 {
		w.wantProblem(w.runWith(refreshed), plan.ProblemValueNotKept, "ada")
		w.wantNoWrites()
	}
	w.org.UpdateUser(w.users["ada"], map[string]any{"title": "CHIEF"})
	w.wantDone(w.runWith(refreshed), "update 1")
	w.wantDone(w.runWith(refreshed), "")
}

func TestARoleThatWasDeletedIsMadeAgain(t *testing.T) {
	w := newWorld(t)
	w.hire("ada")
	w.group("Site North", "ada")
	w.run()
	w.must(w.portal.DeleteRole(w.roleID("Site North")))
	w.runWith(refreshed)
	w.run()
	w.wantRoles("ada", "Site North")
	w.wantDone(w.runWith(refreshed), "")
}
