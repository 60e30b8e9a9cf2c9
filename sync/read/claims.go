package read

import (
	"slices"
	"strconv"

	"tracktik-sync/sync/plan"
)

// A Claimer says who wants which user name and e-mail, and who has it.
type Claimer struct {
	Base
	dateReader *DateReader
}

// Claims are the wishes for user names and e-mails of the run's people.
func (r *Claimer) Claims(list []*Subject) []plan.Claim {
	claims := make([]plan.Claim, 0, len(list))
	for _, s := range list {
		if c, ok := r.claim(s); ok {
			claims = append(claims, c)
		}
	}
	return claims
}

func (r *Claimer) claim(s *Subject) (plan.Claim, bool) {
	if !s.InScope() || !s.Writable() || r.Pending[s.Person.ID] != "" {
		return plan.Claim{}, false
	}
	ended := ""
	if s.Link != nil {
		ended = EndedStatus(s.Link, s)
	}
	if plan.FreesNames(ended) && !(plan.MayRecreate(ended) && slices.Contains(r.Scope.Recreate, s.Person.ID)) {
		return plan.Claim{}, false // nothing is sent for them
	}
	if _, over := r.dateReader.DatesNow(s); over {
		return plan.Claim{}, false // nor for somebody new whose last day is over
	}
	v := r.effective(s)
	c := plan.Claim{Person: s.Person.ID, User: s.Ref(), Username: plan.FoldName(v[plan.Username]),
		Email:    plan.FoldName(v[plan.Email]),
		CustomID: plan.FoldName(v[plan.CustomID]), Managed: s.Link != nil}
	if r.People.Managed > 0 { // else there is nobody whom they may have been before
		c.First, c.Last = plan.FoldName(v[plan.FirstName]), plan.FoldName(v[plan.LastName])
	}
	if s.Link == nil && !slices.Contains(r.Scope.Recreate, s.Person.ID) {
		c.Seen = s.OktaNames()
	}
	if s.Link != nil {
		p := &s.Link.Pushed
		sent := plan.Sent(s.Link, s.Want(), s.Employee, &r.Pol)
		c.Moves = ended == "" && (sent.Has(plan.Username) || sent.Has(plan.Email))
		if r.Pol.UpdateUsers && s.Link.ElsewhereStatus == "" {
			c.FormerID = plan.FoldName(p[plan.CustomID])
		}
	}
	return c, true
}

// effective is what the person's employee will hold: a field that is not sent stays as
// it was pushed, whatever Okta says.
func (r *Claimer) effective(s *Subject) plan.Values {
	v := s.Want().Values
	if s.Link == nil {
		return v
	}
	for f := range v {
		if field := plan.Field(f); s.Want().Keep.Has(field) || r.Pol.Settled(s.Link, field) {
			v[f] = s.Link.Pushed[f]
		}
	}
	return v
}

// CalledLike reports that somebody new has a user name or an e-mail that a leaver had in
// TrackTik, or a login or an e-mail that Okta showed of the leaver last, and is alike.
func CalledLike(leaver, heir *Subject) bool {
	is := KeysOf(heir)
	shared := func(key string) bool { return slices.Contains(is, key) }
	return slices.ContainsFunc(KeysOf(leaver), shared) && IsLike(leaver, heir)
}

// KeysOf are the names of a person with what they are names of: those that TrackTik has, or is
// to have, and those that Okta shows, or showed last.
func KeysOf(s *Subject) []string {
	names, seen := &s.Want().Values, s.OktaNames()
	if s.Link != nil {
		names, seen = &s.Link.Pushed, s.Link.OktaNames()
	}
	var keys []string
	for kind, name := range []string{names[plan.Username], names[plan.Email], seen[0], seen[1]} {
		if name = plan.FoldName(name); name != "" {
			keys = append(keys, strconv.Itoa(kind)+name)
		}
	}
	return keys
}

// IsLike reports that somebody new has the first and last name of a leaver, or one of them: see
// plan.Alike.
func IsLike(leaver, heir *Subject) bool {
	return plan.Alike(firstLast(&heir.Want().Values), firstLast(&leaver.Link.Pushed), leaver.Lives())
}

func firstLast(v *plan.Values) [2]string {
	return [2]string{plan.FoldName(v[plan.FirstName]), plan.FoldName(v[plan.LastName])}
}

// NoteNames remembers how Okta calls somebody who is managed, whether or not TrackTik is told: who
// is made anew is known by that, and who is protected. What they are called after they left is kept
// apart: their names may be given up then.
func (s *Subject) NoteNames() {
	if s.Link == nil || s.Person.Login == "" || s.Person.Status == "" { // Okta has not shown them
		return
	}
	last := plan.Link{Login: s.Person.Login, Email: s.Person.Email}
	if s.Left() {
		last.Login, last.Email = s.Link.Login, s.Link.Email
		if shown := [2]string{s.Person.Login, s.Person.Email}; shown != [2]string{last.Login, last.Email} {
			last.LeftAs = shown
		}
	}
	if s.Link.Login != last.Login || s.Link.Email != last.Email || s.Link.LeftAs != last.LeftAs {
		n := s.Note()
		n.Login, n.Email, n.LeftAs = last.Login, last.Email, last.LeftAs
	}
}
