package configs

import (
	"maps"
	"slices"
	"strings"
)

func (r *review) sync() {
	s := r.Sync
	r.globs("sync.protected", s.Protected)
	if slices.Contains(s.Protected, "*") {
		r.warn("sync.protected", "holds *, which protects everybody: nobody is ever terminated")
	}
	if s.Adopt == "match" && len(s.Match) == 0 {
		r.find("sync.match", "is empty, but sync.adopt is match: name what to match by, or set sync.adopt: never")
	}
	if s.UnassignedGrace > 0 && !s.DeactivateUsers {
		r.warn("sync.unassigned_grace", "is %s, but sync.deactivate_users is false: nobody is terminated after it", FormatDuration(s.UnassignedGrace))
	}
	if s.OutOfScope == "terminate" && s.Scope == "" {
		r.warn("sync.out_of_scope", "is terminate, but sync.scope is empty: nobody ever falls out of it")
	}
}

// trackTikFields are the fields that can be filled, as TrackTik spells them, and
// whether a person needs them.
var trackTikFields = map[string]bool{
	"username": true, "firstName": true, "lastName": true, "email": true,
	"jobTitle": false, "primaryPhone": false, "secondaryPhone": false,
	"address.addressLine1": false, "address.city": false, "address.state": false,
	"address.postalCode": false, "address.country": false,
	"language": false, "region": false, "customId": false,
}

func (r *review) attributes() {
	known := slices.Sorted(maps.Keys(trackTikFields))
	for _, name := range slices.Sorted(maps.Keys(r.Sync.Attributes)) {
		key, attribute := "sync.attributes."+name, r.Sync.Attributes[name]
		required, ok := trackTikFields[name]
		if !ok {
			best, _ := nearest(name, known)
			r.find(key, "TrackTik has no field of that name to fill; the nearest is %s", best)
			continue
		}
		if required && len(attribute.Sources) == 0 && attribute.CEL == "" && !attribute.CreateOnly {
			r.find(key, "has neither sources nor cel, but TrackTik needs this field of everybody")
		}
		for _, source := range attribute.Sources {
			r.source(key, source)
		}
	}
	if a := r.Sync.Attributes["region"]; a.CreateOnly && r.Sync.Region == "follow" && !r.origins["sync.region"].IsDefault() {
		r.find("sync.attributes.region", "create_only is true, but sync.region is follow; keep one")
	}
}

const userName = "assignment.userName"

// source notes what is no place in Okta: app.x, user.x or assignment.userName.
func (r *review) source(key, source string) {
	space, name, _ := strings.Cut(source, ".")
	switch {
	case source == userName:
	case (space == "app" || space == "user") && name != "" && !strings.ContainsAny(name, " \t."):
	case space == "assignment":
		r.find(key, "the source %s is unknown; of the assignment only %s can be used", quote(source), userName)
	case name == "":
		r.find(key, "the source %s must say whose attribute it is: app.%[2]s of the assignment or user.%[2]s of the person", quote(source), source)
	default:
		best, _ := nearest(space, []string{"app", "user"})
		r.find(key, "the source %s is unknown; write app.NAME, user.NAME or %s; did you mean %s.%s?", quote(source), userName, best, name)
	}
}

func (r *review) groups() {
	g := r.Sync.Groups
	r.globs("sync.groups.names", g.Names)
	r.globs("sync.groups.ids", g.IDs)
	r.globs("sync.groups.order", g.Order)
	r.globs("sync.roles.protected", r.Sync.Roles.Protected)
	if g.Push != "listed" {
		r.unused("sync.groups.names", len(g.Names), "sync.groups.push", g.Push)
		r.unused("sync.groups.ids", len(g.IDs), "sync.groups.push", g.Push)
	}
	if g.Push == "none" {
		r.unused("sync.groups.roles", len(g.Roles), "sync.groups.push", g.Push)
	}
	for _, name := range slices.Sorted(maps.Keys(g.Roles)) {
		if role := g.Roles[name]; strings.TrimSpace(name) == "" || strings.TrimSpace(role) == "" {
			r.find("sync.groups.roles", "maps %s to %s; both must have a name", quote(name), quote(role))
		}
	}
	r.perPerson()
}

func (r *review) perPerson() {
	g, perPerson := r.Sync.Groups, r.Sync.Roles.PerPerson
	switch {
	case perPerson == "many":
		r.unused("sync.groups.order", len(g.Order), "sync.roles.per_person", perPerson)
	case perPerson == "one" && g.Push == "none":
		r.warn("sync.roles.per_person", "is one, but sync.groups.push is none: no roles are given")
	case perPerson == "one" && len(g.Order) == 0 && g.Push != "listed":
		r.warn("sync.roles.per_person", "is one, but sync.groups.order is empty: of several groups the one with the lowest id gives the role")
	}
	if slices.Contains(r.Sync.Roles.Protected, "*") && g.Push != "none" && len(g.Roles) == 0 {
		r.warn("sync.roles.protected", "holds *, which protects every role: none is granted or revoked")
	}
}

// unused warns of entries that another setting makes pointless, with both.
func (r *review) unused(key string, entries int, because, value string) {
	if entries > 0 {
		r.warn(key, "has %d entries, but %s is %s: they are not used", entries, because, value)
	}
}
