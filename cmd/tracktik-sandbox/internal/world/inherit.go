package world

import (
	"fmt"
	"strings"

	"golang.org/x/text/unicode/norm"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/tracktik/tracktiktest"
)

// An inheritance is a portal while its own Okta integration leaves it to us: who is
// there, and who they are in truth.
type inheritance struct {
	employees []tracktiktest.Employee
	owners    []*Person // index by index; nil: nobody in Okta
	whys      []string  // why they are there, of those who are nobody in Okta
	grants    []given   // of pushed groups' roles
}

// A given role is one that an employee holds, by their index.
type given struct {
	employee int
	group    *Group
	byHand   bool // by somebody at the portal, and not by the push of the group
}

// inherit makes people, and the portal as years with them have left it. The first
// people are one of each legacy; the others follow by chance.
func (w *World) inherit() {
	w.incumbent = newIncumbent()
	h := &inheritance{}
	w.addPushedRoles()
	for len(w.people) < w.options.People {
		p := w.somebody()
		if len(w.people) >= len(legacies) && !w.scattered(p) {
			p.Status = w.someStatus()
		}
		w.hire(p)
		if i := len(w.people) - 1; i < len(legacies) {
			p.Note = legacies[i].note
			w.join(p, w.sites[i%len(w.sites)], w.posts[i%len(w.posts)])
			legacies[i].left(w, h, p)
			continue
		}
		w.place(p)
		if w.legacy(p).left(w, h, p); p.judged && w.rng.IntN(50) == 0 {
			w.dispatched(h, p)
		}
	}
	for i := range min(3, w.options.People) {
		h.nobody(tracktiktest.Employee{FirstName: "Contractor", LastName: fmt.Sprintf("No. %d", i+1), JobTitle: "Event steward",
			Username: fmt.Sprintf("contractor%d", i+1), Email: fmt.Sprintf("contractor%d@agency.example", i+1)}, "a contractor, who was never in Okta")
	}
	if len(h.employees) > 0 {
		h.give(len(h.employees)-1, w.posts[0], true)
	}
	w.seed(h)
	w.incumbent.announce(w)
}

// addPushedRoles makes the roles and the mappings of the pushed groups. One push is
// in error, as one always is.
func (w *World) addPushedRoles() {
	for _, r := range w.TrackTik.Roles() {
		for _, g := range w.posts {
			if r.Name == g.Name {
				g.role = r.ID
			}
		}
	}
	for i, g := range w.posts {
		w.pushGroup(g)
		if i == len(w.posts)-1 && i > 0 {
			w.Okta.SetPushMapping(g.mapping, "ERROR", "the role could not be updated")
		}
	}
}

// legacy chooses what the years did to somebody: mostly nothing.
func (w *World) legacy(p *Person) *legacy {
	n := w.rng.IntN(1000)
	if !p.Assigned() || p.Status == oktatest.StatusStaged {
		return &legacies[unaffected]
	}
	for i := range legacies {
		if n -= legacies[i].perMille; n < 0 {
			return &legacies[i]
		}
	}
	return &legacies[unaffected]
}

// add notes an employee, and returns the index.
func (h *inheritance) add(p *Person, e tracktiktest.Employee, why string) int {
	h.employees, h.owners, h.whys = append(h.employees, e), append(h.owners, p), append(h.whys, why)
	return len(h.employees) - 1
}

// nobody notes an employee whom nobody in Okta is.
func (h *inheritance) nobody(e tracktiktest.Employee, why string) int { return h.add(nil, e, why) }

func (h *inheritance) give(employee int, g *Group, byHand bool) {
	h.grants = append(h.grants, given{employee, g, byHand})
}

// wasPushed notes the employee whom the integration made of a person, and their roles.
func (w *World) wasPushed(h *inheritance, p *Person, edit func(*tracktiktest.Employee)) int {
	e := w.asPushed(p)
	if edit != nil {
		edit(&e)
	}
	p.pushed, p.unplaced = true, true
	i := h.add(p, e, "")
	for _, g := range p.posts() {
		h.give(i, g, false)
	}
	return i
}

// wasTyped notes the employee whom somebody typed, whom the integration knows nothing of.
func (w *World) wasTyped(h *inheritance, p *Person, e tracktiktest.Employee) {
	p.unplaced = true
	h.add(p, e, "")
}

