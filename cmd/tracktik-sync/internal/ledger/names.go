package ledger

import (
	"tracktik-sync/state"
	"tracktik-sync/sync/plan"
)

// Names tell how the people of a snapshot are called: as they were last pushed, or when they
// left, or as Okta had it when something was wrong with them or was held.
type Names struct {
	db       *state.DB
	known    map[plan.PersonID]string
	troubles map[plan.PersonID][]plan.Trouble
	held     map[plan.PersonID]string
}

// NewNames are the names of a snapshot, which stays open.
func NewNames(db *state.DB) *Names { return &Names{db: db, known: map[plan.PersonID]string{}} }

// Of is "first last"; empty: the snapshot does not know.
func (n *Names) Of(id plan.PersonID) (string, error) {
	if name, found := n.known[id]; found || id == "" {
		return name, nil
	}
	name, err := n.find(id)
	n.known[id] = name
	return name, err
}

func (n *Names) find(id plan.PersonID) (string, error) {
	link, found, err := n.db.Link(id)
	if err != nil || found {
		return link.FullName(), err
	}
	formers, err := n.db.FormersOf(id)
	if err != nil || len(formers) > 0 {
		return lastName(formers), err
	}
	if n.troubles == nil {
		if n.troubles, err = Troubles(n.db); err != nil {
			return "", err
		}
	}
	for _, t := range n.troubles[id] {
		if t.Name != "" {
			return t.Name, nil
		}
	}
	if n.held == nil {
		n.held, err = namesOfHeld(n.db)
	}
	return n.held[id], err
}

// namesOfHeld are the names of whom the last run about everybody held something.
func namesOfHeld(db *state.DB) (map[plan.PersonID]string, error) {
	names := map[plan.PersonID]string{}
	last, err := LastWhole(db)
	if err != nil {
		return names, err
	}
	held, err := heldBy(db, last)
	for i := range held {
		names[held[i].User.ID] = held[i].User.Name
	}
	return names, err
}

func lastName(formers []plan.Former) string {
	if len(formers) == 0 {
		return ""
	}
	return formers[len(formers)-1].Link.FullName()
}
