package main

import (
	"fmt"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/configs"
	"tracktik-sync/state"
	"tracktik-sync/sync/plan"
)

// keptApprovals are those of hashes that were not used yet, by hash.
func (a *app) keptApprovals(cfg *configs.Config, hashes []string) (map[string]state.Approval, error) {
	file, kept := state.ApprovalsOf(cfg.State.Path, a.now), map[string]state.Approval{}
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

// noteApprovals writes into the audit trail which approvals the run used up: those
// that were there before it and are not any more.
func (a *app) noteApprovals(cfg *configs.Config, db *state.DB, before map[string]state.Approval, run string) error {
	var batch plan.Batch
	for hash, approval := range before {
		after, err := a.keptApprovals(cfg, []string{hash})
		if err != nil {
			return err
		}
		if len(after) > 0 {
			continue
		}
		entry := a.noted(cfg, "approve", plan.UserRef{}, 0, fmt.Sprintf("approval %s let %s pass", hash, ui.Number(len(approval.Items), "refused action")))
		entry.Run = run
		batch.Audits = append(batch.Audits, entry)
	}
	if len(batch.Audits) == 0 {
		return nil
	}
	return db.Commit(batch)
}
