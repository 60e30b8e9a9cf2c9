package ledger

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/configs"
	"tracktik-sync/state"
	"tracktik-sync/sync/plan"
)

var asOf = time.Date(2026, 11, 24, 12, 1, 0, 0, time.UTC)

func statusCall() *wiring.Invocation {
	return &wiring.Invocation{Now: func() time.Time { return asOf }, Log: logrus.New()}
}

func TestTheNextRunIsThatOfTheDaemonElseTheNextTick(t *testing.T) {
	i, cfg := statusCall(), &configs.Config{}
	cfg.State.Path = filepath.Join(t.TempDir(), "s.db")
	cfg.Schedule.Cron, cfg.Schedule.Timezone = "30 6 * * *", "America/Toronto"
	next, by := nextRun(i, cfg)
	if want := time.Date(2026, 11, 25, 11, 30, 0, 0, time.UTC); next == nil || !next.Equal(want) || by != bySchedule {
		t.Errorf("the next tick is %v by %s, want %v", next, by, want)
	}
	for _, left := range []struct {
		at   time.Time
		by   string
		want string
	}{{asOf.Add(time.Minute), byRun, byRun}, {asOf.Add(-time.Minute), byRun, bySchedule}, {asOf.Add(time.Minute), bySchedule, bySchedule}} {
		if err := state.SaveStatus(cfg.State.Path, Status{runTimes: runTimes{NextRun: &left.at, NextBy: left.by}}); err != nil {
			t.Fatal(err)
		}
		if next, by := nextRun(i, cfg); by != left.want || (by == byRun) != next.Equal(left.at) {
			t.Errorf("left %v by %s: it is %v by %s", left.at, left.by, next, by)
		}
	}
	cfg.Schedule.Cron = "0 0 31 2 *"
	if next, by := nextRun(i, cfg); next != nil || by != "" {
		t.Errorf("31 February is %v by %s", next, by)
	}
}

func TestAStatusSaysWhatWaitsForSomebody(t *testing.T) {
	next := asOf.Add(14 * time.Minute)
	success := asOf.Add(-3 * time.Hour)
	d := &Status{Mode: "apply", peopleCounts: peopleCounts{Managed: 300, Problems: 2, Held: 1},
		runTimes: runTimes{LastSuccess: &success, NextRun: &next, NextBy: bySchedule,
			LastRun: &LastRun{ID: "20261124T114500Z-000009", Started: asOf.Add(-16 * time.Minute), Ended: asOf.Add(-15 * time.Minute), ExitCode: 3, Message: "guard refused"}},
		Credentials: []wiring.CredentialEnd{{System: "tracktik", What: "refresh token", Ends: asOf.Add(24 * time.Hour)}, {System: "okta", What: "certificate in ca.pem", Ends: asOf.Add(1000 * time.Hour)}},
		Restored:    []plan.PersonID{"00u1"}, Quarantine: &Quarantine{"tracktik", asOf, "invalid_grant", asOf.Add(time.Hour)},
		Guard: guardStatus{Refusals: []plan.Refusal{{Message: "60 terminations"}}, Approvals: []Waiting{{"abc123", asOf, asOf.Add(time.Hour), 60, nil}}},
		Lock:  &state.Holder{PID: 7, Host: "worker-1", Command: "sync", Since: asOf}}
	var out bytes.Buffer
	if err := d.Print(&out, ui.Plain, asOf); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"`sync` of worker-1", "exit 3: refused", "(3h0m0s ago)", "2026-11-24T12:15:00Z by schedule.cron",
		"2: see `tracktik-sync problems`", "1: see `tracktik-sync problems --held`", "invalid_grant", "the refresh token of tracktik ends at", "good until",
		"60 terminations", "`approve abc123`", "00u1: not terminated"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the status lacks %q:\n%s", want, out.String())
		}
	}
}

func TestWhatIsHeldKnowsSinceWhen(t *testing.T) {
	db, err := state.Create(filepath.Join(t.TempDir(), "s.db"), plan.Binding{Org: "o", App: "a", Portal: "p"}, state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	held := func(run int, at time.Duration, people ...plan.PersonID) (entries []plan.Audit) {
		for _, id := range people {
			entries = append(entries, plan.Audit{Time: asOf.Add(at), Run: fmt.Sprint(run), Kind: "update", Person: id, Outcome: plan.Withheld, Message: "suspended: in Okta"})
		}
		return entries
	}
	batch := plan.Batch{}
	batch.Audits = append(batch.Audits, held(1, -4*time.Hour, "stays", "comes back")...)
	batch.Audits = append(batch.Audits, held(2, -3*time.Hour, "stays")...)
	batch.Audits = append(batch.Audits, plan.Audit{Time: asOf.Add(-150 * time.Minute), Run: "2b", Kind: "revoke_role", Person: "x", Outcome: plan.Withheld, Message: "last_role: no", Attempts: 1})
	batch.Audits = append(batch.Audits, held(3, -2*time.Hour, "stays", "comes back")...)
	if err := db.Commit(batch); err != nil {
		t.Fatal(err)
	}
	since, err := heldSince(db, asOf)
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[plan.PersonID]time.Duration{"stays": -4 * time.Hour, "comes back": -2 * time.Hour} {
		if got := since[heldKeyOf(plan.Update, id, nil, "suspended: whatever")]; !got.Equal(asOf.Add(want)) {
			t.Errorf("%s is held since %v, want %v", id, got, asOf.Add(want))
		}
	}
	if len(since) != 2 {
		t.Errorf("held are %v", since)
	}
}
