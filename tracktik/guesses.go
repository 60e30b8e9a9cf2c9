package tracktik

import (
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"tracktik-sync/sync/plan"
)

// Everything in this file is guessed. Neither TrackTik's support articles nor
// the OpenAPI document of its portals settle these points, so what stands here
// is tolerant, and the first contact with a real portal changes this file only.
//
// Marks: [G] guess; [R] seen in public programs that talk to TrackTik's demo
// portal; [S] in the OpenAPI document, whose word another source contradicts.

// The OAuth paths. [R]: programs use these; [S] prints them below /rest/v1.
const (
	DefaultTokenPath     = "/rest/oauth2/access_token"
	DefaultAuthorizePath = "/rest/oauth2/authorize"
)

// tokenLifetime is assumed where an answer has no expires_in. [R]: 3600 s.
const tokenLifetime = time.Hour

// tokenScheme introduces the access token, whatever token_type says. [G]
const tokenScheme = "Bearer "

// keyFilter pages a list by "greater than the last id" [S]. Whether a portal knows it for
// each of its lists is [G]: a 400, or an answer that ignores it, means offset paging.
const keyFilter = "id:gt"

// onDemand are the parts of an employee that come only when `include` asks for them [S].
var onDemand = []string{"address", "language", "username"}

// includeRefused recognises the refusal of a field in `include`, and says which; "" is
// none. [G]: modelled on the recorded "page is not a field in employees".
func includeRefused(e *Error, include string) string {
	text := strings.ToLower(e.Text)
	for field := range strings.SplitSeq(include, ",") {
		if field != "" && strings.Contains(text, strings.ToLower(field)) {
			return field
		}
	}
	return ""
}

// namesPart reports whether a refusal speaks of an optional parameter. [G]: that a portal
// refuses one at all; the words of its refusal are modelled on the same record.
func namesPart(text, parameter string) bool {
	return regexp.MustCompile(`(?i)\b` + parameter + `\b`).MatchString(text)
}

// reasonLabel is what a termination reason is called. [S] has name; that a portal may say
// label is [G].
func reasonLabel(name, label string) string {
	if name == "" {
		return label
	}
	return name
}

// newRoleOrder is the place of a new role among the portal's: its default [S].
const newRoleOrder = 0

// roleGone recognises a terminated role. [G]: the documents give roles a
// terminate action, but no status.
func roleGone(status string) bool { return strings.EqualFold(status, "TERMINATED") }

// parentRegion is a region's place in the tree. [R]: headquarters, of which the portal
// makes no mark, has the parent 0 or 1; that it may be drawn as its own parent is [G]. One
// whose parent is not listed is a root, see plan.Regions.
func parentRegion(id, parent ref) plan.RegionID {
	if parent == id {
		return 0
	}
	return plan.RegionID(parent)
}

// grantUser is the id of the user record behind an employee, which is the employee's own
// (support article 29257831845271, step 4). A portal that answers otherwise is noticed.
func grantUser(id plan.EmployeeID) int64 { return int64(id) }

// grantHolder undoes grantUser.
func grantHolder(user int64) plan.EmployeeID { return plan.EmployeeID(user) }

// cleared is what a field is set to when its value is taken away: the texts
// whose documented minimum is no characters become empty, everything else
// null. [G]
func cleared(f plan.Field) any {
	if f == plan.JobTitle || f == plan.PrimaryPhone || f == plan.SecondaryPhone {
		return ""
	}
	return nil
}

