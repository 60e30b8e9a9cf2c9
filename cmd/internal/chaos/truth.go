package chaos

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	"tracktik-sync/okta/oktatest"
)

// A Person is somebody as Okta has them. Gone says that Okta answers 404.
type Person struct {
	ID                        string
	Gone, Hidden              bool
	Status, Transition        string
	Login, Email, First, Last string
	Title, Rank, Division     string
	Phone, Custom, Department string
	FirstDay, LastDay         string
	At                        time.Time // when this was so
	Assignment, UserName      string    // status; "": none
	Groups                    map[string]bool
}

// A Group is one as Okta has it.
type Group struct {
	ID, Name         string
	Assigned, Pushed bool
	Hidden           bool
	Image            bool // what Push Groups made of another group
	Members          map[string]bool
}

// Truth is what is so in Okta at one moment.
type Truth struct {
	At     time.Time
	People map[string]*Person
	Groups map[string]*Group
	// PushedGroups says that there is at least one push mapping.
	PushedGroups bool
}

type wireUser struct {
	ID, Status, TransitioningToStatus string
	Profile                           struct {
		Login, Email, FirstName, LastName, Title, GuardTitle, Division, PrimaryPhone, EmployeeNumber, Department, HireDate, LastDay string
	}
}

// readTruth asks the org itself, past whatever stands before it.
func readTruth(l *Life) *Truth {
	t := &Truth{At: l.clock.Now(), People: map[string]*Person{}, Groups: map[string]*Group{}}
	app := "/api/v1/apps/" + l.app
	var assigned []struct {
		ID, Status  string
		Credentials struct{ UserName string }
		Embedded    struct{ User wireUser } `json:"_embedded"`
	}
	l.list(app+"/users?expand=user&limit=500", &assigned)
	for _, a := range assigned {
		p := t.person(a.Embedded.User)
		p.Assignment, p.UserName = a.Status, a.Credentials.UserName
		t.People[a.ID] = p
	}
	for _, id := range l.everyone {
		var u wireUser
		if t.People[id] != nil {
			continue
		}
		if l.ask("/api/v1/users/"+id, &u) {
			t.People[id] = t.person(u)
		} else {
			t.People[id] = &Person{ID: id, Gone: true, Groups: map[string]bool{}}
		}
	}
	t.readGroups(l, app)
	for _, id := range l.narrowed.okta {
		if p := t.People[id]; p != nil {
			p.Hidden = true
		} else if g := t.Groups[id]; g != nil {
			g.Hidden = true
		}
	}
	return t
}

func (t *Truth) readGroups(l *Life, app string) {
	var groups []struct {
		ID, Type string
		Profile  struct{ Name string }
	}
	l.list("/api/v1/groups?limit=200", &groups)
	for _, in := range groups {
		g := &Group{ID: in.ID, Name: in.Profile.Name, Image: in.Type == oktatest.TypeAppGroup, Members: map[string]bool{}}
		var members []struct{ ID string }
		l.list("/api/v1/groups/"+in.ID+"/users?limit=1000", &members)
		for _, m := range members {
			g.Members[m.ID] = true
			if p := t.People[m.ID]; p != nil {
				p.Groups[in.ID] = true
			}
		}
		t.Groups[in.ID] = g
	}
	var given []struct{ ID string }
	l.list(app+"/groups?limit=200", &given)
	for _, in := range given {
		t.Groups[in.ID].Assigned = true
	}
	var mappings []struct{ SourceGroupID string }
	l.list(app+"/group-push/mappings?limit=1000", &mappings)
	for _, m := range mappings {
		t.Groups[m.SourceGroupID].Pushed = true
		t.PushedGroups = true
	}
}

func (t *Truth) person(u wireUser) *Person {
	f := u.Profile
	return &Person{ID: u.ID, At: t.At, FirstDay: f.HireDate, LastDay: f.LastDay, Status: u.Status, Transition: u.TransitioningToStatus, Login: f.Login, Email: f.Email, First: f.FirstName, Last: f.LastName, Title: f.Title, Rank: f.GuardTitle,
		Division: f.Division, Phone: f.PrimaryPhone, Custom: f.EmployeeNumber, Department: f.Department, Groups: map[string]bool{}}
}

// ask reads one object; false is a 404.
func (l *Life) ask(path string, into any) bool {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, path, nil)
	r.Header.Set("Authorization", "SSWS "+oktatest.DefaultToken)
	w := httptest.NewRecorder()
	l.org.ServeHTTP(w, r)
	if w.Code == http.StatusNotFound {
		return false
	}
	if w.Code != http.StatusOK {
		panic(fmt.Sprintf("chaos: %s answers %d %s", path, w.Code, w.Body))
	}
	l.must(json.Unmarshal(w.Body.Bytes(), into))
	return true
}

