package plan_test

import (
	"testing"
	"time"

	"tracktik-sync/sync/plan"
)

// Updates: what changes in Okta is sent, what changes in TrackTik is repaired or reported.

// recordFieldsWith are values with one text in every field of a record.
func recordFieldsWith(text string) (v plan.Values) {
	for _, f := range plan.RecordFields {
		v[f] = text
	}
	return v
}

// TestEveryFieldIsSentClearedAndRepairedAlike: all that an employee's record shows.
func TestEveryFieldIsSentClearedAndRepairedAlike(t *testing.T) {
	const a, b, c = "555 010 0001", "555 010 0002", "555 010 0003"
	for _, f := range plan.RecordFields {
		for _, row := range []struct {
			name                string
			want, pushed, shows string // shows "-": TrackTik was not read
			changed, drifted    bool
		}{
			{"set the first time", a, "", "-", true, false},
			{"changed", b, a, "-", true, false},
			{"emptied in Okta after it was pushed: cleared", "", a, "-", true, false},
			{"as pushed", a, a, "-", false, false},
			{"never pushed and empty: left alone", "", "", c, false, false},
			{"changed in Okta, and there already", b, a, b, false, false},
			{"changed in Okta, and otherwise there", b, a, c, true, false},
			{"emptied in Okta, and there already", "", a, "", false, false},
			{"emptied in Okta, and otherwise there", "", a, c, true, false},
			{"changed by hand", a, a, c, false, true},
			{"emptied by hand", a, a, "", false, true},
			{"new in Okta, and typed by hand just so", a, "", a, false, false},
			{"new in Okta, and typed by hand otherwise", a, "", c, true, false},
		} {
			link, want := anaLink(), plan.Wanted{Values: recordFieldsWith("x")}
			link.Pushed, link.How = recordFieldsWith("x"), plan.HowCreated
			link.Pushed[f], want.Values[f] = row.pushed, row.want
			var e *plan.Employee
			if row.shows != "-" {
				e = &plan.Employee{ID: 7, Status: "ACTIVE", Values: recordFieldsWith("x"), Has: everything}
				e.Values[f] = row.shows
			}
			changes, drift := plan.Differences(link, &want, e, with(func(*plan.Policy) {}))
			if (len(changes) == 1) != row.changed || (len(drift) == 1) != row.drifted {
				t.Errorf("%s, %s: changes %v, drift %v", f, row.name, changes, drift)
			}
			old := row.pushed
			if row.shows != "-" {
				old = row.shows
			}
			for _, change := range append(changes, drift...) {
				if change != (plan.Change{Field: f, Old: old, New: row.want}) {
					t.Errorf("%s, %s: %+v", f, row.name, change)
				}
			}
		}
	}
}

// TestAnUpdateSaysWhatItIsFor.
func TestAnUpdateSaysWhatItIsFor(t *testing.T) {
	us := facts{isManaged}
	title, chief := wants(plan.JobTitle, "Supervisor"), `update jobTitle="Guard">"Supervisor"`
	adopted := linkHas(func(l *plan.Link) {
		l.How, l.Pushed[plan.JobTitle], l.Seen[plan.JobTitle] = plan.HowAdopted, "", "Porter"
	})
	keep(t, []promise{
		{"nothing changed: nothing is done", us, "", ""},
		{"nothing changed, and TrackTik agrees", us.and(wasRead), "", ""},
		{"changed in Okta", us.and(title), chief, "changed in Okta"},
		{"changed in Okta, and TrackTik was read", us.and(title, wasRead), chief, "changed in Okta"},
		{"changed by hand", us.and(holds(plan.JobTitle, "Porter")), `update jobTitle="Porter">"Guard"`,
			"changed in TrackTik by somebody else"},
		{"changed in Okta and by hand: one update of both",
			us.and(wants(plan.LastName, "Sousa"), holds(plan.JobTitle, "Porter")),
			`update lastName="Silva">"Sousa" jobTitle="Porter">"Guard"`, "changed in Okta"},
		{"what was not sent at the adoption", us.and(adopted), `update jobTitle="Porter">"Guard"`,
			"changed in Okta, or not the same when the employee was adopted; what TrackTik holds now was not read"},
		{"what was not sent at the adoption, and was pushed by us since", us.and(adopted, wants(plan.LastName, "Sousa")),
			`update lastName="Silva">"Sousa" jobTitle="Porter">"Guard"`, "changed in Okta"},
		{"of whom we made, everything was pushed",
			us.and(linkHas(func(l *plan.Link) { l.Pushed[plan.JobTitle] = "" })), `update jobTitle="">"Guard"`,
			"changed in Okta"},
		{"of an adopted one whom TrackTik shows", us.and(adopted, holds(plan.JobTitle, "Cook")),
			`update jobTitle="Cook">"Guard"`, "changed in Okta"},
		{"a move of an adopted one is a change in Okta", us.and(linkHas(func(l *plan.Link) {
			l.How, l.Pushed[plan.Region], l.PushedRegion = plan.HowAdopted, "", 1
		}), wants(plan.Region, "South"), viewHas(func(v *plan.View) { v.Mapped.Wanted.RegionID = 2 })),
			`update region="1">"South"`, "changed in Okta"},
	})
	d, v, _ := us.and(title).decided()
	if a := d.Actions[0]; a.Employee != 7 || a.User != v.Ref() || a.Want != &v.Mapped.Wanted || a.Drift {
		t.Errorf("the update is %+v", a)
	}
	d, _, _ = us.and(holds(plan.JobTitle, "Porter")).decided()
	if !d.Actions[0].Drift {
		t.Error("a repair is no drift")
	}
}

