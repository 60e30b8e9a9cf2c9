// Package ledger says what the snapshot knows: how things stand, problems and held actions,
// who may do what, and the audit trail. It reads only, and calls neither system.
package ledger

import (
	"encoding/json"
	"errors"
	"time"

	"tracktik-sync/cmd/tracktik-sync/internal/timetable"
	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/configs"
	"tracktik-sync/state"
	"tracktik-sync/sync/plan"
)

// A Status is what `status --format json` prints, and what every run
// leaves beside the snapshot for those who ask while the next one is active.
type Status struct {
	runTimes
	peopleCounts
	Quarantine  *Quarantine            `json:"quarantine"`
	Guard       guardStatus            `json:"guard"`
	Lock        *state.Holder          `json:"lock"`
	Credentials []wiring.CredentialEnd `json:"credentials,omitempty"` // that end, as far as that can be known
	// neither terminated nor revoked until Okta shows them in scope
	Restored []plan.PersonID `json:"restored,omitempty"`
	// the same with login and name; not beside the snapshot
	RestoredPeople []plan.UserRef `json:"restored_people,omitempty"`
	// of the problems: leavers and revokes that TrackTik refused
	Overdue        int        `json:"overdue_removals"`
	Mode           string     `json:"mode"`
	ObservingSince *time.Time `json:"observing_since,omitempty"`
	Snapshot       string     `json:"snapshot"`
	// what a system refused to be asked in the last run
	AskedOtherwise []string       `json:"asked_otherwise,omitempty"`
	Events         *EventStatus   `json:"events"`              // null: the System Log was never read
	Roleless       *int           `json:"people_without_role"` // null: never counted
	Backup         *BackupStatus  `json:"backup"`              // null: state.backup.dir is not set
	Metrics        *MetricsStatus `json:"metrics"`             // null: nothing asks for metrics
	// null: nobody was terminated in the last 7 days whose wait is known
	LeaverLag *LeaverLag   `json:"leaver_lag"`
	Probe     *ProbeStatus `json:"probe"` // null: this portal was never probed
}

// runTimes are when runs were, and will be.
type runTimes struct {
	LastRun     *LastRun   `json:"last_run"`
	LastSuccess *time.Time `json:"last_success"`
	Age         *int64     `json:"last_success_age_s,omitempty"` // seconds
	NextRun     *time.Time `json:"next_run"`
	// run: it waits for it; schedule: schedule.cron says so, and somebody has to keep to it
	NextBy string `json:"next_run_by,omitempty"`
}

// peopleCounts are how many people there are of each kind that an administrator asks for.
type peopleCounts struct {
	Managed         int  `json:"managed"`
	Problems        int  `json:"problems"`
	Held            int  `json:"held"`
	UnmanagedActive *int `json:"unmanaged_active"`
	// whom nobody manages, by what Okta knows of them; null: nobody was looked up yet
	Unmanaged map[plan.Class]int `json:"unmanaged"`
}

// A ProbeStatus is what the last probe of the portal has found.
type ProbeStatus struct {
	Time    time.Time         `json:"time"`
	Differs int               `json:"differs"`
	Ended   bool              `json:"ended"` // everything was tried
	Differ  []plan.Assumption `json:"assumptions,omitempty"`
}

// ProbeOf is what the last probe of the configured portal has found; nil: there was none, or
// it left nothing that can be read.
func ProbeOf(cfg *configs.Config) *ProbeStatus {
	note, err := state.Probes(cfg.State.Path).Load()
	if err != nil || note.Probe == nil || note.Portal != wiring.Binding(cfg).Portal {
		return nil
	}
	differ := note.Probe.Differing()
	return &ProbeStatus{Time: note.Time, Differs: len(differ), Ended: note.Ended, Differ: differ}
}

// A LastRun is a run in short.
type LastRun struct {
	ID       string         `json:"id"`
	Started  time.Time      `json:"started"`
	Ended    time.Time      `json:"ended"`
	ExitCode int            `json:"exit_code"`
	Summary  map[string]int `json:"summary"`
	Message  string         `json:"message,omitempty"`
}

// An EventStatus is how Okta's System Log is read.
type EventStatus struct {
	Polled    time.Time `json:"polled"`
	CursorAge int64     `json:"cursor_age_s"` // seconds since then, where the status is shown
	Error     string    `json:"error,omitempty"`
}

// A BackupStatus is how copies of the snapshot are kept.
type BackupStatus struct {
	Last  *time.Time `json:"last"` // null: not known
	Error string     `json:"error,omitempty"`
}

