package state

import (
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tracktik-sync/sync/plan"
)

// TestRandomBatchesDoWhatAModelDoes commits random batches, also those that must
// be refused, and compares all that can be read with what plain maps say.
func TestRandomBatchesDoWhatAModelDoes(t *testing.T) {
	r := seed(t)
	for n := range 4 {
		m := &model{r: r, want: newDump()}
		db := createUnder(t, [][]byte{nil, secret}[n%2])
		m.want.Meta = must[plan.Meta](t)(db.Meta())
		for n := range 150 {
			b := m.batch(n)
			why := m.refused(b)
			err := db.Commit(b)
			switch {
			case why == nil && err != nil, why != nil && !errors.Is(err, why):
				t.Fatalf("batch %d: %v, want %v: %+v", n, err, why, b)
			case err == nil:
				m.apply(b)
			}
			if r.IntN(20) == 0 {
				db = reopen(t, db, Options{Key: db.secret})
			}
			if n%10 > 0 {
				continue
			}
			if got := must[*dump](t)(dumpOf(db, modelGroups...)); !cmp.Equal(got, m.want) {
				t.Fatalf("after batch %d: %s", n, cmp.Diff(m.want, got))
			}
			m.lookUp(t, db)
		}
		check(t, db)
	}
}

var modelGroups = []plan.GroupID{"00g0", "00g1", "00g2", "00g3"}

type model struct {
	r       *rand.Rand
	want    *dump
	intents uint64 // numbers given
}

func (m *model) person() plan.PersonID     { return person(m.r.IntN(12)) }
func (m *model) employee() plan.EmployeeID { return plan.EmployeeID(1 + m.r.IntN(14)) }
func (m *model) group() plan.GroupID       { return modelGroups[m.r.IntN(len(modelGroups))] }
func (m *model) role() plan.RoleID         { return plan.RoleID(1 + m.r.IntN(3)) }

// some calls add now and then.
func (m *model) some(add func()) {
	for m.r.IntN(3) == 0 {
		add()
	}
}

// batch is in order in itself, but need not fit the snapshot.
func (m *model) batch(n int) plan.Batch {
	var b plan.Batch
	people, employees, formers := map[plan.PersonID]bool{}, map[plan.EmployeeID]bool{}, map[plan.EmployeeID]bool{}
	for range m.r.IntN(4) {
		l := link(m.person(), m.employee())
		if people[l.Person] || employees[l.Employee] {
			continue
		}
		people[l.Person], employees[l.Employee] = true, true
		l.Restored, l.Run = m.r.IntN(2) == 0, string(rune('a'+n%26))
		b.Links = append(b.Links, l)
	}
	gone := map[plan.PersonID]bool{}
	m.some(func() {
		if id := m.person(); !people[id] {
			b.Unlink, gone[id] = append(b.Unlink, id), true
		}
	})
	m.some(func() {
		if id := m.person(); !gone[id] {
			b.Prints = append(b.Prints, plan.PersonPrint{Person: id, Print: printOf(m.r.IntN(5))})
		}
	})
	m.some(func() {
		if id := m.employee(); !formers[id] {
			formers[id] = true
			b.Formers = append(b.Formers, plan.Former{Link: link(m.person(), id), Terminated: morning})
		}
	})
	m.some(func() { b.Revive = append(b.Revive, m.employee()) })
	m.some(func() { b.Groups = append(b.Groups, plan.GroupLink{Group: m.group(), Name: string(rune('a' + n%26))}) })
	m.some(func() { b.DropGroups = append(b.DropGroups, m.group()) })
	m.some(func() {
		b.Members = append(b.Members, plan.Membership{Group: m.group(), Members: []plan.PersonID{m.person(), m.person()}})
	})
	m.some(func() {
		b.Grants = append(b.Grants, plan.Grant{Role: m.role(), Person: m.person(), ID: plan.GrantID(n), Since: morning})
	})
	m.some(func() { b.DropGrants = append(b.DropGrants, plan.GrantKey{Role: m.role(), Person: m.person()}) })
	m.some(func() { b.Troubles = append(b.Troubles, plan.Trouble{Person: m.person(), Attempts: n}) })
	m.some(func() { b.Cured = append(b.Cured, plan.Trouble{Person: m.person()}.Key()) })
	m.some(func() {
		b.Audits = append(b.Audits, plan.Audit{Kind: "update", Person: m.person(), Time: morning.Add(-time.Duration(n) * time.Second)})
	})
	m.some(func() { b.Events = readLog(n) })
	m.some(func() { b.Census = census(1 + n%9) })
	m.some(func() { b.Begin = append(b.Begin, plan.Intent{Request: string(rune('a' + n%26))}) })
	m.some(func() {
		if seq := 1 + m.r.Uint64N(m.intents+2); !slices.Contains(b.Settle, seq) {
			b.Settle = append(b.Settle, seq)
		}
	})
	return b
}

