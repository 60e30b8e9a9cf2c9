package main

import (
	"encoding/json"
	"errors"
	"slices"
	"time"

	"tracktik-sync/configs"
	"tracktik-sync/state"
	"tracktik-sync/sync/plan"
)

// A statusDocument is what `status --format json` prints, and what every run
// leaves beside the snapshot for those who ask while the next one is active.
type statusDocument struct {
	LastRun         *lastRun        `json:"last_run"`
	LastSuccess     *time.Time      `json:"last_success"`
	Age             *int64          `json:"last_success_age_s,omitempty"` // seconds
	NextRun         *time.Time      `json:"next_run"`
	NextBy          string          `json:"next_run_by,omitempty"` // run: it waits for it; schedule: schedule.cron says so, and somebody has to keep to it
	Managed         int             `json:"managed"`
	Problems        int             `json:"problems"`
	Held            int             `json:"held"`
	UnmanagedActive *int            `json:"unmanaged_active"`
	Quarantine      *quarantine     `json:"quarantine"`
	Guard           guardStatus     `json:"guard"`
	Lock            *state.Holder   `json:"lock"`
	Credentials     []credentialEnd `json:"credentials,omitempty"` // that end, as far as that can be known
	Restored        []plan.PersonID `json:"restored,omitempty"`    // neither terminated nor revoked until Okta shows them in scope
	Overdue         int             `json:"overdue_removals"`      // of the problems: leavers and revokes that TrackTik refused
	Mode            string          `json:"mode"`
	ObservingSince  *time.Time      `json:"observing_since,omitempty"`
	Snapshot        string          `json:"snapshot"`
}

type lastRun struct {
	ID       string         `json:"id"`
	Started  time.Time      `json:"started"`
	Ended    time.Time      `json:"ended"`
	ExitCode int            `json:"exit_code"`
	Summary  map[string]int `json:"summary"`
	Message  string         `json:"message,omitempty"`
}

type quarantine struct {
	System  string    `json:"system"`
	Since   time.Time `json:"since"`
	Reason  string    `json:"reason"`
	NextTry time.Time `json:"next_try"`
}

type guardStatus struct {
	OK        bool           `json:"ok"`
	Refusals  []plan.Refusal `json:"refusals"`  // of the last run
	Approvals []waiting      `json:"approvals"` // sets of the last run that can be approved, and those that are and not done yet
}

type waiting struct {
	Hash     string     `json:"hash"`
	Created  time.Time  `json:"created"`
	Until    time.Time  `json:"until"`
	Actions  int        `json:"actions"` // that are left
	Approved *time.Time `json:"approved,omitempty"`
}

// currentStatus is the status from the snapshot, or while a run has it from what the last
// run left beside it. Without a snapshot it is empty, and the error says so.
func currentStatus(i *invocation, cfg *configs.Config) (*statusDocument, error) {
	db, err := i.open(cfg, i.reading(cfg, 0))
	var missing *missingError
	switch {
	case errors.Is(err, state.ErrLocked):
		return lockedStatus(i, cfg)
	case errors.As(err, &missing):
		return emptyStatus(cfg), err
	case err != nil:
		return nil, err
	}
	d, err := readStatus(i, cfg, db)
	return d, errors.Join(err, db.Close())
}

// lockedStatus is what the last run left, with who has the snapshot now.
func lockedStatus(i *invocation, cfg *configs.Config) (*statusDocument, error) {
	d, err := leftStatus(cfg)
	if err != nil {
		return nil, err
	}
	holder, locked, err := state.Locked(cfg.State.Path)
	if err != nil {
		return nil, err
	}
	if locked {
		d.Lock = &holder
	}
	d.NextRun, d.NextBy = nextRun(i, cfg)
	d.Credentials = credentialEnds(cfg)
	refused := hashesOf(d.Guard.Refusals)
	for _, w := range d.Guard.Approvals {
		refused = append(refused, w.Hash)
	}
	d.Guard.Approvals, err = waitingSets(i, cfg, refused)
	return d, err
}

func leftStatus(cfg *configs.Config) (*statusDocument, error) {
	d := emptyStatus(cfg)
	left, err := state.LoadStatus(cfg.State.Path)
	if err != nil || left == nil {
		return d, err
	}
	if json.Unmarshal(left, d) != nil { // it was left by another version
		return emptyStatus(cfg), nil
	}
	return d, nil
}

func emptyStatus(cfg *configs.Config) *statusDocument {
	return &statusDocument{Mode: cfg.Sync.Mode, Snapshot: cfg.State.Path,
		Guard: guardStatus{OK: true, Refusals: []plan.Refusal{}, Approvals: []waiting{}}}
}

