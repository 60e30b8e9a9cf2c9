package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tracktik-sync/tracktik/tracktiktest"
)

// TestASecondMachineTakesOverFromACopyOfYesterday rehearses what the manual's page about the
// standby says, with the program itself. The first machine dies in the middle of a run
// (kill -9), when the portal has carried out a call and not yet answered. The copy that the
// second one restores is a day old: since then people came, left, and came to a group.
func TestASecondMachineTakesOverFromACopyOfYesterday(t *testing.T) {
	for name, call := range map[string]tracktiktest.Match{
		"at a create":      {Method: http.MethodPost, Path: "/employees", Nth: 3, Times: 1},
		"at a termination": {Path: "/employees/*/actions/terminate", Nth: 2, Times: 1},
	} {
		t.Run(name, func(t *testing.T) { takesOver(t, call) })
	}
}

func takesOver(t *testing.T, last tracktiktest.Match) {
	p := newPlace(t, "STATE_BACKUP_DIR=copies", "TRACKTIK_MAX_CONCURRENCY=1", "SYNC_GROUPS_NAMES=Site*")
	var site []string
	for i := range 40 {
		login := fmt.Sprintf("p%d@acme.example", i)
		p.addUser(login, "Person", fmt.Sprintf("Number%d", i))
		if i < 10 {
			site = append(site, login)
		}
	}
	p.addMembers("Site Airport", site)
	p.must(t, "sync", "--init")
	copies, err := filepath.Glob("copies/*.db")
	if err != nil || len(copies) != 1 {
		t.Fatalf("the first run left the copies %v, %v", copies, err)
	}
	yesterday, err := os.ReadFile(copies[0])
	if err != nil {
		t.Fatal(err)
	}
	p.dayAfterTheCopy(t)
	p.diesAt(t, last)

	second := t.TempDir() // another machine: the configuration, and of the first one the copy only
	t.Chdir(second)
	if err := os.WriteFile("yesterday.db", yesterday, 0o600); err != nil {
		t.Fatal(err)
	}
	before := fmt.Sprintf("%d active, %d terminated", p.count(tracktiktest.Active), p.count(tracktiktest.Terminated))
	p.portal.ResetRequests()
	p.must(t, "state", "restore", "yesterday.db")
	var ends []string
	for range 2 {
		code, _, _ := p.call(t, "sync")
		ends = append(ends, fmt.Sprintf("%d after %d writes", code, p.portal.Writes()))
	}
	t.Logf("before it %s; the runs of the second machine ended with %s; %d active, %d terminated", before, strings.Join(ends, ", "),
		p.count(tracktiktest.Active), p.count(tracktiktest.Terminated))
	p.wantEverybodyOnce(t)
}

// dayAfterTheCopy is what a day brings: three leave and five come, which a run still saw;
// then three more leave and five more come.
func (p *place) dayAfterTheCopy(t *testing.T) {
	t.Helper()
	change := func(leave, come, until int) {
		for i := leave; i < leave+3; i++ {
			p.okta.DeactivateUser(p.users[fmt.Sprintf("p%d@acme.example", i)])
		}
		for i := come; i < until; i++ {
			p.addUser(fmt.Sprintf("p%d@acme.example", i), "Person", fmt.Sprintf("Number%d", i))
		}
		p.addMembers("Site Airport", []string{fmt.Sprintf("p%d@acme.example", come)})
	}
	change(20, 40, 45)
	p.must(t, "sync")
	change(30, 45, 50)
}

// diesAt kills a run at that call, which the portal has carried out and not yet answered.
func (p *place) diesAt(t *testing.T, call tracktiktest.Match) {
	t.Helper()
	done := make(chan struct{})
	p.intercept(tracktiktest.When(call, func(_ http.ResponseWriter, r *http.Request, next http.Handler) {
		next.ServeHTTP(httptest.NewRecorder(), r)
		close(done)
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	}))
	first := start(t, "tracktik-sync", "sync")
	<-done
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = first.Wait() // killed
	p.intercept(nil)
}

// wantEverybodyOnce counts in the portal: who is in Okta is there once and active, who left
// is terminated, and nobody else is there.
func (p *place) wantEverybodyOnce(t *testing.T) {
	t.Helper()
	left := map[string]bool{}
	for _, i := range []int{20, 21, 22, 30, 31, 32} {
		left[fmt.Sprintf("p%d@acme.example", i)] = true
	}
	times, people := map[string]int{}, map[int64]bool{}
	for _, e := range p.portal.Employees() {
		number, ours := strings.CutPrefix(e.LastName, "Number")
		if !ours {
			continue // the integration's own account
		}
		login := "p" + number + "@acme.example"
		people[e.ID] = true
		if times[login]++; (e.Status == tracktiktest.Active) == left[login] {
			t.Errorf("%s is %s", login, e.Status)
		}
	}
	for login := range p.users {
		if times[login] != 1 {
			t.Errorf("%s is there %d times", login, times[login])
		}
	}
	held := map[int64]int{}
	for _, g := range p.portal.Grants() {
		if people[g.Employee] {
			held[g.Employee]++
		}
	}
	if len(held) != 12 { // the ten of the first day, and one of those who came on each later one
		t.Errorf("%d people hold the role, want 12", len(held))
	}
	for employee, n := range held {
		if n != 1 {
			t.Errorf("employee %d holds it %d times", employee, n)
		}
	}
	if len(times) != len(p.users) {
		t.Errorf("the portal has %d people, and Okta %d", len(times), len(p.users))
	}
}
