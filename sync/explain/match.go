package explain

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// tellMatch says which employee is the person's.
func (x *teller) tellMatch() (Step, error) {
	step := Step{Name: StepMatch, OK: true}
	if x.s == nil || x.s.Link == nil {
		formers, err := x.Snapshot.FormersOf(x.id)
		if err != nil {
			return step, err
		}
		for i := range formers {
			f := &formers[i]
			step.Former = f.Link.Employee
			by := "terminated"
			switch {
			case f.Elsewhere:
				by = "terminated in TrackTik by somebody else"
			case f.Revived:
				by = "terminated, and later active in TrackTik by somebody else's doing,"
			}
			x.note(StepMatch, "was employee %d from %s on, %s at %s (run %s)", f.Link.Employee, moment(f.Link.Since), by,
				moment(f.Terminated), f.Run)
		}
	}
	switch {
	case x.s == nil:
		return step, x.tellRecord(&step)
	case x.s.Link != nil:
		x.tellLink(&step, x.s.Link)
	case x.unread != nil:
		step.OK, step.Summary = false, "not known, since TrackTik was not asked: "+x.unread.Error()
	case !x.s.InScope():
		step.Summary = "no employee is managed for them, and none is looked for"
	default:
		x.tellFound(&step)
	}
	return step, nil
}

func moment(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// tellRecord is what the snapshot has of somebody whom Okta could not show.
func (x *teller) tellRecord(step *Step) error {
	step.OK, step.Summary = false, "not looked for"
	if x.id == "" {
		return nil
	}
	l, found, err := x.Snapshot.Link(x.id)
	if found && err == nil {
		x.s = &read.Subject{OnRecord: read.OnRecord{Link: &l}}
		x.tellLink(step, &l)
		x.s, step.OK = nil, false
		step.Summary += " by our record"
	}
	return err
}

// tellLink is about somebody who is managed.
func (x *teller) tellLink(step *Step, l *plan.Link) {
	since := l.Since.UTC()
	step.Employee, step.Key, step.Since, step.Run = l.Employee, l.How, &since, l.Run
	step.Summary = fmt.Sprintf("employee %d, %s at %s", l.Employee, l.How, moment(l.Since))
	if l.Run != "" {
		step.Summary += " by run " + l.Run
	}
	status := l.ElsewhereStatus
	switch e := x.s.Employee; {
	case x.s.Gone:
		status = plan.StatusGone
	case e != nil:
		step.InTrackTik = e.Status
		status = ""
		if !e.Active() {
			status = e.Status
		}
	}
	if status != "" {
		step.OK = false
		step.Summary += "; it is " + plan.InTrackTik(status)
	}
	step.External = x.s.Whole().Assignment.External
	if id, ok := plan.ParseExternal(step.External); ok && id != l.Employee {
		x.note(StepMatch, "Okta's external id names employee %d, not theirs", id)
	}
	if l.Restored {
		x.note(StepMatch, "was restored, and Okta has not shown them in scope since: neither terminated nor revoked "+
			"before that, or `forget --restored`")
	}
	if l.Doubtful {
		x.note(StepMatch, "the snapshot was restored, or bound to another system, and the employee agreed in no name: "+
			"nothing is done before `link` or `unlink`")
	}
	if l.NotVisibleSince != nil {
		x.note(StepMatch, "Okta has not shown them since %s", moment(*l.NotVisibleSince))
	}
	if l.UnassignedSince != nil {
		x.note(StepMatch, "unassigned since %s", moment(*l.UnassignedSince))
	}
	if l.UnconfirmedSince != nil {
		x.note(StepMatch, "seems to have left, and nothing has confirmed it since %s", moment(*l.UnconfirmedSince))
	}
	if l.Kept {
		x.note(StepMatch, "adopted as it was (sync.on_adopt: keep): only what changes in Okta since is sent")
	}
	if x.Pol.Protects(read.Who(l, x.s)) {
		x.note(StepMatch, "sync.protected names them: never terminated or revoked")
	}
}

// tellFound is about somebody who is not managed yet.
func (x *teller) tellFound(step *Step) {
	x.tellTie(step)
	for i := range x.out.Actions {
		if a := &x.out.Actions[i]; a.Kind == plan.Adopt || a.Kind == plan.Reactivate {
			step.Employee, step.Key = a.Employee, a.Extras().Key
			step.Summary = fmt.Sprintf("employee %d: %s", a.Employee, a.Reason)
			return
		}
	}
	for _, m := range x.s.Matches {
		x.note(StepMatch, "found by %s: employee %d, %s%s", plan.KeyName(m.Key), m.Employee.ID, m.Employee.Status,
			ownerText(m.Owner, x.id))
	}
	for _, h := range x.s.Decision.Held {
		if h.Kind == plan.Adopt {
			step.OK, step.Employee, step.Key, step.Summary = false, h.Employee, h.Extras().Key, h.Why
			return
		}
	}
	for _, p := range x.out.Problems {
		if isMatchProblem(p.Code) {
			step.OK, step.Summary = false, p.Code+": "+p.Message
			return
		}
	}
	if len(x.s.Unmappable) > 0 {
		step.Summary = "not looked for: the values have to be correct first"
		return
	}
	var keys []string
	for _, f := range x.Matcher.Keys(x.s) {
		keys = append(keys, f.String())
	}
	step.Summary = "no employee has that " + strings.Join(keys, " or ") + ": they would be a new one"
}

// tellTie says what Okta's external id says of somebody who is not managed.
func (x *teller) tellTie(step *Step) {
	step.External = x.s.Whole().Assignment.External
	switch {
	case step.External == "" || !x.Pol.MatchExternal:
	case x.Meta.External != nil && !x.Meta.External.Believed():
		x.note(StepMatch, "Okta's external id is %q, and external ids are not believed: they name somebody else too often",
			step.External)
	case x.s.Tie != nil:
		i := slices.IndexFunc(x.s.Matches, func(m plan.Match) bool { return m.Key == plan.ExternalID })
		var m *plan.Match
		if i >= 0 {
			m = &x.s.Matches[i]
		}
		if note := x.s.Tie.Note(x.s.Tie.Judge(x.id, &x.s.Want().Values, m), m); note != "" {
			x.note(StepMatch, "%s", note)
		}
	}
}

func ownerText(owner, id plan.PersonID) string {
	if owner == "" || owner == id {
		return ""
	}
	return ", managed for user " + string(owner)
}

func isMatchProblem(code string) bool {
	switch code {
	case plan.ProblemAmbiguousMatch, plan.ProblemInactiveMatch, plan.ProblemProtectedMatch, plan.ProblemAdoptOff,
		plan.ProblemNameInUse, plan.ProblemDuplicate, plan.ProblemSwap:
		return true
	}
	return false
}
