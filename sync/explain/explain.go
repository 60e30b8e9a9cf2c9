// Package explain tells what the next sync makes of one person, step by step, with at most
// eight calls: a reading and a decision about one person, and what was left out.
package explain

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tracktik-sync/sync/ask"
	"tracktik-sync/sync/mapping"
	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// The steps of an Explanation, in their order.
const (
	StepOkta  = "okta"
	StepScope = "scope"
	StepMatch = "match"
	StepMap   = "map"
	StepPlan  = "plan"
)

// An Explanation says what the next sync makes of one person, step by step, and why.
// It always has all five steps, whatever could be found out.
type Explanation struct {
	User  plan.UserRef    `json:"user"`
	Steps []Step          `json:"steps"`
	Roles []ExplainedRole `json:"roles"`

	Actions  []plan.Action  `json:"actions"` // what would be done, in a plan's order
	Held     []plan.Held    `json:"held,omitempty"`
	Problems []plan.Problem `json:"problems,omitempty"`
	Warnings []plan.Warning `json:"warnings,omitempty"`
}

// A Step is one question about a person, with the answer. OK says that nothing in it
// stands in the way. The fields from Status on belong to the steps that they are
// written for, and are empty in the others.
type Step struct {
	Name    string   `json:"name"`
	OK      bool     `json:"ok"`
	Summary string   `json:"summary"`
	Notes   []string `json:"notes,omitempty"`

	// okta
	Status     string               `json:"status,omitempty"` // of the user, in Okta's words
	Assignment *ExplainedAssignment `json:"assignment,omitempty"`
	App        string               `json:"app_status,omitempty"` // empty: it was not read

	// scope
	Verdict string `json:"verdict,omitempty"`

	// match
	Employee   plan.EmployeeID `json:"employee_id,omitempty"`
	Key        string          `json:"match,omitempty"`           // what they were or would be recognised by
	External   string          `json:"external_id,omitempty"`     // as Okta has it
	Since      *time.Time      `json:"since,omitempty"`           // managed since
	Run        string          `json:"run,omitempty"`             // by which run
	InTrackTik string          `json:"employee_status,omitempty"` // in TrackTik's words; empty: it was not read
	Former     plan.EmployeeID `json:"former_employee_id,omitempty"`

	// map
	Fields []ExplainedField `json:"fields,omitempty"`
}

// An ExplainedAssignment is how a person comes to the app.
type ExplainedAssignment struct {
	Status   string       `json:"status"`
	Scope    string       `json:"scope"` // USER or GROUP
	Group    plan.GroupID `json:"group_id,omitempty"`
	Name     string       `json:"group,omitempty"` // of the group
	UserName string       `json:"user_name,omitempty"`
}

// An ExplainedField is one TrackTik field of a person.
type ExplainedField struct {
	Field      string `json:"field"`
	Value      string `json:"value,omitempty"`  // as it would be sent; empty: nothing
	Source     string `json:"source,omitempty"` // app.title, user.title …; empty: from nowhere
	Raw        string `json:"raw,omitempty"`    // as Okta has it, where it is sent otherwise
	Normalised bool   `json:"normalised,omitempty"`
	Pushed     string `json:"pushed,omitempty"` // what TrackTik was last told
	Why        string `json:"why,omitempty"`    // why it is not sent, or how it came about
}

// What becomes of a role, in an ExplainedRole.
const (
	RoleHas      = "has"
	RoleGranted  = "would_be_granted"
	RoleRevoked  = "would_be_revoked"
	RoleWithheld = "withheld" // due, and not granted
)

// An ExplainedRole is a role that somebody has or is to have, and the group behind it.
type ExplainedRole struct {
	Name      string       `json:"name"`
	ID        plan.RoleID  `json:"role_id,omitempty"` // 0: still to be made
	Group     plan.GroupID `json:"group_id"`
	GroupName string       `json:"group,omitempty"`
	Why       string       `json:"why"`
	State     string       `json:"state"`
	How       string       `json:"how,omitempty"`
	Since     *time.Time   `json:"since,omitempty"` // by our record
	Run       string       `json:"run,omitempty"`
}

// Explain finds out what the next sync would make of one person. It makes at most
// eight calls and writes nothing: what it could not ask, a note says. known is whom the
// snapshot has under that name, zero for nobody: somebody who is not in Okta any more
// is found by it. The error is ErrNobody for somebody who is neither in Okta nor
// managed, or what Okta answered; the Explanation comes with either.
func Explain(ctx context.Context, sides *read.Sides, name string, known plan.UserRef) (*Explanation, error) {
	x, err := newExplainer(sides, name)
	if err != nil {
		return nil, err
	}
	failed := x.find(ctx, name, known)
	if failed == nil {
		failed = x.read(ctx)
	}
	if failed == nil {
		failed = x.heirs(ctx)
	}
	if failed != nil && !errors.Is(failed, read.ErrNobody) {
		x.unasked = failed
	}
	x.SetClock()
	if x.s != nil {
		if err := x.decideAll(ctx); err != nil {
			return nil, err
		}
	}
	x.readApp(ctx)
	if err := (&teller{x}).tell(); err != nil {
		return nil, err
	}
	x.NameAll(x.out.Actions, x.out.Held, x.out.Problems, x.out.Warnings)
	x.out.User.Name = (&read.Namer{Base: x.Base}).Find(x.out.User.ID).Name
	return x.out, failed
}

