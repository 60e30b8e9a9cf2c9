package read

import (
	"context"
	"errors"
	"fmt"

	"tracktik-sync/sync/plan"
)

// mappings are the app's Push Groups in Okta, as far as they may be believed.
type mappings struct {
	List   []plan.PushMapping    // to be remembered
	groups map[plan.GroupID]bool // that are pushed
	ended  map[plan.GroupID]bool // whose mapping Okta says is gone
}

// readMappings reads the app's Push Groups. The first good read is kept; afterwards only
// a mapping that Okta says is gone takes a group away.
func (r *GroupReader) readMappings(ctx context.Context) error {
	list, err := r.Source.PushMappings(ctx)
	var f Failure
	refused := err != nil && errors.As(err, &f) && f.Status() >= 400 && f.Status() < 500 && !f.Credentials() &&
		f.Status() != 429
	switch {
	case err != nil && !(refused && len(r.Meta.Mappings) > 0):
		return err
	case err != nil:
		r.Warn(plan.Warning{Code: warnMappings, Message: "okta refuses to list the app's push mappings; those known from " +
			"before are used: " + err.Error()})
	case len(list) == 0 && len(r.Meta.Mappings) > 0:
		r.Warn(plan.Warning{Code: warnMappings, Message: "okta lists no push mappings any more; those known from before " +
			"are used"})
	}
	m := mappings{List: list, groups: map[plan.GroupID]bool{}, ended: map[plan.GroupID]bool{}}
	listed := map[string]bool{}
	for _, mapping := range list {
		listed[mapping.ID], m.groups[mapping.Group] = true, true
	}
	for _, mapping := range r.Meta.Mappings {
		if listed[mapping.ID] {
			continue
		}
		if err == nil && len(list) > 0 {
			there, lookErr := r.Source.Mapping(ctx, mapping.ID)
			if lookErr == nil && !there {
				m.ended[mapping.Group] = true
				continue
			}
		}
		m.List, m.groups[mapping.Group] = append(m.List, mapping), true
	}
	r.Mappings = m
	return nil
}

// mappingGone reports that a group's mapping is gone. That the group cannot be read says
// nothing about it.
func (r *GroupReader) mappingGone(ctx context.Context, l *plan.GroupLink) (bool, error) {
	switch {
	case r.Mappings.groups[l.Group]:
		_, found, err := r.Source.Group(ctx, l.Group)
		if err == nil && found {
			err = &BrokenListing{What: fmt.Sprintf("okta's listing of groups lacks group %s, which exists", l.Group)}
		}
		if err == nil {
			r.Warn(plan.Warning{Code: WarnGroup, Message: fmt.Sprintf("group %s is pushed by a mapping of the app, and okta "+
				"does not show it to us; its role and holders stay: check the rights of the account that reads", l.Group)})
		}
		return false, err
	case l.Unpushed || r.Mappings.ended[l.Group]:
		return true, nil
	}
	r.Warn(plan.Warning{Code: WarnGroup, Message: fmt.Sprintf("group %s has role %d, and no push mapping of it was "+
		"ever seen (sync.groups.push: mappings); its role and holders stay", l.Group, l.Role)})
	return false, nil
}
