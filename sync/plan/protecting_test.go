package plan_test

import (
	"testing"

	"tracktik-sync/sync/plan"
)

// TestWhichRolesAreKeptFromEverybody: those of portal ADMIN or CLIENT always, others by name.
func TestWhichRolesAreKeptFromEverybody(t *testing.T) {
	for sentence, c := range map[string]struct {
		role  plan.Role
		globs []string
		want  string
	}{
		"of the staff": {staff(5, "Guards"), []string{"*admin*"}, ""},
		"of no portal": {plan.Role{ID: 5, Name: "Guards"}, []string{"*admin*"}, ""},
		"of the administrators": {plan.Role{ID: 5, Name: "Guards", Portal: "ADMIN"}, nil,
			"protected_role: it is a role of portal ADMIN"},
		"of the clients": {plan.Role{ID: 5, Name: "Guards", Portal: "CLIENT"}, nil,
			"protected_role: it is a role of portal CLIENT"},
		"by its name": {staff(5, "Site ADMINs"), []string{"*admin*"},
			"protected_role: sync.roles.protected names the role"},
		"by the second of two globs": {staff(5, "Chief"), []string{"*admin*", "chief"},
			"protected_role: sync.roles.protected names the role"},
		"the default emptied":               {staff(5, "Site ADMINs"), nil, ""},
		"a name that only holds the glob":   {staff(5, "Chiefs"), []string{"chief"}, ""},
		"a portal's kind in another letter": {plan.Role{ID: 5, Name: "Guards", Portal: "STAFF"}, []string{"admin"}, ""},
	} {
		pol := with(func(p *plan.Policy) { p.ProtectedRoles = c.globs })
		if got := pol.KeepsRole(c.role); got != c.want {
			t.Errorf("%s: %q, want %q", sentence, got, c.want)
		}
		if got := plan.ProtectedRole(c.role, pol); got != (c.want != "") {
			t.Errorf("%s: protected is %v", sentence, got)
		}
	}
}

// TestWhatIsKnownOfThePortalsRoles: one that was not read is not missing.
func TestWhatIsKnownOfThePortalsRoles(t *testing.T) {
	read, unread := portal(staff(5, "Guards")), plan.PortalRoles{}
	confirmed := portal(staff(5, "Guards"))
	confirmed.Gone = []plan.RoleID{6}
	for sentence, got := range map[string]bool{
		"one that is there":                  !confirmed.Lacks(5),
		"one that is not, by its id":         confirmed.Lacks(6),
		"one that is only not in the list":   !read.Lacks(6),
		"nothing was read":                   !unread.Lacks(5),
		"an empty list is no word about any": !portal().Lacks(5),
	} {
		if !got {
			t.Errorf("%s: it is said otherwise", sentence)
		}
	}
	if r := read.Of(&plan.RoleRef{ID: 5, Name: "Old name"}); r.Name != "Guards" || r.Portal != "STAFF" {
		t.Errorf("a role that was read is %+v", r)
	}
	if r := read.Of(&plan.RoleRef{ID: 6, Name: "Old name"}); r.ID != 6 || r.Name != "Old name" || r.Portal != "" {
		t.Errorf("a role that was not read is %+v", r)
	}
}

// TestProtectionNeedsAName: an empty name fits no glob, not even a star.
func TestProtectionNeedsAName(t *testing.T) {
	star := with(func(p *plan.Policy) { p.Protected = []string{"*"} })
	for sentence, c := range map[string]struct {
		who  plan.Who
		want bool
	}{
		"nobody is known":                  {plan.Who{}, false},
		"a person without names":           {plan.Who{Person: &plan.Person{}}, false},
		"a person":                         {plan.Who{Person: ana()}, true},
		"a former employee's link":         {plan.Who{Link: anaLink()}, true},
		"an employee without names":        {plan.Who{Employee: &plan.Employee{ID: 7}}, false},
		"what Okta wants of them":          {plan.Who{Wanted: &plan.Wanted{Email: "ana@acme.example"}}, true},
		"a wish without an e-mail of Okta": {plan.Who{Wanted: &plan.Wanted{Values: anaValues()}}, false},
	} {
		if got := star.Protects(c.who); got != c.want {
			t.Errorf("%s: protected is %v", sentence, got)
		}
		if none := with(func(*plan.Policy) {}); none.Protects(c.who) || none.Shields(c.who) != "" {
			t.Errorf("%s: nobody is named, and they are protected", sentence)
		}
		if shield := star.Shields(c.who); (shield == plan.HeldProtected+": sync.protected names them") != c.want {
			t.Errorf("%s: shielded by %q", sentence, shield)
		}
	}
	own := with(func(p *plan.Policy) { p.Own, p.Protected = 7, []string{"*"} })
	if got := own.Shields(plan.Who{Link: anaLink()}); got != plan.HeldProtected+": this is the integration's account" {
		t.Errorf("our own, and named: %q", got)
	}
}

