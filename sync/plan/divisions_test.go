package plan_test

import (
	"fmt"
	"testing"

	"tracktik-sync/sync/plan"
)

// Divisions and regions: by name first, then as an id; an unknown or ambiguous one is a
// problem of that one person.

var nation = plan.NewRegions([]plan.RegionRecord{
	{ID: 1, Name: "HQ"}, {ID: 2, Name: "East", Parent: 1}, {ID: 3, Name: "3 Rivers", Parent: 1},
	{ID: 4, Name: "2", Parent: 1},
	{ID: 5, Name: "Montréal", Parent: 2, TimeZone: "America/Toronto"}, {ID: 6, Name: "West", Parent: 1},
	{ID: 7, Name: "WEST", Parent: 6}, {ID: 8, Name: "west ", Parent: 6},
	{ID: 9, Name: "11", Parent: 1}, {ID: 10, Name: "11", Parent: 2},
})

// TestADivisionNamesOneRegion.
func TestADivisionNamesOneRegion(t *testing.T) {
	for _, row := range []struct {
		division string
		want     plan.RegionID
		code     string
		says     string
	}{
		{"East", 2, "", ""},
		{"EAST", 2, "", ""},
		{"\teast ", 2, "", ""},
		{"3 rivers", 3, "", ""},
		{"3  Rivers", 3, "", ""},
		{"Montre\u0301al", 5, "", ""},
		{"MONTRÉAL", 5, "", ""},
		{"Montreal", 0, plan.ProblemUnknownRegion,
			`"Montreal" is no region of the tracktik portal, neither by name nor by id`},
		{"5", 5, "", ""},   // an id
		{" 5 ", 5, "", ""}, // with space around it
		{"2", 4, "", ""},   // a name comes before an id
		{"05", 5, "", ""},  // a number is a number
		{"11", 0, plan.ProblemAmbiguousRegion, "(9, 10)|use the id"}, // two of one name, though no id is meant
		{"West", 0, plan.ProblemAmbiguousRegion, `"West" names 3 regions of the tracktik portal (6, 7, 8); use the id`},
		{"7", 7, "", ""},
		{"0", 0, plan.ProblemUnknownRegion, ""},
		{"-5", 0, plan.ProblemUnknownRegion, ""},
		{"5.0", 0, plan.ProblemUnknownRegion, ""},
		{"99999999999999999999", 0, plan.ProblemUnknownRegion, ""},
		{"East, West", 0, plan.ProblemUnknownRegion, ""},
	} {
		region, byDefault, code, message := nation.Of(row.division, "HQ")
		if region.ID != row.want || code != row.code || byDefault || (code == "") != (message == "") {
			t.Errorf("%q: region %d, %s (%s)", row.division, region.ID, code, message)
		}
		mustSay(t, message, row.says)
	}
}

// TestWhoHasNoDivision: sync.default_region.
func TestWhoHasNoDivision(t *testing.T) {
	roots := func(names ...string) *plan.Regions {
		var list []plan.RegionRecord
		for i, name := range names {
			list = append(list, plan.RegionRecord{ID: plan.RegionID(i + 1), Name: name})
		}
		return plan.NewRegions(append(list, plan.RegionRecord{ID: 50, Name: "Site", Parent: 1}))
	}
	for _, row := range []struct {
		name     string
		regions  *plan.Regions
		fallback string
		want     plan.RegionID
		code     string
		says     string
	}{
		{"HQ is a region of that name", nation, "HQ", 1, "", ""},
		{"HQ in small letters is the same", nation, " hq ", 1, "", ""},
		{"HQ is else the only one without a parent", roots("Acme"), "HQ", 1, "", ""},
		{"hq is, too", roots("Acme"), "hq", 1, "", ""},
		{"HQ is nobody of two", roots("Acme", "Beta"), "HQ", 0, plan.ProblemUnknownRegion,
			"sync.default_region: the division"},
		{"two that are called HQ are ambiguous", roots("HQ", "hq"), "HQ", 0, plan.ProblemAmbiguousRegion,
			"sync.default_region: |(1, 2)"},
		{"another name is looked up", nation, "east", 2, "", ""},
		{"an id is looked up", nation, "5", 5, "", ""},
		{"another name that is unknown is no headquarters", roots("Acme"), "Main", 0, plan.ProblemUnknownRegion,
			"sync.default_region"},
		{"none: a problem of whoever has no division", nation, "", 0, plan.ProblemMissingRequired,
			"the division is empty in Okta, and sync.default_region as well"},
		{"a portal without regions", plan.NewRegions(nil), "HQ", 0, plan.ProblemUnknownRegion, ""},
		{"regions that were not read", &plan.Regions{}, "HQ", 0, plan.ProblemUnknownRegion, ""},
	} {
		region, byDefault, code, message := row.regions.Of("", row.fallback)
		if region.ID != row.want || code != row.code || byDefault != (row.fallback != "") {
			t.Errorf("%s: region %d, by default %v, %s (%s)", row.name, region.ID, byDefault, code, message)
		}
		mustSay(t, message, row.says)
	}
}

