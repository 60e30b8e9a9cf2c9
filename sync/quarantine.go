package sync

import (
	"time"

	"tracktik-sync/sync/plan"
)

// quarantineWaits are how long no login is tried after the first refused one, the second,
// and so on; the last is for all that follow. TrackTik blocks an address for two hours
// after 40 failed logins in two minutes.
var quarantineWaits = []time.Duration{15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 6 * time.Hour}

func longestQuarantine() time.Duration { return quarantineWaits[len(quarantineWaits)-1] }

// quarantined refuses a run whose credentials are known to be bad. Those are TrackTik's:
// Okta blocks nobody, and is asked in each run.
func (r *run) quarantined() error {
	q := r.meta.Quarantine
	if q == nil || q.System != systemTrackTik {
		return nil
	}
	wait := q.NextTry.Sub(r.clock())
	wrong := wait > longestQuarantine()+maxSkew // noted by a wrong clock
	if wait <= 0 || wrong || q.Credentials != r.Target.CredentialsFingerprint() {
		return nil
	}
	return &QuarantineError{System: q.System, Reason: q.Reason, Since: q.Since, NextTry: q.NextTry}
}

// nextQuarantine is what follows from a login that was refused at that time. Other
// credentials begin with the shortest wait again.
func (r *bookkeeper) nextQuarantine(system string, cause error, at time.Time) *plan.Quarantine {
	q := &plan.Quarantine{System: system, Since: at, Reason: cause.Error(), Tries: 1, Credentials: r.Target.CredentialsFingerprint()}
	if old := r.meta.Quarantine; old != nil && old.System == system {
		q.Since = old.Since
		if old.Credentials == q.Credentials {
			q.Tries = max(old.Tries, 1) + 1 // 0 is of an earlier version
		}
	}
	q.NextTry = at.Add(quarantineWaits[min(q.Tries, len(quarantineWaits))-1])
	return q
}
