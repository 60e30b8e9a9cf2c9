package mapping

import (
	"fmt"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"tracktik-sync/sync/plan"
)

// longest is how many characters a field takes. For user names and e-mails
// TrackTik publishes no limit; theirs is the one of its other texts.
var longest = [plan.NumFields]int{
	plan.Username: 255, plan.FirstName: 255, plan.LastName: 255, plan.Email: 255,
	plan.JobTitle: 255, plan.PrimaryPhone: 20, plan.SecondaryPhone: 20,
	plan.AddressLine1: 255, plan.City: 255, plan.State: 255, plan.PostalCode: 255, plan.Country: 255,
	plan.Language: 255, plan.CustomID: 255, plan.Region: 255,
}

// conform returns text as TrackTik takes it for field, or what is wrong with it.
// The text is clean and not empty. State and country are judged by address.go.
func conform(field plan.Field, text string) (value, fault string) {
	if fault = tooLong(text, longest[field]); fault != "" {
		return "", fault
	}
	switch field {
	case plan.Email:
		if !isEmail(text) {
			return "", "is not an e-mail address"
		}
	case plan.Language:
		language, ok := nearestLanguage(text)
		if !ok {
			return "", fmt.Sprintf("is %s, which is near none of TrackTik's languages", quote(text))
		}
		return language, ""
	}
	return text, ""
}

func tooLong(text string, limit int) string {
	if len(text) <= limit {
		return ""
	}
	if n := utf8.RuneCountInString(text); n > limit {
		return fmt.Sprintf("has %d characters, at most %d are allowed", n, limit)
	}
	return ""
}

// isEmail reports whether text is an addr-spec of RFC 5322 and nothing besides,
// at a host that mail can be sent to. International names stay as they are.
func isEmail(text string) bool {
	address, err := mail.ParseAddress(text)
	if err != nil || address.Address != text {
		return false
	}
	return isHost(text[strings.LastIndexByte(text, '@')+1:])
}

// isHost reports whether name is localhost or has at least two labels, each as
// RFC 1123 has them, or in Unicode letters.
func isHost(name string) bool {
	if strings.EqualFold(name, "localhost") {
		return true
	}
	labels := 0
	for label := range strings.SplitSeq(name, ".") {
		labels++
		if label == "" || len(label) > 63 || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") ||
			strings.ContainsFunc(label, isNotInHost) {
			return false
		}
	}
	return labels > 1
}

func isNotInHost(r rune) bool {
	return r != '-' && !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r)
}

// quote shows a code, never a name or a number of a person's, in a message.
func quote(text string) string { return fmt.Sprintf("%q", shorten(text, 40)) }

func shorten(text string, limit int) string {
	n := 0
	for i := range text {
		if n == limit {
			return text[:i] + "…"
		}
		n++
	}
	return text
}
