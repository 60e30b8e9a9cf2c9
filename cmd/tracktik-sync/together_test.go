package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"tracktik-sync/state"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// An office is a town in which two administrators give commands as processes.
type office struct {
	*town
	testing.TB
	hash string // of a refused set of two terminations
}

// newOffice is a town of six managed people; of whom two have left, which a guard
// refused; four more whose employees have other names; one with a problem; a backup.
func newOffice(t *testing.T) *office {
	o := &office{town: newTown(t, map[string]any{"GUARD_TERMINATE_MAX_COUNT": "1", "METRICS_PUSHGATEWAY": "", "NOTIFY_WEBHOOK_URL_FILE": "", "NOTIFY_PING_START": "",
		"NOTIFY_PING_SUCCESS": "", "NOTIFY_PING_FAILURE": "", "METRICS_TEXTFILE": ""}), TB: t}
	for i := range 6 {
		o.addUser(fmt.Sprintf("p%d@acme.example", i), "Person", fmt.Sprintf("Number%d", i))
	}
	o.must(0, "sync", "--init")
	o.must(0, "state", "backup", o.file("copy.db"))
	o.okta.DeactivateUser(o.users["p0@acme.example"])
	o.okta.DeactivateUser(o.users["p1@acme.example"])
	text := o.must(3, "sync")
	o.hash = regexp.MustCompile(`--approve ([0-9a-f]+)`).FindStringSubmatch(text)[1]
	for i := range 4 { // found by nothing but an administrator
		login := fmt.Sprintf("other%d@acme.example", i)
		id := o.portal.AddEmployee(tracktiktest.Employee{FirstName: "Other", LastName: strconv.Itoa(i), Username: fmt.Sprintf("o%d", i)})
		o.addUser(login, "Other", strconv.Itoa(i))
		o.must(0, "link", login, strconv.FormatInt(id, 10))
		o.must(0, "unlink", login)
	}
	o.addUser("bad@acme.example", "Bad", "Mail")
	o.okta.UpdateUser(o.users["bad@acme.example"], map[string]any{"email": "bad at acme"})
	return o
}

func (o *office) file(name string) string { return filepath.Join(o.dir, name) }

// employee is the id of the employee who was linked to other<i> once.
func (o *office) employee(i int) string {
	for _, e := range o.portal.Employees() {
		if e.Username == fmt.Sprintf("o%d", i) {
			return strconv.FormatInt(e.ID, 10)
		}
	}
	o.Fatalf("no employee o%d", i)
	return ""
}

// command is a process of the program, which begins when it is started.
func (o *office) command(args ...string) (*exec.Cmd, *bytes.Buffer) {
	cmd := exec.CommandContext(o.Context(), "tracktik-sync", append([]string{"--config", o.file("tracktik-sync.yaml"), "--log-level", "error"}, args...)...)
	var out bytes.Buffer
	cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), "GORACE="+raceOptions), &out, &out
	return cmd, &out
}

func (o *office) must(want int, args ...string) string {
	o.Helper()
	cmd, out := o.command(args...)
	if got := exitOf(cmd.Run()); got != want {
		o.Fatalf("%v ended with %d, want %d:\n%s", args, got, want, out)
	}
	return out.String()
}

func exitOf(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	return -1
}

// together runs two commands at once, and answers how each ended.
func (o *office) together(one, two []string) (codes [2]int, said [2]string) {
	o.Helper()
	a, outA := o.command(one...)
	b, outB := o.command(two...)
	if err := errors.Join(a.Start(), b.Start()); err != nil {
		o.Fatal(err)
	}
	codes = [2]int{exitOf(a.Wait()), exitOf(b.Wait())}
	return codes, [2]string{outA.String(), outB.String()}
}

// linked reports whether the snapshot says that somebody is that employee.
func (o *office) linked(login, employee string) bool {
	o.Helper()
	db, err := state.Open(o.file("tracktik-sync.db"), state.Options{ReadOnly: true})
	if err != nil {
		o.Fatal(err)
	}
	link, found, err := db.Link(plan.PersonID(o.users[login]))
	if err = errors.Join(err, db.Close()); err != nil {
		o.Fatal(err)
	}
	return found && strconv.FormatInt(int64(link.Employee), 10) == employee
}

// wantNothingLost looks at the snapshot and the portal, and lets the next run have the
// last word: nobody is there twice.
func (o *office) wantNothingLost() {
	o.Helper()
	o.must(0, "state", "verify")
	cmd, out := o.command("sync")
	if got := exitOf(cmd.Run()); got != 0 && got != 3 && got != 4 {
		o.Fatalf("the next run ended with %d:\n%s", got, out)
	}
	mails := map[string]int{}
	for _, e := range o.portal.Employees() {
		if e.Status == tracktiktest.Active && e.Email != "" { // whoever was typed by hand and linked by nobody has none
			mails[e.Email]++
		}
	}
	for mail, n := range mails {
		if n > 1 {
			o.Errorf("%s is there %d times", mail, n)
		}
	}
	for _, rest := range []string{".new", ".restored"} {
		if left, _ := filepath.Glob(o.file("*" + rest + "*")); len(left) > 0 {
			o.Errorf("left behind: %v", left)
		}
	}
}

