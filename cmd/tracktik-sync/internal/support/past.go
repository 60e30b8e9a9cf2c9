package support

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tracktik-sync/state"
	"tracktik-sync/sync/plan"
)

const (
	mostRuns    = 20
	mostRefused = 50
)

// snapshot verifies it, and says how large it and its companions are.
func (b *Bundle) snapshot() string {
	if b.cfg == nil {
		return "Nobody knows where it is: the configuration could not be read.\n"
	}
	var text strings.Builder
	findings, err := state.Verify(b.cfg.State.Path, b.Reading(b.cfg, 0))
	switch {
	case errors.Is(err, state.ErrMissing):
		text.WriteString("there is no snapshot\n")
	case err != nil:
		text.WriteString(b.lines(err))
	case len(findings) == 0:
		text.WriteString("the snapshot is whole\n")
	}
	for _, finding := range findings {
		text.WriteString(b.veil.text(finding) + "\n")
	}
	for _, ending := range append([]string{""}, state.Endings()...) {
		for _, damaged := range []string{"", ".damaged"} {
			if info, err := os.Lstat(b.cfg.State.Path + ending + damaged); err == nil {
				changed := info.ModTime().UTC().Format(time.RFC3339)
				fmt.Fprintf(&text, "snapshot%s%s: %d bytes, %s, %s\n", ending, damaged, info.Size(), info.Mode(), changed)
			}
		}
	}
	if b.cfg.State.Backup.Dir != "" {
		copies, _ := filepath.Glob(filepath.Join(b.cfg.State.Backup.Dir, "*.db*")) // its pattern is right
		fmt.Fprintf(&text, "backups: %d files\n", len(copies))
	}
	return text.String()
}

// reading opens the snapshot whatever systems it belongs to.
func (b *Bundle) reading(use func(*strings.Builder, *state.DB) error) string {
	if b.cfg == nil {
		return "The configuration could not be read.\n"
	}
	var text strings.Builder
	db, err := state.Open(b.cfg.State.Path, b.Reading(b.cfg, 0))
	if err == nil {
		err = errors.Join(use(&text, db), db.Close())
	}
	if err != nil {
		text.WriteString(b.lines(err))
	}
	return text.String()
}

// hidePeople keeps words back that are somebody's login or name, where the snapshot can be
// read.
func (b *Bundle) hidePeople() {
	b.reading(func(_ *strings.Builder, db *state.DB) error {
		for l, err := range db.Links() {
			if err != nil {
				return err
			}
			b.veil.hide(l.Login, l.Email)
			b.veil.hide(l.Pushed[:]...)
		}
		for f, err := range db.Formers() {
			if err != nil {
				return err
			}
			b.veil.hide(f.Link.Login, f.Link.Email)
			b.veil.hide(f.Link.Pushed[:]...)
		}
		return nil
	})
}

func (b *Bundle) runs() string {
	return b.reading(func(text *strings.Builder, db *state.DB) error {
		runs, err := db.Runs(mostRuns)
		for i := range runs {
			r := &runs[i]
			fmt.Fprintf(text, "%s exit %d, mode %s, refresh %t, partial %t, for %s\n",
				r.ID, r.ExitCode, b.veil.text(r.Mode), r.Refresh, r.Partial, r.Ended.Sub(r.Started).Round(time.Millisecond))
			fmt.Fprintf(text, "  planned: %s\n  done: %s\n  found: %s\n",
				b.counts(r.Summary), b.counts(r.Done), b.counts(r.Found))
			fmt.Fprintf(text, "  failed %d, held %d, unknown %d, problems %d, managed %d, calls to okta %d, to tracktik %d\n",
				r.Failed, r.Held, r.Unknown, r.Problems, r.Managed, r.OktaCalls, r.TTCalls)
			for _, refusal := range r.Refusals {
				fmt.Fprintf(text, "  refused: %s, %d\n", b.veil.text(string(refusal.Kind)), refusal.Count)
			}
			for _, asked := range r.Asked {
				fmt.Fprintf(text, "  asked otherwise: %s\n", b.veil.text(asked))
			}
			if r.Message != "" {
				fmt.Fprintf(text, "  said: %s\n", b.veil.text(r.Message))
			}
		}
		return err
	})
}

func (b *Bundle) counts(of map[string]int) string {
	parts := []string{}
	for _, kind := range slices.Sorted(maps.Keys(of)) {
		parts = append(parts, fmt.Sprintf("%s %d", b.veil.text(kind), of[kind]))
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

// refused is what the audit trail says of actions that failed or whose end nobody knows.
func (b *Bundle) refused() string {
	return b.reading(func(text *strings.Builder, db *state.DB) error {
		var last []plan.Audit
		for a, err := range db.Audits(state.Query{}) {
			if err != nil {
				return err
			}
			if a.Outcome == plan.Failed || a.Outcome == plan.Unknown {
				last = append(last[max(0, len(last)-mostRefused+1):], a)
			}
		}
		for i := range last {
			a := &last[i]
			fmt.Fprintf(text, "%s %s %s, %d calls: %s\n", a.Time.UTC().Format(time.RFC3339),
				b.veil.text(a.Kind), a.Outcome, a.Attempts, b.veil.text(a.Message))
		}
		return nil
	})
}