func (m *model) refused(b plan.Batch) error {
	for _, seq := range b.Settle {
		if _, ok := m.want.Pending[seq]; !ok {
			return ErrUnknownIntent
		}
	}
	leaving := slices.Clone(b.Unlink)
	for i := range b.Links {
		l := &b.Links[i]
		leaving = append(leaving, l.Person)
	}
	for i := range b.Links {
		l := &b.Links[i]
		for id := range m.want.Links {
			if m.want.Links[id].Employee == l.Employee && !slices.Contains(leaving, id) {
				return ErrLinked
			}
		}
	}
	return nil
}

func (m *model) apply(b plan.Batch) {
	w := m.want
	for _, seq := range b.Settle {
		delete(w.Pending, seq)
	}
	for _, i := range b.Begin {
		m.intents++
		i.Seq = m.intents
		w.Pending[i.Seq] = i
	}
	for _, id := range b.Unlink {
		delete(w.Links, id)
		delete(w.Marks, id)
	}
	for i := range b.Links {
		l := &b.Links[i]
		w.Links[l.Person] = *l
		w.Marks[l.Person] = plan.Mark{Person: l.Person, Print: w.Marks[l.Person].Print, Employee: l.Employee, Open: l.Open()}
	}
	for _, p := range b.Prints {
		mark := w.Marks[p.Person]
		mark.Person, mark.Print = p.Person, p.Print
		w.Marks[p.Person] = mark
	}
	for _, id := range b.Revive {
		delete(w.Formers, id)
	}
	for i := range b.Formers {
		f := &b.Formers[i]
		w.Formers[f.Link.Employee] = *f
	}
	if b.Events != nil {
		w.Events = *b.Events
	}
	if b.Census != nil {
		w.Census = *b.Census
	}
	m.applyRoles(b)
	for _, key := range b.Cured {
		delete(w.Troubles, key)
	}
	for _, tr := range b.Troubles {
		w.Troubles[tr.Key()] = tr
	}
	for _, a := range b.Audits {
		a.Seq = uint64(len(w.Audits) + 1)
		w.Audits = append(w.Audits, a)
	}
}

func (m *model) applyRoles(b plan.Batch) {
	w := m.want
	for _, id := range b.DropGroups {
		delete(w.Groups, id)
		delete(w.Members, id)
	}
	for _, g := range b.Groups {
		w.Groups[g.Group] = g
	}
	for _, g := range b.Members {
		w.Members[g.Group] = slices.Compact(slices.Sorted(slices.Values(g.Members)))
	}
	for _, k := range b.DropGrants {
		delete(w.Grants, k)
	}
	for _, g := range b.Grants {
		w.Grants[g.Key()] = g
	}
}

// lookUp compares what the indexes say.
func (m *model) lookUp(t *testing.T, db *DB) {
	t.Helper()
	for n := range 14 {
		id, employee := person(n), plan.EmployeeID(n+1)
		l, found, err := db.LinkOfEmployee(employee)
		if have, ok := m.want.Links[l.Person]; err != nil || found && (!ok || have.Employee != employee) {
			t.Errorf("employee %d is %s: %v", employee, l.Person, err)
		}
		for id := range m.want.Links {
			if m.want.Links[id].Employee == employee && !found {
				t.Errorf("employee %d is not found", employee)
			}
		}
		_, linked := m.want.Links[id]
		if owners := must[[]plan.PersonID](t)(db.OwnersOfUsername(string(id) + "@acme.example")); linked != slices.Equal(owners, []plan.PersonID{id}) {
			t.Errorf("the name of %s belongs to %v", id, owners)
		}
		f, found, err := db.FormerByEmployee(employee)
		if want, ok := m.want.Formers[employee]; err != nil || found != ok || !cmp.Equal(f, want) {
			t.Errorf("employee %d was %+v %v", employee, f, err)
		}
		grants := 0
		for key := range maps.Keys(m.want.Grants) {
			if key.Person == id {
				grants++
			}
		}
		if got := must[[]plan.Grant](t)(db.GrantsOf(id)); len(got) != grants {
			t.Errorf("%s has %d grants, want %d", id, len(got), grants)
		}
		audits := slices.DeleteFunc(slices.Clone(m.want.Audits), func(a plan.Audit) bool { return a.Person != id })
		got := must[[]plan.Audit](t)(collect(db.Audits(Query{Person: id})))
		if len(got)+len(audits) > 0 && !cmp.Equal(got, audits) {
			t.Errorf("entries of %s: %s", id, cmp.Diff(audits, got))
		}
	}
}
