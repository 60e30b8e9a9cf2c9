package sync_test

import (
	"path/filepath"
	"testing"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/state"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

// rewound is a world whose snapshot was restored from a backup that is older than what
// later does.
func rewound(t *testing.T, later func(*world)) *world {
	t.Helper()
	w := newWorld(t)
	w.hire("ada", "ben")
	w.run()
	backup := filepath.Join(t.TempDir(), "backup.db")
	w.must(w.db.Backup(backup))
	later(w)
	w.must(w.db.Close())
	w.must(state.Restore(backup, w.path, w.binding(), state.Options{Now: w.now}))
	var err error
	w.db, err = state.Open(w.path, state.Options{Now: w.now})
	w.must(err)
	return w
}

// rehire lets a person leave, and come back as a new employee.
func (w *world) rehire(name string) {
	w.Helper()
	w.org.UnassignUser(w.app, w.users[name])
	w.run()
	w.org.AssignUser(w.app, w.users[name], oktatest.Assignment{})
	w.run()
}

func TestARestoredSnapshotFindsWhoWasHiredAnew(t *testing.T) {
	w := rewound(t, func(w *world) { w.rehire("ada") })
	doc := w.run()
	w.wantWarning(doc, "relinked")
	w.wantDone(doc, "")
	link, _, err := w.db.Link(plan.PersonID(w.users["ada"]))
	w.must(err)
	if e, _ := w.portal.Employee(int64(link.Employee)); e.Status != tracktiktest.Active {
		t.Errorf("ada is linked to employee %d, who is %s", e.ID, e.Status)
	}
	w.wantDone(w.runWith(refreshed), "")
}

func TestADoubtfulReplacementIsLeftToPeople(t *testing.T) {
	for name, twist := range map[string]func(*world){
		"two with the name": func(w *world) {
			w.portal.AddEmployee(tracktiktest.Employee{Username: "x", FirstName: "Ada", LastName: "Guard", Email: "other@acme.example"})
			for _, e := range w.portal.Employees() {
				if e.Username == "x" {
					w.must(w.portal.UpdateEmployee(e.ID, func(e *tracktiktest.Employee) { e.Email = mail("ada") }))
				}
			}
		},
		"other names": func(w *world) {
			for _, e := range w.employees("ada") {
				if e.Status == tracktiktest.Active {
					w.must(w.portal.UpdateEmployee(e.ID, func(e *tracktiktest.Employee) { e.Username, e.FirstName, e.LastName = "y", "Some", "Body" }))
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := rewound(t, func(w *world) { w.rehire("ada"); twist(w) })
			w.portal.ResetRequests()
			doc, err := w.sync(refreshed)
			w.must(err)
			w.wantWarning(doc, "snapshot_restored")
			w.wantNoWrites()
		})
	}
}
