package plan_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tracktik-sync/sync/plan"
)

// document is a plan with an action of every kind.
func document() *plan.Document {
	user := plan.UserRef{ID: "00uANA", Login: "ana@acme.example"}
	site := &plan.RoleRef{ID: 5, Name: "Site Guards", Group: "00gSITE"}
	want := &plan.Wanted{Values: anaValues(), RegionID: 3}
	d := &plan.Document{ID: "20260302T060000Z-1", Created: now, Mode: "apply", PlanFingerprint: "c0ffee", Managed: 12, HowRead: plan.HowRead{Source: plan.SourceCount{Users: 12, Groups: 2}, Evidence: plan.EvidenceFull},
		Okta: plan.OktaID{Org: "https://acme.okta.com", App: "0oa1"}, TrackTik: plan.TrackTikID{Portal: "https://acme.staffr.net"},
		Options: plan.Options{User: []string{"ana", "bea"}, Refresh: true},
		Actions: []plan.Action{
			{Kind: plan.RenameRole, Role: site, Changes: []plan.Change{{Field: plan.NumFields, Old: "Guards", New: "Site Guards"}}, Reason: "the group was renamed in Okta"},
			{Kind: plan.LinkRole, Role: &plan.RoleRef{ID: 6, Name: "Doors", Group: "00gDOOR"}, Extra: &plan.Extra{Key: plan.HowMapped}},
			{Kind: plan.CreateRole, Role: &plan.RoleRef{Name: "Patrol", Group: "00gPATROL"}},
			{Kind: plan.Adopt, User: user, Employee: 7, Extra: &plan.Extra{Key: "username"}, Want: want},
			{Kind: plan.Terminate, User: plan.UserRef{ID: "00uBEA"}, Employee: 8, Extra: &plan.Extra{Evidence: plan.EvidenceListing}, Reason: "deactivated in Okta"},
			{Kind: plan.Update, User: user, Employee: 7, Changes: []plan.Change{{Field: plan.City, Old: "Lisboa", New: ""}}, Want: want, Drift: true},
			{Kind: plan.Reactivate, User: plan.UserRef{ID: "00uEVE"}, Employee: 9, Extra: &plan.Extra{Former: 9}, Want: want},
			{Kind: plan.Create, User: plan.UserRef{ID: "00uDAN"}, Extra: &plan.Extra{Former: 4}, Want: want},
			{Kind: plan.GrantRole, User: user, Employee: 7, Role: site, Replaces: true},
			{Kind: plan.RevokeRole, User: user, Employee: 7, Role: site, Extra: &plan.Extra{Grant: 99, Evidence: plan.EvidenceSample}},
		},
		Held:     []plan.Held{{Action: plan.Action{Kind: plan.Update, User: user, Employee: 7}, Why: "suspended: so it is"}},
		Problems: []plan.Problem{{User: user, Code: plan.ProblemDuplicate, Message: "two <b>&"}},
		Warnings: []plan.Warning{{Code: plan.WarningPartialAddress, User: user, Field: "address", Message: "no city"}},
		Guard:    plan.GuardReport{Refusals: []plan.Refusal{{Kind: plan.Terminate, Count: 51, Limit: 50, Message: "guard refused", Approve: "abc", Stops: true}}},
	}
	d.Seal()
	return d
}

