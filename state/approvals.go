package state

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"tracktik-sync/sync/plan"
)

// ApprovalLife is how long a set of refused actions can be approved.
const ApprovalLife = 24 * time.Hour

// An Approval is a set of actions that a guard refused, and that whoever knows
// its hash can let through, once.
type Approval struct {
	Hash    string          `json:"hash"`
	Created time.Time       `json:"created"`
	Items   []ApprovalItem  `json:"items"`
	Summary json.RawMessage `json:"summary,omitempty"` // for those who are to approve
	// Of are the systems that it is about; the zero value: those of the snapshot.
	Of   plan.Binding `json:"of,omitzero"`
	Used time.Time    `json:"used,omitzero"` // a used one is kept to say so
	// Expired says that it was seen to be too old: a clock that is set back revives none.
	Expired bool `json:"expired,omitempty"`
}

// An ApprovalItem names one action by what it does to whom.
type ApprovalItem struct {
	Kind     plan.Kind       `json:"kind"`
	Person   plan.PersonID   `json:"person,omitempty"`
	Employee plan.EmployeeID `json:"employee,omitempty"`
	Role     plan.RoleID     `json:"role,omitempty"`
	Group    plan.GroupID    `json:"group,omitempty"`
}

// Approvals is the file of approvals beside a snapshot. It needs no open
// snapshot.
type Approvals struct {
	path string
	now  func() time.Time
}

// ApprovalsOf returns the approvals of the snapshot at path; now is the clock, nil
// for the machine's.
func ApprovalsOf(path string, now func() time.Time) *Approvals {
	if now == nil {
		now = time.Now
	}
	return &Approvals{path, now}
}

// Put keeps a for ApprovalLife from now on, also if it was there before. ctx ends
// the waiting for another process.
func (s *Approvals) Put(ctx context.Context, a Approval) error {
	if a.Hash == "" {
		return errors.New("keeping an approval: it has no hash")
	}
	a.Created = s.now().UTC()
	return s.change(ctx, func(all map[string]Approval) { all[a.Hash] = a })
}

// approvalMemory is how long an approval is kept that cannot be given any more, so that
// it can be said why.
const approvalMemory = 30 * 24 * time.Hour

// Get returns the approval of that hash, unless it has expired or was used.
func (s *Approvals) Get(hash string) (Approval, bool, error) {
	a, ok, err := s.Find(hash)
	return a, ok && s.Open(a), err
}

// Find returns the approval of that hash, also one that was used or has expired, as
// long as that is remembered.
func (s *Approvals) Find(hash string) (Approval, bool, error) {
	all, err := s.load()
	a, ok := all[hash]
	return a, ok, err
}

// Open reports whether a can be given.
func (s *Approvals) Open(a Approval) bool {
	age := s.now().Sub(a.Created)
	return a.Used.IsZero() && !a.Expired && age > -ApprovalLife && age < ApprovalLife
}

// List returns what can be approved now, the oldest first.
func (s *Approvals) List() ([]Approval, error) {
	all, err := s.load()
	list := make([]Approval, 0, len(all))
	for _, a := range all {
		if s.Open(a) {
			list = append(list, a)
		}
	}
	slices.SortFunc(list, func(a, b Approval) int {
		if c := a.Created.Compare(b.Created); c != 0 {
			return c
		}
		return strings.Compare(a.Hash, b.Hash)
	})
	return list, err
}

// Use ends the approval and reports whether it was there: of two callers, one
// gets it. ctx ends the waiting for another process.
func (s *Approvals) Use(ctx context.Context, hash string) (Approval, bool, error) {
	var a Approval
	var ok bool
	err := s.change(ctx, func(all map[string]Approval) {
		if a, ok = all[hash]; !ok || !s.Open(a) {
			ok = false
			return
		}
		used := a
		used.Used, used.Items, used.Summary = s.now().UTC(), nil, nil
		all[hash] = used
	})
	if err != nil || !ok {
		return Approval{}, false, err
	}
	return a, true, nil
}

// load reads all that is remembered.
func (s *Approvals) load() (map[string]Approval, error) {
	all := map[string]Approval{}
	if err := approvals.knownJSON(s.path, &all); err != nil {
		return nil, err
	}
	for hash, a := range all {
		if age := s.now().Sub(a.Created); age < -approvalMemory || age >= approvalMemory {
			delete(all, hash)
		}
	}
	return all, nil
}

// change writes what edit makes of the approvals.
func (s *Approvals) change(ctx context.Context, edit func(map[string]Approval)) error {
	unlock, err := approvals.lock(ctx, s.path, nil)
	if err != nil {
		return err
	}
	defer unlock()
	all, err := s.load()
	if err != nil {
		return err
	}
	edit(all)
	for hash, a := range all {
		if a.Used.IsZero() && !s.Open(a) {
			a.Expired, a.Items, a.Summary = true, nil, nil
			all[hash] = a
		}
	}
	return writeJSON(s.path+approvals.suffix, all)
}
