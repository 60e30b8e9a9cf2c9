package explain

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// find learns who is meant.
func (x *explainer) find(ctx context.Context, name string, known plan.UserRef) error {
	x.out.User = known
	x.asking.broken = x.Quarantined() // noted where TrackTik would be asked
	var err error
	x.id, err = x.Find(ctx, name)
	if err != nil && known.ID != "" {
		x.id = known.ID
	}
	if x.id == "" {
		x.out.User.Login = name
		return err
	}
	x.out.User.ID = x.id
	if errors.Is(err, read.ErrNobody) {
		return nil // read finds out whether they are there
	}
	return err
}

// read asks Okta about the person, and TrackTik about the employee that is theirs.
func (x *explainer) read(ctx context.Context) error {
	p, found, err := x.person(ctx)
	if err != nil {
		return err
	}
	if !found {
		return x.absent()
	}
	links, err := x.Snapshot.Groups()
	if err != nil {
		return err
	}
	if err := x.OwnGroupReader.ReadOwnGroups(ctx, x.id, read.StoredGroups(links)); err != nil {
		return err
	}
	slices.SortFunc(x.Pushed, func(a, b *read.Pushed) int { return cmp.Compare(a.Group.ID, b.Group.ID) })
	x.readEmployee(ctx)
	x.full = p
	x.out.User = plan.UserRef{ID: p.ID, Login: p.Login}
	x.group = x.groupName(ctx, p.Assignment.Group, links)
	if err := x.PeopleReader.TakeIn(p, plan.EvidenceFull); err != nil {
		return err
	}
	x.s = x.People.Subjects[p.ID]
	if x.s.Judgement.Verdict == plan.Doubt {
		x.s.Judgement.Verdict, x.s.Leaver = plan.Depart, true // this is the direct look-up
	}
	if p.User != nil {
		x.result, x.sources = x.Mapper.Explain(p, x.PeopleReader.GroupNames(p.ID))
		x.mapped = true
	}
	return nil
}

func (x *explainer) person(ctx context.Context) (p plan.Person, found bool, err error) {
	p, found, err = x.Source.Assignment(ctx, x.id)
	if err != nil || found {
		return p, found, err
	}
	return x.Source.User(ctx, string(x.id))
}

// absent is somebody whom Okta does not know.
func (x *explainer) absent() error {
	s := &read.Subject{Person: read.Self{ID: x.id}, Okta: read.Okta{Absent: true, Evidence: plan.EvidenceFull,
		Seen: x.Moment()}}
	if err := x.PeopleReader.Recall(s); err != nil {
		return err
	}
	if s.Link == nil {
		return fmt.Errorf("%w: user %s does not exist in Okta, and is not managed", read.ErrNobody, x.id)
	}
	s.Judgement = x.AbsentReader.NotFound(s)
	x.People.Subjects[x.id], x.s = s, s
	x.out.User = s.Ref()
	x.AbsentReader.JudgeDeleted([]*read.Subject{s})
	return nil
}

// readEmployee reads the employee of a managed person, as a refresh does.
func (x *explainer) readEmployee(ctx context.Context) {
	link, linked, err := x.Snapshot.Link(x.id)
	if err == nil && !linked {
		return
	}
	x.asking.about(link.Employee)
	if err == nil {
		err = x.EmployeeReader.RefreshOne(ctx, x.id)
	}
	if err != nil {
		x.note(StepMatch, "the employee was not read, and what follows is by what was last pushed: %v", err)
		return
	}
	x.Refresh = true
}

// groupName finds what the group that assigned the person is called.
func (x *explainer) groupName(ctx context.Context, id plan.GroupID, links []plan.GroupLink) string {
	if id == "" {
		return ""
	}
	for _, g := range x.OwnGroups[x.id] {
		if g.ID == id {
			return g.Name
		}
	}
	for _, l := range links {
		if l.Group == id {
			return l.Name
		}
	}
	if g, found, err := x.Source.Group(ctx, id); err == nil && found {
		return g.Name
	}
	return ""
}

// readApp looks at the app itself, when there is a call left for it: what is wrong
// with it is wrong for everybody, and every run says so.
func (x *explainer) readApp(ctx context.Context) {
	app, err := x.Source.App(ctx)
	if err == nil {
		x.app = &app
	}
}