// A MetricsStatus is how the last run left its metrics.
type MetricsStatus struct {
	Error string `json:"error,omitempty"`
}

// A LeaverLag is for how long leavers waited, in the last 7 days.
type LeaverLag struct {
	Count   int     `json:"count"`
	Median  float64 `json:"p50_s"` // seconds
	Longest float64 `json:"max_s"`
}

// lagDays is how far back the lag of leavers is looked at.
const lagDays = 7

// A Quarantine is a system that is not called, since it refused the credentials.
type Quarantine struct {
	System  string    `json:"system"`
	Since   time.Time `json:"since"`
	Reason  string    `json:"reason"`
	NextTry time.Time `json:"next_try"`
}

type guardStatus struct {
	OK       bool           `json:"ok"`
	Refusals []plan.Refusal `json:"refusals"` // of the last run
	// sets of the last run that can be approved, and those that are and not done yet
	Approvals []Waiting `json:"approvals"`
}

// CurrentStatus is the status from the snapshot, or while a run has it from what the last
// run left beside it, with the ages of now. Without a snapshot it is empty, and the error
// says so.
func CurrentStatus(i *wiring.Invocation, cfg *configs.Config) (*Status, error) {
	d, err := storedStatus(i, cfg)
	if d == nil {
		return nil, err
	}
	d.Probe = ProbeOf(cfg)
	if d.LastSuccess != nil {
		age := int64(i.Now().Sub(*d.LastSuccess).Seconds())
		d.Age = &age
	}
	if d.Events != nil && !d.Events.Polled.IsZero() {
		d.Events.CursorAge = int64(i.Now().Sub(d.Events.Polled).Seconds())
	}
	return d, err
}

