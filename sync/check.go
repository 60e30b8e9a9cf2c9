package sync

import "tracktik-sync/sync/plan"

// Provisioning names the features of an app by which Okta itself writes to the
// portal; empty when it does not.
func Provisioning(app plan.App) string { return pushFeatures(app.Features) }

// A RegionIndex finds regions as a run does.
type RegionIndex struct{ index *regionIndex }

// IndexRegions makes a RegionIndex of a portal's regions.
func IndexRegions(list []plan.RegionRecord) RegionIndex { return RegionIndex{newRegionIndex(list)} }

// Find looks a division up, by name and then by id. problem is empty when there is
// exactly one such region.
func (x RegionIndex) Find(division string) (region plan.RegionRecord, problem string) {
	region, _, problem = x.index.find(division)
	return region, problem
}

// Fallback is the region of people without a division: that of sync.default_region.
func (x RegionIndex) Fallback(name string) (region plan.RegionRecord, problem string) {
	region, _, problem = x.index.fallback(name)
	return region, problem
}