// saveStatus leaves the status for others. db is open, so nobody else writes it.
func saveStatus(i *invocation, cfg *configs.Config, db *state.DB) error {
	d, err := readStatus(i, cfg, db)
	if err != nil {
		return err
	}
	return state.SaveStatus(cfg.State.Path, d)
}

// readStatus makes the document from the snapshot.
func readStatus(i *invocation, cfg *configs.Config, db *state.DB) (*statusDocument, error) {
	d := emptyStatus(cfg)
	d.NextRun, d.NextBy = nextRun(i, cfg)
	d.Credentials = credentialEnds(cfg)
	meta, metaErr := db.Meta()
	d.fromMeta(meta)
	refused, runErr := d.fromRuns(db)
	troubles, troublesErr := db.Troubles()
	d.Problems, d.Overdue = len(troubles), len(overdue(troubles))
	var managedErr, restoredErr, waitingErr error
	d.Managed, managedErr = db.Managed()
	d.Restored, restoredErr = restored(db)
	d.Guard.Approvals, waitingErr = waitingSets(i, cfg, refused)
	return d, errors.Join(metaErr, runErr, troublesErr, managedErr, restoredErr, waitingErr)
}

func (d *statusDocument) fromMeta(meta plan.Meta) {
	if !meta.LastSuccess.IsZero() {
		d.LastSuccess = &meta.LastSuccess
	}
	d.UnmanagedActive = meta.UnmanagedActive
	if o := meta.Observing; o != nil && d.Mode == "observe" {
		d.ObservingSince = &o.Since
	}
	if q := meta.Quarantine; q != nil {
		d.Quarantine = &quarantine{q.System, q.Since, q.Reason, q.NextTry}
	}
}

// fromRuns takes over what the last run left; what is held and refused is that of
// the last one that was about everybody. It returns the hashes of what was refused.
func (d *statusDocument) fromRuns(db *state.DB) (refused []string, err error) {
	runs, err := db.Runs(1)
	if err != nil || len(runs) == 0 {
		return nil, err
	}
	last := runs[0]
	d.LastRun = &lastRun{last.ID, last.Started, last.Ended, last.ExitCode, last.Summary, last.Message}
	whole, err := lastWhole(db)
	if err != nil {
		return nil, err
	}
	d.Held = whole.Held
	if len(whole.Refusals) > 0 {
		d.Guard.OK, d.Guard.Refusals = false, whole.Refusals
	}
	return append(hashesOf(last.Refusals), hashesOf(whole.Refusals)...), nil
}

func hashesOf(refusals []plan.Refusal) []string {
	hashes := make([]string, len(refusals))
	for i := range refusals {
		hashes[i] = refusals[i].Approve
	}
	return hashes
}

// restored are the people whom `restore` brought back and whom Okta has not shown
// in scope since.
func restored(db *state.DB) ([]plan.PersonID, error) {
	var ids []plan.PersonID
	for mark, err := range db.Prints() {
		if err != nil {
			return nil, err
		}
		if !mark.Open {
			continue
		}
		link, found, err := db.Link(mark.Person)
		if err != nil {
			return nil, err
		}
		if found && link.Restored {
			ids = append(ids, mark.Person)
		}
	}
	return ids, nil
}

// Who says when the next run is.
const (
	byRun      = "run"
	bySchedule = "schedule"
)

// nextRun is when the next sync is: `run` says so in the status that it leaves, and a
// time that is over is one of a process that has ended. Else it is the next tick of
// schedule.cron, to which cron, a timer or a CronJob keeps.
func nextRun(i *invocation, cfg *configs.Config) (next *time.Time, by string) {
	if i.scheduled != nil {
		return i.scheduled, byRun
	}
	left, err := leftStatus(cfg)
	if err == nil && left.NextBy == byRun && left.NextRun != nil && !left.NextRun.Before(i.now()) {
		return left.NextRun, byRun
	}
	schedule, err := scheduleOf(cfg)
	if err != nil { // the configuration has a finding about it
		return nil, ""
	}
	tick := schedule.next(i.now()).UTC()
	return &tick, bySchedule
}

// waitingSets are the sets that somebody can approve, of those that the last run refused, and
// those that are approved and not done, with what is left of them.
func waitingSets(i *invocation, cfg *configs.Config, refused []string) ([]waiting, error) {
	list, err := state.ApprovalsOf(cfg.State.Path, i.now).List()
	all := []waiting{}
	for k := range list {
		w := &list[k]
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
