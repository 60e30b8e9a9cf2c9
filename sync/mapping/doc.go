// Package mapping says what an Okta person's TrackTik employee should hold. It
// is pure: [Mapper.Map] turns a person into values, problems and warnings.
//
// Each TrackTik field has an ordered list of places in Okta: app.x is an
// attribute of the app assignment's profile, user.x one of the base profile and
// assignment.userName the name under which the person is assigned. The first
// place that is present and not empty wins; null, "", white space, [] and {} are
// empty. Numbers and booleans count as their text; a list or an object is no
// value.
//
// A field may have a CEL expression (https://cel.dev) as well. It is asked
// first, and the field's own sources only where it gives null or "". It sees
// user and app (the profiles), assignment (with userName) and groups (the names
// of the person's groups). An attribute that Okta leaves out does not exist, and
// reading it is an error: write has(user.division), or
// user.?division.orValue("none"). The strings extension (lowerAscii, split,
// replace and so on) is there.
//
// What breaks a rule is treated by weight. A required field or the region, which
// must not silently become the default one, is the person's problem. Everything
// else is left out with a warning, and stays in TrackTik as it is: such fields
// are in [plan.Wanted]'s Keep, as are fields that the configuration takes from
// nowhere. A field that is neither in Keep nor filled is empty in Okta, and is
// cleared if it was ever pushed.
//
// Values are cleaned ([plan.Clean]) before they are looked at: control characters,
// soft hyphens and zero-width and bidirectional controls go (line breaks and tabs
// become a space; a joiner stays behind a non-ASCII letter or symbol, where scripts
// and emoji need it, and at the end behind a virama alone), white space around is
// trimmed, and the rest is brought into NFC. Lengths are counted in code points. Codes are never guessed: "USA" is not
// an ISO 3166-1 alpha-2 code, and the warning names the one that is meant.
package mapping
