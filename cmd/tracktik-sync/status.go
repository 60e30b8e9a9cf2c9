package main

import (
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/spf13/cobra"

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

func newStatus(a *app) *cobra.Command {
	var format *choice
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show the last run, the next one, and what waits for somebody",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			cfg, err := a.load()
			if err != nil {
				return err
			}
			return a.status(cfg, format.value)
		},
	}
	format = formats(cmd.Flags(), "text", "json")
	return cmd
}

// status answers from the snapshot, or while a run has it from what the last run
// left beside it. Without either it says so and ends with 3.
func (a *app) status(cfg *configs.Config, format string) error {
	d, err := a.currentStatus(cfg)
	var missing *missingError
	if d == nil || err != nil && !errors.As(err, &missing) {
		return err
	}
	if d.LastSuccess != nil {
		age := int64(a.now().Sub(*d.LastSuccess).Seconds())
		d.Age = &age
	}
	shown := a.talk(func(w io.Writer) error {
		if format == "json" {
			return writeJSON(w, d)
		}
		return a.printStatus(w, d)
	})
	return errors.Join(shown, err)
}

func (a *app) currentStatus(cfg *configs.Config) (*statusDocument, error) {
	db, err := a.open(cfg, a.reading(cfg, 0))
	var missing *missingError
	switch {
	case errors.Is(err, state.ErrLocked):
		return a.lockedStatus(cfg)
	case errors.As(err, &missing):
		return emptyStatus(cfg), err
	case err != nil:
		return nil, err
	}
	d, err := a.readStatus(cfg, db)
	return d, errors.Join(err, db.Close())
}

// lockedStatus is what the last run left, with who has the snapshot now.
func (a *app) lockedStatus(cfg *configs.Config) (*statusDocument, error) {
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
	d.NextRun, d.NextBy = a.nextRun(cfg)
	d.Credentials = credentialEnds(cfg)
	refused := hashesOf(d.Guard.Refusals)
	for _, w := range d.Guard.Approvals {
		refused = append(refused, w.Hash)
	}
	d.Guard.Approvals, err = a.waiting(cfg, refused)
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
func (a *app) saveStatus(cfg *configs.Config, db *state.DB) error {
	d, err := a.readStatus(cfg, db)
	if err != nil {
		return err
	}
	return state.SaveStatus(cfg.State.Path, d)
}

// readStatus makes the document from the snapshot.
func (a *app) readStatus(cfg *configs.Config, db *state.DB) (*statusDocument, error) {
	d := emptyStatus(cfg)
	d.NextRun, d.NextBy = a.nextRun(cfg)
	d.Credentials = credentialEnds(cfg)
	meta, metaErr := db.Meta()
	d.fromMeta(meta)
	refused, runErr := d.fromRuns(db)
	troubles, troublesErr := db.Troubles()
	d.Problems, d.Overdue = len(troubles), len(overdue(troubles))
	var managedErr, restoredErr, waitingErr error
	d.Managed, managedErr = db.Managed()
	d.Restored, restoredErr = restored(db)
	d.Guard.Approvals, waitingErr = a.waiting(cfg, refused)
	return d, errors.Join(metaErr, runErr, troublesErr, managedErr, restoredErr, waitingErr)
}

// overdue are the removals that TrackTik refused: somebody keeps what they should
// have lost.
func overdue(troubles []plan.Trouble) []plan.Trouble {
	var removals []plan.Trouble
	for _, t := range troubles {
		if t.Kind.Removes() {
			removals = append(removals, t)
		}
	}
	return removals
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

// recentRuns is how far back a run about everybody is looked for.
const recentRuns = 100

// lastWhole is the last run that was not about single people, without its document,
// which can hold hundreds of thousands of actions; the zero record when there is none.
func lastWhole(db *state.DB) (plan.RunRecord, error) {
	runs, err := db.Runs(recentRuns)
	for i := range runs {
		if runs[i].Whole() {
			return runs[i], nil
		}
	}
	return plan.RunRecord{}, err
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
func (a *app) nextRun(cfg *configs.Config) (next *time.Time, by string) {
	if a.scheduled != nil {
		return a.scheduled, byRun
	}
	left, err := leftStatus(cfg)
	if err == nil && left.NextBy == byRun && left.NextRun != nil && !left.NextRun.Before(a.now()) {
		return left.NextRun, byRun
	}
	schedule, err := scheduleOf(cfg)
	if err != nil { // the configuration has a finding about it
		return nil, ""
	}
	tick := schedule.next(a.now()).UTC()
	return &tick, bySchedule
}
