package read

import (
	"slices"

	"tracktik-sync/sync/plan"
)

// leftOut notes a right to read that is missing: what needs it waits, and all else goes on.
// Any other error is returned.
func (r *facts) leftOut(err error) error {
	m, missing := plan.MissingRead(err)
	if !missing {
		return err
	}
	r.rightsMu.Lock()
	defer r.rightsMu.Unlock()
	if !slices.ContainsFunc(r.missing, func(known plan.MissingRight) bool { return known.What == m.What }) {
		r.missing = append(r.missing, m)
	}
	return nil
}

// Missing are the rights to read that were found missing.
func (r *facts) Missing() []plan.MissingRight {
	r.rightsMu.Lock()
	defer r.rightsMu.Unlock()
	return slices.Clone(r.missing)
}

// unread is leftOut of a read that the subjects need, who wait for it.
func (r *facts) unread(err error, list ...*Subject) error {
	m, missing := plan.MissingRead(err)
	for _, s := range list {
		if missing {
			s.Unread, s.Matches = m.Unread(), nil
		}
	}
	return r.leftOut(err)
}
