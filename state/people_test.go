package state

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"

	"tracktik-sync/sync/plan"
)

func TestLinkComesBackAsItWasPut(t *testing.T) {
	db := create(t)
	want := link("00u1", 17)
	gone := morning
	want.NotVisibleSince, want.ElsewhereStatus, want.Kept, want.LastRepair = &gone, "BANNED", true, "d1g35t"
	commit(t, db, plan.Batch{Links: []plan.Link{want}})
	db = reopen(t, db, Options{})
	got, found, err := db.Link("00u1")
	if err != nil || !found || !cmp.Equal(got, want) {
		t.Errorf("%v %v: %s", found, err, cmp.Diff(want, got))
	}
	got, found, err = db.LinkOfEmployee(17)
	if err != nil || !found || got.Person != "00u1" {
		t.Errorf("by employee: %+v %v %v", got, found, err)
	}
	for _, absent := range []func() (plan.Link, bool, error){
		func() (plan.Link, bool, error) { return db.Link("00u2") },
		func() (plan.Link, bool, error) { return db.Link("") },
		func() (plan.Link, bool, error) { return db.LinkOfEmployee(18) },
	} {
		if l, found, err := absent(); found || err != nil {
			t.Errorf("found %+v %v", l, err)
		}
	}
}

func TestNamesLeadToTheirOwners(t *testing.T) {
	db := create(t)
	a, b := link("00ua", 1), link("00ub", 2)
	a.Pushed[plan.Username], a.Pushed[plan.Email] = "Ana.Silva", "ANA@acme.example"
	b.Pushed[plan.Username], b.Pushed[plan.Email] = "ana", ""
	commit(t, db, plan.Batch{Links: []plan.Link{a, b}})
	owners := func(kind func(string) ([]plan.PersonID, error), name string, want ...plan.PersonID) {
		t.Helper()
		if got, err := kind(name); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q belongs to %v (%v), want %v", name, got, err, want)
		}
	}
	owners(db.OwnersOfUsername, "ana.silva", "00ua")
	owners(db.OwnersOfUsername, "ana", "00ub")
	owners(db.OwnersOfUsername, "an")
	owners(db.OwnersOfEmail, "ana@acme.example", "00ua")
	owners(db.OwnersOfEmail, "ana")

	// The name passes from a to b, and a is renamed after that.
	b.Pushed[plan.Username] = "ana.silva"
	commit(t, db, plan.Batch{Links: []plan.Link{b}})
	owners(db.OwnersOfUsername, "ana.silva", "00ua", "00ub")
	owners(db.OwnersOfUsername, "ana")
	a.Pushed[plan.Username] = "asilva"
	commit(t, db, plan.Batch{Links: []plan.Link{a}})
	owners(db.OwnersOfUsername, "ana.silva", "00ub")
	commit(t, db, plan.Batch{Unlink: []plan.PersonID{"00ua"}})
	owners(db.OwnersOfUsername, "asilva")
	owners(db.OwnersOfUsername, "ana.silva", "00ub")
}

func TestNobodyTakesAnEmployeeThatIsLinked(t *testing.T) {
	db := create(t)
	commit(t, db, plan.Batch{Links: []plan.Link{link("00u1", 1)}})
	err := db.Commit(plan.Batch{Links: []plan.Link{link("00u2", 1)}, Audits: []plan.Audit{{Kind: "adopt"}}})
	var linked *LinkedError
	if !errors.As(err, &linked) || *linked != (LinkedError{Employee: 1, Owner: "00u1", Person: "00u2"}) {
		t.Errorf("error is %v", err)
	}
	if audits := must[[]plan.Audit](t)(collect(db.Audits(Query{}))); len(audits) != 0 {
		t.Errorf("half of the batch was recorded: %+v", audits)
	}
	// In one step with its release it is fine.
	commit(t, db, plan.Batch{Unlink: []plan.PersonID{"00u1"}, Links: []plan.Link{link("00u2", 1)}})
	l, found, err := db.LinkOfEmployee(1)
	if err != nil || !found || l.Person != "00u2" {
		t.Errorf("employee 1 is %+v %v %v", l, found, err)
	}
}

func TestTwoPeopleTradeEmployeesInOneStep(t *testing.T) {
	db := create(t)
	commit(t, db, plan.Batch{Links: []plan.Link{link("00u1", 1), link("00u2", 2)}})
	commit(t, db, plan.Batch{Links: []plan.Link{link("00u1", 2), link("00u2", 1)}})
	for employee, want := range map[plan.EmployeeID]plan.PersonID{1: "00u2", 2: "00u1"} {
		if l, _, err := db.LinkOfEmployee(employee); err != nil || l.Person != want {
			t.Errorf("employee %d is %s (%v), want %s", employee, l.Person, err, want)
		}
	}
}

