package plan

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Regions finds a portal's regions as Okta's divisions name them. Its zero value has
// none.
type Regions struct {
	byName map[string][]RegionRecord // folded
	byID   map[RegionID]RegionRecord
	roots  []RegionRecord
}

// NewRegions makes Regions of a portal's list. A region whose parent is not in it, or is
// the region itself, is a root: portals give headquarters the parent 0 or 1, or none.
func NewRegions(list []RegionRecord) *Regions {
	x := &Regions{byName: map[string][]RegionRecord{}, byID: map[RegionID]RegionRecord{}}
	for _, region := range list {
		name := FoldName(region.Name)
		x.byName[name] = append(x.byName[name], region)
		x.byID[region.ID] = region
	}
	for _, region := range list {
		if _, listed := x.byID[region.Parent]; !listed || region.Parent == region.ID {
			x.roots = append(x.roots, region)
		}
	}
	return x
}

// Names returns the regions' names by id.
func (x *Regions) Names() map[RegionID]string {
	names := make(map[RegionID]string, len(x.byID))
	for id, region := range x.byID {
		names[id] = region.Name
	}
	return names
}

// Some reports that there are regions, and that one of that id is among them; 0 stands for any.
func (x *Regions) Some(id RegionID) bool {
	_, listed := x.byID[id]
	return listed || id == 0 && len(x.byID) > 0
}

// Zones are the names of the regions' time zones, each once.
func (x *Regions) Zones() []string {
	zones := map[string]bool{}
	for _, region := range x.byID {
		zones[region.TimeZone] = true
	}
	return slices.Sorted(maps.Keys(zones))
}

// ByID returns the region of an id, the zero RegionRecord where there is none.
func (x *Regions) ByID(id RegionID) RegionRecord { return x.byID[id] }

// Find looks a division up: by name first, then as an id. Code and message are those
// of the problem, empty when there is exactly one such region.
func (x *Regions) Find(division string) (region RegionRecord, code, message string) {
	named := x.byName[FoldName(division)]
	switch {
	case len(named) == 1:
		return named[0], "", ""
	case len(named) > 1:
		ids := make([]string, len(named))
		for i, n := range named {
			ids[i] = strconv.FormatInt(int64(n.ID), 10)
		}
		return region, ProblemAmbiguousRegion, fmt.Sprintf("the division %q names %d regions of the tracktik portal (%s); "+
			"use the id", division, len(named), strings.Join(ids, ", "))
	}
	if id, err := strconv.ParseInt(strings.TrimSpace(division), 10, 64); err == nil {
		if region, ok := x.byID[RegionID(id)]; ok {
			return region, "", ""
		}
	}
	return region, ProblemUnknownRegion, fmt.Sprintf("the division %q is no region of the tracktik portal, neither by "+
		"name nor by id", division)
}

// Fallback returns the region of people without a division, as sync.default_region
// names it: that of the name, else for HQ the only root.
func (x *Regions) Fallback(name string) (region RegionRecord, code, message string) {
	region, code, message = x.Find(name)
	if code == ProblemUnknownRegion && FoldName(name) == "hq" && len(x.roots) == 1 {
		return x.roots[0], "", ""
	}
	if code != "" {
		message = "sync.default_region: " + message
	}
	return region, code, message
}

// Of returns the region of a person with that division: a person without one belongs
// to fallback, as sync.default_region names it, and byDefault says so.
func (x *Regions) Of(division, fallback string) (region RegionRecord, byDefault bool, code, message string) {
	switch {
	case division != "":
		region, code, message = x.Find(division)
	case fallback == "":
		code, message = ProblemMissingRequired, "the division is empty in Okta, and sync.default_region as well"
	default:
		region, code, message = x.Fallback(fallback)
		byDefault = true
	}
	return region, byDefault, code, message
}