// TestWhatTheHashCovers: options, actions (kind, ids, changes) and both systems, and
// nothing else.
func TestWhatTheHashCovers(t *testing.T) {
	hash := document().Hash
	if hash != document().Hash || len(hash) < 12 {
		t.Fatalf("the hash is %q", hash)
	}
	first := func(d *plan.Document, kind plan.Kind) *plan.Action {
		return &d.Actions[slices.IndexFunc(d.Actions, func(a plan.Action) bool { return a.Kind == kind })]
	}
	role := func(d *plan.Document, change func(*plan.RoleRef)) {
		a := first(d, plan.GrantRole)
		ref := *a.Role
		change(&ref)
		a.Role = &ref
	}
	for name, change := range map[string]func(*plan.Document){
		"the org":            func(d *plan.Document) { d.Okta.Org += "x" },
		"the app":            func(d *plan.Document) { d.Okta.App += "x" },
		"the portal":         func(d *plan.Document) { d.TrackTik.Portal += "x" },
		"a user asked for":   func(d *plan.Document) { d.Options.User = append(d.Options.User, "eve") },
		"users run together": func(d *plan.Document) { d.Options.User = []string{"anabea"} },
		"no users":           func(d *plan.Document) { d.Options.User = nil },
		"refresh":            func(d *plan.Document) { d.Options.Refresh = false },
		"no removals":        func(d *plan.Document) { d.Options.NoRemovals = true },
		"a kind":             func(d *plan.Document) { first(d, plan.Update).Kind = plan.Adopt },
		"a person":           func(d *plan.Document) { first(d, plan.Terminate).User.ID = "00uEVE" },
		"an employee":        func(d *plan.Document) { first(d, plan.Terminate).Employee++ },
		"a former employee":  func(d *plan.Document) { first(d, plan.Create).Extra = &plan.Extra{Former: 5} },
		"a grant": func(d *plan.Document) {
			first(d, plan.RevokeRole).Extra = &plan.Extra{Grant: 98, Evidence: plan.EvidenceSample}
		},
		"a role":          func(d *plan.Document) { role(d, func(r *plan.RoleRef) { r.ID++ }) },
		"a group":         func(d *plan.Document) { role(d, func(r *plan.RoleRef) { r.Group += "x" }) },
		"no role":         func(d *plan.Document) { first(d, plan.GrantRole).Role = nil },
		"a changed field": func(d *plan.Document) { first(d, plan.Update).Changes[0].Field = plan.State },
		"an old value":    func(d *plan.Document) { first(d, plan.Update).Changes[0].Old = "Porto" },
		"a new value":     func(d *plan.Document) { first(d, plan.Update).Changes[0].New = "Porto" },
		"a value of a create": func(d *plan.Document) {
			w := *first(d, plan.Create).Want
			w.Values[plan.City] = "Faro"
			first(d, plan.Create).Want = &w
		},
		"one action fewer": func(d *plan.Document) { d.Actions = d.Actions[1:] },
		"the order":        func(d *plan.Document) { slices.Reverse(d.Actions) },
	} {
		d := document()
		if change(d); d.ComputeHash() == hash {
			t.Errorf("%s is not covered", name)
		}
	}
	for name, change := range map[string]func(*plan.Document){
		"id":           func(d *plan.Document) { d.ID = "x" },
		"created":      func(d *plan.Document) { d.Created = now.Add(time.Hour) },
		"mode":         func(d *plan.Document) { d.Mode = "observe" },
		"config":       func(d *plan.Document) { d.PlanFingerprint = "x" },
		"source":       func(d *plan.Document) { d.Source.Users++ },
		"held actions": func(d *plan.Document) { d.Held = nil },
		"problems":     func(d *plan.Document) { d.Problems = nil },
		"warnings":     func(d *plan.Document) { d.Warnings = nil },
		"the guard":    func(d *plan.Document) { d.Guard = plan.GuardReport{OK: true} },
		"managed":      func(d *plan.Document) { d.Managed++ },
		"evidence": func(d *plan.Document) {
			d.Evidence, first(d, plan.Terminate).Extra = "", &plan.Extra{Evidence: plan.EvidenceSample}
		},
		"a reason":         func(d *plan.Document) { first(d, plan.Terminate).Reason = "x" },
		"a login":          func(d *plan.Document) { first(d, plan.Terminate).User.Login = "x" },
		"what matched":     func(d *plan.Document) { first(d, plan.Adopt).Extra = &plan.Extra{Key: "email"} },
		"a role's name":    func(d *plan.Document) { role(d, func(r *plan.RoleRef) { r.Name = "x" }) },
		"the run's result": func(d *plan.Document) { d.Run, d.Result = "x", &plan.Result{} },
	} {
		d := document()
		if change(d); d.ComputeHash() != hash {
			t.Errorf("%s is covered", name)
		}
	}
}

