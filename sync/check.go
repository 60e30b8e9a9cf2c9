package sync

import (
	"tracktik-sync/sync/plan"
	"tracktik-sync/sync/read"
)

// Provisioning names the features of an app by which Okta itself writes to the
// portal; empty when it does not.
func Provisioning(app plan.App) string { return read.PushFeatures(app.Features) }
