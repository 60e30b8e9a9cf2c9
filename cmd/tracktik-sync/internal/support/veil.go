package support

import (
	_ "embed"
	"fmt"
	"regexp"
	"strings"

	"tracktik-sync/configs"
)

// words.txt is every lower-case word of the program's own messages, and those of the
// errors of the system below it.
//
//go:embed words.txt
var wordList string

// spelled are words of messages that are not in lower case.
const spelled = "Okta TrackTik GET POST PUT PATCH DELETE HEAD HTTP HTTPS HTML JSON YAML CSV TLS DNS TCP EOF " +
	"API OAuth DPoP SCIM URL UTC OAuth's TrackTik's Okta's " +
	"ACTIVE INACTIVE TERMINATED SUSPENDED DEPROVISIONED STAGED ADMIN Linux x509 " +
	"http https tcp v1 oauth2 2.0 FILE USER RUN HASH TIME " +
	configs.EnvConfig + " " + configs.EnvApprove + " " + configs.DefaultFile

// A veil lets through what the program itself says, and puts a number in the place of
// everything else: what it does not know may be a person or a secret. The same text has the
// same number everywhere.
type veil struct {
	known   map[string]bool
	numbers map[string]int
}

func newVeil() *veil {
	v := &veil{known: map[string]bool{}, numbers: map[string]int{}}
	for _, word := range strings.Fields(wordList + " " + spelled) {
		v.known[word] = true
	}
	for _, key := range configs.Keys() {
		v.known[key.Path], v.known[key.Env] = true, true
	}
	return v
}

// name is the pseudonym of a text.
func (v *veil) name(text string) string {
	n, seen := v.numbers[text]
	if !seen {
		n = len(v.numbers) + 1
		v.numbers[text] = n
	}
	return fmt.Sprintf("#%d", n)
}

const punctuation = "()[]{}<>\"'`“”,;:.!?…-"

var (
	// harmless is an error code of Okta, a moment, a run, or a span.
	harmless = regexp.MustCompile(`^(E0\d{6}|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)|` +
		`\d{8}T\d{6}Z-\d{6,}|(\d+(\.\d+)?(ns|µs|ms|s|m|h|d))+|[→=|%]+)$`)
	digits  = regexp.MustCompile(`^[+(]*#?\d[\d()./-]*[,;:.]?$`)
	small   = regexp.MustCompile(`^\d{1,3}$`)
	version = regexp.MustCompile(`^v\d$`)
	// placeholder stands in a route in the place of an id.
	placeholder = regexp.MustCompile(`^\{(id|app|user|group|mapping)\}$`)
)

// hide takes words that somebody has for a value from those that are let through.
func (v *veil) hide(values ...string) {
	for _, value := range values {
		for _, word := range strings.Fields(value) {
			delete(v.known, word)
		}
	}
}

// text is what somebody may read of a message: nothing between quotation marks but
// settings, and a short number unless one is beside it, as in a telephone number.
func (v *veil) text(message string) string {
	fields := strings.Fields(message)
	quoted := false
	for i, field := range fields {
		head := len(field) - len(strings.TrimLeft(field, punctuation))
		core := strings.Trim(field, punctuation)
		quotedHere := quoted != (strings.Count(field[:head], `"`)%2 == 1)
		quoted = quoted != (strings.Count(field, `"`)%2 == 1)
		if core == "" {
			continue
		}
		tail := field[head+len(core):]
		if quotedHere && !strings.Contains(core, ".") { // no setting, and so somebody's own word
			fields[i] = field[:head] + v.name(core) + tail
			continue
		}
		beside := func(j int) bool { return j >= 0 && j < len(fields) && digits.MatchString(fields[j]) }
		if small.MatchString(core) && !beside(i-1) && !beside(i+1) {
			continue
		}
		fields[i] = field[:head] + v.word(core) + tail
	}
	return strings.Join(fields, " ")
}

func (v *veil) word(core string) string {
	switch {
	case v.known[core], harmless.MatchString(core):
		return core
	case strings.HasPrefix(core, "/"):
		return v.route(core)
	}
	return v.name(core)
}

// route keeps the fixed parts of a path.
func (v *veil) route(path string) string {
	path, _, _ = strings.Cut(path, "?")
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if part != "" && !placeholder.MatchString(part) && !v.known[part] && !version.MatchString(part) {
			parts[i] = v.name(part)
		}
	}
	return strings.Join(parts, "/")
}
