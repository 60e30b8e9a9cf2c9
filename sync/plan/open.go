package plan

import "fmt"

// Open are people about whom it is not known what became of a write, each with the
// reason: nothing is done about them, but of those in Grants only that no role is given.
type Open struct {
	People, Grants map[PersonID]string
	Stuck          []Problem // about writes that a look-up should have settled by now
}

// NewOpen knows of nobody.
func NewOpen() Open {
	return Open{People: map[PersonID]string{}, Grants: map[PersonID]string{}}
}

// Add notes the person of a write; then says what comes of it.
func (o Open) Add(in *Intent, then string) {
	of := o.People
	if in.Action.Kind == GrantRole {
		of = o.Grants
	}
	of[in.Action.User.ID] = fmt.Sprintf("a %s of run %s may or may not have happened; %s", in.Action.Kind, in.Run, then)
}
