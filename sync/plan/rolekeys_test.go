package plan_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
)

// TestWhichKeyOfTheConfigurationIsAGroups: id, then name, then globs.
func TestWhichKeyOfTheConfigurationIsAGroups(t *testing.T) {
	keys := plan.NewRoleKeys(map[string]string{"g1": "ById", "Gate": "ByName", "Site *": "Guards", "* North": "Lead", "*South": "GUARDS", "Old *": "Old", "Odd*": "Star", "all*": ""})
	mapped := func(name string) *plan.GroupLink { return &plan.GroupLink{Name: name, How: plan.HowMapped} }
	for name, c := range map[string]struct {
		group plan.Group
		link  *plan.GroupLink
		want  string
	}{
		"by id":                             {plan.Group{ID: "g1", Name: "Site North"}, nil, "g1=ById"},
		"an id is no glob":                  {plan.Group{ID: "G1", Name: "x"}, nil, ""},
		"by name":                           {plan.Group{ID: "g2", Name: " GATE "}, nil, "Gate=ByName"},
		"by one glob":                       {plan.Group{ID: "g2", Name: "site east"}, nil, "Site *=Guards"},
		"by two globs":                      {plan.Group{ID: "g2", Name: "Site North"}, nil, "* North=Lead Site *=Guards"},
		"by two globs of one role":          {plan.Group{ID: "g2", Name: "Site South"}, nil, "*South=GUARDS"},
		"by a name that is a glob":          {plan.Group{ID: "g2", Name: "* north"}, nil, "* North=Lead"},
		"by none":                           {plan.Group{ID: "g2", Name: "Office"}, nil, ""},
		"by its former name":                {plan.Group{ID: "g2", Name: "Office"}, mapped("Gate"), "Gate=ByName"},
		"by a glob of its former name":      {plan.Group{ID: "g2", Name: "Office"}, mapped("Old Gate"), "Old *=Old"},
		"by a glob of its new name":         {plan.Group{ID: "g2", Name: "Site East"}, mapped("Old Gate"), "Site *=Guards"},
		"not by the name of another's role": {plan.Group{ID: "g2", Name: "Office"}, &plan.GroupLink{Name: "Gate", How: plan.HowCreated}, ""},
	} {
		var got []string
		for _, key := range keys.Find(c.group, c.link) {
			got = append(got, key.Key+"="+key.Role)
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%s: %q, want %q", name, text, c.want)
		}
	}
}

// TestDeadKeysNameTheNearestGroup: what is near is told by letters, and globs count as what
// they could stand for.
func TestDeadKeysNameTheNearestGroup(t *testing.T) {
	pushed := []plan.GroupView{group("00g1", "Site North"), group("00g2", "Site South", func(v *plan.GroupView) {
		v.Link = &plan.GroupLink{Matched: "Post 2", Name: "Gate 2", How: plan.HowMapped}
	})}
	read := []plan.Group{pushed[0].Group, pushed[1].Group, {ID: "00g3", Name: "Office"}}
	for key, want := range map[string]string{
		"Site North": "", "site *": "", "00g1": "", "*": "",
		"Sight North":   `the nearest is group "Site North" (00g1)`,
		"Sitte *":       `the nearest is group "Site North" (00g1)`,
		"*Suoth":        `the nearest is group "Site South" (00g2)`,
		"office":        `group "Office" (00g3) fits, and is not pushed`,
		"00g3":          `group "Office" (00g3) fits, and is not pushed`,
		"Night patrol":  "Okta has no such group",
		"日本":            "Okta has no such group",
		"Night patrol*": "Okta has no such group",
	} {
		got := plan.DeadKeys(plan.GroupKeys{Order: []string{key}}, pushed, read)
		if (len(got) == 0) != (want == "") || len(got) > 0 && (got[0].Code != plan.WarningDeadKey || !strings.Contains(got[0].Message, want)) {
			t.Errorf("%s: %+v, want %q", key, got, want)
		}
	}
	if got := plan.DeadKeys(plan.GroupKeys{Names: []string{"Post *"}, Roles: []string{"Gate *"}}, pushed, read); len(got) > 0 {
		t.Errorf("names that groups had are called dead: %+v", got)
	}
	if got := plan.DeadKeys(plan.GroupKeys{Names: []string{"00g1"}, IDs: []string{"Site North"}}, pushed, read); len(got) != 2 {
		t.Errorf("an id among the names and a name among the ids: %+v", got)
	}
}

// TestManyDeadKeysAreAllNamed, the later ones without a proposal: looking for it takes time.
func TestManyDeadKeysAreAllNamed(t *testing.T) {
	var keys []string
	for i := range 100 {
		keys = append(keys, fmt.Sprintf("Post %d", i))
	}
	got := plan.DeadKeys(plan.GroupKeys{Roles: keys}, nil, []plan.Group{{ID: "00g1", Name: "Post"}})
	near := slices.IndexFunc(got, func(w plan.Warning) bool { return !strings.Contains(w.Message, "nearest") })
	if len(got) != 100 || near != 20 {
		t.Errorf("%d warnings, %d with the nearest", len(got), near)
	}
}
