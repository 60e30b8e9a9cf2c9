package plan_test

import (
	"strings"
	"testing"
	"time"

	"tracktik-sync/sync/plan"
)

// A fact is one thing that is true of a person, their employee or the configuration.
type fact func(*plan.View, *plan.Policy)

type facts []fact

// A promiseAbout is one sentence of the contract: what is given, and what is decided then, in
// one line as outline has it.
type promiseAbout[given any] struct {
	sentence string
	given    given
	want     string
	says     string // texts that are shown with it, parted by "|"
}

// A promise is about one person.
type promise = promiseAbout[facts]

// decided is the decision about ana, with what it was made of. Who she is comes first, then
// Okta's word about her.
func (given facts) decided() (plan.Decision, *plan.View, *plan.Policy) {
	v, pol := newcomer(), with(func(*plan.Policy) {})
	v.Judgement = plan.Judgement{}
	for _, f := range given {
		f(v, pol)
	}
	if v.Judgement == (plan.Judgement{}) {
		v.Judgement = plan.Judge(v.Person, pol)
	}
	return plan.Decide(v, pol), v, pol
}

// and is these facts, and more.
func (given facts) and(more ...fact) facts {
	return append(append(facts{}, given...), more...)
}

// keep tests promises.
func keep(t *testing.T, promises []promise) {
	t.Helper()
	for _, p := range promises {
		t.Run(p.sentence, func(t *testing.T) {
			d, _, _ := p.given.decided()
			check(t, d, p.want)
			mustSay(t, sayings(&d), p.says)
		})
	}
}

// mustSay looks for texts, parted by "|", in what is shown.
func mustSay(t *testing.T, shown, texts string) {
	t.Helper()
	for text := range strings.SplitSeq(texts, "|") {
		if !strings.Contains(shown, text) {
			t.Errorf("it does not say %q:\n%s", text, shown)
		}
	}
}

// sayings is all that people read of a decision.
func sayings(d *plan.Decision) string {
	var texts []string
	for i := range d.Actions {
		texts = append(texts, d.Actions[i].Reason)
	}
	for i := range d.Held {
		texts = append(texts, d.Held[i].Reason, d.Held[i].Why)
	}
	for _, p := range d.Problems {
		texts = append(texts, p.Message)
	}
	for _, w := range d.Warnings {
		texts = append(texts, w.Field, w.Message)
	}
	return strings.Join(texts, "\n")
}

// Of the person.

func isManaged(v *plan.View, _ *plan.Policy) { v.Link = anaLink() }

// wasOurs is a person whom run r1 terminated.
func wasOurs(v *plan.View, _ *plan.Policy) {
	v.Former = &plan.Former{Link: *anaLink(), Terminated: now.AddDate(0, -1, 0), Run: "r1"}
}

func inOkta(change func(*plan.Person)) fact {
	return func(v *plan.View, _ *plan.Policy) { change(v.Person) }
}

func userIs(status string) fact { return inOkta(func(p *plan.Person) { p.Status = status }) }

func assignmentIs(status string) fact {
	return inOkta(func(p *plan.Person) { p.Assignment = assigned(status) })
}

func unassigned(v *plan.View, _ *plan.Policy) { v.Person.Assignment = plan.Assignment{} }

// unassignedFor is a person whose assignment was first missed so long ago.
func unassignedFor(age time.Duration) fact {
	return func(v *plan.View, pol *plan.Policy) {
		unassigned(v, pol)
		since := v.AsOf.Add(-age)
		v.Link.UnassignedSince = &since
	}
}

func linkHas(change func(*plan.Link)) fact {
	return func(v *plan.View, _ *plan.Policy) { change(v.Link) }
}

func viewHas(change func(*plan.View)) fact {
	return func(v *plan.View, _ *plan.Policy) { change(v) }
}

// wants is what Okta says of one field.
func wants(f plan.Field, value string) fact {
	return func(v *plan.View, _ *plan.Policy) { v.Mapped.Wanted.Values[f] = value }
}

// Of TrackTik.

// wasRead is the employee as it was pushed, seen in TrackTik in this run.
func wasRead(v *plan.View, _ *plan.Policy) { v.Employee, v.Fresh = anaEmployee(), true }

// holds is what TrackTik shows in one field.
func holds(f plan.Field, value string) fact {
	return func(v *plan.View, pol *plan.Policy) {
		if v.Employee == nil {
			wasRead(v, pol)
		}
		v.Employee.Values[f] = value
	}
}

// employeeIs is the status that TrackTik shows.
func employeeIs(status string) fact {
	return func(v *plan.View, pol *plan.Policy) {
		wasRead(v, pol)
		v.Employee.Status = status
	}
}

// findsBy is what the keys of a new person find.
func findsBy(list ...plan.Match) fact {
	return func(v *plan.View, _ *plan.Policy) { v.Matches = list }
}

// Of the configuration.

func configured(change func(*plan.Policy)) fact {
	return func(_ *plan.View, pol *plan.Policy) { change(pol) }
}

func graceOf(d time.Duration) fact { return configured(func(p *plan.Policy) { p.UnassignedGrace = d }) }

func protects(globs ...string) fact { return configured(func(p *plan.Policy) { p.Protected = globs }) }

// ours says that employee 7 is the account of the integration.
func ours(_ *plan.View, pol *plan.Policy) { pol.Own = 7 }

func createsOff(_ *plan.View, pol *plan.Policy)     { pol.CreateUsers = false }
func updatesOff(_ *plan.View, pol *plan.Policy)     { pol.UpdateUsers = false }
func deactivateOff(_ *plan.View, pol *plan.Policy)  { pol.DeactivateUsers = false }
func neverAdopts(_ *plan.View, pol *plan.Policy)    { pol.Adopt = false }
func keepsAdopted(_ *plan.View, pol *plan.Policy)   { pol.AdoptKeep = true }
func reactivates(_ *plan.View, pol *plan.Policy)    { pol.Reactivate = true }
func suspendedEnds(_ *plan.View, pol *plan.Policy)  { pol.TerminateSuspended = true }
func outOfScopeEnds(_ *plan.View, pol *plan.Policy) { pol.TerminateOutOfScope = true }
func driftReports(_ *plan.View, pol *plan.Policy)   { pol.RepairDrift = false }
func noRemovals(_ *plan.View, pol *plan.Policy)     { pol.NoRemovals = true }
