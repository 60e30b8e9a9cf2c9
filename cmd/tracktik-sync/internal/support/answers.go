package support

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"

	"tracktik-sync/state"
	"tracktik-sync/sync/plan"
)

// answers are the last refusals and unreadable answers of the runs, and those of check.
func (b *Bundle) answers() string {
	var all []plan.Answer
	text := b.reading(func(_ *strings.Builder, db *state.DB) error {
		runs, err := db.Runs(mostRuns)
		for i := len(runs) - 1; i >= 0; i-- { // the newest come first
			all = append(all, runs[i].Answers...)
		}
		return err
	})
	var lines strings.Builder
	lines.WriteString(text)
	all = append(all, b.now...)
	for _, a := range all[max(0, len(all)-plan.MostAnswers):] {
		fmt.Fprintf(&lines, "%s %s: %d %s\n", b.veil.word(a.Method), b.veil.word(a.Route), a.Status, b.veil.shape(a.Shape))
	}
	if len(all) == 0 {
		lines.WriteString("none\n")
	}
	return lines.String()
}

// probe is what the last probe found: it holds no value but the marked employee's.
func (b *Bundle) probe() string {
	if b.cfg == nil {
		return "The configuration could not be read.\n"
	}
	note, err := state.Probes(b.cfg.State.Path).Load()
	if err != nil {
		return b.lines(err)
	}
	if note.Probe == nil {
		return "none\n"
	}
	var lines strings.Builder
	fmt.Fprintf(&lines, "%s, all was tried: %t, calls: %d\n", note.Time.UTC().Format(time.RFC3339), note.Ended,
		note.Probe.Calls)
	for _, a := range note.Probe.Assumptions {
		fmt.Fprintf(&lines, "differs %t, %s: %s -> %s\n", a.Differs, b.veil.text(a.Name), b.veil.text(a.Observed),
			b.veil.text(a.Follows))
	}
	return lines.String()
}

var quotedKey = regexp.MustCompile(`"([A-Za-z_]*)":`)

// shape lets through the keys that are made of known words; any other may be a name.
func (v *veil) shape(text string) string {
	return quotedKey.ReplaceAllStringFunc(text, func(quoted string) string {
		key := quoted[1 : len(quoted)-2]
		for _, word := range wordsOf(key) {
			if !v.known[word] {
				return fmt.Sprintf("key(%d):", len(key))
			}
		}
		return key + ":"
	})
}

// wordsOf are the words of a key: of errorSummary and error_summary the same two.
func wordsOf(key string) []string {
	var spaced strings.Builder
	for _, r := range key {
		if unicode.IsUpper(r) || r == '_' {
			spaced.WriteByte(' ')
		}
		if r != '_' {
			spaced.WriteRune(unicode.ToLower(r))
		}
	}
	return strings.Fields(spaced.String())
}
