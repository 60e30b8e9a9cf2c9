package ui

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tracktik-sync/sync/plan"
)

// The sentences that say what a plan was compared with, and what is written.
const (
	NotRefreshed = "compared with what was last pushed; TrackTik itself was not read"
	Refreshed    = "compared with TrackTik itself, which was read whole"
	RefreshedFew = "compared with what TrackTik holds of these people; the rest of it was not read"
	Observing    = "observe: nothing is written to TrackTik"
	OnlyPlanned  = "plan: nothing is written to TrackTik"
	Applying     = "apply: TrackTik is changed as shown"
	NotYet       = "apply: nothing of what is shown is written to TrackTik yet"
	Partly       = "apply: TrackTik is changed, and not all that is shown was done"
	Undone       = "apply: nothing of what is shown was done in TrackTik"
	Stopped      = "apply: a guard refuses it, and nothing is written to TrackTik"
	Idle         = "apply: nothing is to be done, and nothing is written to TrackTik"
)

// ModeLine says what a document's run writes; planned: it is one that only plans.
func ModeLine(d *plan.Document, planned bool) string {
	switch {
	case d.Mode == "observe":
		return Observing
	case planned:
		return OnlyPlanned
	case d.Made() && len(d.Actions) > 0:
		return carriedOut(d)
	case !d.Made(), d.Result != nil && total(d.Result.Done) > 0:
		return Applying
	case slices.ContainsFunc(d.Guard.Refusals, func(r plan.Refusal) bool { return r.Stops }):
		return Stopped
	}
	return Idle
}

// carriedOut says how much of a plan that has something to do is written to TrackTik.
func carriedOut(d *plan.Document) string {
	switch r := d.Result; {
	case r == nil:
		return NotYet
	case total(r.Done) == 0 && r.Unknown == 0:
		return Undone
	case total(r.Done)+total(r.Found) < len(d.Actions):
		return Partly
	}
	return Applying
}

// ReadLine says what a document was compared with.
func ReadLine(d *plan.Document) string {
	switch {
	case !d.Options.Refresh:
		return NotRefreshed
	case len(d.Options.User) > 0:
		return RefreshedFew
	}
	return Refreshed
}

// KindWords is a kind as people say it: "grant role".
func KindWords(k plan.Kind) string { return strings.ReplaceAll(string(k), "_", " ") }

// Counts lists what there is, in a plan's order: "2 create, 1 grant role"; nothing
// is "nothing".
func Counts(counts map[string]int) string {
	var words []string
	for _, k := range plan.Kinds {
		if n := counts[string(k)]; n > 0 {
			words = append(words, fmt.Sprintf("%d %s", n, KindWords(k)))
		}
	}
	if len(words) == 0 {
		return "nothing"
	}
	return strings.Join(words, ", ")
}

// ByCount are the keys of counts, that of the greatest number first.
func ByCount[K ~string](counts map[K]int) []K {
	return slices.SortedFunc(maps.Keys(counts), func(a, b K) int {
		return cmp.Or(counts[b]-counts[a], cmp.Compare(a, b))
	})
}

