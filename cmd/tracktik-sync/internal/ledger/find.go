package ledger

import (
	"cmp"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/state"
	"tracktik-sync/sync/plan"
)

// A Found is a person whom `find` names.
type Found struct {
	ID       plan.PersonID   `json:"okta_id,omitempty"`
	Name     string          `json:"name,omitempty"`
	Login    string          `json:"login,omitempty"`
	Email    string          `json:"email,omitempty"`
	Employee plan.EmployeeID `json:"employee_id,omitempty"`
	Region   string          `json:"region,omitempty"`
	State    string          `json:"state"` // managed, terminated, held or problem, with the code
}

// The states of a Found.
const (
	stateManaged    = "managed"
	stateTerminated = "terminated"
	stateHeld       = "held"
	stateProblem    = "problem"
)

// folded is a text as it is compared: without case and accents.
func folded(text string) string {
	bare, _, err := transform.String(transform.Chain(norm.NFD, runes.Remove(runes.In(unicode.Mn)), norm.NFC), text)
	if err != nil {
		bare = text
	}
	return cases.Fold().String(bare)
}

// Search finds whom the snapshot knows by any part of first or last name, login or e-mail, or
// by employee or Okta id: the managed, the held, those with a problem, the terminated.
func Search(db *state.DB, text string) ([]Found, error) {
	meta, err := db.Meta()
	if err != nil {
		return nil, err
	}
	s := &search{words: strings.Fields(folded(text)), exact: strings.TrimSpace(text), at: map[plan.PersonID]int{},
		regions: meta.Regions}
	for link, err := range db.Links() {
		if err != nil {
			return nil, err
		}
		s.link(&link, stateManaged)
	}
	troubles, err := db.Troubles()
	if err != nil {
		return nil, err
	}
	for _, t := range troubles {
		s.add(Found{ID: t.Person, Name: t.Name, Login: t.Login, State: stateProblem + ": " + t.Code})
	}
	last, err := LastWhole(db)
	if err != nil {
		return nil, err
	}
	held, err := heldBy(db, last)
	if err != nil {
		return nil, err
	}
	for i := range held {
		h := &held[i]
		s.add(Found{ID: h.User.ID, Name: h.User.Name, Login: h.User.Login, Employee: h.Employee, Region: ui.Region(&h.Action),
			State: stateHeld + ": " + h.Code()})
	}
	for former, err := range db.Formers() {
		if err != nil {
			return nil, err
		}
		s.link(&former.Link, stateTerminated)
	}
	slices.SortStableFunc(s.found, func(a, b Found) int {
		return cmp.Or(strings.Compare(folded(a.Name), folded(b.Name)), strings.Compare(a.Login, b.Login))
	})
	return s.found, nil
}

type search struct {
	words   []string
	exact   string
	found   []Found
	at      map[plan.PersonID]int // where somebody stands in found
	regions map[plan.RegionID]string
}

func (s *search) link(l *plan.Link, state string) {
	s.add(Found{ID: l.Person, Name: l.FullName(), Login: l.Login, Email: cmp.Or(l.Email, l.Pushed[plan.Email]),
		Employee: l.Employee,
		Region:   l.PlaceName(s.regions), State: state})
}

// add enters who fits; of somebody who stands there already only what else is so.
func (s *search) add(f Found) {
	if i, known := s.at[f.ID]; known && f.ID != "" {
		if f.State != stateTerminated && !strings.Contains(s.found[i].State, f.State) {
			s.found[i].State += ", " + f.State
		}
		return
	}
	if (f.ID == "" && f.Login == "") || !s.fits(&f) {
		return
	}
	s.at[f.ID] = len(s.found)
	s.found = append(s.found, f)
}

func (s *search) fits(f *Found) bool {
	if s.exact == string(f.ID) || s.exact == strconv.FormatInt(int64(f.Employee), 10) {
		return true
	}
	all := folded(f.Name + " " + f.Login + " " + f.Email)
	return len(s.words) > 0 && !slices.ContainsFunc(s.words,
		func(word string) bool { return !strings.Contains(all, word) })
}

// PrintFound prints the people for people.
func PrintFound(w io.Writer, found []Found, style ui.Style) error {
	t := ui.NewTable(w, style)
	for _, f := range found {
		employee := ""
		if f.Employee != 0 {
			employee = "employee " + ui.ID(int64(f.Employee))
		}
		t.Row(ui.Safe(f.Name), ui.Safe(f.Login), ui.Safe(string(f.ID)), employee, ui.Safe(f.Region), ui.Safe(f.State))
	}
	return t.Flush()
}

// FoundCSV writes a row a person.
func FoundCSV(w io.Writer, found []Found) error {
	return ui.CSV(w, []string{"okta_id", "name", "login", "email", "employee_id", "region", "state"},
		func(row func(...string) error) error {
			for _, f := range found {
				if err := row(string(f.ID), f.Name, f.Login, f.Email, ui.ID(int64(f.Employee)), f.Region, f.State); err != nil {
					return err
				}
			}
			return nil
		})
}
