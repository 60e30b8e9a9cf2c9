package doctor

import (
	"context"
	"math"
	"time"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/okta"
	"tracktik-sync/state"
)

// events tries to read Okta's System Log, where something reads it between the runs.
func (d *Doctor) events(ctx context.Context) {
	const name = "okta.system_log"
	if d.cfg.Schedule.Events <= 0 && !d.polls {
		return
	}
	source, err := d.Listener(d.cfg)
	if err == nil {
		_, _, err = source.Events(ctx, "", d.Now())
	}
	if err != nil {
		fix := oktaFix(err, okta.ScopeLogs)
		d.fail(name, fix+"; until then leavers wait for the whole runs", "%s", err)
		return
	}
	every := d.cfg.Schedule.Events
	shortest, known := shortestPoll(source.RateLimits(), d.cfg.Okta.RateLimitShare)
	switch {
	case every > 0 && known && every < shortest:
		d.warn(name, "set schedule.events to "+shortest.String()+" or more, or have Okta raise the limit",
			"the System Log can be read; schedule.events is %s, and the share of its limit that the program uses "+
				"(okta.rate_limit_share) allows a reading every %s", every, shortest)
	case every > 0:
		d.ok(name, "the System Log can be read, and is every %s by `run`", every)
	default:
		d.ok(name, "the System Log can be read")
	}
}

// shortestPoll is how far apart readings of the System Log have to be, in whole seconds, so
// that a reading that finds nothing keeps within our share of the limit, which is one a
// minute. Known is false when Okta says nothing of the limit.
func shortestPoll(limits []okta.RateLimit, share float64) (shortest time.Duration, known bool) {
	for _, l := range limits {
		if ours := float64(l.Limit) * share; ours > 0 { // the source has read nothing else
			seconds := time.Duration(math.Ceil(60/ours)) * time.Second
			return max(seconds, time.Second), true
		}
	}
	return 0, false
}

// chores tells what could not be kept up beside the runs.
func (d *places) chores(path string) {
	chores, err := state.LoadChores(path)
	if err != nil {
		d.fail("state.files", "", "%s", err)
		return
	}
	if chores.Backup != "" {
		d.warn("state.backup", "the next run tries again", "the last run could not copy the snapshot: %s", chores.Backup)
	}
	if chores.Metrics != "" {
		d.warn("metrics", "the next run tries again", "the last run could not leave its metrics: %s", chores.Metrics)
	}
}

// log notes how Okta's System Log was read the last time.
func (d *Doctor) log(db *state.DB) {
	log, err := db.EventLog()
	if err != nil {
		d.fail("state.snapshot", "`state verify` says more", "%s", err)
		return
	}
	d.polls = log.Cursor != "" || log.Failure != ""
	if log.Failure != "" {
		last := "never"
		if !log.Polled.IsZero() {
			last = ui.Ago(log.Polled, d.Now())
		}
		d.warn("events", "see okta.system_log below",
			"the System Log could not be read the last time (%s); it was last read %s", log.Failure, last)
	}
}