// Few lists at most ten texts, and counts the others.
func Few(texts []string) string {
	const most = 10
	if len(texts) <= most {
		return strings.Join(texts, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(texts[:most], ", "), len(texts)-most)
}

// Summary is a plan in one line. What a guard refuses counts once, as that.
func Summary(d *plan.Document) string {
	parts := []string{Counts(d.Summary) + " to do"}
	refused := Refused(d)
	if len(refused) > 0 {
		parts = append(parts, Counts(refused)+" refused by a guard")
	}
	var rest []string
	for _, part := range []struct {
		n    int
		word string
	}{{len(d.Held) - total(refused), "held"}, {len(d.Problems), "problem"}, {len(d.Warnings), "warning"}} {
		if part.n > 0 {
			rest = append(rest, Number(part.n, part.word))
		}
	}
	if len(rest) > 0 {
		parts = append(parts, strings.Join(rest, ", "))
	}
	return strings.Join(parts, "; ")
}

// Number is "1 problem" or "2 problems", "2 tries"; "held" has no plural.
func Number(n int, word string) string {
	switch stem, y := strings.CutSuffix(word, "y"); {
	case n == 1 || word == "held":
	case y:
		word = stem + "ies"
	default:
		word += "s"
	}
	return strconv.Itoa(n) + " " + word
}

// Person names a person, harmless: "Ana Silva, ana@acme.example (00u1abc)".
func Person(u plan.UserRef) string {
	var names []string
	for _, name := range []string{u.Name, u.Login} {
		if name != "" {
			names = append(names, Safe(name))
		}
	}
	text := strings.Join(names, ", ")
	switch {
	case text == "":
		return Safe(string(u.ID))
	case u.ID == "":
		return text
	}
	return text + " (" + Safe(string(u.ID)) + ")"
}

// classWords say what Okta knows of unmanaged employees.
var classWords = map[plan.Class]string{plan.LeftOkta: "left Okta", plan.NotAssigned: "in Okta and not assigned",
	plan.Nobody: "nobody in Okta", plan.Doubtful: "doubtful"}

// Classes counts the unmanaged by what Okta knows of them, zeros too.
func Classes(counts map[plan.Class]int) string {
	texts := make([]string, len(plan.Classes))
	for i, class := range plan.Classes {
		texts[i] = strconv.Itoa(counts[class]) + " " + classWords[class]
	}
	return strings.Join(texts, ", ")
}

// Whose names the person of a problem, and the employee of who is not managed, harmless.
func Whose(p *plan.Problem) string {
	names := []string{Person(p.User)}
	if p.Employee != 0 {
		names = append(names, "employee "+strconv.FormatInt(int64(p.Employee), 10))
	}
	return strings.TrimPrefix(strings.Join(names, ", "), ", ")
}

// Role names a role, harmless: `"Site Airport" (role 12, group 00g1abc)`.
func Role(r *plan.RoleRef) string {
	var ids []string
	if r.ID != 0 {
		ids = append(ids, "role "+strconv.FormatInt(int64(r.ID), 10))
	}
	if r.Group != "" {
		ids = append(ids, "group "+Safe(string(r.Group)))
	}
	name := Quoted(r.Name)
	if len(ids) == 0 {
		return name
	}
	return name + " (" + strings.Join(ids, ", ") + ")"
}

// ChangeText is `jobTitle "Guard" -> "Senior guard"`, or the field alone where the
// values were left out.
func ChangeText(c plan.Change) string {
	if c.Old == "" && c.New == "" {
		return c.Field.String()
	}
	return c.Field.String() + " " + Quoted(c.Old) + " -> " + Quoted(c.New)
}

// ID is an id of TrackTik's; 0 is none.
func ID(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

// WriteJSON writes v as one line.
func WriteJSON(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}

// Ago is a moment and how long ago it was.
func Ago(t, now time.Time) string {
	return fmt.Sprintf("%s (%s)", t.UTC().Format(time.RFC3339), Age(t, now))
}

// Age is how long ago a moment was.
func Age(t, now time.Time) string { return now.Sub(t).Round(time.Second).String() + " ago" }

// LagWords says for how long leavers waited.
func LagWords(lag plan.Lag) string {
	return fmt.Sprintf("%s waited %s (median) since Okta's word, %s at most", Number(lag.Count, "leaver"),
		lag.Median.Round(time.Second), lag.Longest.Round(time.Second))
}

// Portal is a portal's short name: its host, with a port that is not the usual one.
func Portal(baseURL string) string {
	u, err := url.Parse(baseURL)
	if err != nil || u.Host == "" {
		return baseURL
	}
	name := strings.ToLower(u.Host)
	for scheme, port := range map[string]string{"https": ":443", "http": ":80"} {
		if u.Scheme == scheme {
			name = strings.TrimSuffix(name, port)
		}
	}
	return name
}

// Count writes a number with commas between the thousands.
func Count(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
