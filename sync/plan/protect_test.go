package plan_test

import (
	"testing"

	"tracktik-sync/sync/plan"
)

// names are all by which sync.protected may mean ana; each gives her the name "boss" in
// one place.
var names = map[string]func(*plan.View){
	"login in Okta":              func(v *plan.View) { v.Person.Login = "boss" },
	"e-mail in Okta":             func(v *plan.View) { v.Person.Email = "boss" },
	"e-mail in Okta, as mapped":  func(v *plan.View) { v.Mapped.Wanted.Email = "boss" },
	"login once known":           func(v *plan.View) { v.Link.Login = "boss" },
	"e-mail once known":          func(v *plan.View) { v.Link.Email = "boss" },
	"user name as pushed":        func(v *plan.View) { v.Link.Pushed[plan.Username] = "boss" },
	"e-mail as pushed":           func(v *plan.View) { v.Link.Pushed[plan.Email] = "boss" },
	"user name as once seen":     func(v *plan.View) { v.Link.Seen[plan.Username] = "boss" },
	"e-mail as once seen":        func(v *plan.View) { v.Link.Seen[plan.Email] = "boss" },
	"user name in TrackTik now":  func(v *plan.View) { v.Employee.Values[plan.Username] = "boss" },
	"e-mail in TrackTik now":     func(v *plan.View) { v.Employee.Values[plan.Email] = "boss" },
	"whatever the case and form": func(v *plan.View) { v.Employee.Values[plan.Email] = "BOSS" },
}

// whoIs is what protects somebody, of a view.
func whoIs(v *plan.View) plan.Who {
	return plan.Who{Person: v.Person, Link: v.Link, Wanted: &v.Mapped.Wanted, Employee: v.Employee}
}

// TestOneListOfNamesProtectsInEveryUse: what protects from one act does from all.
func TestOneListOfNamesProtectsInEveryUse(t *testing.T) {
	pol := with(func(p *plan.Policy) {
		p.Protected, p.TerminateOutOfScope, p.TerminateSuspended = []string{"", "boss"}, true, true
	})
	lastly := func(verdict func(*plan.View)) func(*plan.View) plan.Decision {
		return func(v *plan.View) plan.Decision {
			verdict(v)
			v.Judgement = plan.Judge(v.Person, pol)
			return plan.Decide(v, pol)
		}
	}
	roles := func(due []plan.Due, have ...plan.Holding) func(*plan.View) plan.Decision {
		return func(v *plan.View) plan.Decision {
			return plan.DecideRoles(roleView(due, have, func(r *plan.RoleView) { r.Shielded = pol.Shields(whoIs(v)) }), pol)
		}
	}
	uses := map[string]struct {
		decide func(*plan.View) plan.Decision
		want   string
	}{
		"deactivated":  {lastly(func(v *plan.View) { v.Person.Status = "DEPROVISIONED" }), "held terminate protected"},
		"unassigned":   {lastly(func(v *plan.View) { v.Person.Assignment = plan.Assignment{} }), "held terminate protected"},
		"suspended":    {lastly(func(v *plan.View) { v.Person.Status = "SUSPENDED" }), "held terminate protected"},
		"out of scope": {lastly(func(v *plan.View) { v.OutOfScope = true }), "held terminate protected"},
		"adopted": {func(v *plan.View) plan.Decision {
			v.Matches = []plan.Match{by(plan.CustomID, *v.Employee)}
			v.Link, v.Employee = nil, nil
			return plan.Decide(v, pol)
		}, "problem protected_match"},
		"granted": {roles([]plan.Due{due(2, "g2", 0)}), "held grant_role g2/2 protected"},
		"revoked": {roles(nil, have(1, "g1", lost)), "held revoke_role g1/1 protected"},
	}
	for what, named := range names {
		for use, c := range uses {
			t.Run(use+" by "+what, func(t *testing.T) {
				v := managed(func(v *plan.View) { v.Employee = anaEmployee() })
				link := *v.Link
				named(v)
				if use == "adopted" && *v.Link != link {
					return // nobody is adopted who has a link
				}
				check(t, c.decide(v), c.want)
			})
		}
	}
	for use, c := range uses { // and who is not protected is not
		d := c.decide(managed(func(v *plan.View) { v.Employee = anaEmployee() }))
		if len(d.Held)+len(d.Problems) > 0 || len(d.Actions) == 0 {
			t.Errorf("%s without protection: %s", use, outline(&d))
		}
	}
}

