package plan_test

import (
	"strings"
	"testing"

	"tracktik-sync/sync/plan"
)

var portalRegions = plan.NewRegions([]plan.RegionRecord{
	{ID: 1, Name: "Acme Security"}, {ID: 2, Name: "North", Parent: 1}, {ID: 3, Name: "Central", Parent: 1},
	{ID: 4, Name: " central", Parent: 2}, {ID: 5, Name: "7", Parent: 1}, {ID: 7, Name: "Québec", Parent: 1, TimeZone: "America/Toronto"},
})

// TestADivisionIsARegionsNameOrItsID: by name first, whatever case, space and form.
func TestADivisionIsARegionsNameOrItsID(t *testing.T) {
	for division, want := range map[string]plan.RegionID{
		"North": 2, " nOrTh ": 2, "Que\u0301bec": 7, "QUÉBEC": 7, "2": 2, " 3 ": 3, "7": 5, "1": 1, "Acme security": 1,
	} {
		if region, code, message := portalRegions.Find(division); region.ID != want || code != "" {
			t.Errorf("%q is region %d (%s %s), want %d", division, region.ID, code, message, want)
		}
	}
	for division, want := range map[string]string{
		"Central": plan.ProblemAmbiguousRegion, "Nort": plan.ProblemUnknownRegion, "99": plan.ProblemUnknownRegion,
		"-2": plan.ProblemUnknownRegion, "2.0": plan.ProblemUnknownRegion, "": plan.ProblemUnknownRegion,
	} {
		region, code, message := portalRegions.Find(division)
		if code != want || region.ID != 0 || !strings.Contains(message, "division") {
			t.Errorf("%q is region %d (%s %s), want %s", division, region.ID, code, message, want)
		}
	}
	if _, _, message := portalRegions.Find("central"); !strings.Contains(message, "3, 4") {
		t.Errorf("the ids to choose from are missing: %s", message)
	}
}

func TestWhoHasNoDivisionGoesToTheDefaultRegion(t *testing.T) {
	two := plan.NewRegions([]plan.RegionRecord{{ID: 1, Name: "East"}, {ID: 2, Name: "West"}})
	named := plan.NewRegions([]plan.RegionRecord{{ID: 1, Name: "Acme"}, {ID: 2, Name: "hq", Parent: 1}})
	for name, c := range map[string]struct {
		regions            *plan.Regions
		division, fallback string
		want               plan.RegionID
		byDefault          bool
		code               string
	}{
		"the only one without a parent":          {portalRegions, "", "HQ", 1, true, ""},
		"one that is called so comes first":      {named, "", "HQ", 2, true, ""},
		"two without a parent":                   {two, "", "HQ", 0, true, plan.ProblemUnknownRegion},
		"another default is no headquarters":     {portalRegions, "", "Main", 0, true, plan.ProblemUnknownRegion},
		"a default by id":                        {portalRegions, "", "3", 3, true, ""},
		"no default":                             {portalRegions, "", "", 0, false, plan.ProblemMissingRequired},
		"a division is never replaced":           {portalRegions, "Nowhere", "HQ", 0, false, plan.ProblemUnknownRegion},
		"a division that is there":               {portalRegions, "North", "HQ", 2, false, ""},
		"a portal without regions, and division": {plan.NewRegions(nil), "North", "HQ", 0, false, plan.ProblemUnknownRegion},
	} {
		region, byDefault, code, message := c.regions.Of(c.division, c.fallback)
		if region.ID != c.want || byDefault != c.byDefault || code != c.code {
			t.Errorf("%s: region %d, by default %v, %s %s", name, region.ID, byDefault, code, message)
		}
	}
	if _, _, _, message := portalRegions.Of("", "Main"); !strings.HasPrefix(message, "sync.default_region: ") {
		t.Errorf("the key is not named: %s", message)
	}
}

// Headquarters has no mark: its parent is 0, 1, itself, or one that is not listed.
func TestHeadquartersIsTheRegionWithoutAListedParent(t *testing.T) {
	for name, list := range map[string][]plan.RegionRecord{
		"no parent":          {{ID: 5, Name: "Acme"}, {ID: 6, Name: "North", Parent: 5}},
		"parent 1":           {{ID: 5, Name: "Acme", Parent: 1}, {ID: 6, Name: "North", Parent: 5}},
		"its own parent":     {{ID: 5, Name: "Acme", Parent: 5}, {ID: 6, Name: "North", Parent: 5}},
		"an unlisted parent": {{ID: 6, Name: "North", Parent: 5}, {ID: 5, Name: "Acme", Parent: 99}},
	} {
		if region, code, message := plan.NewRegions(list).Fallback("HQ"); region.ID != 5 || code != "" {
			t.Errorf("%s: headquarters is %d (%s %s)", name, region.ID, code, message)
		}
	}
}

func TestRegionsAreKnownByTheirIDs(t *testing.T) {
	if names := portalRegions.Names(); len(names) != 6 || names[7] != "Québec" {
		t.Errorf("the names are %v", names)
	}
	if zone := portalRegions.ByID(7).TimeZone; zone != "America/Toronto" || portalRegions.ByID(99).ID != 0 {
		t.Errorf("the zone of region 7 is %q", zone)
	}
}
