//go:build unix

package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"tracktik-sync/okta/oktatest"
	tsync "tracktik-sync/sync"
	"tracktik-sync/tracktik/tracktiktest"
)

// copies are what a plan works on, and the notes about them.
func (p *place) copies(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{filepath.Join(os.TempDir(), "tracktik-sync-plan*"), "*.note-*", "*.draft-*"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, names...)
	}
	return all
}

// TestAKilledPlanLeavesNoCopyBehind: the next run removes it, and none that is in use.
func TestAKilledPlanLeavesNoCopyBehind(t *testing.T) {
	p := newPlace(t)
	t.Setenv("TMPDIR", t.TempDir())
	p.addUser("ana@acme.example", "Ana", "Silva")
	p.must(t, "sync", "--init")
	reached, letGo := make(chan struct{}), make(chan struct{})
	p.okta.Configure(func(s *oktatest.Server) {
		s.Intercept = func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if strings.HasPrefix(r.URL.Path, "/api/v1/apps/") {
				select {
				case reached <- struct{}{}:
					<-letGo
				default:
				}
			}
			next.ServeHTTP(w, r)
		}
	})
	killed := start(t, "tracktik-sync", "plan")
	<-reached
	alive := start(t, "tracktik-sync", "plan")
	<-reached
	if n := len(p.copies(t)); n != 4 { // two copies with a note each
		t.Fatalf("%d files: %v", n, p.copies(t))
	}
	if err := killed.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = killed.Wait() // killed
	p.must(t, "sync")
	if n := len(p.copies(t)); n != 2 {
		t.Errorf("beside a plan that is at work there are %v", p.copies(t))
	}
	close(letGo)
	alive.ends(t, tsync.ExitDone)
	if left := p.copies(t); len(left) > 0 {
		t.Errorf("left is %v", left)
	}
}

// TestAnApprovalOutlivesTheRunThatItWasGivenTo: killed or asked to end in its middle, and
// the next one, which is given nothing, goes on; status says what is left.
func TestAnApprovalOutlivesTheRunThatItWasGivenTo(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			p := newPlace(t, "GUARD_TERMINATE_MAX_COUNT=1", "TRACKTIK_MAX_CONCURRENCY=1")
			for i := range 6 {
				p.addUser(fmt.Sprintf("p%d@acme.example", i), "Person", fmt.Sprintf("Number%d", i))
			}
			p.must(t, "sync", "--init")
			for i := range 4 {
				p.okta.DeactivateUser(p.users[fmt.Sprintf("p%d@acme.example", i)])
			}
			_, _, refusal := p.call(t, "sync")
			hash := regexp.MustCompile(`--approve ([0-9a-f]+)`).FindStringSubmatch(refusal)[1]
			if text := p.status(t); !strings.Contains(text, `"approvals":[{"hash":"`+hash+`"`) || !strings.Contains(text, `"actions":4`) {
				t.Errorf("before it is given: %s", text)
			}
			reached, letGo := make(chan struct{}), make(chan struct{})
			p.portal.Configure(func(s *tracktiktest.Server) {
				s.Intercept = tracktiktest.When(tracktiktest.Match{Path: "/employees/*/actions/terminate", Nth: 3, Times: 1}, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
					close(reached)
					<-letGo
					next.ServeHTTP(w, r)
				})
			})
			b := start(t, "tracktik-sync", "sync", "--approve", hash)
			<-reached
			if err := b.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			if sig == syscall.SIGTERM {
				await(t, func() bool { return strings.Contains(b.log.String(), heard) })
			}
			close(letGo)
			_ = b.Wait() // killed, or cut short
			if text := p.status(t); !strings.Contains(text, `"hash":"`+hash+`"`) || !strings.Contains(text, `"approved":"20`) {
				t.Errorf("after %v: %s", sig, text)
			}
			p.must(t, "sync")
			if n := p.count(tracktiktest.Active); n != 2 {
				t.Errorf("%d are active after the next run", n)
			}
			if text := p.status(t); !strings.Contains(text, `"approvals":[]`) {
				t.Errorf("when all is done: %s", text)
			}
			if history, _ := p.must(t, "history", "--kind", "approve"); !strings.Contains(history, "approval "+hash+" let ") {
				t.Errorf("the history says %s", history)
			}
			if code, _, said := p.call(t, "sync", "--approve", hash); code != tsync.ExitRefused || !strings.Contains(said, "all that it let pass is done") {
				t.Errorf("given again: %d %s", code, said)
			}
		})
	}
}

// TestStatusListsWhatTheLastRunRefused, and nothing of earlier days.
func TestStatusListsWhatTheLastRunRefused(t *testing.T) {
	p := newPlace(t, "GUARD_TERMINATE_MAX_COUNT=0")
	p.addUser("ana@acme.example", "Ana", "Silva")
	p.addUser("bob@acme.example", "Bob", "Sousa")
	p.must(t, "sync", "--init")
	hashes := []string{}
	for _, login := range []string{"ana@acme.example", "bob@acme.example"} {
		p.okta.DeactivateUser(p.users[login])
		_, _, refusal := p.call(t, "sync")
		hashes = append(hashes, regexp.MustCompile(`--approve ([0-9a-f]+)`).FindStringSubmatch(refusal)[1])
	}
	if text := p.status(t); strings.Contains(text, hashes[0]) || !strings.Contains(text, hashes[1]) {
		t.Errorf("it lists more than the last refusal, %v: %s", hashes, text)
	}
	t.Setenv("TRACKTIK_SYNC_GUARD_TERMINATE_MAX_COUNT", "50")
	p.must(t, "sync")
	if text := p.status(t); !strings.Contains(text, `"approvals":[]`) {
		t.Errorf("nothing was refused: %s", text)
	}
}