// list reads a whole list, page by page.
func (l *Life) list(path string, into any) {
	var all []json.RawMessage
	for path != "" {
		var page []json.RawMessage
		r := httptest.NewRequestWithContext(context.Background(), http.MethodGet, path, nil)
		r.Header.Set("Authorization", "SSWS "+oktatest.DefaultToken)
		w := httptest.NewRecorder()
		l.org.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			panic(fmt.Sprintf("chaos: %s answers %d %s", path, w.Code, w.Body))
		}
		l.must(json.Unmarshal(w.Body.Bytes(), &page))
		all = append(all, page...)
		path = ""
		for _, link := range w.Header().Values("Link") {
			if target, rest, _ := strings.Cut(strings.TrimPrefix(link, "<"), ">"); strings.Contains(rest, `"next"`) {
				path = target
			}
		}
	}
	text, err := json.Marshal(all)
	l.must(err)
	if len(all) > 0 {
		l.must(json.Unmarshal(text, into))
	}
}

// A verdict is what Okta says is to become of somebody's employee.
type verdict string

const (
	provision verdict = "provision"
	wait      verdict = "wait"   // nothing until they are activated
	hold      verdict = "hold"   // left as they are
	leave     verdict = "leave"  // terminated
	gone      verdict = "gone"   // the user is 404
	either    verdict = "either" // their last day ends about now: provision, or leave
)

var (
	entitling = []string{"ACTIVE", "APPROVED", "PROVISIONED", "STAGED", "IMPLICIT", "PENDING"}
	ending    = []string{"", "DEPROVISIONED", "INACTIVE", "REVOKED", "SUSPENDED"}
	known     = []string{oktatest.StatusActive, oktatest.StatusPasswordExpired, oktatest.StatusLockedOut, oktatest.StatusRecovery, oktatest.StatusProvisioned}
)

// verdictOn is the contract's table.
func verdictOn(p *Person, s Settings) verdict {
	switch {
	case p.Gone || p.Hidden:
		return gone
	case p.Status == oktatest.StatusDeprovisioned || p.Transition == oktatest.StatusDeprovisioned:
		return leave
	case p.Status == oktatest.StatusSuspended && s.text("suspended") == "terminate":
		return leave
	case p.ended(s) == yes:
		return leave
	case p.ended(s) == maybe:
		return either
	case p.Status == oktatest.StatusSuspended:
		return hold
	case p.Status != oktatest.StatusStaged && !slices.Contains(known, p.Status):
		return hold
	case slices.Contains(ending, p.Assignment):
		return leave
	case !slices.Contains(entitling, p.Assignment):
		return hold
	case p.Status == oktatest.StatusStaged:
		return wait
	case s.text("scope") != "" && p.Department == "Office":
		if s.text("out_of_scope") == "terminate" {
			return leave
		}
		return hold
	}
	return provision
}

// graceful reports whether unassigned_grace applies: active in Okta, and unassigned.
func (p *Person) graceful() bool {
	return !p.Gone && !p.Hidden && p.Status != oktatest.StatusDeprovisioned && p.Transition != oktatest.StatusDeprovisioned && slices.Contains(ending, p.Assignment)
}

// wanted is what the person's employee has to hold, as far as these lives fill it.
func (p *Person) wanted(s Settings) map[string]string {
	values := map[string]string{"username": p.UserName, "email": p.Email, "firstName": p.First, "lastName": p.Last, "jobTitle": p.Title, "primaryPhone": p.Phone}
	if _, mapped := s.Sync["attributes"]; mapped {
		values["customId"] = p.Custom
		if p.Rank != "" {
			values["jobTitle"] = p.Rank
		}
	}
	return values
}

func (t *Truth) ids() []string { return slices.Sorted(maps.Keys(t.People)) }

// A belief is what a program can know: some things are left open.
type belief int

const (
	no belief = iota
	maybe
	yes
)

// fold is how names compare.
func fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// fits reports whether a name fits a glob, of which only * is special.
func fits(glob, name string) bool {
	parts := strings.Split(fold(glob), "*")
	name = fold(name)
	if len(parts) == 1 {
		return parts[0] == name
	}
	rest, found := strings.CutPrefix(name, parts[0])
	if !found {
		return false
	}
	for _, part := range parts[1 : len(parts)-1] {
		_, after, found := strings.Cut(rest, part)
		if !found {
			return false
		}
		rest = after
	}
	return strings.HasSuffix(rest, parts[len(parts)-1])
}

func fitsAny(globs []string, name string) bool {
	return name != "" && slices.ContainsFunc(globs, func(glob string) bool { return fits(glob, name) })
}
