package main

import (
	"errors"
	"strings"

	"tracktik-sync/configs"
	"tracktik-sync/sync/mapping"
)

// checks find what only the libraries behind a key can judge.
var checks = []configs.Check{checkCron, checkMapping}

func checkCron(cfg *configs.Config) configs.Findings {
	const key = "schedule.cron"
	_, err := scheduleOf(cfg)
	if _, zoneErr := loadZone(cfg.Schedule.Timezone); err == nil || zoneErr != nil { // which has a finding of its own
		return nil
	}
	return configs.Findings{{Key: key, Origin: cfg.Origin(key),
		Message: "is no schedule: " + err.Error() + `; write five cron fields, "*/15 * * * *", or @every 15m`}}
}

func checkMapping(cfg *configs.Config) configs.Findings {
	_, err := mapping.New(mappingConfig(cfg))
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