// TestWhatKeepsAnUpdateBack.
func TestWhatKeepsAnUpdateBack(t *testing.T) {
	us := facts{isManaged, wants(plan.JobTitle, "Supervisor")}
	chief := `update jobTitle="Guard">"Supervisor"`
	title := plan.FieldSet(0).With(plan.JobTitle)
	first, _, _ := us.decided()
	data := first.Actions[0].Digest()
	keep(t, []promise{
		{"the switch", us.and(updatesOff), "held " + chief + " switched_off", "sync.update_users is off"},
		{"no other switch", us.and(createsOff, deactivateOff, noRemovals, neverAdopts), chief, ""},
		{"a required value that is missing: nothing is written", us.and(viewHas(problem(plan.ProblemMissingRequired))),
			"problem missing_required", ""},
		{"an optional value that breaks its row keeps back only itself", us.and(viewHas(func(v *plan.View) {
			v.Mapped.Wanted.Keep, v.Mapped.Wanted.Values[plan.LastName] = title, "Sousa"
		}), viewHas(warned)), `update lastName="Silva">"Sousa"; warning partial_address`, ""},
		{"a field that only a create sets", us.and(configured(func(p *plan.Policy) { p.CreateOnly = title })), "", ""},
		{"the account of the integration", us.and(ours), "held update protected", "nothing is changed"},
		{"no protected name: those are updated", us.and(protects("ana@*")), chief, ""},
		{"a refusal, before the next try", us.and(refusedBefore(plan.Update, time.Minute, data)), "problem refused", "409"},
		{"a refusal, when it is due", us.and(refusedBefore(plan.Update, 0, data)), chief, ""},
		{"the refusal of other data", us.and(refusedBefore(plan.Update, time.Minute, "other")), chief, ""},
		{"a refusal does not matter once nothing is to be sent",
			facts{isManaged, refusedBefore(plan.Update, time.Minute, data)}, "", ""},
	})
}

// TestDriftIsRepairedOrReportedFieldByField: sync.drift.
func TestDriftIsRepairedOrReportedFieldByField(t *testing.T) {
	us := facts{isManaged, holds(plan.JobTitle, "Porter")}
	two := us.and(holds(plan.FirstName, "Anna"))
	renamed := wants(plan.LastName, "Sousa")
	keep(t, []promise{
		{"repair: it is sent", us, `update jobTitle="Porter">"Guard"`, ""},
		{"report: it is left, and said", us.and(driftReports), "warning drift",
			"changed in TrackTik, and left so (sync.drift: report): employee 7, jobTitle"},
		{"report: each field is said", two.and(driftReports), "warning drift; warning drift", "firstName|jobTitle"},
		{"report: what changes in Okta is sent alone", us.and(driftReports, renamed),
			`update lastName="Silva">"Sousa"; warning drift`, ""},
		{"repair: the switch holds it", us.and(updatesOff), `held update jobTitle="Porter">"Guard" switched_off`, ""},
		{"report: the switch has nothing to hold", us.and(driftReports, updatesOff), "warning drift", ""},
		{"a field that only a create sets is nobody's to repair", us.and(configured(func(p *plan.Policy) {
			p.CreateOnly = p.CreateOnly.With(plan.JobTitle)
		})), "", ""},
		{"a field that TrackTik does not show is no drift", us.and(viewHas(func(v *plan.View) {
			v.Employee.Has = v.Employee.Has.Without(plan.JobTitle)
		})), "", ""},
		{"a move by hand is never undone", facts{isManaged, wasRead, wants(plan.Region, "North"), linkHas(func(l *plan.Link) {
			l.Pushed[plan.Region], l.PushedRegion = "North", 1
		}), viewHas(func(v *plan.View) { v.Mapped.Wanted.RegionID, v.Employee.Region = 1, 99 })}, "", ""},
	})
}