// TestWhoIsOurOwn: an id is compared with the id, and a user name only where no id is
// known.
func TestWhoIsOurOwn(t *testing.T) {
	byID := with(func(p *plan.Policy) { p.Own, p.OwnUsername = 7, "bea" })
	byName := with(func(p *plan.Policy) { p.OwnUsername = " ANA" })
	unknown := with(func(*plan.Policy) {})
	pushed := func(name string) *plan.Link {
		return &plan.Link{Employee: 8, Pushed: plan.Values{plan.Username: name}}
	}
	seen := &plan.Link{Employee: 8, Seen: plan.Values{plan.Username: "ana"}}
	present := func(id plan.EmployeeID, name string) *plan.Employee {
		return &plan.Employee{ID: id, Values: plan.Values{plan.Username: name}}
	}
	for name, c := range map[string]struct {
		pol  *plan.Policy
		who  plan.Who
		want bool
	}{
		"the link's id":                  {byID, plan.Who{Link: anaLink()}, true},
		"the employee's id":              {byID, plan.Who{Employee: present(7, "")}, true},
		"another id":                     {byID, plan.Who{Link: pushed("ana"), Employee: present(9, "ana")}, false},
		"another id, the user name":      {byID, plan.Who{Link: pushed("bea")}, false},
		"the user name as pushed":        {byName, plan.Who{Link: pushed("ana")}, true},
		"the user name as once seen":     {byName, plan.Who{Link: seen}, true},
		"the user name in TrackTik now":  {byName, plan.Who{Link: pushed("x"), Employee: present(8, "Ana")}, true},
		"another user name":              {byName, plan.Who{Link: pushed("bea"), Employee: present(8, "")}, false},
		"no employee":                    {byID, plan.Who{Person: ana()}, false},
		"nobody knows whose they are":    {unknown, plan.Who{Link: &plan.Link{}, Employee: &plan.Employee{}}, false},
		"a person of our own login only": {byName, plan.Who{Person: ana()}, false},
	} {
		if got := c.pol.Owns(c.who); got != c.want {
			t.Errorf("%s: own is %v", name, got)
		}
		if shield := c.pol.Shields(c.who); (shield != "") != c.want {
			t.Errorf("%s: shielded by %q", name, shield)
		}
	}
}

// TestNamesThatTrackTikShowsAreRemembered until it shows others, whatever the verdict.
func TestNamesThatTrackTikShowsAreRemembered(t *testing.T) {
	pol := with(func(p *plan.Policy) { p.RepairDrift = false })
	for name, verdict := range map[string]func(*plan.View){
		"in order": func(*plan.View) {}, "suspended": func(v *plan.View) { v.Person.Status = "SUSPENDED" },
		"unassigned, not confirmed": func(v *plan.View) { v.Person.Assignment, v.Evidence = plan.Assignment{}, "" },
		"staged":                    func(v *plan.View) { v.Person.Status = "STAGED" },
		"ended":                     func(v *plan.View) { v.Employee.Status = "TERMINATED" },
	} {
		v := managed(func(v *plan.View) {
			v.Employee = anaEmployee()
			v.Employee.Values[plan.Email] = "boss@acme.example"
			verdict(v)
		})
		note := plan.Decide(v, pol).Note
		if note == nil || note.Seen[plan.Email] != "boss@acme.example" || note.Pushed != v.Link.Pushed {
			t.Errorf("%s: noted %+v", name, note)
			continue
		}
		v.Link, v.Employee.Values[plan.Email] = note, note.Pushed[plan.Email]
		if again := plan.Decide(v, pol).Note; again == nil || again.Seen[plan.Email] != "" {
			t.Errorf("%s: noted %+v when it was as pushed again", name, again)
		}
	}
}
