package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/pflag"

	"tracktik-sync/cmd/tracktik-sandbox/internal/world"
	"tracktik-sync/okta/oktatest"
	"tracktik-sync/tracktik/tracktiktest"
)

// TestScripts walks paths of several days with the program as its users have it.
func TestScripts(t *testing.T) {
	if testing.Short() {
		t.Skip("builds tracktik-sync")
	}
	path := filepath.Dir(built(t)) + string(os.PathListSeparator)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", path+env.Getenv("PATH"))
			env.Values[stackKey{}] = new(*stack)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"sandbox": startSandbox, "exits": exitsWith, "call": callControl, "writes": countWrites, "right": judgeWrites,
			"lists": compareLists, "pair": onePair, "try": somePeople, "gone": terminatedLeave, "hash": approvalHash,
		},
		RequireExplicitExec: true,
	})
}

type stackKey struct{}

func stackOf(ts *testscript.TestScript) *stack {
	s := *ts.Value(stackKey{}).(**stack)
	if s == nil {
		ts.Fatalf("no sandbox was started")
	}
	return s
}

// sandbox FLAG…: starts one, names it in the environment, and puts its secrets into
// files.
func startSandbox(ts *testscript.TestScript, _ bool, args []string) {
	o := options{oktaAddr: "127.0.0.1:0", trackTikAddr: "127.0.0.1:0", adminAddr: "127.0.0.1:0"}
	flags := pflag.NewFlagSet("sandbox", pflag.ContinueOnError)
	o.flags(flags)
	ts.Check(errors.Join(flags.Parse(args), o.check()))
	s, err := start(context.Background(), o)
	ts.Check(err)
	ts.Defer(s.close)
	*ts.Value(stackKey{}).(**stack) = s
	ts.Setenv("OKTA_URL", s.oktaURL)
	ts.Setenv("OKTA_APP", s.world.AppID)
	ts.Setenv("PORTAL_URL", s.trackTikURL)
	for name, secret := range map[string]string{"okta_token": oktatest.DefaultToken, "client_secret": tracktiktest.DefaultClientSecret, "password": tracktiktest.DefaultPassword} {
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(secret), 0o600))
	}
}

// exits CODE[,CODE] ARG…: tracktik-sync ARG… ends with one of these codes, and says so.
func exitsWith(ts *testscript.TestScript, _ bool, args []string) {
	got := 0
	if err := ts.Exec("tracktik-sync", args[1:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("running it: %v", err)
		}
		got = exit.ExitCode()
	}
	if !slices.Contains(strings.Split(args[0], ","), strconv.Itoa(got)) {
		ts.Fatalf("tracktik-sync %s ended with %d, want %s:\n%s", strings.Join(args[1:], " "), got, args[0], ts.ReadFile("stderr"))
	}
}

