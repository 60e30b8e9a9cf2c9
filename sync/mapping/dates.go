package mapping

import (
	"fmt"
	"slices"

	"tracktik-sync/sync/plan"
)

// A DateSource says where a day of employment stands in Okta; without Sources: nowhere.
type DateSource struct {
	Sources []string
	Layout  string // of days that are not written as 2026-03-31 or by RFC 3339; empty: none is
}

// A dateRule is a DateSource, checked.
type dateRule struct {
	key    string // sync.start or sync.end
	places []place
	layout string
}

func (b *builder) dateRule(key string, source DateSource) dateRule {
	r := dateRule{key: key, layout: source.Layout}
	for _, name := range source.Sources {
		p, err := parsePlace(name)
		if err != nil {
			b.fail(key+".sources", "%w", err)
			continue
		}
		r.places = append(r.places, p)
	}
	if source.Layout != "" {
		if _, err := plan.DayLayout(source.Layout); err != nil {
			b.fail(key+".layout", "%w", err)
		}
	}
	return r
}

// NeedsDates reports whether days of employment are read at all.
func (m *Mapper) NeedsDates() bool { return len(m.start.places)+len(m.end.places) > 0 }

// NeedsEnd reports whether the last day is read.
func (m *Mapper) NeedsEnd() bool { return len(m.end.places) > 0 }

// known are the places of which a person shows whether they are empty: the first one in an
// assignment that is not there hides itself, and those behind it.
func (r *dateRule) known(p *plan.Person) []place {
	i := slices.IndexFunc(r.places, func(at place) bool { return at.space != inUser })
	if i < 0 || p.Assignment.Present {
		return r.places
	}
	return r.places[:i]
}

// Dates reads the days of employment. One that cannot be read counts as absent, and so does
// a last day before the first one, which is left over from a former time; also while that
// first day may be hidden.
func (m *Mapper) Dates(p plan.Person) (plan.Dates, []plan.Warning) {
	var dates plan.Dates
	var warnings []plan.Warning
	warn := func(r *dateRule, message string) {
		warnings = append(warnings, plan.Warning{Code: plan.WarningInvalidValue, User: plan.UserRef{ID: p.ID, Login: p.Login},
			Field: r.key, Message: message})
	}
	read := func(r *dateRule) plan.Day {
		v, _ := firstOf(r.known(&p), &p)
		if v.isEmpty() {
			return ""
		}
		day, err := plan.ParseDay(v.text, r.layout)
		if err != nil && v.fault == "" {
			v.fault = err.Error()
		}
		if v.fault != "" {
			warn(r, fmt.Sprintf("%s, from %s, %s: it counts as absent", r.key, v.from, v.fault))
			return ""
		}
		return day
	}
	dates.Start, dates.End = read(&m.start), read(&m.end)
	if dates.Start == "" && len(m.start.known(&p)) < len(m.start.places) {
		dates.End = "" // it may be left over, too
	}
	if dates.End != "" && dates.End < dates.Start {
		warn(&m.end, fmt.Sprintf("the last day %s lies before the first day %s, and is left over from a former time: it "+
			"counts as absent", dates.End, dates.Start))
		dates.End = ""
	}
	return dates, warnings
}
