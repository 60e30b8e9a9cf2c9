package apply

import (
	"regexp"
	"slices"
	"strings"

	"tracktik-sync/sync/plan"
)

// publicFields hold nothing that tells one person from another.
const publicFields = plan.FieldSet(1<<plan.Region | 1<<plan.Language | 1<<plan.Country | 1<<plan.State)

// unnamed is a text about an action without the person's values, for the log: what
// TrackTik says of a refusal may repeat them. The history has the whole text.
func unnamed(action *plan.Action, text string) string {
	values := []string{action.User.Login}
	if action.Want != nil {
		values = append(values, action.Want.Email)
		for f := range plan.NumFields {
			if !publicFields.Has(f) {
				values = append(values, action.Want.Values[f])
			}
		}
	}
	for _, c := range action.Changes {
		if c.Field < plan.NumFields && !publicFields.Has(c.Field) {
			values = append(values, c.Old, c.New)
		}
	}
	var patterns []string
	for _, v := range values {
		if len(v) > 2 && len(v) < 1024 {
			patterns = append(patterns, regexp.QuoteMeta(v))
		}
	}
	slices.SortFunc(patterns, func(a, b string) int { return len(b) - len(a) }) // a whole e-mail before the name in it
	if len(patterns) == 0 {
		return text
	}
	return regexp.MustCompile("(?i)"+strings.Join(patterns, "|")).ReplaceAllString(text, "…")
}
