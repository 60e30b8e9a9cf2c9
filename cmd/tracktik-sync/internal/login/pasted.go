package login

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
)

// pastedCode takes the code out of what somebody pasted: the address to which the
// browser was sent, its query alone, or the code itself. A state that comes along
// must be ours.
func pastedCode(text, state string) (string, error) {
	text = strings.Trim(strings.TrimSpace(text), `"'<>`)
	if text == "" {
		return "", errors.New("nothing was pasted; nothing was changed")
	}
	query, ok := pastedQuery(text)
	if !ok {
		if strings.ContainsAny(text, " \t/?&") {
			return "", errors.New("that is neither the address to which the browser was sent nor the code in it: it has no " +
				"code=…")
		}
		return text, nil
	}
	return codeOf(query, state)
}

// pastedQuery is the query in text; ok is false when there is none with an answer.
func pastedQuery(text string) (query url.Values, ok bool) {
	raw := text
	if _, after, cut := strings.Cut(text, "?"); cut {
		raw, _, _ = strings.Cut(after, "#")
	}
	query, err := url.ParseQuery(raw)
	return query, err == nil && (query.Has("code") || query.Has("error"))
}

// codeOf is the code of the portal's answer (RFC 6749, section 4.1.2), which must
// carry our state: else somebody else's approval could be slipped in.
func codeOf(query url.Values, state string) (string, error) {
	if subtle.ConstantTimeCompare([]byte(query.Get("state")), []byte(state)) != 1 {
		return "", errForeignState
	}
	if code := query.Get("error"); code != "" {
		return "", fmt.Errorf("the portal did not approve: %s",
			ui.Safe(ui.Shortened(strings.TrimSuffix(code+": "+query.Get("error_description"), ": "))))
	}
	if query.Get("code") == "" {
		return "", errors.New("the portal's answer holds no code")
	}
	return query.Get("code"), nil
}

var errForeignState = errors.New("that answer does not belong to this login (its state is another one): open the " +
	"address anew, and approve there")
