package chaos

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"
)

// An entry is a line of the history that the program tells.
type entry struct {
	Time, Run, Kind, Outcome, Reason, Message string
	User                                      struct {
		ID string `json:"okta_id"`
	}
	Employee int64 `json:"employee_id"`
	Role     struct {
		ID    int64  `json:"id"`
		Group string `json:"group_id"`
	}
	RequestID string `json:"request_id"`
	Approved  bool
	text      string
	step      int
}

// calledNow is how somebody is called when the history is printed, which is no part of the entry.
var calledNow = regexp.MustCompile(`,"name":"(?:[^"\\]|\\.)*"(\},"(?:employee_id|role|changes|reason|outcome))`)

// hear reads the history, of which nothing may ever be missing.
func (j *judge) hear(l *Life, s *step) {
	out := l.quietly("history", "--format", "json")
	var all []entry
	for line := range strings.Lines(out) {
		var e entry
		l.must(json.Unmarshal([]byte(line), &e))
		e.text, e.step = strings.TrimSpace(calledNow.ReplaceAllString(line, "$1")), s.number
		all = append(all, e)
	}
	if len(all) < len(j.told) {
		l.fault("%s: the history had %d entries, and has %d", s, len(j.told), len(all))
		return
	}
	for i, was := range j.told {
		if all[i].text != was.text {
			l.fault("%s: the history said %s, and now says %s", s, was.text, all[i].text)
			return
		}
		all[i].step = was.step
	}
	for _, e := range all[len(j.told):] {
		if e.Kind == "link_role" && e.Outcome == "done" {
			if text := j.roleLinked(s, e); text != "" {
				l.fault("%s: role %d was linked to group %s, which it should not: %s", s, e.Role.ID, e.Role.Group, text)
			}
		}
	}
	j.told = all
}

// tellsAdoption reports that the history of a step tells that an employee was adopted.
func (j *judge) tellsAdoption(s *step, id int64, person string) bool {
	return slices.ContainsFunc(j.told, func(e entry) bool {
		return e.step == s.number && e.Kind == "adopt" && e.Outcome == "done" && e.Employee == id && e.User.ID == person
	})
}

// quietly asks the program something that only reads its snapshot.
func (l *Life) quietly(args ...string) string {
	r := l.program(context.WithoutCancel(l.ctx), Command{Args: append([]string{"--config", l.file("tracktik-sync.yaml")}, args...), Now: l.clock.Now,
		Sleep: func(context.Context, time.Duration) error { return nil }})
	if r.Code != 0 {
		l.fault("`%s` ended with %d: %s", strings.Join(args, " "), r.Code, r.Stderr)
	}
	return r.Stdout
}
