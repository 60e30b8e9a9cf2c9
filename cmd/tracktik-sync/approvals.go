package main

import (
	"fmt"
	"maps"
	"slices"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/configs"
	"tracktik-sync/state"
	"tracktik-sync/sync/plan"
)

// keptApprovals are those that are given and not used up, and those of hashes that are
// given by this run, by hash.
func (a *app) keptApprovals(cfg *configs.Config, hashes []string) (map[string]state.Approval, error) {
	file, kept := state.ApprovalsOf(cfg.State.Path, a.now), map[string]state.Approval{}
	given, err := file.Given()
	if err != nil {
		return nil, err
	}
	for _, approval := range given {
		kept[approval.Hash] = approval
	}
	for _, hash := range hashes {
		approval, found, err := file.Find(hash)
		if err != nil {
			return nil, err
		}
		if found && approval.Used.IsZero() {
			kept[hash] = approval
		}
	}
	return kept, nil
}

// noteApprovals writes into the audit trail what approvals let pass in a run: what was
// left of them before it and is not any more.
func (a *app) noteApprovals(cfg *configs.Config, db *state.DB, before map[string]state.Approval, run string) error {
	var batch plan.Batch
	file := state.ApprovalsOf(cfg.State.Path, a.now)
	for _, hash := range slices.Sorted(maps.Keys(before)) {
		after, _, err := file.Find(hash)
		if err != nil {
			return err
		}
		passed := len(before[hash].Items) - len(after.Items)
		if passed <= 0 || after.Expired {
			continue
		}
		text := fmt.Sprintf("approval %s let %s pass", hash, ui.Number(passed, "refused action"))
		if left := len(after.Items); left > 0 {
			text += fmt.Sprintf(", and %d are left", left)
		}
		entry := a.noted(cfg, "approve", plan.UserRef{}, 0, text)
		entry.Run = run
		batch.Audits = append(batch.Audits, entry)
	}
	if len(batch.Audits) == 0 {
		return nil
	}
	return db.Commit(batch)
}

// waiting are the sets that somebody can approve, of those that the last run refused, and
// those that are approved and not done, with what is left of them.
func (a *app) waiting(cfg *configs.Config, refused []string) ([]waiting, error) {
	list, err := state.ApprovalsOf(cfg.State.Path, a.now).List()
	all := []waiting{}
	for i := range list {
		w := &list[i]
		entry := waiting{Hash: w.Hash, Created: w.Created, Until: w.Created.Add(state.ApprovalLife), Actions: len(w.Items)}
		if !w.Given.IsZero() {
			entry.Approved, entry.Until = &w.Given, w.Given.Add(state.ApprovalLife)
		} else if !slices.Contains(refused, w.Hash) {
			continue
		}
		all = append(all, entry)
	}
	return all, err
}
