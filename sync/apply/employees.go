package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"tracktik-sync/sync/plan"
)

func (c *caller) create(ctx context.Context, action *plan.Action, intent *plan.Intent) attempt {
	want := *action.Want
	if e, found, err := c.inTheWay(ctx, &want); err != nil || found {
		return tookPlace(e, intent, err)
	}
	var warnings []plan.Warning
	for tries := 1; ; tries++ {
		e, err := c.Target.CreateEmployee(ctx, want.Values, want.RegionID)
		if err == nil {
			done := c.created(action, &want, &e)
			done.attempts, done.warnings = tries, warnings
			return done
		}
		done := classify(err)
		done.attempts, done.warnings = tries, warnings
		field, drop := c.droppable(action, err, &want)
		switch {
		case done.outcome == plan.Failed && drop && tries < 3:
			warnings = append(warnings, plan.Warning{Code: plan.WarningInvalidValue, User: action.User, Field: field.String(),
				Message: "tracktik refused the value, and the employee is made without it: " + err.Error()})
			want.Values[field] = ""
			want.Keep = want.Keep.With(field)
			intent.Wanted = &want
			continue
		case isConflict(err):
			return c.conflict(ctx, action, intent, &want, done)
		}
		return done
	}
}

// created records a new employee. One who is known already is not new: then nobody knows
// what became of the call.
func (c *caller) created(action *plan.Action, want *plan.Wanted, e *plan.Employee) attempt {
	id := e.ID
	link, owned, err := c.Snapshot.LinkOfEmployee(id)
	former, was, formerErr := c.Snapshot.FormerByEmployee(id)
	if err := errors.Join(err, formerErr); err != nil {
		return finished(plan.Batch{}, err)
	}
	if was {
		link = former.Link
	}
	if owned || was {
		return attempt{outcome: plan.Unknown,
			message: fmt.Sprintf("tracktik answered that the new employee is %d, who is known as that of user %s", id,
				link.Person)}
	}
	batch, err := c.createdBatch(action, want, e, c.Run)
	c.learn(action, &batch)
	return finished(batch, err)
}

// droppable names an optional value because of which TrackTik refuses a person, and
// without which they are made: a language that the portal does not know, or a phone
// that a terminated employee has.
func (c *caller) droppable(action *plan.Action, err error, want *plan.Wanted) (plan.Field, bool) {
	var f interface{ RefusedField() (plan.Field, bool) }
	if errors.As(err, &f) {
		field, named := f.RefusedField()
		if named && (field == plan.Language || field == plan.PrimaryPhone || field == plan.SecondaryPhone) &&
			want.Values[field] != "" {
			return field, true
		}
	}
	if phone := want.Values[plan.PrimaryPhone]; phone != "" && isConflict(err) {
		formers, listErr := c.Snapshot.FormersOf(action.User.ID)
		if listErr == nil && slices.ContainsFunc(formers,
			func(f plan.Former) bool { return f.Link.Pushed[plan.PrimaryPhone] == phone }) {
			return plan.PrimaryPhone, true
		}
	}
	return 0, false
}

func (c *caller) update(ctx context.Context, action *plan.Action) attempt {
	fields := slices.DeleteFunc(slices.Clone(action.Changes), func(c plan.Change) bool { return c.Field == plan.Region })
	full := c.fullValues(action)
	var warnings []plan.Warning
	var answer plan.Employee
	tries := 0
	for len(fields) > 0 {
		tries++
		var err error
		answer, err = c.Target.UpdateEmployee(ctx, action.Employee, fields, full)
		if err == nil {
			break
		}
		done := failed(action, err)
		done.attempts, done.warnings = tries, warnings
		rest, dropped := leaveOut(fields, err)
		if done.outcome != plan.Failed || len(dropped) == 0 || tries > len(plan.RequiredFields) {
			return done
		}
		for _, c := range dropped {
			warnings = append(warnings, plan.Warning{Code: plan.WarningInvalidValue, User: action.User, Field: c.Field.String(),
				Message: "tracktik refused the value, and what it holds is left alone: " + err.Error()})
		}
		fields = rest
	}
	var used []right
	if len(fields) > 0 {
		used = append(used, right(plan.Update))
	}
	if len(fields) != len(action.Changes) && action.Want != nil &&
		slices.ContainsFunc(action.Changes, func(c plan.Change) bool { return c.Field == plan.Region }) {
		tries++
		if done, ok := c.move(ctx, action); !ok {
			done.attempts, done.warnings, done.used = tries, warnings, used
			if done.outcome != plan.Unknown && len(fields) > 0 {
				batch, berr := c.updatedLink(action, fields, &answer)
				if berr == nil {
					done.batch = batch
				}
			}
			return done
		}
		used = append(used, moves)
	}
	batch, err := c.updatedLink(action, action.Changes, &answer)
	done := finished(batch, err)
	done.attempts, done.warnings, done.used = max(1, tries), warnings, used
	return done
}

// fullValues is the whole record as it should be: an address is sent as a whole.
func (c *caller) fullValues(action *plan.Action) plan.Values {
	if action.Want == nil {
		return plan.Values{}
	}
	full := action.Want.Values
	if link, found, err := c.Snapshot.Link(action.User.ID); err == nil && found {
		for _, f := range plan.RecordFields {
			if action.Want.Keep.Has(f) {
				full[f] = link.Pushed[f]
			}
		}
	}
	return full
}

// leaveOut takes out of an update what a portal refuses and nobody needs: a value that
// cannot be cleared, a language that it does not know.
func leaveOut(fields []plan.Change, err error) (rest, dropped []plan.Change) {
	var f interface{ RefusedField() (plan.Field, bool) }
	if !errors.As(err, &f) {
		return fields, nil
	}
	named, ok := f.RefusedField()
	if !ok {
		return fields, nil
	}
	for _, c := range fields {
		if c.Field == named && (c.New == "" || c.Field == plan.Language) {
			dropped = append(dropped, c)
			continue
		}
		rest = append(rest, c)
	}
	return rest, dropped
}