// TestAnUnknownDivisionIsNeverTheDefault: nobody is put where they do not belong.
func TestAnUnknownDivisionIsNeverTheDefault(t *testing.T) {
	for _, division := range []string{"Nowhere", "West", "0", "HQs"} {
		for _, fallback := range []string{"", "HQ", "East", "Nowhere"} {
			if region, byDefault, code, _ := nation.Of(division, fallback); region.ID != 0 || byDefault || code == "" {
				t.Errorf("%q with the default %q is region %d", division, fallback, region.ID)
			}
		}
	}
}

// TestTheOrderOfTheRegionsDoesNotMatter.
func TestTheOrderOfTheRegionsDoesNotMatter(t *testing.T) {
	r := random(t)
	for range 200 {
		var list []plan.RegionRecord
		for id := plan.RegionID(1); id <= plan.RegionID(1+r.IntN(8)); id++ {
			list = append(list, plan.RegionRecord{ID: id, Name: pick(r, "HQ", "East", "WEST", "west", "3"),
				Parent: plan.RegionID(r.IntN(10))})
		}
		one, other := plan.NewRegions(list), plan.NewRegions(shuffled(r, list))
		for _, division := range []string{"", "hq", "east", "west", "3", "5"} {
			a, _, codeA, _ := one.Of(division, "HQ")
			b, _, codeB, _ := other.Of(division, "HQ")
			if a != b || codeA != codeB {
				t.Fatalf("%q is %d %s, and in another order %d %s: %v", division, a.ID, codeA, b.ID, codeB, list)
			}
		}
		if fmt.Sprint(one.Names()) != fmt.Sprint(other.Names()) || len(one.Names()) != len(list) {
			t.Fatalf("names are %v and %v", one.Names(), other.Names())
		}
	}
}

// TestWhetherRegionsHaveToBeRead for somebody who is managed: only for a division that is
// another text.
func TestWhetherRegionsHaveToBeRead(t *testing.T) {
	keep := func(w *plan.Wanted) { w.Keep = w.Keep.With(plan.Region) }
	for name, row := range map[string]struct {
		pushed, want string
		change       func(*plan.Wanted)
		follow, asks bool
	}{
		"another one":               {"North", "South", nil, true, true},
		"the same":                  {"North", "North", nil, true, false},
		"the same in another case":  {"North", " NORTH ", nil, true, false},
		"none any more":             {"North", "", nil, true, false},
		"the first one":             {"", "South", nil, true, true},
		"another one, create_only":  {"North", "South", nil, false, false},
		"another one, not usable":   {"North", "South", keep, true, false},
		"an id in the place of one": {"North", "2", nil, true, true},
	} {
		link, want := &plan.Link{PushedRegion: 1}, &plan.Wanted{}
		link.Pushed[plan.Region], want.Values[plan.Region] = row.pushed, row.want
		if row.change != nil {
			row.change(want)
		}
		pol := with(func(p *plan.Policy) { p.FollowRegion = row.follow })
		if got := plan.NeedsRegion(link, want, pol); got != row.asks {
			t.Errorf("%s: regions are read: %v", name, got)
		}
		if want.RegionID = 2; !row.asks { // whoever needs no regions does not move
			changes, _ := plan.Differences(link, want, nil, pol)
			if len(changes) > 0 {
				t.Errorf("%s: moves without reading the regions: %v", name, changes)
			}
		}
	}
}
