package chaos

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/tracktik/tracktiktest"
)

// A Kind is something that a life has much of. Every life has several.
type Kind string

// The kinds.
const (
	ByHand     Kind = "by hand"      // dispatchers change much in TrackTik
	Singles    Kind = "singles"      // many runs of single people beside whole ones
	Clocks     Kind = "clocks"       // the program's clock is wrong at times
	Late       Kind = "late"         // answers come after the time-out, and calls take effect late
	Kills      Kind = "kills"        // the process is killed at any request
	Narrowed   Kind = "narrowed"     // rights in Okta and TrackTik are taken away for a while
	Lax        Kind = "lax portal"   // the portal takes duplicates
	Odd        Kind = "odd statuses" // of users and assignments
	Groups     Kind = "groups"       // come and go, of one name, unassigned, back again
	Names      Kind = "names"        // pass from one person to the next
	Changing   Kind = "changing"     // the configuration changes
	Guarded    Kind = "guarded"      // small limits, and approvals
	Mapped     Kind = "mapped"       // customId and custom attributes are mapped
	OwnUserIDs Kind = "own user ids" // the portal's user records have ids of their own
	Crowd      Kind = "crowd"        // 150 people and more

	Polled    Kind = "polled"     // the System Log is polled between the runs
	Dated     Kind = "dated"      // people have first and last days
	Poor      Kind = "poor lists" // the portal's lists fail, or show less than is documented
	Promoting Kind = "promoting"  // roles become such of another portal, by hand
	Retiring  Kind = "retiring"   // who is not managed is retired
)

var allKinds = []Kind{ByHand, Singles, Clocks, Late, Kills, Narrowed, Lax, Odd, Groups, Names, Changing, Guarded, Mapped, OwnUserIDs, Crowd}

// further kinds are drawn by themselves.
var furtherKinds = []Kind{Polled, Dated, Poor, Promoting, Retiring}

// KindsOf are the kinds that a seed's life has.
func KindsOf(seed uint64) []Kind {
	rng := rand.New(rand.NewPCG(seed, 1))
	var kinds []Kind
	for _, i := range rng.Perm(len(allKinds)) {
		rare := allKinds[i] == Crowd || allKinds[i] == OwnUserIDs
		if rare && rng.IntN(4) > 0 {
			continue
		}
		if kinds = append(kinds, allKinds[i]); len(kinds) > rng.IntN(4) {
			break
		}
	}
	rng = rand.New(rand.NewPCG(seed, 2))
	for _, kind := range furtherKinds {
		if rng.IntN(4) == 0 {
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds)
	return kinds
}

// Describe is the kinds in words.
func Describe(kinds []Kind) string {
	words := make([]string, len(kinds))
	for i, k := range kinds {
		words[i] = string(k)
	}
	return strings.Join(words, ", ")
}

func (l *Life) has(k Kind) bool { return slices.Contains(l.kinds, k) }

// often draws true in one of n cases, and much more often in lives of the kind.
func (l *Life) often(k Kind, n int) bool {
	if l.has(k) {
		return l.rng.IntN(2) == 0
	}
	return l.rng.IntN(n) == 0
}

// furnish draws the portal's manners, the first configuration and the first people.
func (l *Life) furnish() {
	rules := tracktiktest.Rules{
		Duplicates:               tracktiktest.DuplicateStyle(l.rng.IntN(3)),
		EmailsOutliveTermination: l.rng.IntN(6) == 0,
		LastRoleRemovable:        l.rng.IntN(2) == 0,
		UniqueRoleNames:          l.rng.IntN(3) == 0,
		RolesEndWithEmployment:   l.rng.IntN(4) == 0,
	}
	rules.AuthorsShown = rules.UniqueRoleNames != rules.LastRoleRemovable // no draw of its own: seeds keep their lives
	if l.has(Lax) {
		rules.Duplicates, rules.GrantsRepeat, rules.UniqueRoleNames = tracktiktest.DuplicateAccepted, true, false
	}
	if l.has(OwnUserIDs) {
		rules.UserIDOffset = 5_000_000
	}
	if l.has(Poor) {
		l.drawManner(&rules)
	}
	l.portal.Configure(func(s *tracktiktest.Server) { s.Rules = rules })
	l.rules, l.judge.authors = rules, rules.AuthorsShown
	l.cfg = l.firstSettings()
	l.say("the portal's manners: %+v", rules)
	l.say("settings: %v, limit %d", l.cfg.Sync, l.cfg.Limit)
	for range 2 + l.rng.IntN(2) {
		l.found(fmt.Sprintf("Site %d", l.number()))
	}
	people := 8 + l.rng.IntN(8)
	if l.has(Crowd) {
		people = 150 + l.rng.IntN(30)
	}
	for range people {
		l.hire()
	}
	l.clock.Pass(hour) // memberships are old enough to be trusted
	if l.rng.IntN(3) == 0 {
		l.settlers()
	}
}

// settlers were at the portal before the program came.
func (l *Life) settlers() {
	for _, c := range l.citizens {
		switch {
		case l.rng.IntN(4) > 0:
			continue
		case l.rng.IntN(8) == 0: // somebody else of that name
			l.portal.AddEmployee(tracktiktest.Employee{FirstName: "Other", LastName: "Person", Username: c.login + ".old", Email: c.mail})
		default:
			id := l.portal.AddEmployee(tracktiktest.Employee{FirstName: c.first, LastName: c.last, Username: c.login, Email: c.mail})
			if l.rng.IntN(3) == 0 {
				l.grantByHand(id, tracktiktest.GuardRole)
			}
			if l.rng.IntN(6) == 0 {
				l.grantByHand(id, tracktiktest.AdministratorRole)
			}
		}
	}
}

func (l *Life) found(name string) *group {
	g := &group{id: l.org.AddGroup(oktatest.Group{Name: name}), name: name, members: map[string]bool{}}
	l.groups = append(l.groups, g)
	if l.rng.IntN(2) == 0 {
		l.assignGroup(g)
	}
	if l.rng.IntN(2) == 0 {
		g.mapping = l.org.AddPushMapping(l.app, g.id)
	}
	return g
}
