package sync

import (
	"context"
	"errors"
	"fmt"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// mappings are the app's Push Groups in Okta, as far as they may be believed.
type mappings struct {
	list   []plan.PushMapping    // to be remembered
	groups map[plan.GroupID]bool // that are pushed
	ended  map[plan.GroupID]bool // whose mapping Okta says is gone
}

// readMappings reads the app's Push Groups. The first good read is kept; afterwards only
// a mapping that Okta says is gone takes a group away.
func (r *groupReader) readMappings(ctx context.Context) error {
	list, err := r.Source.PushMappings(ctx)
	var f failure
	refused := err != nil && errors.As(err, &f) && f.Status() >= 400 && f.Status() < 500 && !f.Credentials() && f.Status() != 429
	switch {
	case err != nil && !(refused && len(r.meta.Mappings) > 0):
		return err
	case err != nil:
		r.warn(plan.Warning{Code: warnMappings, Message: "okta refuses to list the app's push mappings; those known from before are used: " + err.Error()})
	case len(list) == 0 && len(r.meta.Mappings) > 0:
		r.warn(plan.Warning{Code: warnMappings, Message: "okta lists no push mappings any more; those known from before are used"})
	}
	m := mappings{list: list, groups: map[plan.GroupID]bool{}, ended: map[plan.GroupID]bool{}}
	listed := map[string]bool{}
	for _, mapping := range list {
		listed[mapping.ID], m.groups[mapping.Group] = true, true
	}
	for _, mapping := range r.meta.Mappings {
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
		m.list, m.groups[mapping.Group] = append(m.list, mapping), true
	}
	r.mappings = m
	return nil
}

// mappingGone reports that a group's mapping is gone. That the group cannot be read says
// nothing about it.
func (r *groupReader) mappingGone(ctx context.Context, l *plan.GroupLink) (bool, error) {
	switch {
	case r.mappings.groups[l.Group]:
		_, found, err := r.Source.Group(ctx, l.Group)
		if err == nil && found {
			err = &read.BrokenListing{What: fmt.Sprintf("okta's listing of groups lacks group %s, which exists", l.Group)}
		}
		if err == nil {
			r.warn(plan.Warning{Code: warnGroup, Message: fmt.Sprintf("group %s is pushed by a mapping of the app, and okta does not show it to us; its role and holders stay: check the rights of the account that reads", l.Group)})
		}
		return false, err
	case l.Unpushed || r.mappings.ended[l.Group]:
		return true, nil
	}
	r.warn(plan.Warning{Code: warnGroup, Message: fmt.Sprintf("group %s has role %d, and no push mapping of it was ever seen (sync.groups.push: mappings); its role and holders stay", l.Group, l.Role)})
	return false, nil
}
