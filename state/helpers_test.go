package state

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"tracktik-sync/sync/plan"
)

var (
	seedFlag = flag.Uint64("seed", 0, "seed of the random tests; 0 draws one")
	update   = flag.Bool("update", false, "write the files of testdata anew")
)

// TestMain runs the other process of a test when it was started as one.
func TestMain(m *testing.M) {
	if role := os.Getenv("STATE_TEST_CHILD"); role != "" {
		child(role, os.Getenv("STATE_TEST_PATH"))
		return
	}
	flag.Parse()
	os.Exit(m.Run())
}

var (
	acme    = plan.Binding{Org: "https://acme.okta.example", App: "0oa1", Portal: "https://acme.staffr.example"}
	morning = time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC)
)

func clock() time.Time { return morning }

// create makes an empty snapshot in a new directory, closed and checked at the end
// of the test.
func create(t testing.TB) *DB {
	t.Helper()
	return createUnder(t, nil)
}

// createUnder is create with a key.
func createUnder(t testing.TB, key []byte) *DB {
	t.Helper()
	db, err := Create(filepath.Join(t.TempDir(), "s.db"), acme, Options{Now: clock, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { check(t, db) })
	return db
}

// check closes db and verifies its file.
func check(t testing.TB, db *DB) {
	t.Helper()
	if err := db.Close(); err != nil {
		t.Errorf("closing: %v", err)
	}
	if findings, err := Verify(db.Path(), Options{Timeout: time.Second, Key: db.secret}); err != nil || len(findings) > 0 {
		t.Errorf("verifying: %v %v", findings, err)
	}
}

// reopen closes db and opens it again.
func reopen(t testing.TB, db *DB, opt Options) *DB {
	t.Helper()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return mustOpen(t, db.Path(), opt)
}

func mustOpen(t testing.TB, path string, opt Options) *DB {
	t.Helper()
	if opt.Now == nil {
		opt.Now = clock
	}
	db, err := Open(path, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func commit(t testing.TB, db *DB, b plan.Batch) {
	t.Helper()
	if err := db.Commit(b); err != nil {
		t.Fatal(err)
	}
}

// must is for calls of which the test needs the value only.
func must[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func person(n int) plan.PersonID { return plan.PersonID(fmt.Sprintf("00u%07d", n)) }

// link is a link as a run makes them.
func link(id plan.PersonID, employee plan.EmployeeID) plan.Link {
	l := plan.Link{Person: id, Employee: employee, How: plan.HowCreated, Since: morning, Run: "20261124T060000Z-000001",
		Login: string(id) + "@acme.example", Email: string(id) + "@acme.example"}
	l.Pushed[plan.Username] = string(id) + "@Acme.example"
	l.Pushed[plan.FirstName], l.Pushed[plan.LastName] = "Ana", "Silva"
	l.Pushed[plan.Email] = string(id) + "@acme.example"
	l.Pushed[plan.Region] = "Airport"
	l.PushedRegion = 4
	return l
}

func printOf(n int) (p plan.Print) {
	copy(p[:], fmt.Sprintf("print %d", n))
	return p
}

// dump is everything that can be read of a snapshot.
type dump struct {
	Meta     plan.Meta
	Events   plan.EventLog
	Census   plan.Census
	Links    map[plan.PersonID]plan.Link
	Marks    map[plan.PersonID]plan.Mark
	Formers  map[plan.EmployeeID]plan.Former
	Groups   map[plan.GroupID]plan.GroupLink
	Members  map[plan.GroupID][]plan.PersonID
	Grants   map[plan.GrantKey]plan.Grant
	Pending  map[uint64]plan.Intent
	Troubles map[string]plan.Trouble
	Audits   []plan.Audit
	Runs     map[string]plan.RunRecord
}

func newDump() *dump {
	return &dump{
		Links: map[plan.PersonID]plan.Link{}, Marks: map[plan.PersonID]plan.Mark{}, Formers: map[plan.EmployeeID]plan.Former{},
		Groups: map[plan.GroupID]plan.GroupLink{}, Members: map[plan.GroupID][]plan.PersonID{}, Grants: map[plan.GrantKey]plan.Grant{},
		Pending: map[uint64]plan.Intent{}, Troubles: map[string]plan.Trouble{}, Runs: map[string]plan.RunRecord{},
	}
}

// dumpOf reads all of db. The members are those of the groups of that name.
func dumpOf(db *DB, groups ...plan.GroupID) (*dump, error) {
	d := newDump()
	var errs []error
	note := func(err error) { errs = append(errs, err) }
	var err error
	d.Meta, err = db.Meta()
	note(err)
	d.Events, err = db.EventLog()
	note(err)
	d.Census, err = db.Census()
	note(err)
	for l, err := range db.Links() {
		if err == nil {
			d.Links[l.Person] = l
		}
		note(err)
	}
	for m, err := range db.Prints() {
		if err == nil {
			d.Marks[m.Person] = m
		}
		note(err)
	}
	for f, err := range db.Formers() {
		if err == nil {
			d.Formers[f.Link.Employee] = f
		}
		note(err)
	}
	linked, err := db.Groups()
	note(err)
	for _, g := range linked {
		d.Groups[g.Group] = g
	}
	for _, id := range groups {
		members, known, err := db.Members(id)
		if known && err == nil {
			d.Members[id] = members
		}
		note(err)
	}
	for g, err := range db.Grants() {
		if err == nil {
			d.Grants[g.Key()] = g
		}
		note(err)
	}
	pending, err := db.Pending()
	note(err)
	for _, i := range pending {
		d.Pending[i.Seq] = i
	}
	troubles, err := db.Troubles()
	note(err)
	for _, tr := range troubles {
		d.Troubles[tr.Key()] = tr
	}
	for a, err := range db.Audits(Query{}) {
		if err == nil {
			d.Audits = append(d.Audits, a)
		}
		note(err)
	}
	runs, err := db.Runs(0)
	note(err)
	for _, r := range runs {
		whole, _, err := db.Run(r.ID)
		note(err)
		d.Runs[r.ID] = whole
	}
	return d, errors.Join(errs...)
}

// raw changes the file behind the package's back.
func raw(t testing.TB, path string, fn func(*bbolt.Tx) error) {
	t.Helper()
	store, err := bbolt.Open(path, private, &bbolt.Options{Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(store.Update(fn), store.Close()); err != nil {
		t.Fatal(err)
	}
}

// transactions is how many were ever written.
func transactions(t testing.TB, db *DB) (n int) {
	t.Helper()
	err := db.view(func(tx *bbolt.Tx) error {
		n = tx.ID()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// fill puts some of everything into db.
func fill(t testing.TB, db *DB) {
	t.Helper()
	var links []plan.Link
	var prints []plan.PersonPrint
	for n := 1; n <= 40; n++ {
		id := plan.PersonID(fmt.Sprintf("00u%d", n))
		links = append(links, link(id, plan.EmployeeID(n)))
		prints = append(prints, plan.PersonPrint{Person: id, Print: printOf(n)})
	}
	former := plan.Former{Link: link("00u1", 900), Terminated: morning, Run: "20261124T060000Z-000001",
		Roles: []plan.Grant{{Role: 3, Person: "00u1", ID: 30, Employee: 900, Group: "00g1", Since: morning}}}
	begin := []plan.Intent{{Run: "20261124T060000Z-000001", At: morning, Action: plan.Action{Kind: plan.Update, User: plan.UserRef{ID: "00u2"}}}}
	begin = append(begin, begin[0])
	commit(t, db, plan.Batch{
		Begin: begin, Links: links, Prints: prints, Formers: []plan.Former{former},
		Groups:   []plan.GroupLink{{Group: "00g1", Name: "Site Airport", Role: 7, RoleName: "Site Airport", How: plan.HowCreated}, {Group: "00g2", Name: "Site Bank"}},
		Members:  []plan.Membership{{Group: "00g1", Members: []plan.PersonID{"00u1", "00u2"}}, {Group: "00g2"}},
		Grants:   []plan.Grant{{Role: 7, Person: "00u1", ID: 70, Employee: 1, Group: "00g1", Since: morning}, {Role: 7, Person: "00u2", ID: 71, Employee: 2, Group: "00g1", Since: morning}},
		Events:   readLog(7),
		Census:   census(7),
		Troubles: []plan.Trouble{{Person: "00u3", Code: plan.ProblemRefused, Message: "refused", Since: morning, Last: morning}},
		Run:      &plan.RunRecord{ID: "20261124T060000Z-000001", Started: morning, Ended: morning, Done: map[string]int{"create": 40}, Document: []byte(`{"actions":[]}`)},
	})
	for n := range links {
		l := &links[n]
		commit(t, db, plan.Batch{Audits: []plan.Audit{{Time: morning.Add(time.Duration(n) * time.Second), Run: "20261124T060000Z-000001",
			Kind: string(plan.Create), Person: l.Person, Employee: l.Employee, Login: l.Login, Outcome: plan.Done}}})
	}
	commit(t, db, plan.Batch{Settle: []uint64{begin[0].Seq}})
}

// readLog is a log that was read up to its n-th event, with a second look to come.
func readLog(n int) *plan.EventLog {
	at := morning.Add(time.Duration(n) * time.Second)
	return &plan.EventLog{Cursor: fmt.Sprintf("https://acme.okta.example/api/v1/logs?after=%d", n), Polled: at,
		Again: []plan.Look{{Person: person(n), At: at, Gone: at,
			Claims: []plan.Told{{Kind: plan.EventUser, Says: plan.SaysGone, At: at}}}}}
}

// census is one of n employees.
func census(n int) *plan.Census {
	c := &plan.Census{}
	for i := range n {
		c.People = append(c.People, plan.Counted{Employee: plan.EmployeeID(1000 + i), Class: plan.Classes[i%len(plan.Classes)], Asked: morning})
	}
	return c
}

// flip changes a bit of the first place at which the file says text.
func flip(t testing.TB, path, text string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(data, []byte(text))
	if at < 0 {
		t.Fatalf("%s does not say %q", path, text)
	}
	data[at] ^= 1
	if err := os.WriteFile(path, data, private); err != nil {
		t.Fatal(err)
	}
}

func put(t *testing.T, file string, content []byte) {
	t.Helper()
	if err := os.WriteFile(file, content, private); err != nil {
		t.Fatal(err)
	}
}
