package plan

import (
	"crypto/sha256"
	"encoding/hex"
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
	// Approved are the sets that may pass, whatever the limits say.
	Approved [][]ActionRef
	// Command is how the run is repeated, without --approve: "tracktik-sync sync --user x".
	Command string
	// Cause names what many of the actions of one kind share; empty: nothing.
	Cause map[Kind]string
}

// minRoleShare is how many people have to lose one role before its own share counts.
const minRoleShare = 5

// A Checked is what the guards made of a plan.
type Checked struct {
	Report GuardReport
	// Held are the kinds that wait, or everything where Stops is set.
	Held  map[Kind]bool
	Stops bool
	// Sets are the refused actions of each hash in the report.
	Sets map[string][]ActionRef
	// Exempt are the actions that an approval lets through.
	Exempt map[ActionRef]bool
}

// Check compares a plan's actions with the limits. A replaced role is no removal.
func Check(actions []Action, in GuardInput) Checked {
	out := Checked{Held: map[Kind]bool{}, Sets: map[string][]ActionRef{}, Exempt: map[ActionRef]bool{}, Report: GuardReport{OK: true}}
	allowed := map[ActionRef]bool{}
	for _, set := range in.Approved {
		for _, ref := range set {
			allowed[ref] = true
		}
	}
	counts := map[Kind]int{}
	roles := map[RoleID]int{}
	for i := range actions {
		a := &actions[i]
		if !a.guarded() {
			continue
		}
		counts[a.Kind]++
		if a.Kind == RevokeRole {
			roles[a.Role.ID]++
		}
		if a.Clears() {
			counts[Clear]++
		}
	}
	for _, kind := range guardedKinds {
		c := check{in: in, kind: kind, actions: actions, count: counts[kind], adopted: counts[Adopt], limit: in.Limits.Of(kind), allowed: allowed, out: &out}
		c.run(roles)
	}
	out.seal(in, actions, allowed)
	return out
}

var guardedKinds = append(slices.Clone(Kinds), Clear)

// guarded reports that a guard counts the action: half of a pair is no removal, and what
// is found done takes nothing away.
func (a *Action) guarded() bool { return !a.Found && !(a.Kind == RevokeRole && a.Replaces) }

// Waits reports that the guards hold the action back.
func (out *Checked) Waits(a *Action) bool {
	return out.Held[a.Kind] && a.guarded() || out.Held[Clear] && a.Clears()
}

// guardedRefs names the actions that count under the guard of a kind.
func guardedRefs(actions []Action, kind Kind) []ActionRef {
	var refs []ActionRef
	for i := range actions {
		a := &actions[i]
		switch {
		case kind == Clear && a.Clears():
			ref := a.Ref()
			ref.Kind = Clear
			refs = append(refs, ref)
		case a.Kind == kind && a.guarded():
			refs = append(refs, a.Ref())
		}
	}
	return refs
}

// seal names the refused actions, of all kinds together, by one hash.
func (out *Checked) seal(in GuardInput, actions []Action, allowed map[ActionRef]bool) {
	if out.Report.OK {
		return
	}
	var set []ActionRef
	missing := map[Kind]string{}
	for _, kind := range guardedKinds {
		if out.Held[kind] {
			refs := guardedRefs(actions, kind)
			missing[kind] = unapproved(refs, allowed)
			set = append(set, refs...)
		}
	}
	hash := HashRefs(set)
	out.Sets[hash] = set
	for i := range out.Report.Refusals {
		r := &out.Report.Refusals[i]
		r.Approve = hash
		r.Message = in.message(r, missing[r.Kind])
	}
}

type check struct {
	in      GuardInput
	kind    Kind
	actions []Action // of all kinds
	count   int      // of this kind
	adopted int      // by the plan
	limit   Limit
	allowed map[ActionRef]bool
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
	if refs := guardedRefs(c.actions, c.kind); c.approved(refs) {
		for _, ref := range refs {
			c.out.Exempt[ref] = true
		}
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

// approved reports whether every action of the kind is in an approved set, whatever
// else is in the plan.
func (c *check) approved(refs []ActionRef) bool {
	return len(c.allowed) > 0 && !slices.ContainsFunc(refs, func(ref ActionRef) bool { return !c.allowed[ref] })
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
		add(float64(l.MaxPerDay), "%d %s now and %d in the last 24 hours, and guard.%s.max_per_day allows %d", n, what, day, c.kind, l.MaxPerDay)
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
	return l.MaxPercent >= 0 && population >= l.MinPopulation && population > 0 && 100*float64(n) > l.MaxPercent*float64(population)
}

// kindWords say what a kind's actions are, one and many.
var kindWords = map[Kind][2]string{
	Terminate: {"termination", "terminations"}, RevokeRole: {"revoked role", "revoked roles"}, Update: {"update", "updates"},
	Clear: {"employee losing a value", "employees losing a value"}, Create: {"new employee", "new employees"},
	Reactivate: {"reactivation", "reactivations"}, Adopt: {"adoption", "adoptions"}, CreateRole: {"new role", "new roles"},
	LinkRole: {"linked role", "linked roles"}, RenameRole: {"renamed role", "renamed roles"}, GrantRole: {"granted role", "granted roles"},
}

// message is the whole sentence: the fact, the shared cause, what waits, and the way
// out.
func (in *GuardInput) message(r *Refusal, missing string) string {
	var b strings.Builder
	b.WriteString("guard refused: " + r.Message)
	if cause := in.Cause[r.Kind]; cause != "" {
		b.WriteString(" (" + cause + ")")
	}
	if missing != "" {
		b.WriteString("; not in the approved set: " + missing)
	}
	if r.Stops {
		b.WriteString("; nothing is done")
	} else {
		b.WriteString("; they wait, the rest goes on")
	}
	b.WriteString("; the names are in `tracktik-sync plan`; to let exactly these pass, once, within 24 hours: " + in.Command + " --approve " + r.Approve)
	return b.String()
}

// unapproved names what an approval does not cover; empty: there is no approval.
func unapproved(refs []ActionRef, allowed map[ActionRef]bool) string {
	const most = 5
	if len(allowed) == 0 {
		return ""
	}
	var ids []string
	for _, ref := range refs {
		if !allowed[ref] {
			ids = append(ids, ref.subject())
		}
	}
	more := ""
	if len(ids) > most {
		more = fmt.Sprintf(" and %d more", len(ids)-most)
		ids = ids[:most]
	}
	return strings.Join(ids, ", ") + more
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

// HashRefs names a set of actions: kinds and ids, in any order.
func HashRefs(refs []ActionRef) string {
	rows := make([]string, len(refs))
	for i, r := range refs {
		rows[i] = fmt.Sprintf("%s|%s|%d|%d|%s", r.Kind, r.Person, r.Employee, r.Role, r.Group)
	}
	slices.Sort(rows)
	h := sha256.New()
	write(h, rows...)
	return hex.EncodeToString(h.Sum(nil))[:12]
}
