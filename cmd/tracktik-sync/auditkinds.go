package main

import (
	"slices"
	"strings"

	"tracktik-sync/sync/plan"
)

// auditKinds are the kinds of entries that there are: actions, and what else people and
// the program record.
var auditKinds = func() []string {
	kinds := []string{"approve", "link", "unlink", "relink", "retry", "forget", "restore", "rebind", authLoginKind, authLogoutKind}
	for _, k := range plan.Kinds {
		kinds = append(kinds, string(k))
	}
	slices.Sort(kinds)
	return kinds
}()

// auditKind is the kind that is meant; "grant-role" and "Grant role" are grant_role.
// One that does not exist would show nothing, as if nothing had been done.
func auditKind(name string) (string, error) {
	fold := strings.NewReplacer(" ", "_", "-", "_")
	if name == "" {
		return "", nil
	}
	for _, kind := range auditKinds {
		if fold.Replace(kind) == strings.ToLower(fold.Replace(name)) {
			return kind, nil
		}
	}
	return "", usage("--kind %q is none; the kinds are %s", name, strings.Join(auditKinds, ", "))
}
