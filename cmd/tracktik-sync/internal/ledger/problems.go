package ledger

import (
	"cmp"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/state"
	"tracktik-sync/sync/plan"
)

// A ProblemRow is one row of `problems`: what is wrong with a person or a role, and
// what settles it.
type ProblemRow struct {
	User     plan.UserRef `json:"user"`
	Group    plan.GroupID `json:"group_id,omitempty"` // of a role's problem
	Role     string       `json:"role,omitempty"`     // and its name, where it is known
	Code     string       `json:"code"`
	Message  string       `json:"message"`
	Since    time.Time    `json:"since"`
	Attempts int          `json:"attempts"`
	NextTry  *time.Time   `json:"next_try"` // nil: judged anew in every run, or given up
	WayOut   string       `json:"way_out"`
}

// troubleRows are rows of problems on record.
func troubleRows(troubles []plan.Trouble) []ProblemRow {
	rows := make([]ProblemRow, len(troubles))
	for i, t := range troubles {
		rows[i] = ProblemRow{User: plan.UserRef{ID: t.Person, Login: t.Login, Name: t.Name}, Group: t.Group, Code: t.Code,
			Message: t.Message, Since: t.Since, Attempts: t.Attempts, NextTry: t.NextTry, WayOut: ui.WayOutOf(&t)}
		if t.Code == plan.ProblemGivenUp {
			rows[i].NextTry = nil
		}
	}
	return rows
}

// heldRows are the held actions of a run; since knows from when on, else it is the run.
func heldRows(held []plan.Held, run plan.RunRecord, since map[heldKey]time.Time) []ProblemRow {
	rows := make([]ProblemRow, len(held))
	for i := range held {
		h := &held[i]
		why := strings.TrimLeft(strings.TrimPrefix(h.Why, h.Code()), ": ")
		rows[i] = ProblemRow{User: h.User, Code: h.Code(), Since: run.Started, WayOut: ui.WayOut(h.Code()),
			Message: strings.TrimRight(ui.KindWords(h.Kind)+": "+why, ": ")}
		if h.Role != nil {
			rows[i].Group, rows[i].Role = h.Role.Group, h.Role.Name
		}
		if at, known := since[heldKeyOf(h.Kind, h.User.ID, h.Role, h.Why)]; known {
			rows[i].Since = at
		}
	}
	return rows
}

// nameRows fills in the logins that state.redact_history keeps out of a run's document.
func nameRows(db *state.DB, rows []ProblemRow) error {
	names := NewNames(db)
	for i := range rows {
		u := &rows[i].User
		if u.ID == "" {
			continue
		}
		if u.Login == "" {
			link, _, err := db.Link(u.ID)
			if err != nil {
				return err
			}
			u.Login = link.Login
		}
		if u.Name == "" {
			name, err := names.Of(u.ID)
			if err != nil {
				return err
			}
			u.Name = name
		}
	}
	return nil
}

// OverdueRemovals are the removals that TrackTik refused: somebody keeps what they should
// have lost.
func OverdueRemovals(troubles []plan.Trouble) []plan.Trouble {
	var removals []plan.Trouble
	for _, t := range troubles {
		if t.Kind.Removes() {
			removals = append(removals, t)
		}
	}
	return removals
}

// Troubles are the problems on record, by person.
func Troubles(db *state.DB) (map[plan.PersonID][]plan.Trouble, error) {
	all, err := db.Troubles()
	by := map[plan.PersonID][]plan.Trouble{}
	for _, t := range all {
		if t.Person != "" {
			by[t.Person] = append(by[t.Person], t)
		}
	}
	return by, err
}

// ProblemsIn are the rows on record, or the ones of what the last run about everybody
// held; fresh leaves those that have come since that run began.
func ProblemsIn(db *state.DB, held, fresh bool, now time.Time) ([]ProblemRow, error) {
	last, err := LastWhole(db)
	if err != nil {
		return nil, err
	}
	var rows []ProblemRow
	if held {
		rows, err = lastHeld(db, last, now)
	} else {
		var troubles []plan.Trouble
		troubles, err = db.Troubles()
		rows = troubleRows(troubles)
		err = errors.Join(err, nameRows(db, rows))
	}
	if fresh {
		rows = slices.DeleteFunc(rows, func(r ProblemRow) bool { return r.Since.Before(last.Started) })
	}
	return rows, err
}

