package read

import (
	"context"
	"fmt"

	"tracktik-sync/sync/plan"
)

// A StandingReader finds out in Okta who an unmanaged employee is.
type StandingReader struct {
	Base
}

// Classify asks Okta about an employee whom nobody manages, with two calls at most: a
// search by the username and the e-mail, and whom that shows as DEPROVISIONED once more by
// the id, since the search may be behind. An error ends the run; a failed look-up does not.
func (r *StandingReader) Classify(ctx context.Context, e *plan.Employee) (plan.Standing, error) {
	s, err := r.sighted(ctx, e)
	if err != nil || s.Class != plan.LeftOkta {
		return s, err
	}
	p, found, err := r.Source.User(ctx, string(s.User.ID))
	switch {
	case err != nil:
		return r.unsighted(ctx, e, err)
	case !found:
		return plan.Standing{Class: plan.Doubtful,
			Why: fmt.Sprintf("Okta's search shows user %s as DEPROVISIONED, and nobody has the id", s.User.ID)}, nil
	}
	return plan.Classify(e, plan.Sighting{Users: []plan.Person{p}}), nil
}

// sighted is how an employee stands by Okta's search, which takes one call.
func (r *StandingReader) sighted(ctx context.Context, e *plan.Employee) (plan.Standing, error) {
	users, err := r.Source.UsersNamed(ctx, e.Values[plan.Username], e.Values[plan.Email])
	if err != nil {
		return r.unsighted(ctx, e, err)
	}
	seen := plan.Sighting{Users: users}
	for _, u := range users {
		link, managed, err := r.Snapshot.Link(u.ID)
		if err != nil {
			return plan.Standing{}, err
		}
		if managed {
			seen.Other = link.Employee
		}
	}
	return plan.Classify(e, seen), nil
}

// unsighted is the standing after a failed look-up.
func (r *StandingReader) unsighted(ctx context.Context, e *plan.Employee, err error) (plan.Standing, error) {
	if _, bad := IsCredentials(err); bad || ctx.Err() != nil {
		return plan.Standing{}, err
	}
	return plan.Classify(e, plan.Sighting{Failed: err.Error()}), nil
}