func TestTwoAdministratorsAtOnceLoseNothing(t *testing.T) {
	type commands func(o *office) []string
	link := func(person, employee int) commands {
		return func(o *office) []string {
			return []string{"link", fmt.Sprintf("other%d@acme.example", person), o.employee(employee)}
		}
	}
	pairs := func(o *office) []string {
		rows := fmt.Sprintf("other1@acme.example,%s\nother2@acme.example,%s\n", o.employee(1), o.employee(2))
		if err := os.WriteFile(o.file("pairs.csv"), []byte(rows), 0o600); err != nil {
			o.Fatal(err)
		}
		return []string{"link", "--file", o.file("pairs.csv")}
	}
	say := func(args ...string) commands { return func(*office) []string { return args } }
	backup := func(o *office) []string { return []string{"state", "backup", o.file("second.db")} }
	restore := func(o *office) []string { return []string{"state", "restore", o.file("copy.db")} }
	approve := func(o *office) []string { return []string{"sync", "--approve", o.hash} }
	wholeCopy := func(o *office, codes [2]int) {
		if findings, err := state.Verify(o.file("second.db"), state.Options{}); err != nil || len(findings) > 0 {
			o.Errorf("the backup: %v, %v", findings, err)
		}
	}
	linkedIf := func(i int, persons ...int) func(*office, [2]int) {
		return func(o *office, codes [2]int) {
			for _, p := range persons {
				if got := o.linked(fmt.Sprintf("other%d@acme.example", p), o.employee(p)); got != (codes[i] == 0) {
					o.Errorf("other%d is linked: %v, after exit code %d", p, got, codes[i])
				}
			}
		}
	}
	for _, c := range []struct {
		name     string
		one, two commands
		allowed  []int // besides 0 and 5
		after    []func(*office, [2]int)
	}{
		{"link two people", link(0, 0), link(1, 1), nil, []func(*office, [2]int){linkedIf(0, 0), linkedIf(1, 1)}},
		{"link one employee twice", link(0, 0), link(1, 0), []int{1}, []func(*office, [2]int){linkedIf(0, 0), func(o *office, codes [2]int) {
			if codes[0] == 0 && codes[1] == 0 || codes[0] != 0 && codes[1] != 0 {
				o.Errorf("both ended alike: %v", codes)
			}
		}}},
		{"link and sync", link(0, 0), say("sync", "--no-removals"), []int{1, 4}, nil},
		{"link and unlink", link(0, 0), say("unlink", "p5@acme.example"), nil, []func(*office, [2]int){linkedIf(0, 0)}},
		{"many links and retry", pairs, say("retry"), []int{4}, []func(*office, [2]int){linkedIf(0, 1, 2)}},
		{"backup and sync", backup, say("sync", "--no-removals"), []int{4}, []func(*office, [2]int){wholeCopy}},
		{"backup twice to one place", backup, backup, []int{2}, []func(*office, [2]int){wholeCopy, func(o *office, codes [2]int) {
			if codes[0] != 0 && codes[1] != 0 { // whoever comes when the other one is done finds the file there
				o.Errorf("neither made a copy: %v", codes)
			}
		}}},
		{"restore and link", restore, link(0, 0), nil, nil},
		{"restore and sync", restore, say("sync", "--no-removals"), []int{4}, nil},
		{"restore twice", restore, restore, nil, nil},
		{"approve twice", approve, approve, []int{3, 4}, []func(*office, [2]int){func(o *office, codes [2]int) {
			if n := o.portal.Count("POST", "/employees/*/actions/terminate"); n > 2 {
				o.Errorf("two people were terminated by %d calls", n)
			}
		}}},
		{"forget and retry", say("forget", "bad@acme.example"), say("retry", "bad@acme.example"), []int{1, 4}, nil},
		{"compare and link", say("compare"), link(0, 0), nil, []func(*office, [2]int){linkedIf(1, 0)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := newOffice(t)
			codes, said := o.together(c.one(o), c.two(o))
			for i, code := range codes {
				if code != 0 && code != 5 && !slices.Contains(c.allowed, code) {
					t.Errorf("command %d ended with %d:\n%s", i+1, code, said[i])
				}
				if last := lastLine(said[i]); code != 0 && !strings.HasPrefix(last, fmt.Sprintf("exit %d: ", code)) {
					t.Errorf("command %d does not say why: %q", i+1, last)
				}
			}
			for _, after := range c.after {
				after(o, codes)
			}
			o.wantNothingLost()
		})
	}
}

func TestOneSnapshotIsMadeHoweverManyAskForIt(t *testing.T) {
	o := &office{town: newTown(t, nil), TB: t}
	o.addUser("ana@acme.example", "Ana", "Silva")
	codes, said := o.together([]string{"sync", "--init"}, []string{"state", "init"})
	if codes[0] != 0 && codes[0] != 5 || codes[1] != 0 && codes[1] != 1 || codes == [2]int{5, 1} {
		t.Errorf("they ended with %v:\n%s", codes, said)
	}
	o.wantNothingLost()
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// A run that comes while another one is active is told who that is, and since when.
func TestASecondRunIsToldThatAnotherOneIsActive(t *testing.T) {
	for _, second := range [][]string{{"sync"}, {"sync", "--user", "p2@acme.example"}, {"retry"}, {"restore", "last"}} {
		t.Run(strings.Join(second, " "), func(t *testing.T) {
			o := newOffice(t)
			o.addUser("new@acme.example", "New", "Comer")
			asked, goOn := make(chan struct{}), make(chan struct{})
			var once sync.Once
			o.portal.Configure(func(s *tracktiktest.Server) {
				s.Intercept = func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					once.Do(func() { close(asked); <-goOn })
					next.ServeHTTP(w, r)
				}
			})
			first, _ := o.command("sync")
			if err := first.Start(); err != nil {
				t.Fatal(err)
			}
			<-asked
			text := o.must(5, second...)
			close(goOn)
			if !strings.Contains(text, "in use by `sync` of ") || !strings.Contains(text, "since 20") {
				t.Errorf("it says\n%s", text)
			}
			if code := exitOf(first.Wait()); code != 3 && code != 4 {
				t.Errorf("the first run ended with %d", code)
			}
		})
	}
}