func storedStatus(i *wiring.Invocation, cfg *configs.Config) (*Status, error) {
	db, err := i.Open(cfg, i.Reading(cfg, 0))
	var missing *wiring.MissingError
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
func lockedStatus(i *wiring.Invocation, cfg *configs.Config) (*Status, error) {
	d, err := LeftStatus(cfg)
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
	d.Credentials = wiring.CredentialEnds(cfg)
	if err := d.chores(cfg); err != nil {
		return nil, err
	}
	refused := HashesOf(d.Guard.Refusals)
	for _, w := range d.Guard.Approvals {
		refused = append(refused, w.Hash)
	}
	d.Guard.Approvals, err = waitingSets(i, cfg, nil, refused)
	return d, err
}

// LeftStatus is what the last run left beside the snapshot.
func LeftStatus(cfg *configs.Config) (*Status, error) {
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

func emptyStatus(cfg *configs.Config) *Status {
	return &Status{Mode: cfg.Sync.Mode, Snapshot: cfg.State.Path,
		Guard: guardStatus{OK: true, Refusals: []plan.Refusal{}, Approvals: []Waiting{}}}
}

// SaveStatus leaves the status for others. db is open, so nobody else writes it.
func SaveStatus(i *wiring.Invocation, cfg *configs.Config, db *state.DB) error {
	d, err := readStatus(i, cfg, db)
	if err != nil {
		return err
	}
	d.RestoredPeople = nil // the snapshot may be encrypted
	return state.SaveStatus(cfg.State.Path, d)
}

// readStatus makes the document from the snapshot.
func readStatus(i *wiring.Invocation, cfg *configs.Config, db *state.DB) (*Status, error) {
	d := emptyStatus(cfg)
	d.NextRun, d.NextBy = nextRun(i, cfg)
	d.Credentials = wiring.CredentialEnds(cfg)
	meta, metaErr := db.Meta()
	d.fromMeta(meta)
	refused, runErr := d.fromRuns(db)
	troubles, troublesErr := db.Troubles()
	d.Problems, d.Overdue = len(troubles), len(OverdueRemovals(troubles))
	choresErr := d.chores(cfg)
	var managedErr, restoredErr, waitingErr, eventsErr, lagErr error
	d.Events, eventsErr = eventsOf(db)
	d.LeaverLag, lagErr = lagSince(db, i.Now().AddDate(0, 0, -lagDays))
	d.Managed, managedErr = db.Managed()
	d.RestoredPeople, restoredErr = restored(db)
	for _, u := range d.RestoredPeople {
		d.Restored = append(d.Restored, u.ID)
	}
	d.Guard.Approvals, waitingErr = waitingSets(i, cfg, db, refused)
	return d, errors.Join(metaErr, runErr, troublesErr, managedErr, restoredErr, waitingErr, eventsErr, lagErr, choresErr)
}

// chores takes over what is kept beside the snapshot of what goes with the runs.
func (d *Status) chores(cfg *configs.Config) error {
	chores, err := state.LoadChores(cfg.State.Path)
	d.Backup, d.Metrics = nil, nil
	if cfg.State.Backup.Dir != "" {
		d.Backup = &BackupStatus{Error: chores.Backup}
		if !chores.BackedUp.IsZero() {
			d.Backup.Last = &chores.BackedUp
		}
	}
	if cfg.Metrics.Textfile != "" || cfg.Metrics.Pushgateway.IsSet() || chores.Metrics != "" {
		d.Metrics = &MetricsStatus{chores.Metrics}
	}
	return err
}

func eventsOf(db *state.DB) (*EventStatus, error) {
	log, err := db.EventLog()
	if err != nil || log.Cursor == "" && log.Failure == "" {
		return nil, err
	}
	return &EventStatus{Polled: log.Polled, Error: log.Failure}, nil
}

func lagSince(db *state.DB, t time.Time) (*LeaverLag, error) {
	entries, err := db.TerminatedSince(t)
	return LagOf(plan.LagOf(entries)), err
}

// LagOf is a lag as JSON has it; nil: there is none.
func LagOf(lag plan.Lag) *LeaverLag {
	if lag.Count == 0 {
		return nil
	}
	return &LeaverLag{lag.Count, lag.Median.Seconds(), lag.Longest.Seconds()}
}

func (d *Status) fromMeta(meta plan.Meta) {
	if !meta.LastSuccess.IsZero() {
		d.LastSuccess = &meta.LastSuccess
	}
	d.UnmanagedActive, d.Unmanaged, d.Roleless = meta.UnmanagedActive, meta.Unmanaged, meta.Roleless
	if o := meta.Observing; o != nil && d.Mode == "observe" {
		d.ObservingSince = &o.Since
	}
	if q := meta.Quarantine; q != nil {
		d.Quarantine = &Quarantine{q.System, q.Since, q.Reason, q.NextTry}
	}
}

// fromRuns takes over what the last run left; what is held and refused is that of
// the last one that was about everybody. It returns the hashes of what was refused.
func (d *Status) fromRuns(db *state.DB) (refused []string, err error) {
	runs, err := db.Runs(1)
	if err != nil || len(runs) == 0 {
		return nil, err
	}
	last := runs[0]
	d.LastRun, d.AskedOtherwise = lastRunOf(&last), last.Asked
	whole, err := LastWhole(db)
	if err != nil {
		return nil, err
	}
	d.Held = whole.Held
	if len(whole.Refusals) > 0 {
		d.Guard.OK, d.Guard.Refusals = false, whole.Refusals
	}
	return append(HashesOf(last.Refusals), HashesOf(whole.Refusals)...), nil
}

func lastRunOf(r *plan.RunRecord) *LastRun {
	return &LastRun{r.ID, r.Started, r.Ended, r.ExitCode, r.Summary, r.Message}
}

// HashesOf are the hashes by which refusals are approved.
func HashesOf(refusals []plan.Refusal) []string {
	hashes := make([]string, len(refusals))
	for i := range refusals {
		hashes[i] = refusals[i].Approve
	}
	return hashes
}

// restored are the people whom `restore` brought back and whom Okta has not shown
// in scope since.
func restored(db *state.DB) ([]plan.UserRef, error) {
	var people []plan.UserRef
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
			u := Ref(link)
			u.Name = link.FullName()
			people = append(people, u)
		}
	}
	return people, nil
}

// Who says when the next run is.
const (
	byRun      = "run"
	bySchedule = "schedule"
)

// nextRun is when the next sync is: `run` says so in the status that it leaves, and a
// time that is over is one of a process that has ended. Else it is the next tick of
// schedule.cron, to which cron, a timer or a CronJob keeps.
func nextRun(i *wiring.Invocation, cfg *configs.Config) (next *time.Time, by string) {
	if i.Scheduled != nil {
		return i.Scheduled, byRun
	}
	left, err := LeftStatus(cfg)
	if err == nil && left.NextBy == byRun && left.NextRun != nil && !left.NextRun.Before(i.Now()) {
		return left.NextRun, byRun
	}
	schedule, err := timetable.Of(cfg)
	if err != nil { // the configuration has a finding about it
		return nil, ""
	}
	tick := schedule.Next(i.Now()).UTC()
	return &tick, bySchedule
}
