package sync_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/tracktik/tracktiktest"
)

const (
	everyDayKills = 30
	killsOfALife  = 50
)

// TestMain lets more tests go side by side than there are processors, since they wait
// for the disk, for time-outs and for a minute, and removes the program that was built.
func TestMain(m *testing.M) {
	flag.Parse()
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "test.parallel" })
	if !asked {
		if err := flag.Set("test.parallel", strconv.Itoa(3*runtime.GOMAXPROCS(0))); err != nil {
			panic(err)
		}
	}
	code := m.Run()
	if built.dir != "" {
		_ = os.RemoveAll(built.dir) // it is a temporary directory
	}
	os.Exit(code)
}

var built struct {
	once sync.Once
	dir  string
	err  error
}

// program builds tracktik-sync, once.
func program(t testing.TB) string {
	t.Helper()
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "tracktik-sync-"); built.err != nil {
			return
		}
		build := exec.Command("go", "build", "-o", built.dir, "tracktik-sync/cmd/tracktik-sync")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			built.err = fmt.Errorf("%w: %s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return filepath.Join(built.dir, "tracktik-sync")
}

// A process is the real program, in a life of its own.
type process struct {
	*life
	path string
	env  []string
	open atomic.Int32 // requests that the two systems are answering
}

// TestChaosOfKills kills the real program with SIGKILL, at random moments, in companies
// where people come and go.
func TestChaosOfKills(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits a minute for what a killed call may still do")
	}
	kills := *chaosRuns / 3
	if kills == 0 {
		kills = everyDayKills
	}
	path := program(t)
	for left := kills; left > 0; left -= killsOfALife {
		seed := *chaosSeed
		if seed == 0 {
			seed = rand.Uint64()
		}
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			p := newProcess(newWorld(t), rand.New(rand.NewPCG(seed, 0)), path)
			want, killed, runs := min(left, killsOfALife), 0, 0
			within := 200 * time.Millisecond // about as long as a run takes on this machine
			for ; killed < want && !t.Failed(); runs++ {
				for range p.rng.IntN(5) {
					p.happen()
				}
				if p.killAfter(time.Duration(p.rng.Int64N(int64(within)))) {
					killed++
					within += 10 * time.Millisecond
				} else {
					within = max(within-50*time.Millisecond, 50*time.Millisecond)
				}
				p.wantNothingUndue()
			}
			t.Logf("killed %d of %d runs, which made %d changes", killed, runs, p.checked)
			time.Sleep(61 * time.Second) // what is open settles nothing before
			p.finish()
		})
	}
}

func newProcess(w *world, rng *rand.Rand, path string) *process {
	w.Helper()
	w.org.Configure(func(s *oktatest.Server) { s.Now = nil })
	w.portal.Configure(func(s *tracktiktest.Server) { s.Now = nil })
	p := &process{life: newLife(w, rng), path: path}
	p.fewDeletions = true
	none := "{max_count: -1, max_percent: -1, min_population: 0, max_per_day: -1}"
	rehire := "new"
	if w.policy.Reactivate {
		rehire = "reactivate"
	}
	for name, value := range map[string]string{
		"OKTA_ORG_URL": w.org.URL, "OKTA_APP_ID": w.app, "OKTA_AUTH_API_TOKEN": oktatest.DefaultToken, "OKTA_RATE_LIMIT_SHARE": "1",
		"TRACKTIK_BASE_URL": w.portal.URL, "TRACKTIK_AUTH_CLIENT_ID": tracktiktest.DefaultClientID,
		"TRACKTIK_AUTH_CLIENT_SECRET": tracktiktest.DefaultClientSecret, "TRACKTIK_AUTH_USERNAME": tracktiktest.DefaultUsername,
		"TRACKTIK_AUTH_PASSWORD": tracktiktest.DefaultPassword, "TRACKTIK_MAX_REQUESTS_PER_MINUTE": "0", "TRACKTIK_MAX_CONCURRENCY": "3",
		"STATE_PATH": filepath.Join(w.TempDir(), "program.db"), "SYNC_MODE": "apply", "SYNC_REHIRE": rehire, "SYNC_GROUPS_NAMES": "Site *",
		"SYNC_GROUPS_UNPUSHED": "revoke", "GUARD_TERMINATE": none, "GUARD_REVOKE_ROLE": none, "GUARD_UPDATE": none, "GUARD_CLEAR": none, "GUARD_CREATE": none,
	} {
		p.env = append(p.env, "TRACKTIK_SYNC_"+name+"="+value)
	}
	slow := func(rw http.ResponseWriter, r *http.Request, next http.Handler) {
		p.open.Add(1)
		defer p.open.Add(-1)
		time.Sleep(rand.N(4 * time.Millisecond))
		next.ServeHTTP(rw, r)
		time.Sleep(rand.N(4 * time.Millisecond))
	}
	w.inOkta(slow)
	w.inPortal(slow)
	p.exits(0, "state", "init")
	return p
}

// command is the program with these arguments; its words go to the buffer.
func (p *process) command(args ...string) (*exec.Cmd, *bytes.Buffer) {
	var said bytes.Buffer
	cmd := exec.Command(p.path, args...)
	cmd.Env = append([]string{"HOME=" + os.TempDir()}, p.env...)
	cmd.Dir = filepath.Dir(p.path)
	cmd.Stdout, cmd.Stderr = &said, &said
	return cmd, &said
}

// killAfter starts a run and kills it; false when the run was faster.
func (p *process) killAfter(d time.Duration) bool {
	p.Helper()
	args := []string{"sync", "--yes"}
	if p.rng.IntN(4) == 0 {
		args = append(args, "--refresh")
	}
	cmd, said := p.command(args...)
	p.must(cmd.Start())
	timer := time.AfterFunc(d, func() { _ = cmd.Process.Kill() }) // it may have ended by itself
	err := cmd.Wait()
	timer.Stop()
	for p.open.Load() > 0 { // what it had sent is still being answered
		time.Sleep(time.Millisecond)
	}
	var exit *exec.ExitError
	if err == nil || errors.As(err, &exit) && exit.ExitCode() == 4 {
		return false
	}
	if exit == nil || exit.Exited() {
		p.Errorf("sync ended with %v:\n%s", err, said)
	}
	return true
}

// exits runs the program to its end.
func (p *process) exits(code int, args ...string) string {
	p.Helper()
	cmd, said := p.command(args...)
	if err := cmd.Run(); cmd.ProcessState == nil || cmd.ProcessState.ExitCode() != code {
		p.Fatalf("tracktik-sync %s: %v, want exit %d:\n%s", strings.Join(args, " "), err, code, said)
	}
	return said.String()
}

// finish runs undisturbed and wants everything in order.
func (p *process) finish() {
	p.Helper()
	for range 3 {
		p.exits(0, "sync", "--yes", "--refresh")
		p.wantNothingUndue()
	}
	p.wantAllDue()
	p.portal.ResetRequests()
	p.exits(0, "sync", "--yes")
	if n := p.portal.AttemptedWrites(); n > 0 {
		p.Errorf("%d writes are left", n)
	}
	p.exits(0, "state", "verify")
}
