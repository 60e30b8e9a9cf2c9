package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A GuardInput is what the guards judge a plan by.
type GuardInput struct {
	Limits Limits
	// Managed is the population of the kinds about people, for updates with those who
	// are adopted by the plan; Grants that of revokes, RoleGrants of each role.
	Managed, Grants int
	RoleGrants      map[RoleID]int
	// Day counts what was done in the last 24 hours without an approval.
	Day map[Kind]int
	// Approved are the sets that pass, whatever the limits say.
	Approved [][]ActionRef
	// Command is how the run is repeated, without --approve: "tracktik-sync sync --user x".
	Command string
	// Shown is the command that shows the names; empty: `plan`.
	Shown string
	// Cause names what many of the actions of one kind share; empty: nothing.
	Cause map[Kind]string
}

// minRoleShare is how many people have to lose one role before its own share counts.
const minRoleShare = 5

// A Checked is what the guards made of a plan.
type Checked struct {
	Report GuardReport
	// Held are the kinds of which what is not approved waits.
	Held map[Kind]bool
	// Stops says that everything waits that is not approved.
	Stops bool
	// Sets are the refused actions of each hash in the report.
	Sets map[string][]ActionRef
	// Exempt are the actions that an approval lets through, by their ids.
	Exempt map[ActionRef]bool

	allowed map[ActionRef]bool // what the approved sets name
	known   map[ActionRef]bool // the same without the values
}

// Check compares a plan's actions with the limits, those apart that an approved set
// names: they pass. A replaced role is no removal.
func Check(actions []Action, in GuardInput) Checked {
	out := Checked{Held: map[Kind]bool{}, Sets: map[string][]ActionRef{}, Exempt: map[ActionRef]bool{},
		Report:  GuardReport{OK: true},
		allowed: map[ActionRef]bool{}, known: map[ActionRef]bool{}}
	for _, set := range in.Approved {
		for _, ref := range set {
			out.allowed[ref] = true
			ref.Values = ""
			out.known[ref] = true
		}
	}
	counts, approved := map[Kind]int{}, map[Kind]int{}
	roles := map[RoleID]int{}
	adopted := 0
	for i := range actions {
		a := &actions[i]
		if a.Kind == Adopt {
			adopted++
		}
		if out.exempt(a.Kind, a) {
			approved[a.Kind]++
		} else if a.guarded() {
			counts[a.Kind]++
			if a.Kind == RevokeRole {
				roles[a.Role.ID]++
			}
		}
		if out.exempt(Clear, a) {
			approved[Clear]++
		} else if a.Clears() {
			counts[Clear]++
		}
	}
	for _, kind := range guardedKinds {
		c := check{in: in, kind: kind, count: counts[kind], adopted: adopted, limit: in.Limits.Of(kind), out: &out}
		c.run(roles)
	}
	out.seal(in, actions, approved)
	return out
}

var guardedKinds = append(slices.Clone(Kinds), Clear)

// guarded reports that a guard counts the action: half of a pair is no removal, what is found
// done takes nothing away, and what TrackTik has refused to empty before passed the guards then.
func (a *Action) guarded() bool { return !a.Found && !a.IsReplaced() && !a.onlyTriesAgain() }

// IsReplaced reports the revoke of a pair: another role takes the place of this one.
func (a *Action) IsReplaced() bool { return a.Kind == RevokeRole && a.Replaces }

// countsAs reports that the action counts under the guard of a kind.
func (a *Action) countsAs(kind Kind) bool {
	if kind == Clear {
		return a.Clears()
	}
	return a.Kind == kind && a.guarded()
}

// boundAs names the action as an approval of that guard does.
func (a *Action) boundAs(kind Kind) ActionRef {
	if kind == Clear {
		return a.boundClear()
	}
	return a.Bound()
}

// exempt notes and reports that an approval lets the action pass the guard of a kind.
func (out *Checked) exempt(kind Kind, a *Action) bool {
	if len(out.allowed) == 0 || !a.countsAs(kind) || !out.allowed[a.boundAs(kind)] {
		return false
	}
	out.Exempt[a.RefAs(kind)] = true
	return true
}

