package tracktiktest

// HQ is the region of a new portal that has no parent.
const HQ int64 = 1

// Region is a record of the portal.
type Region struct {
	ID       int64
	CustomID string
	Name     string
	Parent   int64  // zero: none, which makes it the headquarters
	TimeZone string // an IANA name; on demand in the API
}

type region struct{ Region }

func (r *region) key() int64 { return r.ID }

func (s *Server) regionsResource() resource[*region] {
	nothing := func(*region) any { return nil }
	parent := func(r *region) any { return relation(r.Parent) }
	return resource[*region]{
		name: "regions",
		fields: []field[*region]{
			{name: "id", value: func(r *region) any { return r.ID }},
			{name: "customId", value: func(r *region) any { return orNull(r.CustomID) }},
			{name: "name", value: func(r *region) any { return r.Name }},
			{name: "company", value: nothing},
			{name: "firstName", value: nothing},
			{name: "lastName", value: nothing},
			{name: "primaryPhone", value: nothing},
			{name: "email", value: nothing},
			{name: "address", value: nothing},
			{name: "parentRegion", value: parent, embed: func(r *region) any { return embed(&s.regions, r.Parent) }},
			{name: "logo", value: nothing},
			{name: "timeZone", as: onDemand, value: func(r *region) any { return orNull(r.TimeZone) }},
			{name: "prefix", as: onDemand, value: nothing},
			{name: "parentRegion.id", as: filterOnly, value: parent},
		},
	}
}

func (s *Server) insertRegion(r Region, by author) *region {
	if r.ID == 0 {
		r.ID = s.regions.next()
	}
	rec := &region{r}
	s.regions.add(rec)
	s.note(by, "regions", r.ID, "created", differences(nil, r.facts())...)
	return rec
}

func (r *Region) facts() []fact {
	return []fact{{"customId", r.CustomID}, {"name", r.Name}, {"parentRegion", text(relation(r.Parent))}, {"timeZone", r.TimeZone}}
}

// Reason is why an employment can end.
type Reason struct {
	ID              int64
	Name            string
	IsVoluntary     bool
	CommentRequired bool // a termination for this reason without a comment is refused
}

type reason struct{ Reason }

func (r *reason) key() int64 { return r.ID }

func reasonsResource() resource[*reason] {
	return resource[*reason]{
		name: "employment-termination-reasons",
		fields: []field[*reason]{
			{name: "id", value: func(r *reason) any { return r.ID }},
			{name: "name", value: func(r *reason) any { return r.Name }},
			{name: "isVoluntary", value: func(r *reason) any { return r.IsVoluntary }},
			{name: "commentRequired", value: func(r *reason) any { return r.CommentRequired }},
		},
	}
}

func (s *Server) insertReason(r Reason, by author) *reason {
	if r.ID == 0 {
		r.ID = s.reasons.next()
	}
	rec := &reason{r}
	s.reasons.add(rec)
	s.note(by, "employment-termination-reasons", r.ID, "created", FieldChange{Name: "name", New: r.Name})
	return rec
}
