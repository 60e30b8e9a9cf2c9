package ledger

import (
	"strings"
	"time"

	"tracktik-sync/state"
	"tracktik-sync/sync/plan"
)

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
