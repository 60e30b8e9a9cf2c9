package main

import (
	"context"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"tracktik-sync/cmd/tracktik-sync/internal/timetable"
	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/configs"
	tsync "tracktik-sync/sync"
)

// A fakeClock moves only when somebody sleeps.
type fakeClock struct {
	t     time.Time
	naps  []time.Duration
	until time.Time // when the world ends
	end   context.CancelFunc
}

func (c *fakeClock) now() time.Time { return c.t }

func (c *fakeClock) sleep(ctx context.Context, d time.Duration) error {
	c.naps = append(c.naps, d)
	c.t = c.t.Add(d)
	if !c.until.IsZero() && c.t.After(c.until) {
		c.end()
	}
	return ctx.Err()
}

func newTestDaemon(t *testing.T, spec string, clock *fakeClock) *daemon {
	t.Helper()
	schedule, err := timetable.Parse(spec, "UTC")
	if err != nil {
		t.Fatal(err)
	}
	a := newApp(strings.NewReader(""), io.Discard, io.Discard)
	a.Now, a.Sleep = clock.now, clock.sleep
	cfg := &configs.Config{Schedule: configs.Schedule{Jitter: 30 * time.Second}}
	return &daemon{app: a, cfg: cfg, schedule: schedule, random: func(n int64) int64 { return n - 1 }}
}

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func TestJitterIsAtMostATenthOfTheInterval(t *testing.T) {
	for _, test := range []struct {
		spec string
		most time.Duration
	}{
		{"*/15 * * * *", 30 * time.Second}, // schedule.jitter is the less
		{"* * * * *", 6 * time.Second},
		{"@every 10s", time.Second},
		{"@every 1s", 100 * time.Millisecond},
	} {
		d := newTestDaemon(t, test.spec, &fakeClock{t: noon})
		due := d.schedule.Next(noon)
		if got := d.jitter(noon, due); got > test.most || got < test.most-time.Microsecond {
			t.Errorf("%s: the longest jitter is %s, want %s", test.spec, got, test.most)
		}
	}
}

func TestWhatIsDueAtOnceHasNoJitter(t *testing.T) {
	d := newTestDaemon(t, "*/15 * * * *", &fakeClock{t: noon})
	if got := d.jitter(noon, noon); got != 0 {
		t.Errorf("it waits %s", got)
	}
}

func TestNoJitterWhenNoneIsConfigured(t *testing.T) {
	d := newTestDaemon(t, "*/15 * * * *", &fakeClock{t: noon})
	d.cfg.Schedule.Jitter = 0
	if got := d.jitter(noon, noon.Add(time.Minute)); got != 0 {
		t.Errorf("it waits %s", got)
	}
}

func TestTheClockIsLookedAtWhileWaiting(t *testing.T) {
	clock := &fakeClock{t: noon}
	d := newTestDaemon(t, "@daily", clock)
	due := noon.Add(time.Hour)
	if err := d.waitUntil(t.Context(), due); err != nil {
		t.Fatal(err)
	}
	for _, nap := range clock.naps {
		if nap > maxNap {
			t.Fatalf("a nap of %s misses a clock that is set meanwhile", nap)
		}
	}
	if !clock.t.Equal(due) {
		t.Errorf("it woke at %s, due was %s", clock.t, due)
	}
}

func TestASignalEndsTheWaiting(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	clock := &fakeClock{t: noon, until: noon.Add(10 * time.Minute), end: cancel}
	d := newTestDaemon(t, "@daily", clock)
	if err := d.waitUntil(ctx, noon.Add(time.Hour)); err == nil || clock.t.After(noon.Add(11*time.Minute)) {
		t.Errorf("it waited until %s: %v", clock.t, err)
	}
}

func TestAScheduleThatNeverComesIsRefused(t *testing.T) {
	for _, spec := range []string{"0 0 31 2 *", "30 2 31 4,6,9,11 *", "* * 30 2 *", "0 0 30-31 feb *", "TZ=Asia/Tokyo 0 0 31 6 *"} {
		cfg := &configs.Config{Schedule: configs.Schedule{Cron: spec, Timezone: "UTC"}}
		if _, err := newDaemon(nil, cfg); judge(err).code != tsync.ExitUsage {
			t.Errorf("%s: run answers %v, want bad usage", spec, err)
		}
		var findings configs.Findings
		for _, check := range wiring.Checks {
			findings = append(findings, check(cfg)...)
		}
		findings = slices.DeleteFunc(findings, func(f configs.Finding) bool { return f.Key != "schedule.cron" })
		if len(findings) != 1 || !strings.Contains(findings[0].Message, "never comes") {
			t.Errorf("%s: found %v", spec, findings)
		}
	}
}