// Waits reports that the guards hold the action back.
func (out *Checked) Waits(a *Action) bool {
	for _, kind := range []Kind{a.Kind, Clear} {
		if out.Held[kind] && a.countsAs(kind) && !out.allowed[a.boundAs(kind)] {
			return true
		}
	}
	return false
}

// Passes reports that an approval lets the action through although everything else stops.
func (out *Checked) Passes(a *Action) bool { return out.Exempt[a.Ref()] && !out.Waits(a) }

// seal names the refused actions, of all kinds together, by one hash.
func (out *Checked) seal(in GuardInput, actions []Action, approved map[Kind]int) {
	if out.Report.OK {
		return
	}
	var set []ActionRef
	notes := map[Kind]string{}
	for _, kind := range guardedKinds {
		if !out.Held[kind] {
			continue
		}
		var others []ActionRef // than those approved
		for i := range actions {
			a := &actions[i]
			if !a.countsAs(kind) || out.allowed[a.boundAs(kind)] {
				continue
			}
			ref := a.boundAs(kind)
			set = append(set, ref)
			if ref.Values = ""; out.known[ref] {
				others = append(others, ref)
			}
		}
		notes[kind] = approvalNote(approved[kind], others)
	}
	hash := HashRefs(set)
	out.Sets[hash] = set
	for i := range out.Report.Refusals {
		r := &out.Report.Refusals[i]
		r.Approve = hash
		r.Message = in.message(r, notes[r.Kind], len(out.Exempt) > 0)
	}
}

type check struct {
	in      GuardInput
	kind    Kind
	count   int // of this kind, those apart that are approved
	adopted int // by the plan
	limit   Limit
	out     *Checked
}

func (c *check) run(roles map[RoleID]int) {
	if c.count == 0 {
		return
	}
	refusals := c.refusals(roles)
	if len(refusals) == 0 {
		return
	}
	stops := c.in.Limits.StopOnRefusal || c.kind != Terminate && c.kind != RevokeRole
	for _, r := range refusals {
		r.Kind, r.Stops = c.kind, stops
		c.out.Report.Refusals = append(c.out.Report.Refusals, r)
	}
	c.out.Report.OK = false
	c.out.Held[c.kind] = true
	c.out.Stops = c.out.Stops || stops
}

func (c *check) refusals(roles map[RoleID]int) []Refusal {
	n, population := c.count, c.in.Managed
	switch {
	case c.kind == RevokeRole:
		population = c.in.Grants
	case (c.kind == Update || c.kind == Clear) && population >= c.limit.MinPopulation: // theirs count, so they do
		population += c.adopted
	}
	var found []Refusal
	add := func(limit float64, text string, args ...any) {
		found = append(found, Refusal{Count: n, Limit: limit, Message: fmt.Sprintf(text, args...)})
	}
	l, what, are := c.limit, kindWords[c.kind][1], "are"
	if n == 1 {
		what, are = kindWords[c.kind][0], "is"
	}
	if l.MaxCount >= 0 && n > l.MaxCount {
		add(float64(l.MaxCount), "%d %s, and guard.%s.max_count allows %d", n, what, c.kind, l.MaxCount)
	}
	if overShare(n, population, l) {
		add(l.MaxPercent, "%d %s %s %s %% of %d, and guard.%s.max_percent allows %s %%",
			n, what, are, percent(n, population, l.MaxPercent), population, c.kind, number(l.MaxPercent))
	}
	if day := c.in.Day[c.kind]; l.MaxPerDay >= 0 && n+day > l.MaxPerDay {
		add(float64(l.MaxPerDay), "%d %s now and %d in the last 24 hours, and guard.%s.max_per_day allows %d", n, what, day,
			c.kind, l.MaxPerDay)
	}
	if c.kind == RevokeRole {
		for _, id := range sortedRoles(roles) {
			if held := c.in.RoleGrants[id]; roles[id] > minRoleShare && overShare(roles[id], held, l) {
				found = append(found, Refusal{Role: id, Count: roles[id], Limit: l.MaxPercent, Message: fmt.Sprintf(
					"%d people would lose role %d, %s %% of its %d holders, and guard.revoke_role.max_percent allows %s %%",
					roles[id], id, percent(roles[id], held, l.MaxPercent), held, number(l.MaxPercent))})
			}
		}
	}
	return found
}

