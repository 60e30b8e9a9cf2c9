package sync_test

import (
	"slices"
	"strings"
	"testing"

	"tracktik-sync/okta/oktatest"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// warned are the messages of a plan's warnings of that code.
func warned(doc *plan.Document, code string) []string {
	var messages []string
	for _, x := range doc.Warnings {
		if x.Code == code {
			messages = append(messages, x.Message)
		}
	}
	return messages
}

func TestAGlobMapsManyGroupsToOneRole(t *testing.T) {
	w := newWorld(t)
	w.portal.AddRole(tracktiktest.Role{Name: "Guards"})
	w.portal.AddRole(tracktiktest.Role{Name: "Lead"})
	w.hire("ada", "bob", "cy")
	w.group("Site North", "ada", "bob")
	w.group("Site South", "ada")
	w.group("Site Leads", "bob", "cy")
	w.push.Roles = map[string]string{"site *": "Guards", "SITE LEADS": "Lead"}
	w.wantDone(w.run(), "link_role 3, create 3, grant_role 4")
	w.wantRoles("ada", "Guards")
	w.wantRoles("bob", "Guards, Lead")
	w.wantRoles("cy", "Lead")
	w.wantDone(w.run(), "")
	w.leave("Site North", "ada", "bob")
	w.wantDone(w.run(), "revoke_role 1") // ada holds it by Site South still
	w.wantRoles("ada", "Guards")
	w.leave("Site South", "ada")
	w.group("Site Leads", "ada") // nobody is left without a role
	w.wantDone(w.run(), "grant_role 1, revoke_role 1")
	w.wantRoles("ada", "Lead")
}

func TestAListThatLacksTheLastGroupOfASharedRoleTakesNothing(t *testing.T) {
	w := newWorld(t)
	w.portal.AddRole(tracktiktest.Role{Name: "Guards"})
	w.hire("ada", "bob")
	w.group("Site North", "ada", "bob")
	w.group("Site South", "ada", "bob")
	w.push.Roles = map[string]string{"site *": "Guards"}
	w.run()
	w.leave("Site North", "ada") // by which she was granted it
	w.run()
	w.wantRoles("ada", "Guards")
	w.leave("Site South", "bob")
	w.inOkta(oktatest.On("/api/v1/groups/*/users", oktatest.Narrowed(w.users["ada"])))
	_, err := w.sync(refreshed)
	if err == nil || !strings.Contains(err.Error(), "lacks user") {
		t.Errorf("the run ended with %v", err)
	}
	w.wantRoles("ada", "Guards")
}

func TestGlobsThatDisagreeHoldTheirGroup(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"Guards", "Lead"} {
		w.portal.AddRole(tracktiktest.Role{Name: name})
	}
	w.hire("ada", "bob")
	w.group("Site North", "ada")
	w.group("Site East Leads", "bob")
	w.push.Roles = map[string]string{"Site *": "Guards"}
	w.run()
	w.push.Roles["* Leads"] = "Lead"
	w.change = func(e *tsync.Engine) { e.ReadFingerprint = "more globs" }
	w.hire("x")
	w.group("Site East Leads", "x")
	for range 2 {
		doc := w.run()
		held := slices.IndexFunc(doc.Held, func(h plan.Held) bool { return h.Code() == plan.HeldAmbiguousMapping })
		if held < 0 || string(doc.Held[held].Role.Group) != w.groups["Site East Leads"] {
			t.Fatalf("held: %s", details(doc))
		}
		w.wantRoles("bob", "Guards") // what they have stays
		w.wantRoles("x", "")
		w.wantRoles("ada", "Guards")
	}
	w.push.Roles["Site East Leads"] = "Lead"
	w.change = func(e *tsync.Engine) { e.ReadFingerprint = "settled" }
	w.run()
	w.wantRoles("x", "Lead")
}

func TestKeysThatFitNoGroupAreNamed(t *testing.T) {
	w := newWorld(t)
	w.portal.AddRole(tracktiktest.Role{Name: "Guards"})
	w.hire("ada")
	w.group("Site North", "ada")
	w.group("Office")
	w.push.Names = []string{"Site *", "Post *"}
	w.push.IDs = []string{"00gnone"}
	w.push.Roles = map[string]string{"Site Nort": "Guards", "Office": "Guards", "site north": "Guards"}
	w.policy.Order = []string{"Site *", "Sight North"}
	doc := w.run()
	got := strings.Join(warned(doc, plan.WarningDeadKey), "\n")
	for _, want := range []string{
		`sync.groups.names names "Post *", which fits no group`, `sync.groups.ids names "00gnone"`,
		`sync.groups.roles names "Site Nort", which fits no group that is pushed; the nearest is group "Site North"`,
		`sync.groups.roles names "Office", which fits no group that is pushed; group "Office" (` + w.groups["Office"] + `) fits, and is not pushed`,
		`sync.groups.order names "Sight North", which fits no group that is pushed; the nearest is group "Site North"`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("not said: %s\nbut:\n%s", want, got)
		}
	}
	if n := strings.Count(got, "\n"); n != 4 {
		t.Errorf("%d warnings:\n%s", n+1, got)
	}
	w.org.RenameGroup(w.groups["Site North"], "Northern Gate") // held by its id, and its keys with it
	w.push = tsync.GroupRules{Push: "listed", Names: []string{"Site *"}, Roles: map[string]string{"site north": "Guards"}}
	w.policy.Order = nil
	if got := warned(w.run(), plan.WarningDeadKey); len(got) > 0 {
		t.Errorf("a renamed group's keys are called dead: %q", got)
	}
}