// portalMoment reads a moment as the portal writes it. [S] draws a text: RFC 3339 is [G],
// and so are seconds since 1970.
func portalMoment(s string) (time.Time, bool) {
	if seconds, err := strconv.ParseInt(s, 10, 64); err == nil && seconds > 0 {
		return time.Unix(seconds, 0), true
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05-0700", time.DateTime} {
		if at, err := time.Parse(layout, s); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

// An author is the employee who changed a record last, as [S] draws it. That an action,
// such as a termination, counts as a change is [G]. A portal that names anything else
// says nothing.
type author ref

func (a *author) read(value gjson.Result) error {
	if (*ref)(a).read(value) != nil {
		*a = 0
	}
	return nil
}

// languageCode brings the portal's spelling of a language into the one that is
// sent. [G]: the documents have capitals throughout.
func languageCode(s string) string { return strings.ToUpper(s) }

// duplicateWords are in the text of an answer that refuses a value because
// another record has it. [G], but for "constraint", which an article has.
var duplicateWords = []string{"duplicate", "already", "unique", "constraint", "taken", "in use"}

// looksDuplicate judges a refusal by its words.
func looksDuplicate(text string) bool {
	text = strings.ToLower(text)
	for _, word := range duplicateWords {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}

// roleWords are in the refusal of a revoke that would leave somebody without a role. [G]:
// that TrackTik refuses it is in support article 360060063854, in which words is not.
var roleWords = regexp.MustCompile(`(?i)\b(roles?|last|at least one)\b`)

// speaksOfRole judges a refusal by its words. The names of resources are none.
func speaksOfRole(text string) bool {
	return roleWords.MatchString(strings.NewReplacer("user-roles", "", "employee-roles", "").Replace(text))
}

// addressWords are in a refusal of whoever comes from a network address that is not
// listed. [G]
var addressWords = regexp.MustCompile(`(?i)\b(ip|ips|ip[- ]address(es)?|(allow|white|safe)[- ]?list(s|ed)?|network zone)\b`)

func speaksOfAddress(text string) bool { return addressWords.MatchString(text) }

// errorKeys are where an error's body may keep its text. [S] has error; [G] the
// others, as league/oauth2-server and PHP frameworks have them.
var errorKeys = []string{"error", "error_description", "message", "errors", "detail"}

// ownAnswer reports whether an error's body is the portal's: a JSON object. A
// 404 without one comes from something in between, and proves nothing. [G]
func ownAnswer(body []byte) bool {
	var object map[string]json.RawMessage
	return json.Unmarshal(body, &object) == nil && object != nil
}

// credentialErrors are the codes with which a token request is refused for
// good. [G]: RFC 6749 section 5.2, which league/oauth2-server follows loosely.
var credentialErrors = map[string]bool{
	"invalid_grant": true, "invalid_client": true, "invalid_credentials": true, "invalid_request": true,
	"unauthorized_client": true, "unsupported_grant_type": true, "invalid_scope": true, "access_denied": true,
}

// fieldNames finds a field in the text of a refusal, in the spelling of the wire
// or of the portal's labels. [G]
var fieldNames = []struct {
	field plan.Field
	name  *regexp.Regexp
}{
	{plan.Username, regexp.MustCompile(`(?i)\buser ?name\b`)},
	{plan.FirstName, regexp.MustCompile(`(?i)\bfirst ?name\b`)},
	{plan.LastName, regexp.MustCompile(`(?i)\blast ?name\b`)},
	{plan.Email, regexp.MustCompile(`(?i)\be-?mail\b`)},
	{plan.JobTitle, regexp.MustCompile(`(?i)\bjob ?title\b`)},
	{plan.PrimaryPhone, regexp.MustCompile(`(?i)\b(primary ?)?phone\b`)},
	{plan.SecondaryPhone, regexp.MustCompile(`(?i)\bsecondary ?phone\b`)},
	{plan.AddressLine1, regexp.MustCompile(`(?i)\baddress ?(line ?1)?\b`)},
	{plan.City, regexp.MustCompile(`(?i)\bcity\b`)},
	{plan.State, regexp.MustCompile(`(?i)\bstate\b`)},
	{plan.PostalCode, regexp.MustCompile(`(?i)\bpostal ?code\b`)},
	{plan.Country, regexp.MustCompile(`(?i)\bcountry\b`)},
	{plan.Language, regexp.MustCompile(`(?i)\blanguage\b`)},
	{plan.CustomID, regexp.MustCompile(`(?i)\bcustom ?id\b`)},
	{plan.Region, regexp.MustCompile(`(?i)\bregion\b`)},
}

// namedField is the first field that text names; `address.state` names the state.
func namedField(text string) (plan.Field, bool) {
	text = strings.ReplaceAll(text, "address.", "")
	best, at := plan.NumFields, len(text)
	for _, candidate := range fieldNames {
		if found := candidate.name.FindStringIndex(text); found != nil && found[0] < at {
			best, at = candidate.field, found[0]
		}
	}
	return best, best != plan.NumFields
}

// subject is the `sub` of an access token that is a JWT, where GET /me does not say whose
// it is. That sub is the id of an employee is [G].
func subject(token string) string {
	var claims struct {
		Sub text `json:"sub"`
	}
	readClaims(token, &claims)
	return claims.Sub.value
}

// scopes are what an access token that is a JWT is good for; nil when it does not
// say. [G]: a list under `scopes`, as league/oauth2-server writes it, or the text of
// RFC 9068 under `scope`.
func scopes(token string) []string {
	var list struct {
		Scopes []string `json:"scopes"`
	}
	readClaims(token, &list)
	if len(list.Scopes) > 0 {
		return list.Scopes
	}
	var joined struct {
		Scope string `json:"scope"`
	}
	readClaims(token, &joined)
	if joined.Scope == "" {
		return nil
	}
	return strings.Fields(joined.Scope)
}

// scopeNames are the scopes that cover a verb (read or write) on a resource
// ("employees", "user-roles"): those of the resource, of what is above it, and of all [S, R].
func scopeNames(resource, verb string) []string {
	return []string{"all:" + verb, "core:" + verb, "core:entities:" + verb, "core:entities:" + resource + ":" + verb}
}

// readClaims reads the claims of a JWT without checking its signature: it is our own
// token, and nothing is allowed because of them. What is no JWT leaves claims alone.
func readClaims(token string, claims any) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err == nil {
		_ = json.Unmarshal(payload, claims) // another type: as good as absent
	}
}
