package sync

import (
	"tracktik-sync/sync/read"
	"tracktik-sync/sync/restore"
	"tracktik-sync/sync/retire"
)

// These are words of the rooms below, for those who only know runs.
type (
	// Sides are the two systems and the snapshot.
	Sides = read.Sides
	// GroupRules say which Okta groups become TrackTik roles.
	GroupRules = read.GroupRules
	// Source reads the Okta side.
	Source = read.Source
	// Progress is told how far a run is.
	Progress = read.Progress
	// RefusedError says that the run was not allowed to go on.
	RefusedError = read.RefusedError
	// ConfigError says that a key of the configuration must not be so.
	ConfigError = read.ConfigError
	// QuarantineError says that no call was made.
	QuarantineError = read.QuarantineError
	// Terminated is one termination of the history.
	Terminated = restore.Terminated
	// Named is one employee as somebody has named them.
	Named = retire.Named
	// NobodyError is ErrNobody about a name that somebody gave.
	NobodyError = read.NobodyError
)

// Why a run is refused.
const (
	RefusedGuard      = read.RefusedGuard
	RefusedStale      = read.RefusedStale
	RefusedApp        = read.RefusedApp
	RefusedSecond     = read.RefusedSecond
	RefusedConnection = read.RefusedConnection
	RefusedApproval   = read.RefusedApproval
)

// ErrNobody says that there is nobody of that name.
var ErrNobody = read.ErrNobody
