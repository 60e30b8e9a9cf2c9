package ledger

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
)

// recentRuns is how far back a run about everybody is looked for.
const recentRuns = 100

// LastWhole is the last run that was not about single people, without its document,
// which can hold hundreds of thousands of actions; the zero record when there is none.
func LastWhole(db *state.DB) (plan.RunRecord, error) {
	runs, err := db.Runs(recentRuns)
	for i := range runs {
		if runs[i].Whole() {
			return runs[i], nil
		}
	}
	return plan.RunRecord{}, err
}

// heldBy is what a run held. Only what held anything has its document read, which can
// hold hundreds of thousands of actions.
func heldBy(db *state.DB, run plan.RunRecord) ([]plan.Held, error) {
	if run.Held == 0 {
		return nil, nil
	}
	var held []plan.Held
	_, err := readParts(db, run.ID, map[string]any{"held": &held})
	return held, err
}

// ReadPlan hands what a run's plan had to do to due, and what it held to held, one after the
// other: those of a first run are never in memory together. found is false where there is no
// document.
func ReadPlan(db *state.DB, run string, due func(*plan.Action), held func(*plan.Held)) (found bool, err error) {
	return readParts(db, run, map[string]any{"actions": each(due), "held": each(held)})
}

// readParts decodes some members of a run's document, and passes over the others one by one:
// the actions of a first run are never in memory together. A part is where to decode it to, or
// an each. found is false where there is no document.
func readParts(db *state.DB, run string, parts map[string]any) (found bool, err error) {
	found, err = db.ReadDocument(run, func(r io.Reader) error {
		d := json.NewDecoder(r)
		if _, err := d.Token(); err != nil {
			return err
		}
		for d.More() {
			name, err := d.Token()
			if err != nil {
				return err
			}
			part, wanted := parts[fmt.Sprint(name)]
			list, parted := part.(func(*json.Decoder) error)
			switch {
			case parted:
				err = list(d)
			case wanted:
				err = d.Decode(part)
			case name == "actions":
				err = each(func(*json.RawMessage) {})(d)
			default:
				err = d.Decode(new(json.RawMessage))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return found, fmt.Errorf("reading the document of run %s: %w", run, err)
	}
	return found, nil
}

// each reads a list, or null, and hands its elements to take, one after the other.
func each[T any](take func(*T)) func(*json.Decoder) error {
	return func(d *json.Decoder) error {
		if begin, err := d.Token(); err != nil || begin == nil {
			return err
		}
		for d.More() {
			var one T
			if err := d.Decode(&one); err != nil {
				return err
			}
			take(&one)
		}
		_, err := d.Token()
		return err
	}
}

// LastDocument is what the last run about everybody that made a plan held, found wrong and
// refused, without its actions; nil: there is none.
func LastDocument(db *state.DB) (*plan.Document, error) {
	runs, err := db.Runs(recentRuns)
	if err != nil {
		return nil, err
	}
	for _, run := range runs {
		if !run.Whole() {
			continue
		}
		d := &plan.Document{ID: run.ID}
		found, err := readParts(db, run.ID, map[string]any{"hash": &d.Hash, "held": &d.Held, "problems": &d.Problems,
			"guard": &d.Guard, "result": &d.Result})
		if err != nil {
			return nil, err
		}
		if found && d.Hash != "" {
			return d, nil
		}
	}
	return nil, nil
}

// ReadDocument decodes the document of a run, as far as into has room for it.
func ReadDocument(run *plan.RunRecord, into any) error {
	if err := json.Unmarshal(run.Document, into); err != nil {
		return fmt.Errorf("reading the document of run %s: %w", run.ID, err)
	}
	return nil
}

// NoRun says that there is no run of that name.
func NoRun(name string) error {
	return fmt.Errorf("there is no run %q in the snapshot; runs without actions are kept for 7 days", name)
}

// trendRuns is how many runs a trend has.
const trendRuns = 30

// Trend are the last runs about everybody up to this one, the oldest first.
func Trend(db *state.DB, last plan.RunRecord) ([]plan.RunRecord, error) {
	all, err := db.Runs(0)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(all, func(r plan.RunRecord) bool { return r.ID == last.ID })
	var runs []plan.RunRecord
	for _, r := range all[max(at, 0):] {
		if (r.Whole() || r.ID == last.ID) && len(runs) < trendRuns {
			runs = append(runs, r)
		}
	}
	slices.Reverse(runs)
	return runs, nil
}

// EndingWords say what a run's exit code means.
func EndingWords(code int) string {
	words := map[int]string{tsync.ExitDone: "done", tsync.ExitFailed: "failed, or cut short", tsync.ExitRefused: "refused",
		tsync.ExitProblems: "finished, some persons have problems"}[code]
	return "exit " + strconv.Itoa(code) + ": " + words
}

// TerminatedBy is whom a run terminated, those included whose outcome was found out
// later.
func TerminatedBy(db *state.DB, run string) ([]tsync.Terminated, error) {
	var all []tsync.Terminated
	for entry, err := range db.Audits(state.Query{Run: run, Kind: string(plan.Terminate)}) {
		if err != nil {
			return nil, err
		}
		if entry.Outcome == plan.Done {
			all = append(all, tsync.Terminated{User: plan.UserRef{ID: entry.Person, Login: entry.Login},
				Employee: entry.Employee})
		}
	}
	return all, nil
}

// NobodyTerminated names the latest run that is likelier meant.
func NobodyTerminated(db *state.DB, run string, found bool) error {
	text := fmt.Sprintf("run %s terminated nobody", run)
	if !found {
		text = fmt.Sprintf("there is no run %q in the snapshot", run)
	}
	latest := ""
	for entry, err := range db.Audits(state.Query{Kind: string(plan.Terminate)}) {
		if err != nil {
			return err
		}
		if entry.Outcome == plan.Done {
			latest = entry.Run
		}
	}
	if latest == "" {
		return errors.New(text + ", nor did any other run")
	}
	return fmt.Errorf("%s; the latest that terminated anybody is %s", text, latest)
}

// Redact takes out of a run's document and record what the history leaves out, where
// it was recorded before state.redact_history was switched on.
func Redact(d *plan.Document, run *plan.RunRecord) {
	run.Message = d.LoginsToIDs().Replace(run.Message)
	run.Users = plan.LeftOut(run.Users)
	*d = *d.Redacted()
}

// redactEntry leaves out of an entry what was recorded before state.redact_history was
// switched on.
func redactEntry(a plan.Audit) plan.Audit {
	if a.Login != "" && a.Person != "" {
		ids := strings.NewReplacer(a.Login, string(a.Person))
		a.Reason, a.Message = ids.Replace(a.Reason), ids.Replace(a.Message)
	}
	a.Login = ""
	a.Changes = plan.RedactedChanges(a.Changes)
	return a
}

// SaidToday reports that a run which failed or was refused as the ones before it, without a day
// having passed since the first of them or since the last that was told: a lasting failure is
// told once a day. Times, ids and numbers apart, runs that end alike have one message.
func SaidToday(db *state.DB, id string) (bool, error) {
	runs, err := db.Runs(0)
	if err != nil {
		return false, err
	}
	at := slices.IndexFunc(runs, func(r plan.RunRecord) bool { return r.ID == id })
	if at < 0 {
		return false, nil
	}
	last, streak := &runs[at], []*plan.RunRecord{}
	for i := at + 1; i < len(runs); i++ {
		r := &runs[i]
		if r.Whole() != last.Whole() {
			continue
		}
		if r.ExitCode != last.ExitCode || alike(r) != alike(last) {
			break
		}
		streak = append(streak, r)
	}
	if len(streak) == 0 {
		return false, nil
	}
	const day = 24 * time.Hour
	first := streak[len(streak)-1].Started
	return last.Started.Sub(first)/day == streak[0].Started.Sub(first)/day, nil
}

var differing = regexp.MustCompile(`[0-9a-f]*[0-9][0-9A-Za-z.:-]*`)

// alike is how a run ended, without what differs from run to run.
func alike(r *plan.RunRecord) string {
	if len(r.Refusals) > 0 {
		var kinds []string
		for _, refusal := range r.Refusals {
			kinds = append(kinds, string(refusal.Kind))
		}
		slices.Sort(kinds)
		return strings.Join(slices.Compact(kinds), " ")
	}
	first, _, _ := strings.Cut(r.Message, "\n")
	return differing.ReplaceAllString(first, "N")
}
