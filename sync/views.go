package sync

import (
	"context"

	"tracktik-sync/sync/compare"
	"tracktik-sync/sync/explain"
	"tracktik-sync/sync/links"
	"tracktik-sync/sync/plan"
)

// Explain says what the next sync makes of one person: see explain.Explain.
func (e *Engine) Explain(ctx context.Context, name string, known plan.UserRef) (*explain.Explanation, error) {
	return explain.Explain(ctx, e.sides(), name, known)
}

// Compare says who agrees with whom: see compare.Compare.
func (e *Engine) Compare(ctx context.Context, seen compare.Observed) (*plan.Comparison, error) {
	return compare.Compare(ctx, e.sides(), seen)
}

// LinkPeople records who is who: see links.People.
func (e *Engine) LinkPeople(ctx context.Context, pairs []links.Pair) ([]links.Linked, error) {
	linked, batch, err := links.People(ctx, e.sides(), pairs)
	if err != nil || batch == nil {
		return linked, err
	}
	return linked, e.Snapshot.Commit(*batch)
}

// Rebind ties the snapshot to other systems: see links.Rebind.
func (e *Engine) Rebind(ctx context.Context, approve []string) (*links.Rebinding, error) {
	b, batch, err := links.Rebind(ctx, e.sides(), e.Approvals, e.Program, approve)
	if err != nil || batch == nil {
		return b, err
	}
	if err := e.Snapshot.Commit(*batch); err != nil {
		return b, err
	}
	b.Done = true
	return b, e.Approvals.Use(ctx, b.Hash)
}
