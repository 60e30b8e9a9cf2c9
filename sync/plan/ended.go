package plan

import "fmt"

// The statuses of an employee whom somebody else has ended, in TrackTik's words, and in
// ours for a record that is gone.
const (
	StatusTerminated = "TERMINATED"
	StatusBanned     = "BANNED"
	StatusGone       = "GONE"
)

// Ended is the status of a managed employee who is not active, as far as is known: by the
// record, or as TrackTik was read, which may have shown that they are gone. Empty: active.
func Ended(link *Link, e *Employee, gone bool) string {
	switch {
	case gone:
		return StatusGone
	case e == nil:
		return link.ElsewhereStatus
	case e.Active():
		return ""
	}
	return e.Status
}

func (v *View) ended() string { return Ended(v.Link, v.Employee, v.Gone) }

// FreesNames reports that an employee of that status has no names any more, whoever has
// ended them.
func FreesNames(status string) bool { return status == StatusTerminated || status == StatusGone }

// WhyBanned is why a banned employee is not terminated, as a Held reason.
func WhyBanned(id EmployeeID) string {
	return fmt.Sprintf("%s: employee %d is BANNED in TrackTik, and stays so; only TrackTik can lift a ban", HeldBannedElsewhere, id)
}

// MayRecreate reports that somebody whose employee is in that state may get another one on
// request. Only TERMINATED frees the names for good: nobody undoes a ban, who is INACTIVE
// still has username and e-mail, and whom TrackTik does not show may be there all the same.
func MayRecreate(status string) bool { return status == StatusTerminated }

// elsewhere holds a person whose employee was ended by somebody else.
func elsewhere(v *View, d *Decision) bool {
	status := v.ended()
	if status == "" {
		return false
	}
	d.hold(v.action(Update), WhyElsewhere(v.Link.Employee, status))
	return true
}

// WhyElsewhere is why nothing is done about an employee whom somebody else has ended, who
// is of that status, as a Held reason: it names the way out.
func WhyElsewhere(id EmployeeID, status string) string {
	code, out := HeldTerminatedElsewhere, "; they keep username and e-mail: make them active again in TrackTik, or terminate them there"
	switch status {
	case StatusTerminated:
		out = "; `retry --recreate` makes a new employee"
	case StatusBanned:
		code, out = HeldBannedElsewhere, "; only TrackTik can lift a ban"
	case StatusGone:
		out = ": it does not show them to the program (404); the account may have lost their region: give it back, and the next refresh goes on. " +
			"Only if they are gone for good, `unlink` forgets them, and the next run makes a new employee"
	}
	return fmt.Sprintf("%s: employee %d is %s in TrackTik, not by this program, while the person is in scope in Okta%s", code, id, status, out)
}
