package wiring

import (
	"net/url"
	"slices"
	"strings"

	"tracktik-sync/configs"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/mapping"
	"tracktik-sync/sync/plan"
)

// Binding names both systems. Two spellings of an address are one system.
func Binding(cfg *configs.Config) plan.Binding {
	return plan.Binding{Org: canonical(cfg.Okta.OrgURL), App: cfg.Okta.AppID, Portal: canonical(cfg.TrackTik.BaseURL)}
}

func canonical(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	return u.String()
}

// MappingConfig is how a person of Okta becomes an employee.
func MappingConfig(cfg *configs.Config) mapping.Config {
	attributes := make(map[string]mapping.Attribute, len(cfg.Sync.Attributes))
	for field, a := range cfg.Sync.Attributes {
		attributes[field] = mapping.Attribute{Sources: a.Sources, CEL: a.CEL, CreateOnly: a.CreateOnly}
	}
	return mapping.Config{Attributes: attributes, Scope: cfg.Sync.Scope,
		Start: mapping.DateSource{Sources: cfg.Sync.Start.Sources, Layout: cfg.Sync.Start.Layout},
		End:   mapping.DateSource{Sources: cfg.Sync.End.Sources, Layout: cfg.Sync.End.Layout}}
}

// Policy is what the configuration says of decisions.
func Policy(cfg *configs.Config, mapper *mapping.Mapper) plan.Policy {
	s := cfg.Sync
	return plan.Policy{
		CreateUsers:     s.CreateUsers,
		UpdateUsers:     s.UpdateUsers,
		DeactivateUsers: s.DeactivateUsers,
		CreateRoles:     s.CreateRoles,
		GrantRoles:      s.GrantRoles,
		RevokeRoles:     s.RevokeRoles,

		Adopt:               s.Adopt == "match",
		AdoptKeep:           s.OnAdopt == "keep",
		TerminateSuspended:  s.Suspended == "terminate",
		Reactivate:          s.Rehire == "reactivate",
		FollowRegion:        s.Region == "follow",
		RepairDrift:         s.Drift == "repair",
		TerminateOutOfScope: s.OutOfScope == "terminate",
		RevokeUnpushed:      s.Groups.Unpushed == "revoke",
		OneRole:             s.Roles.PerPerson == "one",

		ProvisionStaged: s.Staged == "provision",
		StartLead:       s.Start.Lead,
		UnassignedGrace: s.UnassignedGrace,
		DeletedGrace:    cfg.Guard.DeletedGrace,

		Protected:      s.Protected,
		ProtectedRoles: s.Roles.Protected,
		MatchExternal:  slices.Contains(s.Match, "external_id"),
		Match:          matchFields(s),
		CreateOnly:     mapper.CreateOnly(),
		Order:          s.Groups.Order,

		DefaultRegion: s.DefaultRegion,
		DefaultRole:   s.Roles.Default,
	}
}

// matchFields are the fields by which an employee is recognised; customId only
// where it is mapped.
func matchFields(s configs.Sync) []plan.Field {
	var fields []plan.Field
	for _, name := range s.Match {
		_, mapped := s.Attributes[plan.CustomID.String()]
		if f, known := plan.ParseMatchKey(name); known && f != plan.ExternalID && (f != plan.CustomID || mapped) {
			fields = append(fields, f)
		}
	}
	return fields
}

// limits are those of the guard.
func limits(cfg *configs.Config) plan.Limits {
	kinds := make(map[plan.Kind]plan.Limit, len(cfg.Guard.Limits))
	for kind, l := range cfg.Guard.Limits {
		kinds[plan.Kind(kind)] = plan.Limit{MaxCount: l.MaxCount, MaxPercent: l.MaxPercent,
			MinPopulation: l.MinPopulation, MaxPerDay: l.MaxPerDay}
	}
	return plan.Limits{Kinds: kinds, StopOnRefusal: cfg.Guard.OnRefusal == "stop"}
}

func groupRules(cfg *configs.Config) tsync.GroupRules {
	g := cfg.Sync.Groups
	return tsync.GroupRules{Push: g.Push, Names: g.Names, IDs: g.IDs, Roles: g.Roles}
}