func overShare(n, population int, l Limit) bool {
	return l.MaxPercent >= 0 && population >= l.MinPopulation && population > 0 &&
		100*float64(n) > l.MaxPercent*float64(population)
}

// kindWords say what a kind's actions are, one and many.
var kindWords = map[Kind][2]string{
	Terminate: {"termination", "terminations"}, RevokeRole: {"revoked role", "revoked roles"},
	Update: {"update", "updates"},
	Clear:  {"employee losing a value", "employees losing a value"}, Create: {"new employee", "new employees"},
	Reactivate: {"reactivation", "reactivations"}, Adopt: {"adoption", "adoptions"}, CreateRole: {"new role", "new roles"},
	LinkRole: {"linked role", "linked roles"}, RenameRole: {"renamed role", "renamed roles"},
	GrantRole: {"granted role", "granted roles"},
}

// message is the whole sentence: the fact, the shared cause, what waits, and the way
// out.
func (in *GuardInput) message(r *Refusal, note string, others bool) string {
	var b strings.Builder
	b.WriteString("guard refused: " + r.Message)
	if cause := in.Cause[r.Kind]; cause != "" {
		b.WriteString(" (" + cause + ")")
	}
	b.WriteString(note)
	switch {
	case r.Stops && others:
		b.WriteString("; nothing else is done")
	case r.Stops:
		b.WriteString("; nothing is done")
	default:
		b.WriteString("; they wait, the rest goes on")
	}
	b.WriteString("; the names are in `" + cmp.Or(in.Shown, "tracktik-sync plan") +
		"`; to let exactly these pass, once, within 24 hours: " + in.Command + " --approve " + r.Approve)
	return b.String()
}

// approvalNote says what approvals have to do with a refusal; empty: nothing.
func approvalNote(approved int, others []ActionRef) string {
	const most = 5
	text := ""
	switch {
	case approved == 1:
		text = "; 1 more is approved and passes"
	case approved > 1:
		text = fmt.Sprintf("; %d more are approved and pass", approved)
	}
	if len(others) == 0 {
		return text
	}
	var ids []string
	for _, ref := range others[:min(len(others), most)] {
		ids = append(ids, ref.subject())
	}
	text += "; approved with other values: " + strings.Join(ids, ", ")
	if more := len(others) - len(ids); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// subject names whom the action is about.
func (ref ActionRef) subject() string {
	switch {
	case ref.Person == "":
		return "group " + string(ref.Group)
	case ref.Group == "":
		return "user " + string(ref.Person)
	}
	return "user " + string(ref.Person) + " (group " + string(ref.Group) + ")"
}

// percent is a share that is more than limit, and looks like more.
func percent(n, of int, limit float64) string {
	share := 100 * float64(n) / float64(max(of, 1))
	if text := number(share); text != number(limit) {
		return text
	}
	return strconv.FormatFloat(share, 'f', 3, 64)
}

func number(f float64) string { return strings.TrimSuffix(strconv.FormatFloat(f, 'f', 1, 64), ".0") }

func sortedRoles(m map[RoleID]int) []RoleID {
	ids := make([]RoleID, 0, len(m))
	for id := range m {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// HashRefs names a set of actions: kinds, ids and values, in any order.
func HashRefs(refs []ActionRef) string {
	rows := make([]string, len(refs))
	for i, r := range refs {
		rows[i] = fmt.Sprintf("%s|%s|%d|%d|%s|%s", r.Kind, r.Person, r.Employee, r.Role, r.Group, r.Values)
	}
	slices.Sort(rows)
	h := newRowHash()
	write(h, rows...)
	return h.digest()[:12]
}
