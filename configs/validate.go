package configs

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Validate judges the values, one by one and together. It finds everything in one
// pass; two settings that contradict each other are shown with both values.
func (c *Config) Validate() (Findings, []Warning) {
	r := &review{Config: c}
	r.choices()
	r.okta()
	r.tracktik()
	r.sync()
	r.attributes()
	r.groups()
	r.guard()
	r.schedule()
	r.state()
	r.notify()
	r.metrics()
	return r.findings, r.warnings
}

// A review collects what is wrong with one Config.
type review struct {
	*Config
	findings Findings
	warnings []Warning
}

func (r *review) find(key, format string, args ...any) {
	r.findings = append(r.findings, Finding{key, r.where(key), fmt.Sprintf(format, args...)})
}

func (r *review) warn(key, format string, args ...any) {
	r.warnings = append(r.warnings, Warning{key, r.where(key), fmt.Sprintf(format, args...)})
}

// where is the place of key; a secret's is where its file is named, and a name's
// that of its map.
func (r *review) where(key string) Origin {
	for _, candidate := range []string{key, key + "_file"} {
		if origin, ok := r.origins[candidate]; ok {
			return origin
		}
	}
	for path := key; ; {
		dot := strings.LastIndexByte(path, '.')
		if dot < 0 {
			return Origin{}
		}
		path = path[:dot]
		if origin, ok := r.origins[path]; ok {
			return origin
		}
	}
}

// need notes that key has no value.
func (r *review) need(key string, isSet bool, why string) {
	if isSet {
		return
	}
	f := schema.byPath[key]
	ways := "set it in the file, or " + f.env
	if f.kind == kindSecret {
		ways = fmt.Sprintf("set %s or %s_file in the file, or %s or %s_FILE", key, key, f.env, f.env)
	}
	r.find(key, "is required%s: %s", why, ways)
}

// choices holds every key with a fixed set of words to them.
func (r *review) choices() {
	for _, f := range schema.all {
		if len(f.oneOf) == 0 {
			continue
		}
		words, isList := f.value(r.Config).([]string)
		if !isList {
			words = []string{f.value(r.Config).(string)}
		}
		for i, word := range words {
			if !slices.Contains(f.oneOf, word) {
				best, _ := nearest(word, f.oneOf)
				r.find(f.path, "is %s, and must be one of %s; did you mean %s?", quote(word), strings.Join(f.oneOf, ", "), best)
			} else if slices.Contains(words[:i], word) {
				r.find(f.path, "names %s twice", word)
			}
		}
	}
}

func (r *review) atLeast(key string, value, least int) {
	if value < least {
		r.find(key, "is %d, and must be at least %d", value, least)
	}
}

func (r *review) positive(key string, value time.Duration) {
	if value <= 0 {
		r.find(key, "is %s, and must be longer than nothing", FormatDuration(value))
	}
}

// percent notes what is neither a share of a hundred nor -1, which switches off.
func (r *review) percent(key string, value float64) {
	if value != -1 && (value < 0 || value > 100) {
		r.find(key, "is %s, and must be 0 to 100, or -1 for no limit", number(value))
	}
}

// globs notes empty patterns; everything else is a pattern, as only * is special.
func (r *review) globs(key string, patterns []string) {
	for _, pattern := range patterns {
		if strings.TrimSpace(pattern) == "" {
			r.find(key, "holds an empty pattern, which matches nobody; remove it")
		}
	}
}

// number writes a float without needless digits.
func number(value float64) string { return strconv.FormatFloat(value, 'g', -1, 64) }

func (r *review) guard() {
	for _, kind := range GuardKinds() {
		key, limits := "guard."+kind, r.Guard.Limits[kind]
		r.atLeast(key+".max_count", limits.MaxCount, -1)
		r.percent(key+".max_percent", limits.MaxPercent)
		r.atLeast(key+".min_population", limits.MinPopulation, 0)
		r.atLeast(key+".max_per_day", limits.MaxPerDay, -1)
		if limits.MaxPerDay >= 0 && limits.MaxCount > limits.MaxPerDay {
			r.warn(key+".max_count", "is %d, and can never be reached: %s.max_per_day is %d", limits.MaxCount, key, limits.MaxPerDay)
		}
	}
	if l := r.Guard.Limits["terminate"]; l.MaxCount == -1 && l.MaxPercent == -1 && l.MaxPerDay == -1 {
		r.warn("guard.terminate", "max_count, max_percent and max_per_day are all -1: nothing stops a run from terminating everybody")
	}
	r.percent("guard.max_problem_percent", r.Guard.MaxProblemPercent)
}

// minEvents is how often the System Log may be read at most: a minute's limit is as low as 20.
const minEvents = time.Second

func (r *review) schedule() {
	if _, err := time.LoadLocation(r.Schedule.Timezone); err != nil || r.Schedule.Timezone == "" {
		r.find("schedule.timezone", "is %s, and must be a time zone's name, such as UTC or America/New_York", quote(r.Schedule.Timezone))
	}
	r.positive("schedule.deadline", r.Schedule.Deadline)
	if events := r.Schedule.Events; events != 0 && events < minEvents {
		r.find("schedule.events", "is %s, and must be at least %s, or 0 for never: each time costs a call to Okta",
			FormatDuration(events), FormatDuration(minEvents))
	}
	r.atLeast("schedule.events_max_people", r.Schedule.EventsMaxPeople, 1)
}

func (r *review) state() {
	if r.State.Path == "" {
		r.find("state.path", "is empty; a snapshot has to live somewhere")
	}
	r.positive("state.keep", r.State.Keep)
	if n := len(r.State.Key.Reveal()); n > 0 && n < MinKeyLength {
		r.warn("state.key", "%s", shortKey(n))
	}
	backup := r.State.Backup
	switch _, chosen := r.origins["state.backup.keep"]; {
	case backup.Dir != "":
		r.atLeast("state.backup.keep", backup.Keep, 1)
	case chosen:
		r.warn("state.backup.keep", "is %d, but state.backup.dir is empty: no backups are made", backup.Keep)
	}
}