func TestLinkMovesToAnotherEmployee(t *testing.T) {
	db := create(t)
	commit(t, db, plan.Batch{Links: []plan.Link{link("00u1", 1)}})
	commit(t, db, plan.Batch{Links: []plan.Link{link("00u1", 5)}})
	if _, found, err := db.LinkOfEmployee(1); found || err != nil {
		t.Errorf("the old employee is still linked: %v %v", found, err)
	}
	if n := must[int](t)(db.Managed()); n != 1 {
		t.Errorf("%d are managed", n)
	}
}

func TestContradictoryBatchesAreRefused(t *testing.T) {
	db := create(t)
	long := link("00u1", 1)
	long.Pushed[plan.Username] = string(make([]byte, 8<<10))
	for name, b := range map[string]plan.Batch{
		"no person":              {Links: []plan.Link{link("", 1)}},
		"no employee":            {Links: []plan.Link{link("00u1", 0)}},
		"negative employee":      {Links: []plan.Link{link("00u1", -1)}},
		"person twice":           {Links: []plan.Link{link("00u1", 1), link("00u1", 2)}},
		"employee twice":         {Links: []plan.Link{link("00u1", 1), link("00u2", 1)}},
		"link and unlink":        {Links: []plan.Link{link("00u1", 1)}, Unlink: []plan.PersonID{"00u1"}},
		"print and unlink":       {Prints: []plan.PersonPrint{{Person: "00u1"}}, Unlink: []plan.PersonID{"00u1"}},
		"zero byte in an id":     {Links: []plan.Link{link("00u\x001", 1)}},
		"name too long":          {Links: []plan.Link{long}},
		"print of nobody":        {Prints: []plan.PersonPrint{{Print: printOf(1)}}},
		"former nobody":          {Formers: []plan.Former{{Link: link("", 1)}}},
		"former twice":           {Formers: []plan.Former{{Link: link("00u1", 1)}, {Link: link("00u2", 1)}}},
		"group without id":       {Groups: []plan.GroupLink{{Name: "Guards"}}},
		"member with line break": {Members: []plan.Membership{{Group: "00g1", Members: []plan.PersonID{"00u1\n00u2"}}}},
		"grant of no role":       {Grants: []plan.Grant{{Person: "00u1"}}},
		"grant of nobody":        {Grants: []plan.Grant{{Role: 1}}},
		"settled twice":          {Settle: []uint64{1, 1}},
		"run without id":         {Run: &plan.RunRecord{}},
		"no binding":             {Meta: &plan.Meta{}},
	} {
		b.Troubles = []plan.Trouble{{Person: "00u9", Code: plan.ProblemRefused}}
		if err := db.Commit(b); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if troubles := must[[]plan.Trouble](t)(db.Troubles()); len(troubles) != 0 {
		t.Errorf("something of them was recorded: %+v", troubles)
	}
}

func TestPrintsListEverybodyManagedInOrder(t *testing.T) {
	db := create(t)
	const n = markRows + 10 // more than one page
	var links []plan.Link
	var prints []plan.PersonPrint
	for i := n; i > 0; i-- {
		links = append(links, link(person(i), plan.EmployeeID(i)))
		if i%2 == 0 {
			prints = append(prints, plan.PersonPrint{Person: person(i), Print: printOf(i)})
		}
	}
	if err := errors.Join(db.CommitLinks(links), db.CommitPrints(prints)); err != nil {
		t.Fatal(err)
	}
	i := 0
	for got, err := range db.Prints() {
		if err != nil {
			t.Fatal(err)
		}
		i++
		want := plan.Mark{Person: person(i), Employee: plan.EmployeeID(i)}
		if i%2 == 0 {
			want.Print = printOf(i)
		}
		if got != want {
			t.Fatalf("mark %d is %+v, want %+v", i, got, want)
		}
	}
	if i != n {
		t.Errorf("%d marks, want %d", i, n)
	}
	if links[0].Person != person(n) {
		t.Error("the caller's slice was put in order")
	}
}

func TestIteratorsAllowCommitsAndAnEarlyEnd(t *testing.T) {
	db := create(t)
	for i := range 2 * scanRows {
		commitLater := plan.Batch{Links: []plan.Link{link(person(i), plan.EmployeeID(i+1))}}
		if i%100 == 0 {
			commit(t, db, commitLater)
		}
	}
	n := 0
	for l, err := range db.Links() { // each commit grows the file under the iterator
		if err != nil {
			t.Fatal(err)
		}
		n++
		l.Login = fmt.Sprint("renamed", n, string(make([]byte, 20_000)))
		commit(t, db, plan.Batch{Links: []plan.Link{l}})
	}
	if n != 10 {
		t.Errorf("%d links, want 10", n)
	}
	for range db.Links() {
		break
	}
	for range db.Prints() {
		break
	}
	for range db.Audits(Query{}) {
		break
	}
}

func TestMarkSaysWhatTimeAloneCanChange(t *testing.T) {
	db := create(t)
	plain, open := link("00u1", 1), link("00u2", 2)
	open.Restored = true
	commit(t, db, plan.Batch{Links: []plan.Link{plain, open}, Prints: []plan.PersonPrint{
		{Person: "00u2", Print: printOf(2)}, {Person: "00u3", Print: printOf(3)}, {Person: "00u4"}}})
	marks := must[[]plan.Mark](t)(collect(db.Prints()))
	want := []plan.Mark{{Person: "00u1", Employee: 1}, {Person: "00u2", Employee: 2, Print: printOf(2), Open: true}, {Person: "00u3", Print: printOf(3)}}
	if !slices.Equal(marks, want) {
		t.Errorf("marks are %+v, want %+v", marks, want)
	}
	// A later link keeps the print, and one for a person with a print takes it over.
	open.Restored = false
	commit(t, db, plan.Batch{Links: []plan.Link{open, link("00u3", 3)}})
	commit(t, db, plan.Batch{Unlink: []plan.PersonID{"00u1"}, Prints: []plan.PersonPrint{{Person: "00u3"}}})
	marks = must[[]plan.Mark](t)(collect(db.Prints()))
	want = []plan.Mark{{Person: "00u2", Employee: 2, Print: printOf(2)}, {Person: "00u3", Employee: 3}}
	if !slices.Equal(marks, want) {
		t.Errorf("marks are %+v, want %+v", marks, want)
	}
}

func TestFormerEmployeesAreFoundUntilTheyReturn(t *testing.T) {
	db := create(t)
	f := plan.Former{Link: link("00u1", 9), Terminated: morning, Run: "20261124T060000Z-000002",
		Roles: []plan.Grant{{Role: 3, Person: "00u1", ID: 30, Employee: 9, Group: "00g1", Since: morning}}}
	g := plan.Former{Link: link("00u1", 4), Terminated: morning, Elsewhere: true}
	commit(t, db, plan.Batch{Links: []plan.Link{f.Link}})
	commit(t, db, plan.Batch{Unlink: []plan.PersonID{"00u1"}, Formers: []plan.Former{f, g}})
	if got := must[[]plan.Former](t)(db.FormersOf("00u1")); !cmp.Equal(got, []plan.Former{g, f}) {
		t.Error(cmp.Diff([]plan.Former{g, f}, got))
	}
	if got := must[[]plan.Former](t)(db.FormersOf("00u")); len(got) != 0 {
		t.Errorf("somebody else's: %+v", got)
	}
	got, found, err := db.FormerByEmployee(9)
	if err != nil || !found || !cmp.Equal(got, f) {
		t.Errorf("%v %v: %s", found, err, cmp.Diff(f, got))
	}
	// Somebody else was that employee last.
	moved := f
	moved.Link.Person = "00u2"
	commit(t, db, plan.Batch{Formers: []plan.Former{moved}})
	if got := must[[]plan.Former](t)(db.FormersOf("00u1")); !cmp.Equal(got, []plan.Former{g}) {
		t.Error(cmp.Diff([]plan.Former{g}, got))
	}
	commit(t, db, plan.Batch{Revive: []plan.EmployeeID{9, 12345}, Links: []plan.Link{link("00u2", 9)}})
	if _, found, err := db.FormerByEmployee(9); found || err != nil {
		t.Errorf("still a former employee: %v %v", found, err)
	}
}

func TestIndexThatLeadsAstrayIsDamage(t *testing.T) {
	db := create(t)
	commit(t, db, plan.Batch{Links: []plan.Link{link("00u1", 1), link("00u2", 2)}})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	raw(t, db.Path(), func(tx *bbolt.Tx) error { return tx.Bucket(bucketEmployees).Put(employeeKey(1), []byte("00u2")) })
	broken := mustOpen(t, db.Path(), Options{})
	if l, found, err := broken.LinkOfEmployee(1); !errors.Is(err, ErrCorrupt) {
		t.Errorf("employee 1 is %+v %v %v", l, found, err)
	}
	if err := broken.Close(); err != nil {
		t.Fatal(err)
	}
	if findings, err := Verify(db.Path(), Options{}); err != nil || len(findings) == 0 {
		t.Errorf("Verify finds %v %v", findings, err)
	}
	raw(t, db.Path(), func(tx *bbolt.Tx) error { return tx.Bucket(bucketEmployees).Put(employeeKey(1), []byte("00u1")) })
}
