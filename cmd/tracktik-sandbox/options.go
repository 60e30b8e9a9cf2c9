package main

import (
	"fmt"

	"github.com/spf13/pflag"

	"tracktik-sync/cmd/tracktik-sandbox/internal/world"
)

// options are what the command line says.
type options struct {
	world        world.Options
	grant        string
	oktaLimit    int // requests a minute and bucket; 0: not binding
	trackTikRate int // requests a minute; 0: no limit

	oktaAddr, trackTikAddr, adminAddr string
	writeConfig, readyFile            string
}

// flags are those that every command has.
func (o *options) flags(f *pflag.FlagSet) {
	f.SortFlags = false
	f.IntVar(&o.world.People, "people", 200, fmt.Sprintf("how many people Okta has; the first %d are edge cases", world.CastSize()))
	f.IntVar(&o.world.Groups, "groups", 12, "how many groups Okta has, at least 3")
	f.Uint64Var(&o.world.Seed, "seed", 1, "equal seeds make equal companies")
	f.BoolVar(&o.world.Incumbent, "incumbent", false, "the portal is as its own Okta integration and years of work by hand leave it, and the integration is on")
	f.StringVar(&o.grant, "grant", "password", "how the configuration logs in to TrackTik: password, refresh_token or authorization_code")
	f.IntVar(&o.oktaLimit, "okta-rate-limit", 0, "requests a minute that Okta allows for each of its buckets; 0: so many that it does not matter")
	f.IntVar(&o.trackTikRate, "tracktik-rate-limit", 0, "requests a minute that TrackTik allows; 0: any number")
}

func (o *options) check() error {
	if err := o.world.Check(); err != nil {
		return err
	}
	switch o.grant {
	case "password", "refresh_token", "authorization_code":
	default:
		return fmt.Errorf("--grant is %q, and must be password, refresh_token or authorization_code", o.grant)
	}
	if o.oktaLimit < 0 || o.trackTikRate < 0 {
		return fmt.Errorf("rate limits must be 0 or more")
	}
	return nil
}
