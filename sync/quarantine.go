package sync

import (
	"time"

	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// nextQuarantine is what follows from a login that was refused at that time. Other
// credentials begin with the shortest wait again.
func (r *bookkeeper) nextQuarantine(system string, cause error, at time.Time) *plan.Quarantine {
	q := &plan.Quarantine{System: system, Since: at, Reason: cause.Error(), Tries: 1,
		Credentials: r.Target.CredentialsFingerprint()}
	if old := r.Meta.Quarantine; old != nil && old.System == system {
		q.Since = old.Since
		if old.Credentials == q.Credentials {
			q.Tries = max(old.Tries, 1) + 1 // 0 is of an earlier version
		}
	}
	q.NextTry = at.Add(read.QuarantineWaits[min(q.Tries, len(read.QuarantineWaits))-1])
	return q
}
