package ledger

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
)

// Find finds whom the snapshot knows by that name: an Okta id, a login, an
// e-mail or an employee id, tried in this order. Those who were terminated, those
// with a problem only and those who are in the history alone count too. It is
// ErrNobody when there is none, and another error when several have the name: which one is
// meant is not for chance to say.
func Find(db *state.DB, name string) (plan.UserRef, error) {
	for _, find := range []func(*state.DB, string) (plan.UserRef, bool, error){byID, byLogin, byEmail, byEmployee,
		byHistory} {
		if u, found, err := find(db, name); found || err != nil {
			return u, err
		}
	}
	return plan.UserRef{}, fmt.Errorf("%w in the snapshot: %q is no Okta id, login, e-mail or employee id that it knows%s",
		tsync.ErrNobody, name, perhaps(db, name, nil))
}

// mostLikely is how many people are named who may be meant.
const mostLikely = 5

// Perhaps names whom `find` would find by the name that err is about; empty: it is about
// none, or they are nobody. It is for whoever sits there, and for no log.
func Perhaps(db *state.DB, err error) string {
	var nobody *tsync.NobodyError
	if !errors.As(err, &nobody) {
		return ""
	}
	return perhaps(db, nobody.Name, nobody.Like)
}

// perhaps names those of like, and else whom Search finds, for whoever wrote a name where
// an id is wanted.
func perhaps(db *state.DB, name string, like []plan.UserRef) string {
	if len(like) == 0 {
		found, err := Search(db, name)
		if err != nil {
			return ""
		}
		for _, f := range found {
			like = append(like, plan.UserRef{ID: f.ID, Login: f.Login, Name: f.Name})
		}
	}
	if len(like) == 0 {
		return ""
	}
	names := make([]string, min(len(like), mostLikely))
	for i := range names {
		names[i] = ui.Person(like[i])
	}
	text := "; perhaps " + strings.Join(names, "; ")
	if more := len(like) - len(names); more > 0 {
		text += fmt.Sprintf("; and %d more: `find` lists them", more)
	}
	return text
}

// Ref names the person of a link.
func Ref(l plan.Link) plan.UserRef { return plan.UserRef{ID: l.Person, Login: l.Login} }

func byID(db *state.DB, name string) (plan.UserRef, bool, error) {
	id := plan.PersonID(name)
	link, found, err := db.Link(id)
	if found || err != nil {
		return Ref(link), found, err
	}
	formers, err := db.FormersOf(id)
	if len(formers) > 0 || err != nil {
		return Ref(formers[len(formers)-1].Link), len(formers) > 0, err
	}
	if u, found, err := inTroubles(db, func(t plan.Trouble) bool { return t.Person == id }); found || err != nil {
		return u, found, err
	}
	for entry, err := range db.Audits(state.Query{Person: id, Limit: 1}) {
		return plan.UserRef{ID: id, Login: entry.Login}, err == nil, err
	}
	return plan.UserRef{}, false, nil
}

func byLogin(db *state.DB, name string) (plan.UserRef, bool, error) {
	folded := plan.FoldName(name)
	u, found, err := inLinks(db, name, func(l plan.Link) bool { return plan.FoldName(l.Login) == folded })
	if found || err != nil {
		return u, found, err
	}
	return inTroubles(db, func(t plan.Trouble) bool { return t.Person != "" && plan.FoldName(t.Login) == folded })
}

func byEmail(db *state.DB, name string) (plan.UserRef, bool, error) {
	folded := plan.FoldName(name)
	return inLinks(db, name, func(l plan.Link) bool {
		return plan.FoldName(l.Email) == folded || plan.FoldName(l.Pushed[plan.Email]) == folded
	})
}

func byEmployee(db *state.DB, name string) (plan.UserRef, bool, error) {
	id, err := strconv.ParseInt(name, 10, 64)
	if err != nil {
		return plan.UserRef{}, false, nil
	}
	link, found, err := db.LinkOfEmployee(plan.EmployeeID(id))
	if found || err != nil {
		return Ref(link), found, err
	}
	former, found, err := db.FormerByEmployee(plan.EmployeeID(id))
	return Ref(former.Link), found, err
}

// byHistory looks for a login through the whole history, the latest who had it: it
// is the last resort.
func byHistory(db *state.DB, name string) (u plan.UserRef, found bool, err error) {
	folded := plan.FoldName(name)
	for entry, err := range db.Audits(state.Query{}) {
		if err != nil {
			return plan.UserRef{}, false, err
		}
		if entry.Person != "" && entry.Login != "" && plan.FoldName(entry.Login) == folded {
			u, found = plan.UserRef{ID: entry.Person, Login: entry.Login}, true
		}
	}
	return u, found, nil
}

// inLinks looks through those who are managed, then through those who were.
func inLinks(db *state.DB, name string, fits func(plan.Link) bool) (plan.UserRef, bool, error) {
	var found []plan.UserRef
	add := func(l plan.Link) {
		same := func(u plan.UserRef) bool { return u.ID == l.Person }
		if fits(l) && !slices.ContainsFunc(found, same) {
			found = append(found, plan.UserRef{ID: l.Person, Login: l.Login, Name: l.FullName()})
		}
	}
	for link, err := range db.Links() {
		if err != nil {
			return plan.UserRef{}, false, err
		}
		add(link)
	}
	if len(found) == 0 {
		for former, err := range db.Formers() {
			if err != nil {
				return plan.UserRef{}, false, err
			}
			add(former.Link)
		}
	}
	switch len(found) {
	case 0:
		return plan.UserRef{}, false, nil
	case 1:
		return plan.UserRef{ID: found[0].ID, Login: found[0].Login}, true, nil
	}
	return plan.UserRef{}, false, fmt.Errorf("%d people on record have the login or e-mail %q; use the id%s", len(found),
		name, perhaps(db, name, found))
}

func inTroubles(db *state.DB, fits func(plan.Trouble) bool) (plan.UserRef, bool, error) {
	troubles, err := db.Troubles()
	for _, t := range troubles {
		if fits(t) {
			return plan.UserRef{ID: t.Person, Login: t.Login}, true, nil
		}
	}
	return plan.UserRef{}, false, err
}

// FindAll finds people as findPerson does, each once. One unknown name is an error
// of the whole.
func FindAll(db *state.DB, names []string) ([]plan.UserRef, error) {
	var people []plan.UserRef
	var unknown error
	seen := map[plan.PersonID]bool{}
	for _, name := range names {
		u, err := Find(db, name)
		if err != nil {
			unknown = errors.Join(unknown, err)
			continue
		}
		if !seen[u.ID] {
			seen[u.ID] = true
			people = append(people, u)
		}
	}
	return people, unknown
}
