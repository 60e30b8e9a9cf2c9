package plan

import "fmt"

// Why a named employee is not retired, beside the classes: codes of problems.
const (
	RetireManaged     = "managed"     // the next runs decide about them
	RetireNotFound    = "not_found"   // nobody in TrackTik, as far as is shown to us
	RetireNotActive   = "not_active"  // INACTIVE or BANNED
	RetireBadName     = "bad_name"    // the line or the argument names nobody
	RetireProtected   = HeldProtected // by sync.protected, or the employee whose credentials are used
	RetireRole        = HeldProtectedRole
	RetireUnconfirmed = HeldUnconfirmed // whether they hold a protected role cannot be told
	RetirePending     = HeldPending
)

// What a retirement warns about.
const (
	WarningAlreadyEnded = "already_ended"
	WarningNamedTwice   = "named_twice"
	WarningManaged      = "managed" // a comparison lists them
)

// A Retiree is an employee who was named to be retired, with what was read of them.
type Retiree struct {
	Employee Employee
	Missing  bool     // TrackTik does not show such an employee
	Owner    PersonID // who is managed as this employee; empty: nobody
	Standing Standing
	Pending  string     // an earlier write about the user is not settled; empty: none is
	Roles    []UserRole // that they hold
	Admin    bool       // one of them is protected
	Doubt    string     // why it cannot be told that none is; empty: it can
}

// Askable reports whether what Okta and the grants say of the employee matters at all.
func (r *Retiree) Askable(pol *Policy) bool {
	return !r.Missing && r.Owner == "" && r.Employee.Active() && !pol.Owns(Who{Employee: &r.Employee})
}

// Retire decides about one named employee: exactly one of an action, a problem and a
// warning comes of it. Only who left Okta is terminated, and nobody who is managed, is
// protected, holds a protected role, or is the employee whose credentials are used.
func Retire(r *Retiree, pol *Policy) Decision {
	e, user := &r.Employee, &r.Standing.User
	var d Decision
	left := func(code, format string, args ...any) {
		d.Problems = append(d.Problems, Problem{User: UserRef{ID: user.ID, Login: user.Login}, Employee: e.ID, Code: code, Message: fmt.Sprintf(format, args...)})
	}
	switch {
	case r.Missing:
		left(RetireNotFound, "TrackTik shows no such employee")
	case r.Owner != "":
		left(RetireManaged, "is managed as user %s: a run terminates them when they leave, and `retire` does not", r.Owner)
	case pol.Owns(Who{Employee: e}):
		left(RetireProtected, "is the employee whose credentials are used")
	case e.Status == StatusTerminated:
		d.Warnings = append(d.Warnings, Warning{Code: WarningAlreadyEnded, Message: fmt.Sprintf("employee %d is TERMINATED in TrackTik already", e.ID)})
	case !e.Active():
		left(RetireNotActive, "is %s in TrackTik, and not active", e.Status)
	case r.Pending != "":
		left(RetirePending, "%s", r.Pending)
	case r.Standing.Class != LeftOkta:
		left(string(r.Standing.Class), "%s", r.Standing.Why)
	case pol.Protects(Who{Person: user, Employee: e}):
		left(RetireProtected, "sync.protected names them")
	case r.Admin:
		left(RetireRole, "holds a protected role")
	case r.Doubt != "":
		left(RetireUnconfirmed, "whether they hold a protected role cannot be told: %s", r.Doubt)
	default:
		d.Actions = append(d.Actions, r.termination())
	}
	return d
}

func (r *Retiree) termination() Action {
	e, user := &r.Employee, &r.Standing.User
	return Action{Kind: Terminate, User: UserRef{ID: user.ID, Login: user.Login}, Employee: e.ID,
		Reason: "left Okta without being managed: " + r.Standing.Why, Extra: &Extra{Evidence: EvidenceFull, Retires: r.record()}}
}

// record is what is kept of an employee who is retired, as of one who was managed: their
// restore needs it.
func (r *Retiree) record() *Former {
	e, user := &r.Employee, &r.Standing.User
	f := &Former{Link: Link{Person: user.ID, Employee: e.ID, How: HowRetired, Login: user.Login, Email: user.Email,
		PushedRegion: e.Region, SeenDeprovisioned: true}}
	for _, field := range RequiredFields { // the others were never ours, and are not cleared for that
		f.Link.Pushed[field] = e.Values[field]
	}
	for _, u := range r.Roles {
		f.Roles = append(f.Roles, Grant{Role: u.Role, Person: user.ID, ID: u.ID, Employee: e.ID, How: HowAdopted})
	}
	return f
}