// dispatched moves an employee who is there by hand.
func (w *World) dispatched(h *inheritance, p *Person) {
	for i := len(h.owners) - 1; i >= 0 && h.owners[i] == p; i-- {
		if to := w.regions[pick(w.rng, locales).region]; h.employees[i].Region != to {
			h.employees[i].Region, p.byHand = to, to
		}
	}
}

// asPushed is the employee that the integration makes of somebody.
func (w *World) asPushed(p *Person) tracktiktest.Employee {
	e := tracktiktest.Employee{Username: p.userName, Email: p.Email, FirstName: clean(p.First), LastName: clean(p.Last),
		JobTitle: clean(w.title(p)), PrimaryPhone: p.Phone, Language: p.Language, Region: w.regionOf(p)}
	if p.Home != (Home{}) {
		e.Address = &tracktiktest.Address{AddressLine1: p.Home.Street, City: p.Home.City, State: p.Home.State, PostalCode: p.Home.Zip, Country: p.Home.Country}
	}
	return e
}

// seed furnishes the portal, and Okta with what its integration knows of it.
func (w *World) seed(h *inheritance) {
	ids := w.TrackTik.Seed(h.employees...)
	for _, p := range w.people {
		if p.mistaken != 0 {
			p.mistaken = ids[p.mistaken]
		}
	}
	var grants []tracktiktest.Grant
	for i, id := range ids {
		p := h.owners[i]
		if w.incumbent.why[id] = h.whys[i]; p == nil {
			e, _ := w.TrackTik.Employee(id)
			w.bystanders = append(w.bystanders, e)
		} else if p.mine = append(p.mine, id); p.pushed && p.Assigned() {
			w.Okta.ProvisionAssignment(w.AppID, p.ID, fmt.Sprint(id))
		}
		role := tracktiktest.GuardRole
		if p != nil && p.never {
			role = tracktiktest.AdministratorRole
		}
		grants = append(grants, tracktiktest.Grant{Employee: id, Role: role})
	}
	for _, g := range h.grants {
		id := ids[g.employee]
		grants = append(grants, tracktiktest.Grant{Employee: id, Role: g.group.role})
		if g.byHand {
			w.incumbent.byHand[held{id, g.group.role}] = true
		}
	}
	w.TrackTik.SeedGrants(grants...)
	for _, e := range w.TrackTik.Employees() {
		w.incumbent.atFirst[e.ID] = e.Status
	}
}

// formerName is a login that a person had before they married.
func (w *World) formerName(p *Person) (login, family string) {
	given, _, _ := strings.Cut(p.Login, ".")
	before := pick(w.rng, pick(w.rng, locales).family)
	return w.freeLogin(given, before.ascii), norm.NFC.String(before.native)
}

// otherPost is a pushed group that a person is not in, or nil.
func (w *World) otherPost(p *Person) *Group { return w.somePost(w.rng, p) }

// portalLanguage is a region's language in TrackTik's own spelling.
func portalLanguage(region string) string {
	if code := portalLanguages[region]; code != "" {
		return code
	}
	return "EN_US"
}

var portalLanguages = map[string]string{"Montréal": "FR", "Paris": "FR-FR", "München": "DE", "Łódź": "PL-PL", "Београд": "SR-RS",
	"القاهرة": "AR-SA", "กรุงเทพ": "TH-TH", "Đà Nẵng": "VI-VN", "上海": "ZH-CN", "東京": "JA-JP", "서울": "KO-KR",
	"São Paulo": "PT", "South": "ES", "İstanbul": "TR-TR"}

// private is an address that no company gave.
func private(p *Person) string {
	name, _, _ := strings.Cut(p.Login, "@")
	return strings.ReplaceAll(name, ".", "") + "@mail.example"
}

// ended keeps an employee from logging in, as somebody did at the portal.
func ended(status string) func(*tracktiktest.Employee) {
	return func(e *tracktiktest.Employee) {
		if e.Status = status; status == tracktiktest.Terminated {
			e.Username, e.TerminationDate, e.TerminationReason = "", "2023-09-30", tracktiktest.ResignedReason
		}
	}
}

// waits reports whether somebody is in a status in which nothing is pushed.
func waits(p *Person) bool {
	return p.Status == oktatest.StatusSuspended || p.Status == oktatest.StatusStaged
}
