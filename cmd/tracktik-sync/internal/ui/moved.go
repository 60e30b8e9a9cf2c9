package ui

import (
	"fmt"
	"strings"

	"tracktik-sync/sync/plan"
)

// Moved says in what two plans differ: configuration, options, actions.
func Moved(saved, present *plan.Document) []string {
	var rows []string
	if saved.PlanFingerprint != present.PlanFingerprint {
		rows = append(rows, fmt.Sprintf("the configuration: sync.* and guard.* had the fingerprint %s and have %s",
			saved.PlanFingerprint, present.PlanFingerprint))
	}
	if saved.Okta != present.Okta || saved.TrackTik != present.TrackTik {
		rows = append(rows, fmt.Sprintf("the systems: it was made for %s app %s and %s", saved.Okta.Org, saved.Okta.App,
			saved.TrackTik.Portal))
	}
	if saved.Options.Refresh != present.Options.Refresh {
		rows = append(rows, fmt.Sprintf("the options: TrackTik was read: %s, and now: %s", yesNo(saved.Options.Refresh),
			yesNo(present.Options.Refresh)))
	}
	return append(rows, movedActions(saved, present)...)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// movedActions names actions that are only in one of the plans, or differ.
func movedActions(saved, present *plan.Document) []string {
	now := map[plan.ActionRef]*plan.Action{}
	for i := range present.Actions {
		now[present.Actions[i].Ref()] = &present.Actions[i]
	}
	held := map[plan.ActionRef]string{}
	for i := range present.Held {
		held[present.Held[i].Ref()] = present.Held[i].Why
	}
	var rows []string
	for i := range saved.Actions {
		a := &saved.Actions[i]
		other, due := now[a.Ref()]
		delete(now, a.Ref())
		switch {
		case due && a.Digest() == other.Digest() && sameOld(a, other):
		case due:
			rows = append(rows, "~ "+aboutAction(a)+": "+differing(a, other))
		case held[a.Ref()] != "":
			rows = append(rows, "- "+aboutAction(a)+": held now: "+held[a.Ref()])
		default:
			rows = append(rows, "- "+aboutAction(a)+": not due any more")
		}
	}
	for i := range present.Actions {
		if a := &present.Actions[i]; now[a.Ref()] != nil {
			rows = append(rows, "+ "+aboutAction(a)+": was not in the plan")
		}
	}
	return rows
}

func sameOld(a, b *plan.Action) bool {
	x, y := a.FieldChanges(), b.FieldChanges()
	for i := range x {
		if i >= len(y) || x[i] != y[i] {
			return false
		}
	}
	return len(x) == len(y)
}

// aboutAction names an action in one line.
func aboutAction(a *plan.Action) string {
	text := KindWords(a.Kind)
	if a.User != (plan.UserRef{}) {
		text += " " + Person(a.User)
	}
	if a.Role != nil {
		text += " " + Role(a.Role)
	}
	return text
}

// differing lists the changes that two actions do not have in common.
func differing(saved, present *plan.Action) string {
	before := map[plan.Field]plan.Change{}
	for _, c := range saved.FieldChanges() {
		before[c.Field] = c
	}
	var parts []string
	for _, c := range present.FieldChanges() {
		old, had := before[c.Field]
		delete(before, c.Field)
		switch {
		case !had:
			parts = append(parts, ChangeText(c)+" was not in it")
		case old != c:
			parts = append(parts, ChangeText(c)+" instead of "+ChangeText(old))
		}
	}
	for _, c := range saved.FieldChanges() {
		if _, left := before[c.Field]; left {
			parts = append(parts, ChangeText(c)+" is not due any more")
		}
	}
	if len(parts) == 0 {
		return "its ids are others"
	}
	return strings.Join(parts, ", ")
}
