package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tracktik-sync/sync/plan"
)

func (c *caller) create(ctx context.Context, action *plan.Action, intent *plan.Intent) attempt {
	want := *action.Want
	if e, found, err := c.inTheWay(ctx, &want); err != nil || found {
		return tookPlace(e, intent, err)
	}
	var warnings []plan.Warning
	var left plan.FieldSet
	for tries := 1; ; tries++ {
		e, err := c.Target.CreateEmployee(ctx, want.Values, want.RegionID)
		if err == nil {
			done := c.created(action, &want, &e)
			done.attempts, done.warnings, done.left = tries, warnings, left
			return done
		}
		done := classify(err)
		done.attempts, done.left = tries, left
		field, drop := c.droppable(err, &want)
		switch {
		case drop && tries < 3 && (done.outcome == plan.Failed || c.madeNobody(ctx, intent, err)):
			left = left.With(field)
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
func (c *caller) droppable(err error, want *plan.Wanted) (plan.Field, bool) {
	var f interface{ RefusedField() (plan.Field, bool) }
	if errors.As(err, &f) {
		field, named := f.RefusedField()
		isPhone := slices.Contains(phones, field)
		if named && (isPhone || field == plan.Language) && want.Values[field] != "" {
			return field, true
		}
		if named && !isPhone {
			return 0, false
		}
	}
	var r failure
	if !errors.As(err, &r) || !r.Refused() && !r.Conflict() {
		return 0, false
	}
	for former, err := range c.Snapshot.Formers() {
		if err != nil {
			return 0, false
		}
		for _, f := range phones {
			if phone := want.Values[f]; phone != "" && slices.ContainsFunc(phones,
				func(f plan.Field) bool { return former.Link.Keeps(f, phone) }) {
				return f, true
			}
		}
	}
	return 0, false
}

var phones = []plan.Field{plan.PrimaryPhone, plan.SecondaryPhone}

// madeNobody reports that a create violated a constraint, and that nobody was made by it.
func (c *caller) madeNobody(ctx context.Context, intent *plan.Intent, err error) bool {
	if !isConflict(err) || intent.Lost != "" {
		return false
	}
	state, _, lookErr := c.lookForCreated(ctx, intent)
	return lookErr == nil && state == didNot
}

func (c *caller) update(ctx context.Context, action *plan.Action) attempt {
	fields := slices.DeleteFunc(slices.Clone(action.Changes), func(c plan.Change) bool { return c.Field == plan.Region })
	full := c.fullValues(action)
	var warnings []plan.Warning
	var left plan.FieldSet
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
		if len(dropped) == 0 {
			rest, dropped = c.withoutDroppable(fields, err)
		}
		if done.outcome != plan.Failed || len(dropped) == 0 || tries > len(plan.RequiredFields) {
			return done
		}
		for _, c := range dropped {
			left = left.With(c.Field)
			warnings = append(warnings, plan.Warning{Code: plan.WarningInvalidValue, User: action.User, Field: c.Field.String(),
				Message: "tracktik refused the value, and what it holds is left alone: " + err.Error()})
		}
		fields = rest
	}
	var used []right
	if len(fields) > 0 {
		used = append(used, right(plan.Update))
	}
	if action.Want != nil &&
		slices.ContainsFunc(action.Changes, func(c plan.Change) bool { return c.Field == plan.Region }) {
		tries++
		if done, ok := c.move(ctx, action); !ok {
			done.attempts, done.warnings, done.used, done.left = tries, warnings, append(used, done.used...), left
			if done.outcome != plan.Unknown && len(fields) > 0 {
				batch, berr := c.updatedLink(action, fields, left, &answer)
				if berr == nil {
					done.batch = batch
				}
			}
			return done
		}
		used = append(used, moves)
	}
	batch, err := c.updatedLink(action, without(action.Changes, left), left, &answer)
	done := finished(batch, err)
	done.attempts, done.warnings, done.used, done.left = max(1, tries), warnings, used, left
	if err == nil && left != 0 {
		done.message = "tracktik refused a part of the change (" + fieldNames(left) + "), and what it holds is left alone"
	}
	return done
}

// withoutDroppable takes out of an update the value without which somebody is made, too.
func (c *caller) withoutDroppable(fields []plan.Change, err error) (rest, dropped []plan.Change) {
	var sent plan.Wanted
	for _, c := range fields {
		sent.Values[c.Field] = c.New
	}
	field, drop := c.droppable(err, &sent)
	i := slices.IndexFunc(fields, func(c plan.Change) bool { return c.Field == field })
	if !drop || i < 0 {
		return fields, nil
	}
	return without(fields, plan.FieldSet(0).With(field)), fields[i : i+1]
}

func fieldNames(set plan.FieldSet) string {
	var names []string
	for _, f := range plan.RecordFields {
		if set.Has(f) {
			names = append(names, f.String())
		}
	}
	return strings.Join(names, ", ")
}

// without are the changes but those of some fields.
func without(changes []plan.Change, left plan.FieldSet) []plan.Change {
	if left == 0 {
		return changes
	}
	return slices.DeleteFunc(slices.Clone(changes), func(c plan.Change) bool { return left.Has(c.Field) })
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
// cannot be cleared, a language that it does not know. An address is sent as a whole.
func leaveOut(fields []plan.Change, err error) (rest, dropped []plan.Change) {
	var f interface{ RefusedField() (plan.Field, bool) }
	if !errors.As(err, &f) {
		return fields, nil
	}
	named, ok := f.RefusedField()
	if !ok {
		return fields, nil
	}
	isAddress := func(f plan.Field) bool { return slices.Contains(plan.AddressFields[:], f) }
	for _, c := range fields {
		meant := c.Field == named || isAddress(c.Field) && isAddress(named)
		if meant && (c.New == "" || c.Field == plan.Language) {
			dropped = append(dropped, c)
			continue
		}
		rest = append(rest, c)
	}
	return rest, dropped
}
