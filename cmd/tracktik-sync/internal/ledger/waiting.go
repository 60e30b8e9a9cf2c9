package ledger

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/configs"
	"tracktik-sync/state"
	"tracktik-sync/sync/plan"
)

// A Waiting is a refused set of actions that somebody can approve, or has approved.
type Waiting struct {
	Hash     string     `json:"hash"`
	Created  time.Time  `json:"created"`
	Until    time.Time  `json:"until"`
	Actions  int        `json:"actions"` // that are left
	Approved *time.Time `json:"approved,omitempty"`
}

// WaitingIn are the sets that somebody can approve, or has approved, as the snapshot has
// them.
func WaitingIn(i *wiring.Invocation, cfg *configs.Config, db *state.DB) ([]Waiting, error) {
	refused, err := emptyStatus(cfg).fromRuns(db)
	sets, waitingErr := waitingSets(i, cfg, db, refused)
	return sets, errors.Join(err, waitingErr)
}

// waitingSets are the sets that somebody can approve, of those that the last run refused, and
// those that are approved and not done, with what is left of them. db knows what was done
// in another way since; nil: nobody asks.
func waitingSets(i *wiring.Invocation, cfg *configs.Config, db *state.DB, refused []string) ([]Waiting, error) {
	list, err := state.ApprovalsOf(cfg.State.Path, i.Now).List()
	all := []Waiting{}
	for k := range list {
		w := &list[k]
		entry := Waiting{Hash: w.Hash, Created: w.Created, Until: w.Created.Add(state.ApprovalLife), Actions: len(w.Items)}
		switch given := !w.Given.IsZero(); {
		case w.Of != plan.Binding{} && w.Of != wiring.Binding(cfg):
			continue
		case given:
			entry.Approved, entry.Until = &w.Given, w.Given.Add(state.ApprovalLife)
		case !slices.Contains(refused, w.Hash):
			continue
		case db != nil:
			done, doneErr := doneOf(db, w)
			if err = errors.Join(err, doneErr); done == len(w.Items) && done > 0 {
				continue
			}
			entry.Actions -= done
		}
		all = append(all, entry)
	}
	return all, err
}

// doneOf is how many actions of a set were done since it was refused, whoever let them
// pass: a run of that one person, or another set that names them.
func doneOf(db *state.DB, set *state.Approval) (n int, err error) {
	done := map[plan.ActionRef]bool{}
	// its times are Okta's
	err = db.DoneSince(set.Created.Add(-plan.MaxClockSkew), func(a plan.Audit) { done[a.Ref()] = true })
	for _, item := range set.Items {
		if done[plan.ActionRef(item).Recorded()] {
			n++
		}
	}
	return n, err
}

// WaitingText names what waits for an approval, or says that nothing does.
func WaitingText(waits []Waiting) string {
	var texts []string
	for _, w := range waits {
		text := fmt.Sprintf("%s (%s", w.Hash, ui.Number(w.Actions, "action"))
		if w.Approved != nil {
			text += ", approved already"
		}
		texts = append(texts, text+", until "+w.Until.UTC().Format(time.RFC3339)+")")
	}
	if len(texts) == 0 {
		return "nothing waits for an approval"
	}
	return "what waits: " + strings.Join(texts, ", ")
}