// TestAddingAProtectedNameNeverAddsAnAction, of anybody in any state.
func TestAddingAProtectedNameNeverAddsAnAction(t *testing.T) {
	for name, view := range map[string]func() *plan.View{
		"new": func() *plan.View { return newcomer() }, "managed": func() *plan.View { return managed() },
		"left": func() *plan.View { return leaver() },
		"drifted": func() *plan.View {
			return managed(func(v *plan.View) {
				v.Employee, v.Fresh = anaEmployee(), true
				v.Employee.Values[plan.JobTitle] = "by hand"
			})
		},
		"found": func() *plan.View {
			return newcomer(func(v *plan.View) { v.Matches = []plan.Match{{Key: plan.Username, Employee: *anaEmployee()}} })
		},
	} {
		before := plan.Decide(view(), with(func(*plan.Policy) {}))
		for _, glob := range []string{"*", "ana@acme.example", "ana", "bea@acme.example"} {
			after := plan.Decide(view(), with(func(p *plan.Policy) { p.Protected = []string{glob} }))
			for i := range after.Actions {
				if kind := after.Actions[i].Kind; !within(done(&after, kind), done(&before, kind)) {
					t.Errorf("%s, %s is protected: %s, before %s", name, glob, outline(&after), outline(&before))
				}
			}
			if glob == "*" && len(done(&after, plan.Terminate))+len(done(&after, plan.Adopt)) > 0 {
				t.Errorf("%s, everybody is protected: %s", name, outline(&after))
			}
			if glob[0] == 'b' && outline(&after) != outline(&before) {
				t.Errorf("%s, another is protected: %s, before %s", name, outline(&after), outline(&before))
			}
		}
	}
}

// TestNamesThatWereNotReadAreNotForgotten: what TrackTik was once seen to hold is noted, and
// kept while it is not read.
func TestNamesThatWereNotReadAreNotForgotten(t *testing.T) {
	for sentence, c := range map[string]struct {
		employee func(*plan.Employee)
		want     string // of the e-mail that is remembered; "-": nothing is noted
	}{
		"as pushed":           {func(*plan.Employee) {}, "-"},
		"another one":         {func(e *plan.Employee) { e.Values[plan.Email] = "boss@acme.example" }, "boss@acme.example"},
		"in another case":     {func(e *plan.Employee) { e.Values[plan.Email] = "ANA@acme.example" }, "-"},
		"it was not read":     {func(e *plan.Employee) { e.Has = e.Has.Without(plan.Email); e.Values[plan.Email] = "" }, "-"},
		"it is empty there":   {func(e *plan.Employee) { e.Values[plan.Email] = "" }, "-"},
		"another phone alone": {func(e *plan.Employee) { e.Values[plan.PrimaryPhone] = "555" }, "-"},
	} {
		v := managed(func(v *plan.View) {
			v.Employee = anaEmployee()
			c.employee(v.Employee)
		})
		d := plan.Decide(v, with(func(p *plan.Policy) { p.RepairDrift = false }))
		got := "-"
		if d.Note != nil && d.Note.Seen[plan.Email] != "" {
			got = d.Note.Seen[plan.Email]
		}
		if got != c.want {
			t.Errorf("%s: remembered %q, want %q", sentence, got, c.want)
		}
	}
	seen := managed(func(v *plan.View) {
		v.Employee = anaEmployee()
		v.Employee.Has = v.Employee.Has.Without(plan.Email)
		v.Link.Seen[plan.Email] = "boss@acme.example"
	})
	if d := plan.Decide(seen,
		with(func(*plan.Policy) {})); d.Note != nil && d.Note.Seen[plan.Email] != "boss@acme.example" {
		t.Errorf("a name that was not read is forgotten: %+v", d.Note.Seen)
	}
}
