package mapping

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"tracktik-sync/sync/plan"
)

// A space is a part of what Okta says about a person.
type space uint8

const (
	inApp space = iota
	inUser
	inAssignment
)

// A place is where in Okta a value may stand: "app.title".
type place struct {
	name  string
	space space
	key   string
}

// defaultPlaces are those of the OIN app, whose attributes have SCIM-like names,
// of custom apps, which mostly repeat the names of the base profile, and of OIDC apps,
// whose attributes are named for their claims.
var defaultPlaces = [plan.NumFields][]string{
	plan.Username:       {assignedName, "user.login"},
	plan.FirstName:      {"app.givenName", "app.firstName", "app.given_name", "user.firstName"},
	plan.LastName:       {"app.familyName", "app.lastName", "app.family_name", "user.lastName"},
	plan.Email:          {"app.email", "user.email"},
	plan.JobTitle:       {"app.title", "user.title"},
	plan.PrimaryPhone:   {"app.primaryPhone", "app.phone_number", "user.primaryPhone"},
	plan.AddressLine1:   {"app.streetAddress", "app.street_address", "user.streetAddress"},
	plan.City:           {"app.locality", "app.city", "user.city"},
	plan.State:          {"app.region", "app.state", "user.state"},
	plan.PostalCode:     {"app.postalCode", "app.zipCode", "app.postal_code", "user.zipCode"},
	plan.Country:        {"app.country", "app.countryCode", "user.countryCode"},
	plan.Language:       {"app.preferredLanguage", "app.locale", "user.preferredLanguage"},
	plan.CustomID:       nil, // TrackTik assigns one
	plan.SecondaryPhone: nil,
	plan.Region:         {"app.division", "user.division"},
}

// userTypePlaces are looked at for a warning only: TrackTik is not told.
var userTypePlaces = []place{{"app.userType", inApp, "userType"}, {"user.userType", inUser, "userType"}}

const assignedName = "assignment.userName"

func parsePlace(name string) (place, error) {
	if name == assignedName {
		return place{name, inAssignment, ""}, nil
	}
	side, key, _ := strings.Cut(name, ".")
	if key == "" || (side != "app" && side != "user") {
		return place{}, fmt.Errorf("unknown source %q; use app.NAME, user.NAME or %s", name, assignedName)
	}
	if side == "app" {
		return place{name, inApp, key}, nil
	}
	return place{name, inUser, key}, nil
}

func (p place) of(person *plan.Person) any {
	switch p.space {
	case inApp:
		return person.App[p.key]
	case inUser:
		return person.User[p.key]
	default:
		return person.Assignment.UserName
	}
}

// textOf returns a JSON value as text. It reports false for what is no single
// value.
func textOf(value any) (string, bool) {
	switch v := value.(type) {
	case nil:
		return "", true
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	case int:
		return strconv.Itoa(v), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case uint64:
		return strconv.FormatUint(v, 10), true
	case []any:
		return "", len(v) == 0
	case map[string]any:
		return "", len(v) == 0
	}
	return "", false
}
