package sync_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/tracktik/tracktiktest"
)

// settle makes a company of some people and roles, with one of them gone again.
func (w *world) settle() {
	w.Helper()
	w.hire("a", "b", "c", "d", "e", "f", "ret", "rec")
	w.group("Site North", "a", "b", "c", "rec")
	w.group("Site South", "a", "b", "d", "ret")
	w.run()
	w.org.UnassignUser(w.app, w.users["ret"])
	w.run()
}

// live lets something happen that asks for every kind of write.
func (w *world) live() {
	w.hire("new", "next")
	w.group("Site North", "new", "d")
	w.group("Site East", "next", "e") // a new role
	w.org.UpdateUser(w.users["a"], map[string]any{"title": "Chief"})
	w.org.UpdateUser(w.users["b"], map[string]any{"division": "South", "title": "Mover"})
	w.leave("Site South", "a")
	w.org.DeactivateUser(w.users["c"])
	w.org.AssignUser(w.app, w.users["ret"], oktatest.Assignment{})
	w.org.RenameGroup(w.groups["Site South"], "Site Southwest")
	w.org.DeleteUser(w.users["rec"]) // and made anew
	w.hire("rec")
	w.group("Site North", "rec")
}

// outcome is everything that the portal holds, but for ids: who has how many employees
// in which state, with which roles, and which roles there are.
func (w *world) outcome() string {
	var lines []string
	for _, e := range w.portal.Employees() {
		if e.ID == tracktiktest.IntegrationEmployee {
			continue
		}
		var held []string
		for _, id := range w.portal.RolesOf(e.ID) {
			held = append(held, w.roleName(id))
		}
		slices.Sort(held)
		lines = append(lines, fmt.Sprintf("%s %s %s %q %q region %d, roles %s", strings.ToLower(e.Email), e.Status, strings.ToLower(e.Username), e.FirstName, e.JobTitle, e.Region, strings.Join(held, ", ")))
	}
	for _, r := range w.portal.Roles() {
		lines = append(lines, "role "+r.Name)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n") + "\n"
}

// undisturbed is how the same life ends when nothing goes wrong.
func undisturbed(t testing.TB, change func(*world)) string {
	t.Helper()
	twin := newQuietWorld(t)
	change(twin)
	twin.settle()
	twin.live()
	twin.run()
	twin.wantDone(twin.run(), "")
	return twin.outcome()
}

func (w *world) wantOutcomeOf(want, after string) {
	w.Helper()
	if got := w.outcome(); got != want {
		w.Errorf("after %s the portal holds\n%swant\n%s", after, got, want)
	}
}