// An explainer is the work of Explain: a reading about one person that asks little, goes
// on where an answer is missing, and notes that.
type explainer struct {
	*ask.Asker
	out    *Explanation
	asking *asking
	id     plan.PersonID
	s      *read.Subject // nil: there is nobody to judge
	full   plan.Person
	group  string // name of the group that assigned them, when it is known
	app    *plan.App

	result  mapping.Result
	sources mapping.Sources
	mapped  bool

	unasked error // what was asked first failed, of Okta or of the snapshot: who they are is not known
	unread  error // TrackTik could not be asked who they are, or which employee could be theirs
	noRoles error // their roles could not be worked out
	notes   map[string][]string
}

func newExplainer(sides *read.Sides, name string) (*explainer, error) {
	a := &asking{before: sides.Source.Requests() + sides.Target.Requests(),
		employees: map[plan.EmployeeID][]plan.UserRole{}}
	a.spent = func() int { return sides.Source.Requests() + sides.Target.Requests() - a.before }
	careful := *sides
	careful.Source, careful.Target = &askingSource{Source: sides.Source, asking: a, users: map[string]plan.Person{}},
		&askingTarget{Portal: sides.Target, asking: a}
	r, err := read.NewReading(&careful, read.Scope{Users: []string{name}}, "")
	if err != nil {
		return nil, err
	}
	r.Unproven = true
	if err := r.LoadPeople(); err != nil {
		return nil, err
	}
	r.OwnGroups = map[plan.PersonID][]plan.Group{}
	r.Current.Gone, r.Current.Differs = map[plan.PersonID]bool{}, map[plan.PersonID]*plan.Employee{}
	x := &explainer{Asker: ask.New(r), asking: a, notes: map[string][]string{},
		out: &Explanation{Roles: []ExplainedRole{}, Actions: []plan.Action{}}}
	pending, err := r.Snapshot.Pending()
	for _, in := range pending {
		plan.Open{People: r.Pending, Grants: r.OpenGrants}.Add(&in, "the next sync looks it up")
	}
	return x, err
}

func (x *explainer) note(step, format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(x.notes[step], text) {
		x.notes[step] = append(x.notes[step], text)
	}
}

// decideAll is what a run decides about the person. An error is about the snapshot.
func (x *explainer) decideAll(ctx context.Context) error {
	s, list := x.s, []*read.Subject{x.s}
	provision := s.Judgement.Verdict == plan.Provision && x.Pending[x.id] == ""
	x.learn(ctx, list)
	if !provision {
		x.PeopleDecider.DecideOne(s)
		return x.decideOwnRoles(ctx)
	}
	if err := x.ResolveNames(x.Claimer.Claims(list)); err != nil {
		return err
	}
	if err := x.Matcher.FindMatches(ctx, x.PeopleDecider.Fresh(list)); err != nil {
		if len(s.Matches) == 0 || !errors.Is(err, read.ErrNotAsked) {
			x.unread = err
			return nil
		}
		x.note(StepMatch, "whether they hold a protected role, and must not be taken over, was not looked up: %v", err)
	}
	if s.Unread != "" {
		x.unread = errors.New(s.Unread)
		return nil
	}
	if s.Tie != nil && s.Tie.Unproven { // it is told what a whole run would do
		s.Tie.Unproven = false
		x.note(StepMatch, "no whole run has seen yet what external ids are worth here: a run for them alone waits for one")
	}
	if err := x.RegionReader.ResolveRegions(ctx, list); err != nil { // last: it is the listing that can be long
		x.note(StepMap, "the region was not looked up in TrackTik: %v", err)
	}
	x.learn(ctx, list)
	x.PeopleDecider.DecideOne(s)
	x.PeopleDecider.HandOver()
	return x.decideOwnRoles(ctx)
}

// learn finds out whose credentials we use.
func (x *explainer) learn(ctx context.Context, list []*read.Subject) {
	if err := x.PortalReader.LearnOwn(ctx, list); err != nil {
		x.note(StepPlan, "whether this is the integration's account was not looked up: %v", err)
	}
}

func (x *explainer) decideOwnRoles(ctx context.Context) error {
	err := x.pushedStill(ctx)
	if err == nil {
		err = x.DecideRoles(ctx)
	}
	if x.Unlisted {
		x.note(StepPlan, "which groups are pushed now, and whether another one has the name of theirs, was not looked up: "+
			"`plan --user` does")
	}
	if x.isAnswer(err) {
		x.noRoles, err = err, nil
	}
	return err
}

// heirs holds a departure as a run for the person alone does.
func (x *explainer) heirs(ctx context.Context) error {
	err := x.NameReader.FindHeirs(ctx)
	if errors.Is(err, read.ErrNotAsked) {
		x.note(StepPlan, "whether somebody was made anew in Okta with their names was not looked up: `plan --user` does")
		return nil
	}
	return err
}

// pushedStill leaves out the groups that are not pushed any more since the last whole run,
// as far as there are calls to spare.
func (x *explainer) pushedStill(ctx context.Context) error {
	x.asking.late, x.Unlisted = true, false
	var failed error
	x.Pushed = slices.DeleteFunc(x.Pushed, func(g *read.Pushed) bool {
		is, err := x.OwnGroupReader.PushedNow(ctx, g.Group, g.Link)
		failed = errors.Join(failed, err)
		return err == nil && !is && !g.Former && !g.Failed
	})
	return failed
}

// isAnswer reports an error that is about one of the two systems, not the snapshot.
func (x *explainer) isAnswer(err error) bool {
	var f read.Failure
	var broken *read.BrokenListing
	return err != nil && (errors.Is(err, read.ErrNotAsked) || x.asking.broken != nil || errors.As(err, &f) ||
		errors.As(err, &broken))
}
