package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"tracktik-sync/cmd/tracktik-sandbox/internal/world"
	"tracktik-sync/okta/oktatest"
	"tracktik-sync/tracktik/tracktiktest"
)

// createLimit is how many creates a run may make unless the configuration says
// otherwise. A larger company's first run would be refused.
const createLimit = 200

// configuration is what tracktik-sync needs to work with the sandbox.
func (s *stack) configuration(o options) []byte {
	var b bytes.Buffer
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# For tracktik-sync, while this tracktik-sandbox runs: %d people, %d groups, seed %d.", o.world.People, o.world.Groups, o.world.Seed)
	line("# The web page, where things can be made to happen: %s/", s.adminURL)
	line("okta:")
	line("  org_url: %s", s.oktaURL)
	line("  app_id: %s", s.world.AppID)
	line("  auth: {api_token: %s}", oktatest.DefaultToken)
	line("  rate_limit_share: 1 # nobody else uses this org")
	line("tracktik:")
	line("  base_url: %s", s.trackTikURL)
	line("  auth:")
	line("    grant: %s", o.grant)
	line("    client_id: %s", tracktiktest.DefaultClientID)
	line("    client_secret: %s", tracktiktest.DefaultClientSecret)
	switch o.grant {
	case "password":
		line("    username: %s", tracktiktest.DefaultUsername)
		line("    password: %s", tracktiktest.DefaultPassword)
	case "refresh_token":
		line("    refresh_token: %s", tracktiktest.DefaultRefreshToken)
	}
	line("  max_requests_per_minute: 0 # no limit of ours: there is no real portal to spare")
	line("  termination_reason: %s", world.TerminationReason)
	line("sync:")
	if o.world.Incumbent {
		line("  mode: observe # the portal's own integration is on; writing runs are refused")
		line("  groups: {push: mappings} # its Push Groups")
	} else {
		line("  mode: apply")
		line("  groups: {push: listed, names: [%q]}", world.PushedGroups)
	}
	if o.world.People > createLimit && !o.world.Incumbent {
		line("guard:")
		line("  create: {max_count: -1} # the first run makes them all")
	}
	line("state: {path: tracktik-sync.db}")
	return b.Bytes()
}

// writeWhole writes a file that is either whole or not there, and readable for its
// owner alone.
func writeWhole(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	_, err = f.Write(data)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name()) // what matters is why there is no file
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}
