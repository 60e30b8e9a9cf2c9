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
	Hash    string         `json:"hash"`
	Created time.Time      `json:"created"`
	Given   time.Time      `json:"given,omitzero"` // when somebody let it pass; it lasts from then on
	Items   []ApprovalItem `json:"items"`          // of one that is given, what is not done yet
	// Size is how many items there were at first.
	Size    int             `json:"size,omitempty"`
	Summary json.RawMessage `json:"summary,omitempty"` // for those who are to approve
	// Of are the systems that it is about; the zero value: those of the snapshot.
	Of   plan.Binding `json:"of,omitzero"`
	Used time.Time    `json:"used,omitzero"` // a used one is kept to say so
	// Before is when the very same set was let pass at an earlier time: it was refused anew
	// since, and who let it pass then has not decided about it now.
	Before time.Time `json:"before,omitzero"`
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
	Values   string          `json:"values,omitempty"` // stands for those that are written
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
	a.Created, a.Size = s.now().UTC(), len(a.Items)
	return s.change(ctx, func(all map[string]Approval) {
		if old := all[a.Hash]; !old.Given.IsZero() && s.Open(old) { // refused by a run that observes, or is about others
			return
		} else if a.Before = old.Given; a.Before.IsZero() {
			a.Before = old.Before
		}
		all[a.Hash] = a
	})
}

// Give lets the set of that hash pass for ApprovalLife from now on, unless it was given
// already, and reports whether it can be given. ctx ends the waiting for another process.
func (s *Approvals) Give(ctx context.Context, hash string) (bool, error) {
	_, open, err := s.give(ctx, hash, false)
	return open, err
}

// Renew is Give, and lasts for ApprovalLife from now on also where it was given already.
func (s *Approvals) Renew(ctx context.Context, hash string) (Approval, bool, error) {
	return s.give(ctx, hash, true)
}

func (s *Approvals) give(ctx context.Context, hash string, again bool) (a Approval, open bool, err error) {
	err = s.change(ctx, func(all map[string]Approval) {
		var found bool
		a, found = all[hash]
		if open = found && s.Open(a); open && (again || a.Given.IsZero()) {
			a.Given = s.now().UTC()
			all[hash] = a
		}
	})
	return a, open, err
}

// Given are the sets that may pass now, with what is not done of them yet.
func (s *Approvals) Given() ([]Approval, error) {
	list, err := s.List()
	return slices.DeleteFunc(list, func(a Approval) bool { return a.Given.IsZero() }), err
}

// Left notes what is not done yet of a given set; nothing: it is used up. ctx ends the
// waiting for another process.
func (s *Approvals) Left(ctx context.Context, hash string, items []ApprovalItem) error {
	return s.change(ctx, func(all map[string]Approval) {
		a, found := all[hash]
		if !found || !s.Open(a) {
			return
		}
		if a.Items = items; len(items) == 0 {
			a = s.usedUp(a)
		}
		all[hash] = a
	})
}

func (s *Approvals) usedUp(a Approval) Approval {
	a.Used, a.Items, a.Summary = s.now().UTC(), nil, nil
	return a
}

// approvalMemory is how long an approval is kept that cannot be given any more, so that
// it can be said why, and that it was given before.
const approvalMemory = 400 * 24 * time.Hour

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

// Open reports whether a can be given, or is given and holds.
func (s *Approvals) Open(a Approval) bool {
	since := a.Created
	if !a.Given.IsZero() {
		since = a.Given
	}
	age := s.now().Sub(since)
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
		all[hash] = s.usedUp(a)
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
