package world

import (
	"fmt"
	"strconv"
	"time"

	"tracktik-sync/tracktik/tracktiktest"
)

// Writes are all that reached the portal through its API, each of them judged.
type Writes struct {
	OK     bool           `json:"ok"`
	Judged int            `json:"judged"`
	Kinds  map[string]int `json:"kinds"` // by resource and what happened to it
	// Doubles are employees who were made for people who had one: nobody can delete them.
	Doubles int            `json:"doubles"`
	Wrong   []Disagreement `json:"wrong"`
}

// A judge goes through the portal's history.
type judge struct {
	w      *World
	out    Writes
	status map[int64]string  // of each employee, at this moment of the history
	owner  map[int64]*Person // nil: nobody in Okta
	moves  map[*Person]int
	ends   map[*Person]int
	second map[*Person]int64 // an employee who was made for somebody
}

// Writes judges every write that the portal's own records name, by what the sandbox
// alone knows: who each employee is in truth, which roles were given by hand, and
// whether the portal's own integration was still on. It is for worlds with an
// incumbent, and knows nothing of how a sync works.
func (w *World) Writes() Writes {
	w.mu.Lock()
	defer w.mu.Unlock()
	j := &judge{w: w, out: Writes{Kinds: map[string]int{}, Wrong: []Disagreement{}}, status: map[int64]string{},
		owner: map[int64]*Person{}, moves: map[*Person]int{}, ends: map[*Person]int{}, second: map[*Person]int64{}}
	if w.incumbent == nil {
		return j.out
	}
	for id, status := range w.incumbent.atFirst {
		j.status[id] = status
	}
	for _, p := range w.people {
		for _, id := range p.mine {
			j.owner[id] = p
		}
	}
	for _, c := range w.TrackTik.History() {
		if c.By != tracktiktest.Portal {
			j.out.Judged++
			j.out.Kinds[c.Resource+" "+c.What]++
			j.judge(c)
		}
		j.note(c)
	}
	j.out.OK = len(j.out.Wrong) == 0
	return j.out
}

// note keeps statuses up to date.
func (j *judge) note(c tracktiktest.Change) {
	if c.Resource != "employees" {
		return
	}
	for _, f := range c.Fields {
		if f.Name == "status" {
			j.status[c.ID] = f.New
		}
	}
}

func (j *judge) wrong(p *Person, employee int64, format string, args ...any) {
	d := Disagreement{Employee: employee, Text: fmt.Sprintf(format, args...)}
	if p != nil {
		d.User = p.ID
	}
	j.out.Wrong = append(j.out.Wrong, d)
}

func (j *judge) judge(c tracktiktest.Change) {
	if !j.w.incumbent.offAt(c.Time) {
		j.wrong(nil, c.ID, "%s %s while the portal's own integration was on", c.Resource, c.What)
	}
	field := map[string]tracktiktest.FieldChange{}
	for _, f := range c.Fields {
		field[f.Name] = f
	}
	switch c.Resource {
	case "employees":
		j.employee(c, field)
	case "user-roles":
		j.grant(c, field)
	case "roles":
		if name := field["name"].New; j.w.incumbent.roles[c.ID] == nil || !j.w.taken[name] {
			j.wrong(nil, 0, "role %d %s, %q: every pushed group had its role", c.ID, c.What, name)
		}
	}
}

func (j *judge) employee(c tracktiktest.Change, field map[string]tracktiktest.FieldChange) {
	p := j.owner[c.ID]
	_, region := field["region"]
	switch {
	case c.What == "created":
		j.created(c, field)
	case p == nil && c.What == "terminated" && j.w.incumbent.why[c.ID] == deactivated: // retired
	case p == nil:
		j.wrong(nil, c.ID, "%s, and nobody in Okta is that: %s", c.What, j.w.incumbent.why[c.ID])
	case p.never:
		j.wrong(p, c.ID, "%s, and is an administrator of the portal", c.What)
	case c.What == "terminated":
		if j.ends[p]++; j.ends[p] > p.leaves {
			j.wrong(p, c.ID, "terminated, and has left %d times", p.leaves)
		}
	case c.What == "updated" && !region:
	case c.What == "moved" || region:
		if j.moves[p]++; j.moves[p] > p.resited {
			j.wrong(p, c.ID, "moved from region %s to %s, and Okta never said so", field["region"].Old, field["region"].New)
		}
	default:
		j.wrong(p, c.ID, "%s: nobody asked for that", c.What)
	}
}

// created judges a new employee: theirs is the person of the same e-mail and username.
func (j *judge) created(c tracktiktest.Change, field map[string]tracktiktest.FieldChange) {
	var p *Person
	for _, other := range j.w.people {
		if fold(other.Email) == fold(field["email"].New) || fold(other.userName) == fold(field["username"].New) {
			p = other
		}
	}
	if p == nil {
		j.wrong(nil, c.ID, "created as %q, and nobody in Okta is that", field["username"].New)
		return
	}
	double := false
	for _, id := range append(p.mine, j.second[p]) {
		if id != 0 && j.status[id] != tracktiktest.Terminated {
			double = true
			j.wrong(p, c.ID, "created as %q, who is employee %d already", field["username"].New, id)
		}
	}
	if double {
		j.out.Doubles++
	}
	j.owner[c.ID], j.second[p] = p, c.ID
}

func (j *judge) grant(c tracktiktest.Change, field map[string]tracktiktest.FieldChange) {
	value := func(name string) int64 {
		text := field[name].New
		if text == "" {
			text = field[name].Old
		}
		id, _ := strconv.ParseInt(text, 10, 64) // of the simulator, which writes numbers
		return id
	}
	user, role := value("user"), value("role")
	p, g := j.owner[user], j.w.incumbent.roles[role]
	switch {
	case p == nil:
		j.wrong(nil, user, "role %d %s, and nobody in Okta is that employee", role, c.What)
	case p.never:
		j.wrong(p, user, "role %d %s, and is an administrator of the portal", role, c.What)
	case g == nil:
		j.wrong(p, user, "role %d %s, which is no pushed group's", role, c.What)
	case j.w.incumbent.byHand[held{user, role}]:
		j.wrong(p, user, "role %d %s, which was given by hand", role, c.What)
	case c.What == "granted" && !p.in(g) && !p.been[g]:
		j.wrong(p, user, "role of %s granted to somebody who was never in it", g.Name)
	case c.What == "revoked" && !p.outOf[g] && p.Status != Deleted: // who is deleted is in no group any more
		j.wrong(p, user, "role of %s revoked from somebody who never went out of it", g.Name)
	}
}

// offAt reports whether the integration was wholly off.
func (i *incumbent) offAt(when time.Time) bool {
	off := false
	for _, turn := range i.offs {
		if turn.After(when) {
			break
		}
		off = !off
	}
	return off
}
