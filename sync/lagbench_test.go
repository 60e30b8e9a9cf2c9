package sync_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
)

// BenchmarkLeaverLag lets 1,000 of 1,200 people leave at random moments of two days, by the
// clock of the simulators, which waits cost nothing: the log is read every 30 seconds, a whole
// run is made every 15 minutes. What is reported is the time from Okta's word to the
// termination, without that of the calls themselves, and the calls of an hour in which
// nothing happens.
func BenchmarkLeaverLag(b *testing.B) {
	for name, manners := range map[string]oktatest.LogManners{
		"prompt":        {},
		"trailing":      {Lag: 10 * time.Second, LookupLag: 5 * time.Second},
		"no events":     {Lose: func(string) bool { return true }},
		"late look-ups": {LookupLag: 45 * time.Second},
	} {
		b.Run(name, func(b *testing.B) {
			for range b.N {
				measureLag(b, manners)
			}
		})
	}
}

func measureLag(b *testing.B, manners oktatest.LogManners) {
	w := newQuietWorld(b)
	for _, kind := range []plan.Kind{plan.Create, plan.Terminate} { // the guards have tests of their own
		w.limits.Kinds[kind] = plan.Limit{MaxCount: -1, MaxPercent: -1, MaxPerDay: -1}
	}
	people := w.crowd(1200)
	w.run()
	if doc, err := w.poll(); doc == nil || err != nil {
		b.Fatalf("the first poll asks for no run: %v", err)
	}
	w.manners(manners)
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // it is to be the same each time
	random.Shuffle(len(people), func(i, j int) { people[i], people[j] = people[j], people[i] })
	const polls = 2 * 24 * 60 * 2
	leaves := map[int][]time.Duration{} // by poll: how long before it
	for range 1000 {
		at := random.IntN(polls)
		leaves[at] = append(leaves[at], time.Duration(random.Int64N(int64(30*time.Second))))
	}
	began, idle, idleCalls, failed, log := w.now(), 0, 0, 0, w.source()
	for i := range polls {
		rest := 30 * time.Second
		for range leaves[i] {
			step := time.Duration(random.Int64N(int64(rest)))
			w.pass(step)
			rest -= step
			w.end(people[0], random)
			people = people[1:]
		}
		w.pass(rest)
		if i%30 == 29 {
			if _, err := w.build().RunOnce(context.Background(), tsync.RunOptions{}); err != nil {
				failed++ // a look-up is older than the listing, which then is not believed
			}
			continue
		}
		w.org.ResetRequests()
		w.portal.ResetRequests()
		if w.pollNow(log) == nil {
			idle++
			idleCalls += len(w.org.Requests()) + len(w.portal.Requests())
		}
	}
	w.pass(15 * time.Minute)
	w.run()
	entries, err := w.db.TerminatedSince(began)
	w.must(err)
	lag := plan.LagOf(entries)
	b.ReportMetric(float64(len(entries)), "ended")
	b.ReportMetric(float64(lag.Count), "counted")
	b.ReportMetric(lag.Median.Seconds(), "median_s")
	b.ReportMetric(lag.Longest.Seconds(), "worst_s")
	b.ReportMetric(float64(idleCalls)/float64(idle)*120, "idle-calls/h")
	b.ReportMetric(float64(failed), "failed-runs")
	b.ReportMetric(0, "ns/op")
}

// end is one of the ways in which Okta ends somebody.
func (w *world) end(name string, random *rand.Rand) {
	switch random.IntN(3) {
	case 0:
		w.org.UnassignUser(w.app, w.users[name])
	default:
		w.org.DeactivateUser(w.users[name])
	}
}

// pollNow is what `run` does between two of its runs.
func (w *world) pollNow(log tsync.EventSource) *plan.Document {
	w.Helper()
	e := w.build()
	e.EventsMaxPeople = 50
	e.Events = log
	p, err := e.Listen(context.Background(), true)
	w.must(err)
	if p.Idle() {
		return nil
	}
	opt := tsync.RunOptions{Poll: p}
	if p.Whole == "" {
		opt.Users = p.People()
	}
	doc, err := e.RunOnce(context.Background(), opt)
	w.must(err)
	return doc
}
