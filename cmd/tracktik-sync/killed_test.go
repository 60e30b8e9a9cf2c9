//go:build unix

package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
	p.okta.Intercept = func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if strings.HasPrefix(r.URL.Path, "/api/v1/apps/") {
			select {
			case reached <- struct{}{}:
				<-letGo
			default:
			}
		}
		next.ServeHTTP(w, r)
	}
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
	alive.ends(t, codeDone)
	if left := p.copies(t); len(left) > 0 {
		t.Errorf("left is %v", left)
	}
}
