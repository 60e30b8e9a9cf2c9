package decide

import (
	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// A NameDecider gives user names and e-mails to those who want them.
type NameDecider struct {
	read.Base
	*Decided
}

// ResolveNames lets package plan judge who gets which user name and e-mail, beside those who
// have them.
func (r *NameDecider) ResolveNames(claims []plan.Claim, owners plan.Owners) {
	r.Names = plan.ResolveNames(claims, owners)
	for id, p := range r.Names.Problems {
		if s := r.People.Subjects[id]; s != nil { // else a bystander's
			s.Unmappable = append(s.Unmappable, p)
		}
	}
}
