package main

import (
	"strings"
	"testing"
)

// An e-mail that two people share names neither of them to any command.
func TestANameThatSeveralHaveNamesNobody(t *testing.T) {
	o := newOffice(t)
	for _, login := range []string{"p2@acme.example", "p3@acme.example"} {
		o.okta.UpdateUser(o.users[login], map[string]any{"email": "desk@acme.example"})
	}
	say := func(args ...string) (string, int) {
		cmd, stderr := o.command(args...)
		code := exitOf(cmd.Run())
		return stderr.String(), code
	}
	say("sync")
	for _, args := range [][]string{
		{"unlink", "desk@acme.example"}, {"forget", "--restored", "desk@acme.example"}, {"history", "desk@acme.example"},
		{"retry", "desk@acme.example"}, {"explain", "desk@acme.example"},
		{"sync", "--user", "desk@acme.example"}, {"link", "desk@acme.example", "1"},
	} {
		stderr, code := say(args...)
		if code == 0 || !strings.Contains(stderr, "use the id") {
			t.Errorf("%v: exit %d: %s", args, code, stderr)
		}
	}
	o.must(0, "unlink", o.users["p2@acme.example"])
	o.must(0, "history", "desk@acme.example") // there is one now
}
