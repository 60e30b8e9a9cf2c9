package okta

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"tracktik-sync/sync/plan"
)

// decode reads an assignment with its embedded user. It judges nothing:
// a status that is not a text comes out as the JSON that it is, which no decision
// knows, and profile values keep their types, numbers as json.Number. Readable is
// false when the user is missing, is another one, or has no status or profile.
func (a *assigned) decode(r route, request string, print plan.Print) (plan.Person, error) {
	if a.at(partID).Type != gjson.String || a.at(partID).Str == "" {
		return plan.Person{}, broken(r.name, request, "an assignment without an id")
	}
	app, err := profile(a.at(partProfile))
	if err != nil {
		return plan.Person{}, broken(r.name, request, "the app profile of user %s cannot be read: %w", printable(a.at(partID).Str, 50), err)
	}
	p := a.base()
	if a.at(partUserID).Str != a.at(partID).Str {
		p = plan.Person{} // what is said of another user is nothing of theirs
	}
	p.ID = plan.PersonID(strings.Clone(a.at(partID).Str))
	p.App = app
	p.Print = print
	p.Assignment = plan.Assignment{
		Present:   true,
		Status:    text(a.at(partStatus)),
		Scope:     text(a.at(partScope)),
		Group:     groupOf(a.at(partGroup)),
		UserName:  text(a.at(partUserName)),
		External:  text(a.at(partExternal)),
		SyncState: text(a.at(partSyncState)),
		Updated:   moment(a.at(partUpdated)),
	}
	return p, nil
}

// decodeUser reads a user as /users lists it: without any assignment.
func decodeUser(r route, request, raw string) (plan.Person, error) {
	var a assigned
	a.user(raw)
	if a.at(partUserID).Type != gjson.String || a.at(partUserID).Str == "" {
		return plan.Person{}, broken(r.name, request, "a user without an id")
	}
	return a.base(), nil
}

// base reads the parts that make up the base user.
func (a *assigned) base() plan.Person {
	user, err := profile(a.at(partUserProfile))
	login, _ := user["login"].(string)
	email, _ := user["email"].(string)
	return plan.Person{
		ID:         plan.PersonID(text(a.at(partUserID))),
		Login:      login,
		Email:      email,
		Status:     text(a.at(partUserStatus)),
		Transition: text(a.at(partTransition)),
		Readable:   err == nil && user != nil && a.at(partUserStatus).Type == gjson.String && a.at(partUserStatus).Str != "",
		User:       user,

		StatusChanged: moment(a.at(partStatusChanged)),
	}
}

// profile decodes a profile; nil when there is none.
func profile(value gjson.Result) (map[string]any, error) {
	if value.Type == gjson.Null {
		return nil, nil
	}
	if !value.IsObject() {
		return nil, fmt.Errorf("it is not an object")
	}
	if plain, ok := plainProfile(value.Raw); ok {
		return plain, nil
	}
	return anyProfile(value.Raw)
}

func anyProfile(raw string) (map[string]any, error) {
	decoder := json.NewDecoder(strings.NewReader(raw))
	decoder.UseNumber() // a float would spoil long employee numbers
	var decoded map[string]any
	if err := decoder.Decode(&decoded); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, fmt.Errorf("something follows it")
	}
	return decoded, nil
}

// plainProfile is profile for what nearly all profiles are: texts without an escape, numbers,
// true, false and null. Its values are parts of one text of their own. ok is false for
// anything else, which encoding/json reads in four times the time.
func plainProfile(raw string) (plain map[string]any, ok bool) {
	if strings.IndexByte(raw, '\\') >= 0 || !utf8.ValidString(raw) {
		return nil, false
	}
	plain, ok = make(map[string]any, strings.Count(raw, `":`)), true
	gjson.Parse(strings.Clone(raw)).ForEach(func(name, value gjson.Result) bool {
		switch value.Type {
		case gjson.String:
			plain[name.Str] = value.Str
		case gjson.Number:
			plain[name.Str] = json.Number(value.Raw)
		case gjson.JSON:
			ok = false
		default:
			plain[name.Str] = value.Value()
		}
		return ok
	})
	return plain, ok
}

// text is the value of a JSON string, and the beginning of the JSON itself of
// anything else but null. It shares no memory with the page.
func text(value gjson.Result) string {
	switch value.Type {
	case gjson.Null:
		return ""
	case gjson.String:
		return strings.Clone(value.Str)
	default:
		return strings.Clone(printable(value.Raw, 50))
	}
}

// moment is the time that a timestamp stands for; zero when it is none.
func moment(value gjson.Result) time.Time {
	at, err := time.Parse(time.RFC3339, value.Str)
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}

// groupOf takes the id out of a link to a group.
func groupOf(href gjson.Result) plan.GroupID {
	u, err := url.Parse(href.Str)
	if err != nil || !strings.Contains(u.Path, "/groups/") {
		return ""
	}
	return plan.GroupID(strings.Clone(path.Base(u.Path)))
}
