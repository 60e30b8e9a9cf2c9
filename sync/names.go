package sync

import "tracktik-sync/sync/read"

// What a run says in the words of its reading, for those who only know runs.
type (
	Sides           = read.Sides
	GroupRules      = read.GroupRules
	Source          = read.Source
	Progress        = read.Progress
	RefusedError    = read.RefusedError
	ConfigError     = read.ConfigError
	QuarantineError = read.QuarantineError
	NobodyError     = read.NobodyError
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
