package sync

import (
	"context"
	"time"

	"tracktik-sync/sync/plan"
)

// The machine's clock may be wrong: it has none of its own and NTP has not set it yet,
// its battery is empty, somebody typed a date. So whatever is written down, and every
// wait, goes by Okta's clock, which each of its answers shows; and while the clocks
// disagree, nothing is noted that a later run would take for the begin of a wait,
// nobody is terminated, and nothing is given up or thrown away.

const maxSkew = plan.MaxClockSkew

// Clock is the time by Okta's clock, else by TrackTik's; known is false before one of
// them has answered, when it is the machine's. It is in UTC.
func (e *Engine) Clock() (at time.Time, known bool) {
	for _, m := range []Meter{e.Source, e.Target} {
		if at, known := m.Clock(); known {
			return at.UTC(), true
		}
	}
	return e.Now().UTC(), false
}

// clock is Clock for whom it is all the same whose it is.
func (e *Engine) clock() time.Time {
	at, _ := e.Clock()
	return at
}

// since is how long ago at was: the one measure of every wait.
func (e *Engine) since(at time.Time) time.Duration { return e.clock().Sub(at) }

// ClocksApart compares the machine's clock with both systems', and theirs with each
// other: how far they are apart, and whether that is too far.
func (e *Engine) ClocksApart() (time.Duration, bool) {
	var low, high time.Duration // the machine's own is 0
	for _, m := range []Meter{e.Source, e.Target} {
		if skew, known := m.ClockSkew(); known {
			low, high = min(low, skew), max(high, skew)
		}
	}
	return high - low, high-low > maxSkew
}

// apart reports that the clocks disagree.
func (e *Engine) apart() bool {
	_, far := e.ClocksApart()
	return far
}

// meet reads the app, which is how a run meets Okta, and from then on goes by its clock.
func (r *frame) meet(ctx context.Context) error {
	app, err := r.Source.App(ctx)
	if err != nil {
		return err
	}
	r.app = app
	r.setClock()
	return nil
}

// setClock moves what the run knows of time to Okta's clock.
func (r *frame) setClock() {
	r.now = r.clock()
	r.started = r.now.Add(-r.Now().Sub(r.began))
	r.doc.Created = r.now
}

// endedAt is when the run ends, which is now: as long after its begin as the machine says.
func (r *frame) endedAt() time.Time { return r.started.Add(r.Now().Sub(r.began)) }