// TestASavedPlanIsReadAsItWas.
func TestASavedPlanIsReadAsItWas(t *testing.T) {
	d := document()
	data, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	read, err := plan.ReadDocument(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for i := range d.Actions { // the file holds what is set, not the whole record
		d.Actions[i].Changes, d.Actions[i].Want = d.Actions[i].FieldChanges(), nil
	}
	if diff := cmp.Diff(d, read); diff != "" {
		t.Errorf("read otherwise (-saved +read):\n%s", diff)
	}
	again, err := json.MarshalIndent(read, "", "  ")
	if err != nil || !bytes.Equal(data, again) {
		t.Errorf("saved anew it differs: %v", cmp.Diff(string(data), string(again)))
	}
}

// TestAnEditedPlanIsRefused, and so is one that is cut, or of another version.
func TestAnEditedPlanIsRefused(t *testing.T) {
	data, err := json.Marshal(document())
	if err != nil {
		t.Fatal(err)
	}
	saved := string(data)
	for name, c := range map[string]struct{ text, says string }{
		"another employee": {strings.Replace(saved, `"employee_id":8`, `"employee_id":9`, 1), "was changed"},
		"another person":   {strings.Replace(saved, `"00uBEA"`, `"00uEVE"`, 1), "was changed"},
		"another kind":     {strings.Replace(saved, `"kind":"adopt"`, `"kind":"terminate"`, 1), "was changed"},
		"another value":    {strings.Replace(saved, `"old":"Lisboa"`, `"old":"Porto"`, 1), "was changed"},
		"another portal":   {strings.Replace(saved, "acme.staffr.net", "other.staffr.net", 1), "was changed"},
		"another option":   {strings.Replace(saved, `"refresh":true`, `"refresh":false`, 1), "was changed"},
		"no hash":          {strings.Replace(saved, document().Hash, "", 1), "was changed"},
		"an unknown field": {strings.Replace(saved, `"address.city"`, `"shoeSize"`, 1), "shoeSize"},
		"another version":  {strings.Replace(saved, `"version":1`, `"version":2`, 1), "version 2"},
		"no version":       {`{}`, "version 0"},
		"cut":              {saved[:len(saved)/2], "reading the plan"},
		"empty":            {"", "reading the plan"},
		"two of them":      {saved + saved, "something follows"},
		"something after":  {saved + "x", "something follows"},
		"not an object":    {`[1]`, "reading the plan"},
		"a number too big": {strings.Replace(saved, `"employee_id":8`, `"employee_id":1e99`, 1), "reading the plan"},
	} {
		if c.text == saved {
			t.Errorf("%s: nothing was edited", name)
		}
		if _, err := plan.ReadDocument(strings.NewReader(c.text)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := plan.ReadDocument(strings.NewReader(saved + "\n\n")); err != nil {
		t.Errorf("white space at the end: %v", err)
	}
}

// TestTheFieldsOfThePlansJSON are those that the contract names; scripts read them.
func TestTheFieldsOfThePlansJSON(t *testing.T) {
	data, err := json.Marshal(document())
	if err != nil {
		t.Fatal(err)
	}
	var whole map[string]any
	if err := json.Unmarshal(data, &whole); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"version", "id", "hash", "created", "options", "config", "okta", "tracktik", "source", "actions", "held", "problems", "warnings", "summary", "guard"} {
		if _, ok := whole[key]; !ok {
			t.Errorf("the document lacks %q", key)
		}
	}
	at := func(path ...string) any {
		var v any = whole
		for _, key := range path {
			switch inner := v.(type) {
			case map[string]any:
				v = inner[key]
			case []any:
				v = inner[0].(map[string]any)[key]
			}
		}
		return v
	}
	for want, got := range map[string]any{
		"0oa1": at("okta", "app"), "https://acme.staffr.net": at("tracktik", "portal"), "rename_role": at("actions", "kind"),
		"00gSITE": at("actions", "role", "group_id"), "name": at("actions", "changes", "field"), "suspended: so it is": at("held", "why"),
		"00uANA": at("held", "user", "okta_id"), "ana@acme.example": at("problems", "user", "login"), "duplicate": at("problems", "code"),
		"abc": at("guard", "refusals", "approve"), "address": at("warnings", "field"),
	} {
		if got != want {
			t.Errorf("%v, want %q", got, want)
		}
	}
	rename := at("actions").([]any)[0].(map[string]any)
	for _, absent := range []string{"user", "employee_id", "former_employee_id", "grant_id", "evidence"} {
		if _, ok := rename[absent]; ok {
			t.Errorf("an absent %s is written", absent)
		}
	}
	create := at("actions").([]any)[7].(map[string]any)
	if _, ok := create["employee_id"]; ok || len(create["changes"].([]any)) != 5 {
		t.Errorf("the create is %v", create)
	}
}

// TestSealCountsEveryKind, zeros too, and writes empty lists, not null.
func TestSealCountsEveryKind(t *testing.T) {
	var d plan.Document
	d.Seal()
	data, err := json.Marshal(&d)
	if err != nil || bytes.Contains(data, []byte("null")) {
		t.Errorf("%s, %v", data, err)
	}
	if kinds := slices.Sorted(maps.Keys(d.Summary)); len(kinds) != len(plan.Kinds) {
		t.Errorf("the summary has %v", kinds)
	}
	full := document()
	for _, k := range plan.Kinds {
		if full.Summary[string(k)] != 1 {
			t.Errorf("%d of %s", full.Summary[string(k)], k)
		}
	}
	if full.Pending() != len(plan.Kinds) {
		t.Errorf("%d pending", full.Pending())
	}
}

// TestAHeldActionsCode is what stands before the colon.
func TestAHeldActionsCode(t *testing.T) {
	for why, want := range map[string]string{"guard: more": "guard", "guard": "guard", "guard more": "guard", "": "", ": x": ""} {
		if got := (plan.Held{Why: why}).Code(); got != want {
			t.Errorf("%q: %q", why, got)
		}
	}
}

// TestTheNameOfANewRoleBelongsToThePlan: whoever approves "Patrol" does not get "Admins",
// to which the group was renamed since.
func TestTheNameOfANewRoleBelongsToThePlan(t *testing.T) {
	named := func(name string) *plan.Document {
		d := &plan.Document{Actions: []plan.Action{{Kind: plan.CreateRole, Role: &plan.RoleRef{Name: name, Group: "00g1"}}}}
		d.Seal()
		return d
	}
	if named("Patrol").Hash == named("Admins").Hash {
		t.Error("another name makes no other plan")
	}
	text, err := json.Marshal(named("Patrol").Actions[0])
	if err != nil || !strings.Contains(string(text), `"changes":[{"field":"name","old":"","new":"Patrol"}]`) {
		t.Errorf("the action is %s (%v)", text, err)
	}
}

func TestAPlanThatCouldNotBeMadeIsNoEmptyPlan(t *testing.T) {
	d := &plan.Document{Okta: plan.OktaID{App: "0oa1"}}
	d.Fail(errors.New("okta did not answer"))
	var text bytes.Buffer
	if err := d.WriteJSON(&text); err != nil || d.Made() || !d.Guard.OK || !strings.Contains(text.String(), `"error":"okta did not answer"`) {
		t.Errorf("it is %s (%v)", &text, err)
	}
	if _, err := plan.ReadDocument(&text); err == nil || !strings.Contains(err.Error(), "could not be made (okta did not answer)") {
		t.Errorf("it can be read back: %v", err)
	}
}
