package main

import (
	"slices"
	"strings"

	"tracktik-sync/sync/plan"
)

// leftOut stands for what state.redact_history keeps out of a report.
const leftOut = "(left out)"

// redact takes out of a run's document and record what the history leaves out:
// logins, and what fields held. Ids, kinds and fields stay.
func redact(d *plan.Document, run *plan.RunRecord) {
	var pairs []string
	hide := func(u *plan.UserRef) {
		if u.Login != "" && u.ID != "" {
			pairs = append(pairs, u.Login, string(u.ID))
		}
		u.Login = ""
	}
	clear := func(a *plan.Action) {
		hide(&a.User)
		for i, c := range a.Changes {
			if c.Field != plan.NumFields { // a role's name is nobody's
				a.Changes[i] = plan.Change{Field: c.Field}
			}
		}
	}
	for i := range d.Actions {
		clear(&d.Actions[i])
	}
	for i := range d.Held {
		clear(&d.Held[i].Action)
	}
	for i := range d.Problems {
		hide(&d.Problems[i].User)
	}
	for i := range d.Warnings {
		hide(&d.Warnings[i].User)
	}
	if d.Result != nil {
		for i := range d.Result.Failures {
			clear(&d.Result.Failures[i].Action)
		}
	}
	for i := range d.Options.User {
		d.Options.User[i] = leftOut
	}
	for i := range run.Users {
		run.Users[i] = leftOut
	}
	redactTexts(d, strings.NewReplacer(pairs...))
	ids := strings.NewReplacer(pairs...)
	run.Message, d.Error = ids.Replace(run.Message), ids.Replace(d.Error)
}

// redactTexts puts ids in the place of logins that a message names.
func redactTexts(d *plan.Document, ids *strings.Replacer) {
	for i := range d.Problems {
		d.Problems[i].Message = ids.Replace(d.Problems[i].Message)
	}
	for i := range d.Warnings {
		d.Warnings[i].Message = ids.Replace(d.Warnings[i].Message)
	}
	for i := range d.Held {
		d.Held[i].Why = ids.Replace(d.Held[i].Why)
	}
	if d.Result != nil {
		for i := range d.Result.Failures {
			d.Result.Failures[i].Message = ids.Replace(d.Result.Failures[i].Message)
		}
	}
}

// redactEntry leaves out of an entry what was recorded before state.redact_history was
// switched on.
func redactEntry(a plan.Audit) plan.Audit {
	if a.Login != "" && a.Person != "" {
		ids := strings.NewReplacer(a.Login, string(a.Person))
		a.Reason, a.Message = ids.Replace(a.Reason), ids.Replace(a.Message)
	}
	a.Login = ""
	a.Changes = slices.Clone(a.Changes)
	for i, c := range a.Changes {
		if c.Field != plan.NumFields {
			a.Changes[i] = plan.Change{Field: c.Field}
		}
	}
	return a
}
