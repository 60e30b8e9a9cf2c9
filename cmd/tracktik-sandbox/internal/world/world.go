package world

import (
	"fmt"
	"math/rand/v2"
	"sync"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/tracktik/tracktiktest"
)

// What the generated configuration names: groups whose name begins so become
// roles, and employees are terminated for this reason.
const (
	PushedGroups      = "Post *"
	pushedPrefix      = "Post "
	TerminationReason = "Resigned"
)

const domain = "acme.example"

// Options say how large a world is. The first people are the cast of edge cases; a
// world with fewer people has fewer of those.
type Options struct {
	People, Groups int
	Seed           uint64
	// Incumbent makes the portal as its own Okta integration and years of work by hand
	// leave it: see Inheritance.
	Incumbent bool
}

// Check refuses sizes that make no world.
func (o Options) Check() error {
	if o.People < 0 || o.People > 2_000_000 {
		return fmt.Errorf("the number of people is %d, and must be 0 to 2000000", o.People)
	}
	if o.Groups < 3 || o.Groups > 100_000 {
		return fmt.Errorf("the number of groups is %d, and must be 3 to 100000", o.Groups)
	}
	return nil
}

// A World is a company in two simulators. Its methods may be called by several
// goroutines, beside requests to the simulators.
type World struct {
	Okta     *oktatest.Server
	TrackTik *tracktiktest.Server
	AppID    string // of the TrackTik app in Okta

	options Options

	mu      sync.Mutex // guards all below
	rng     *rand.Rand // of the generation; events have their own
	people  []*Person  // who was ever in Okta, in the order of their ids
	byLogin map[string]*Person
	groups  []*Group
	sites   []*Group // those assigned to the app
	posts   []*Group // those pushed
	taken   map[string]bool
	regions map[string]int64 // by name
	logins  map[string]int   // how often a name was given out
	there   []tracktiktest.Employee
	owners  []*Person // of there, index by index; nil: nobody in Okta
	day     int
	version int      // counts what happened
	touched []string // to whom, by id, the latest last; not all
	chosen  *Person  // whom an event is to happen to; nil: by chance

	bystanders []tracktiktest.Employee // who are to stay as they are
	incumbent  *incumbent              // nil: the portal has none
}

// New makes a world in two new simulators. It takes a few seconds for 100,000
// people.
func New(o Options) *World {
	w := &World{Okta: &oktatest.Server{}, TrackTik: &tracktiktest.Server{}, options: o,
		rng:     rand.New(rand.NewPCG(o.Seed, 0)),
		byLogin: map[string]*Person{}, taken: map[string]bool{}, regions: map[string]int64{}, logins: map[string]int{}}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.AppID = w.Okta.AddApp(oktatest.App{})
	w.addRegions()
	w.addGroups()
	if o.Incumbent {
		w.inherit()
		return w
	}
	w.addCast()
	for len(w.people) < o.People {
		w.addOrdinary()
	}
	w.settle()
	return w
}

// Size returns the sizes that the world was made with.
func (w *World) Size() Options { return w.options }

// addRegions furnishes the portal with a region a place, and with two of one name.
func (w *World) addRegions() {
	for name, id := range defaultRegions {
		w.regions[name] = id
	}
	for _, l := range locales {
		if w.regions[l.region] == 0 {
			w.regions[l.region] = w.TrackTik.AddRegion(tracktiktest.Region{Name: l.region, Parent: tracktiktest.HQ, TimeZone: l.timeZone})
		}
	}
	for _, parent := range []string{"North", "South"} {
		w.TrackTik.AddRegion(tracktiktest.Region{Name: "Central", Parent: w.regions[parent], TimeZone: "America/Chicago"})
	}
}

// addGroups makes sites, which give the app, posts, which become roles, a group of
// administrators, and one that is nobody's business.
func (w *World) addGroups() {
	w.addGroup(&Group{Name: "Site " + siteNames[0], Assigned: true}, "gives the TrackTik app")
	w.addGroup(&Group{Name: pushedPrefix + roleNames[0], Pushed: true, Note: "TrackTik has a role of this name: it is linked"}, "")
	w.addGroup(&Group{Name: pushedPrefix + "site admin", Note: "*admin* is protected: never becomes a role"}, "")
	for i := 3; i < w.options.Groups; i++ {
		switch {
		case i == 3:
			w.addGroup(&Group{Name: "Site " + siteNames[1], Assigned: true, profile: map[string]any{"title": "Harbour guard"},
				Note: "the assignment overrides the title of its members"}, "gives the TrackTik app")
		case i == 11:
			w.addGroup(&Group{Name: "Chess club", Note: "neither assigned nor pushed"}, "")
		case i%3 == 0:
			w.addGroup(&Group{Name: "Site " + numbered(siteNames, len(w.sites)), Assigned: true}, "gives the TrackTik app")
		default:
			w.addGroup(&Group{Name: pushedPrefix + numbered(roleNames, len(w.posts)), Pushed: true}, "")
		}
	}
	w.TrackTik.AddRole(tracktiktest.Role{Name: pushedPrefix + roleNames[0], Description: "was here before", Portal: tracktiktest.StaffPortal})
}

// numbered returns the i-th of ever more names.
func numbered(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return fmt.Sprintf("%s %d", list[i%len(list)], i/len(list)+1)
}

// settle gives the portal the employees who were there before.
func (w *World) settle() {
	for i := range min(3, w.options.People) {
		w.existing(nil, tracktiktest.Employee{FirstName: "Contractor", LastName: fmt.Sprintf("No. %d", i+1),
			Username: fmt.Sprintf("contractor%d", i+1), Email: fmt.Sprintf("contractor%d@agency.example", i+1), JobTitle: "Event steward"})
	}
	var held []tracktiktest.Grant
	for i, id := range w.TrackTik.Seed(w.there...) {
		e, p := w.there[i], w.owners[i]
		if p == nil || !p.judged || e.Status != "" {
			e, _ = w.TrackTik.Employee(id)
			w.bystanders = append(w.bystanders, e)
		}
		role := tracktiktest.GuardRole
		if e.JobTitle == boss {
			role = tracktiktest.AdministratorRole
		}
		held = append(held, tracktiktest.Grant{Employee: id, Role: role})
	}
	w.TrackTik.SeedGrants(held...)
	w.there, w.owners = nil, nil
}

// existing says that an employee was in TrackTik before; p is who they are in Okta.
func (w *World) existing(p *Person, e tracktiktest.Employee) {
	w.there, w.owners = append(w.there, e), append(w.owners, p)
}

// employee is what the portal would know of a person who came by hand.
func (w *World) employee(p *Person) tracktiktest.Employee {
	return tracktiktest.Employee{FirstName: p.First, LastName: p.Last, Username: p.Login, Email: p.Email, JobTitle: p.Title,
		PrimaryPhone: p.Phone, Region: w.regions[p.Division]}
}

func pick[T any](rng *rand.Rand, of []T) T { return of[rng.IntN(len(of))] }

// chance is true in about percent of all cases.
func chance(rng *rand.Rand, percent float64) bool { return rng.Float64()*100 < percent }
