package plan

import (
	"slices"
	"strings"
)

// leftOut stands for the name of a person that is not kept.
const leftOut = "(left out)"

// Redacted is a copy of the document without what state.redact_history keeps out of
// the history: logins, and what fields held. Ids, kinds, fields and the hash stay.
func (d *Document) Redacted() *Document {
	out := *d
	ids := d.LoginsToIDs()
	out.Actions = slices.Clone(d.Actions)
	for i := range out.Actions {
		out.Actions[i].redact()
	}
	out.Held = slices.Clone(d.Held)
	for i := range out.Held {
		h := &out.Held[i]
		h.Action.redact()
		h.Why = ids.Replace(h.Why)
	}
	out.Problems = slices.Clone(d.Problems)
	for i := range out.Problems {
		p := &out.Problems[i]
		p.User.Login, p.User.Name, p.Message = "", "", ids.Replace(p.Message)
	}
	out.Warnings = slices.Clone(d.Warnings)
	for i := range out.Warnings {
		w := &out.Warnings[i]
		w.User.Login, w.User.Name, w.Message = "", "", ids.Replace(w.Message)
	}
	if d.Result != nil {
		result := *d.Result
		result.Failures = slices.Clone(result.Failures)
		for i := range result.Failures {
			f := &result.Failures[i]
			f.Action.redact()
			f.Message = ids.Replace(f.Message)
		}
		out.Result = &result
	}
	out.Options.User = LeftOut(d.Options.User)
	out.Error = ids.Replace(d.Error)
	return &out
}

// redact leaves of the values only which fields they are; the name of a role is
// nobody's.
func (a *Action) redact() {
	a.User.Login, a.User.Name = "", ""
	a.With(func(x *Extra) { x.Leaver = nil })
	a.Changes, a.Want = RedactedChanges(a.FieldChanges()), nil
}

// RedactedChanges keeps which fields changed, and leaves out what they held.
func RedactedChanges(changes []Change) []Change {
	out := slices.Clone(changes)
	for i, c := range out {
		if c.Field != NumFields {
			out[i] = Change{Field: c.Field}
		}
	}
	return out
}

// LeftOut is as many names as there are, and none of them.
func LeftOut(names []string) []string {
	out := slices.Clone(names)
	for i := range out {
		out[i] = leftOut
	}
	return out
}

// LoginsToIDs puts ids in the place of the logins of everybody in the document.
func (d *Document) LoginsToIDs() *strings.Replacer {
	var pairs []string
	add := func(u UserRef) {
		if u.Login != "" && u.ID != "" {
			pairs = append(pairs, u.Login, string(u.ID))
		}
	}
	for i := range d.Actions {
		add(d.Actions[i].User)
	}
	for i := range d.Held {
		add(d.Held[i].User)
	}
	for i := range d.Problems {
		add(d.Problems[i].User)
	}
	for i := range d.Warnings {
		add(d.Warnings[i].User)
	}
	if d.Result != nil {
		for i := range d.Result.Failures {
			add(d.Result.Failures[i].Action.User)
		}
	}
	return strings.NewReplacer(pairs...)
}