// call METHOD PATH [STATUS]: a call to the control, whose answer is the output.
func callControl(ts *testscript.TestScript, _ bool, args []string) {
	r, err := http.NewRequest(args[0], stackOf(ts).adminURL+args[1], nil)
	ts.Check(err)
	answer, err := http.DefaultClient.Do(r)
	ts.Check(err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	ts.Check(err)
	want := "200"
	if len(args) > 2 {
		want = args[2]
	}
	if got := strconv.Itoa(answer.StatusCode); got != want {
		ts.Fatalf("%s %s answered %s, want %s: %s", args[0], args[1], got, want, body)
	}
	_, err = ts.Stdout().Write(body)
	ts.Check(err)
}

// writes N: so many calls tried to change something at the portal since the counts
// were reset; they are reset then.
func countWrites(ts *testscript.TestScript, neg bool, args []string) {
	s := stackOf(ts)
	if got := strconv.Itoa(s.world.TrackTik.AttemptedWrites()); got == args[0] == neg {
		ts.Fatalf("%s writes were tried at the portal, want %s", got, args[0])
	}
	s.control.ResetRequests()
}

// right: every write that ever reached the portal was right. Its kinds are the output.
func judgeWrites(ts *testscript.TestScript, _ bool, _ []string) {
	w := stackOf(ts).world.Writes()
	if !w.OK {
		ts.Fatalf("%d of %d writes were wrong: %+v", len(w.Wrong), w.Judged, w.Wrong)
	}
	text, err := json.Marshal(w.Kinds)
	ts.Check(err)
	_, err = fmt.Fprintf(ts.Stdout(), "%d %s, %d doubles\n", w.Judged, text, w.Doubles)
	ts.Check(err)
}

// A compared row is what a script needs of one of compare's.
type comparedRow struct {
	User struct {
		ID    string `json:"okta_id"`
		Login string `json:"login"`
	} `json:"user"`
	Employee struct {
		ID     int64  `json:"id"`
		Status string `json:"status"`
	} `json:"employee"`
	Role *struct {
		ID int64 `json:"id"`
	} `json:"role"`
}

func readComparison(ts *testscript.TestScript, name string) map[string][]comparedRow {
	var raw map[string]json.RawMessage
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(name)), &raw))
	out := map[string][]comparedRow{}
	for _, group := range []string{"equal", "different", "only_okta", "only_tracktik", "outside_group", "terminated"} {
		var rows []comparedRow
		ts.Check(json.Unmarshal(raw[group], &rows))
		out[group] = rows
	}
	return out
}

// lists FILE: a comparison names those who have to be named, and nobody else.
func compareLists(ts *testscript.TestScript, _ bool, args []string) {
	got, want := readComparison(ts, args[0]), stackOf(ts).world.Leftovers()
	for group, due := range map[string][]world.Leftover{"only_okta": want.OnlyOkta, "only_tracktik": want.OnlyTrackTik, "different": want.Different,
		"outside_group": want.OutsideGroup, "terminated": want.Terminated} {
		listed := map[string]int{}
		for _, l := range due {
			listed[key(l.User, l.Employee, l.Role)]++
		}
		for _, row := range got[group] {
			var role int64
			user := row.User.ID
			if row.Role != nil {
				role, user = row.Role.ID, ""
			}
			listed[key(user, row.Employee.ID, role)]--
		}
		for k, n := range listed {
			if n != 0 {
				ts.Fatalf("%s: %s is listed %d times too few", group, k, n)
			}
		}
	}
}

func key(user string, employee, role int64) string {
	return fmt.Sprintf("user %q employee %d role %d", user, employee, role)
}

// pair USER EMPLOYEE: puts the first of those whom no key finds into variables.
func onePair(ts *testscript.TestScript, _ bool, args []string) {
	pair := stackOf(ts).world.Pairs()[0]
	ts.Setenv(args[0], pair[0])
	ts.Setenv(args[1], pair[1])
}

// try ARG…: tracktik-sync ARG… for five people who are in scope.
func somePeople(ts *testscript.TestScript, _ bool, args []string) {
	for _, p := range stackOf(ts).world.State(world.View{}).Okta.People {
		if p.Status == oktatest.StatusActive && p.Assignment != "" && p.Note == "" && len(args) < 12 {
			args = append(args, "--user", p.Login)
		}
	}
	ts.Check(ts.Exec("tracktik-sync", args...))
}

// gone FILE: HR knows that those whom a comparison lists as terminated have left, and
// their accounts in Okta are deactivated.
func terminatedLeave(ts *testscript.TestScript, _ bool, args []string) {
	for _, row := range readComparison(ts, args[0])["terminated"] {
		if row.Employee.Status == tracktiktest.Terminated {
			_, err := stackOf(ts).world.LiveFor(row.User.Login, "deactivate")
			ts.Check(err)
		}
	}
}

// hash FILE VAR: the approval that a refusal in FILE proposes.
func approvalHash(ts *testscript.TestScript, _ bool, args []string) {
	_, after, _ := strings.Cut(ts.ReadFile(args[0]), "--approve ")
	ts.Setenv(args[1], strings.TrimRight(strings.Fields(after + " -")[0], "),;\""))
}