func lastHeld(db *state.DB, last plan.RunRecord, now time.Time) ([]ProblemRow, error) {
	since, err := heldSince(db, now)
	if err != nil {
		return nil, err
	}
	held, err := heldBy(db, last)
	if err != nil {
		return nil, err
	}
	rows := heldRows(held, last, since)
	return rows, nameRows(db, rows)
}

// PrintProblems prints the rows for people: by code, and the way out of each code once.
func PrintProblems(w io.Writer, rows []ProblemRow, style ui.Style) error {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b ProblemRow) int {
		return cmp.Or(strings.Compare(a.Code, b.Code), strings.Compare(a.WayOut, b.WayOut))
	})
	rows, many := sharing(rows)
	for i := range many {
		if err := many[i].print(w, style); err != nil {
			return err
		}
	}
	t := ui.NewTable(w, style)
	for i := range rows {
		r := &rows[i]
		t.Row(style.Bad(ui.Safe(r.Code)), r.whose(), "since "+r.Since.UTC().Format(time.RFC3339), attempts(r), r.nextTry(),
			ui.Safe(r.Message))
		if i == len(rows)-1 || rows[i+1].Code != r.Code || rows[i+1].WayOut != r.WayOut {
			t.Row("", "way out: "+ui.Safe(r.WayOut))
		}
	}
	return t.Flush()
}

func (r *ProblemRow) whose() string {
	if r.User == (plan.UserRef{}) {
		return strings.TrimSpace(roleName(r.Role) + " group " + ui.Safe(string(r.Group)))
	}
	return ui.Person(r.User)
}

func roleName(name string) string {
	if name == "" {
		return ""
	}
	return ui.Quoted(name)
}

// attempts counts the calls that TrackTik refused; most problems need none.
func attempts(r *ProblemRow) string {
	if r.Attempts == 0 {
		return "no attempt"
	}
	return ui.Number(r.Attempts, "attempt")
}

func (r *ProblemRow) nextTry() string {
	switch {
	case r.Code == plan.ProblemGivenUp:
		return "given up"
	case r.NextTry == nil:
		return "every run"
	}
	return "next " + r.NextTry.UTC().Format(time.RFC3339)
}

// heldLookBack is how much of the history is read to see since when something is held.
const heldLookBack = 30 * 24 * time.Hour

// A heldKey names what is held, and the code for why.
type heldKey struct {
	kind   plan.Kind
	person plan.PersonID
	group  plan.GroupID
	code   string
}

func heldKeyOf(kind plan.Kind, person plan.PersonID, role *plan.RoleRef, why string) heldKey {
	key := heldKey{kind: kind, person: person, code: plan.Held{Why: why}.Code()}
	if role != nil {
		key.group = role.Group
	}
	return key
}

// heldSince reads from the history since when what is held now has been so. A run
// writes down all that it holds whenever that changes, so what is missing from one
// such list has ended.
func heldSince(db *state.DB, now time.Time) (map[heldKey]time.Time, error) {
	since := map[heldKey]time.Time{}
	run, list := "", map[heldKey]bool{}
	for entry, err := range db.Audits(state.Query{Since: now.Add(-heldLookBack)}) {
		if err != nil {
			return nil, err
		}
		// With a call behind it, it is one that was held on the way, and no list.
		if entry.Outcome != plan.Withheld || entry.Attempts > 0 {
			continue
		}
		if entry.Run != run {
			keepOnly(since, list, run)
			run, list = entry.Run, map[heldKey]bool{}
		}
		key := heldKeyOf(plan.Kind(entry.Kind), entry.Person, entry.Role, strings.TrimSpace(entry.Message))
		list[key] = true
		if since[key].IsZero() {
			since[key] = entry.Time.UTC()
		}
	}
	keepOnly(since, list, run)
	return since, nil
}

func keepOnly(since map[heldKey]time.Time, list map[heldKey]bool, run string) {
	if run == "" {
		return
	}
	for key := range since {
		if !list[key] {
			delete(since, key)
		}
	}
}