// TestAValueThatTrackTikDoesNotKeepIsAProblem: the second identical update by drift.
func TestAValueThatTrackTikDoesNotKeepIsAProblem(t *testing.T) {
	us := facts{isManaged, holds(plan.JobTitle, "Porter")}
	repaired := func(changes ...plan.Change) fact {
		return linkHas(func(l *plan.Link) { l.LastRepair = plan.RepairDigest(changes) })
	}
	same := repaired(plan.Change{Field: plan.JobTitle, Old: "Porter", New: "Guard"})
	keep(t, []promise{
		{"the first repair is sent", us, `update jobTitle="Porter">"Guard"`, ""},
		{"the same once more is a problem", us.and(same), "problem value_not_kept",
			"TrackTik does not keep jobTitle of employee 7|not sent before the data change"},
		{"two fields are both named", us.and(holds(plan.FirstName, "Anna"), repaired(
			plan.Change{Field: plan.FirstName, Old: "Anna", New: "Ana"},
			plan.Change{Field: plan.JobTitle, Old: "Porter", New: "Guard"})),
			"problem value_not_kept", "firstName, jobTitle"},
		{"another value there is another change by hand",
			us.and(repaired(plan.Change{Field: plan.JobTitle, Old: "Cook", New: "Guard"})), `update jobTitle="Porter">"Guard"`,
			""},
		{"another value of ours is sent", us.and(same, wants(plan.JobTitle, "Chief")), `update jobTitle="Porter">"Chief"`,
			""},
		{"together with a change in Okta it is sent", us.and(same, wants(plan.LastName, "Sousa")),
			`update lastName="Silva">"Sousa" jobTitle="Porter">"Guard"`, ""},
		{"where drift is reported it is no problem", us.and(same, driftReports), "warning drift", ""},
	})
	d, _, _ := facts{isManaged, wasRead, same}.decided()
	if d.Note == nil || d.Note.LastRepair != "" {
		t.Errorf("TrackTik has kept it, and the repair is remembered: %+v", d.Note)
	}
	d, _, _ = us.and(same).decided()
	if d.Note != nil && d.Note.LastRepair == "" {
		t.Error("TrackTik has not kept it, and the repair is forgotten")
	}
	d, v, _ := facts{isManaged, same}.decided()
	if d.Note != nil && d.Note.LastRepair != v.Link.LastRepair {
		t.Error("nobody looked, and the repair is forgotten")
	}
}

// TestTheProblemOfAValueThatIsNotKeptLastsBetweenRefreshes.
func TestTheProblemOfAValueThatIsNotKeptLastsBetweenRefreshes(t *testing.T) {
	trouble := func(code string, kind plan.Kind) fact {
		return viewHas(func(v *plan.View) {
			v.Troubles = append(v.Troubles, plan.Trouble{Code: code, Kind: kind, Message: "TrackTik does not keep it"})
		})
	}
	lasts := facts{isManaged, trouble(plan.ProblemValueNotKept, "")}
	keep(t, []promise{
		{"nobody has looked: it lasts", lasts, "problem value_not_kept", "TrackTik does not keep it"},
		{"TrackTik was read, and agrees: it is over", lasts.and(wasRead), "", ""},
		{"TrackTik was read, and nothing was changed: it is over",
			lasts.and(viewHas(func(v *plan.View) { v.Fresh = true })), "", ""},
		{"the data changed: it is tried", lasts.and(wants(plan.JobTitle, "Chief")), `update jobTitle="Guard">"Chief"`, ""},
		{"a role that is not kept is another problem", facts{isManaged, trouble(plan.ProblemValueNotKept, plan.GrantRole)},
			"", ""},
		{"other problems are judged anew", facts{isManaged, trouble(plan.ProblemDuplicate, "")}, "", ""},
	})
}

// TestAnAdoptionThatKeepsShowsWhatDiffers, and sends what changes afterwards.
func TestAnAdoptionThatKeepsShowsWhatDiffers(t *testing.T) {
	kept := linkHas(func(l *plan.Link) { l.How, l.Kept = plan.HowAdopted, true })
	us := facts{isManaged, kept}
	keep(t, []promise{
		{"TrackTik is not read: nothing to show", us, "", ""},
		{"TrackTik agrees: nothing to show", us.and(wasRead), "", ""},
		{"what differs is held", us.and(holds(plan.JobTitle, "Porter")),
			`held update jobTitle="Porter">"Guard" adopted_differs`,
			"adopted as it was (sync.on_adopt: keep)"},
		{"it is no drift to report", us.and(holds(plan.JobTitle, "Porter"), driftReports),
			`held update jobTitle="Porter">"Guard" adopted_differs`, ""},
		{"what changes in Okta is sent", us.and(wants(plan.JobTitle, "Chief"), holds(plan.JobTitle, "Porter")),
			`update jobTitle="Porter">"Chief"`, ""},
		{"what changes is sent, what differs is held", us.and(wants(plan.LastName, "Sousa"), holds(plan.JobTitle, "Porter")),
			`update lastName="Silva">"Sousa"; held update jobTitle="Porter">"Guard" adopted_differs`, ""},
	})
}
