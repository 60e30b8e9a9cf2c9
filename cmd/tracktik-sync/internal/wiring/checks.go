package wiring

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tracktik-sync/cmd/tracktik-sync/internal/disk"
	"tracktik-sync/cmd/tracktik-sync/internal/timetable"
	"tracktik-sync/configs"
	"tracktik-sync/okta"
	"tracktik-sync/sync/mapping"
	"tracktik-sync/sync/plan"
)

// Checks find what only the libraries behind a key can judge.
var Checks = []configs.Check{checkKey, checkAuthorities, checkCron, checkMapping, checkDefaultRole, checkFiles}

// checkKey finds a private key with which nothing can be signed.
func checkKey(cfg *configs.Config) configs.Findings {
	key := "okta.auth.private_key"
	secret := cfg.Okta.Auth.PrivateKey
	if !secret.IsSet() {
		return nil
	}
	err := okta.CheckKey([]byte(secret.Reveal()))
	if err == nil {
		return nil
	}
	message := "the private key cannot be used: " + err.Error()
	if path := secret.Path(); path != "" {
		key, message = key+"_file", fmt.Sprintf("the private key in %s cannot be used: %v", path, err)
	}
	return configs.Findings{{Key: key, Origin: cfg.Origin(key), Message: message}}
}

// checkAuthorities finds files of certificate authorities in which there are none.
func checkAuthorities(cfg *configs.Config) (findings configs.Findings) {
	for _, ca := range []struct{ key, file string }{{"okta.ca_file", cfg.Okta.CAFile},
		{"tracktik.ca_file", cfg.TrackTik.CAFile}} {
		if ca.file == "" {
			continue
		}
		if _, err := authorities(ca.file); err != nil {
			findings = append(findings, configs.Finding{Key: ca.key, Origin: cfg.Origin(ca.key),
				Message: fmt.Sprintf("reading the authorities' file %s: %v", ca.file, err)})
		}
	}
	return findings
}

// checkDefaultRole finds a default role that must never be granted. What an id means, only
// the portal can tell.
func checkDefaultRole(cfg *configs.Config) configs.Findings {
	const key = "sync.roles.default"
	name := cfg.Sync.Roles.Default
	if name == "" || !plan.MatchAny(cfg.Sync.Roles.Protected, name) {
		return nil
	}
	return configs.Findings{{Key: key, Origin: cfg.Origin(key),
		Message: fmt.Sprintf("is %q, which sync.roles.protected names: a protected role is never granted", name)}}
}

func checkCron(cfg *configs.Config) configs.Findings {
	const key = "schedule.cron"
	_, err := timetable.Of(cfg)
	if _, zoneErr := timetable.Zone(cfg.Schedule.Timezone); err == nil || zoneErr != nil {
		// which has a finding of its own
		return nil
	}
	return configs.Findings{{Key: key, Origin: cfg.Origin(key),
		Message: "is no schedule: " + err.Error() + `; write five cron fields, "*/15 * * * *", or @every 15m`}}
}

func checkMapping(cfg *configs.Config) configs.Findings {
	_, err := mapping.New(MappingConfig(cfg))
	var findings configs.Findings
	for _, fault := range parts(err) {
		key, message, cut := strings.Cut(fault.Error(), ": ")
		if !cut || !strings.HasPrefix(key, "sync.") {
			key, message = "sync", fault.Error()
		}
		findings = append(findings, configs.Finding{Key: key, Origin: originOf(cfg, key), Message: message})
	}
	return findings
}

// checkFiles finds keys that name what the program writes over by itself: the snapshot
// with its companions, and the file for metrics.
func checkFiles(cfg *configs.Config) configs.Findings {
	var findings configs.Findings
	find := func(key, format string, args ...any) {
		findings = append(findings, configs.Finding{Key: key, Origin: cfg.Origin(key), Message: fmt.Sprintf(format, args...) +
			": name another file"})
	}
	files := cfg.Files()
	for _, key := range []string{"state.path", "metrics.textfile"} {
		if file := cfg.File(); file != "" && files[key] != "" && disk.Locate(files[key]).Is(file) {
			find(key, "names the configuration itself, which would be written over")
		}
	}
	for _, key := range slices.Sorted(maps.Keys(files)) {
		at := disk.Locate(files[key])
		switch name := at.Companion(cfg.State.Path); {
		case key == "state.path", key == "state.backup.dir":
		case at.Is(files["state.path"]):
			find(key, "names the same file as state.path, the snapshot")
		case name != "":
			find(key, "names %s, which the program keeps beside the snapshot", name)
		case key != "metrics.textfile" && files["metrics.textfile"] != "" && at.Is(files["metrics.textfile"]):
			find("metrics.textfile", "names the same file as %s, which each run would write over", key)
		}
	}
	return findings
}

// originOf is the place of key, or of the nearest section above it that was set.
func originOf(cfg *configs.Config, key string) configs.Origin {
	for {
		if origin := cfg.Origin(key); !origin.IsDefault() {
			return origin
		}
		dot := strings.LastIndexByte(key, '.')
		if dot < 0 {
			return configs.Origin{}
		}
		key = key[:dot]
	}
}

// parts takes joined errors apart.
func parts(err error) []error {
	if err == nil {
		return nil
	}
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		return joined.Unwrap()
	}
	return []error{err}
}
