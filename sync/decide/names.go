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

// TakeNames takes over who gets which user name and e-mail. Who cannot have what they want has
// a problem.
func (r *NameDecider) TakeNames(names plan.Names) {
	r.Names = names
	for id, p := range r.Names.Problems {
		if s := r.People.Subjects[id]; s != nil { // else a bystander's
			s.Unmappable = append(s.Unmappable, p)
		}
	}
}
