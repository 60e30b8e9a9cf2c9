package sync

import (
	"hash/fnv"

	"tracktik-sync/sync/plan"
)

// A stranger is an active employee who is not managed, as far as somebody in Okta can
// be found for them. Names are kept as sums: a portal may have many.
type stranger struct {
	id              plan.EmployeeID
	username, email uint64 // 0: none
	custom          uint64
}

func nameSum(name string) uint64 {
	if name = plan.FoldName(name); name == "" {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	return h.Sum64()
}

func strangerOf(e *plan.Employee) stranger {
	return stranger{e.ID, nameSum(e.Values[plan.Username]), nameSum(e.Values[plan.Email]), nameSum(e.Values[plan.CustomID])}
}

// unmanaged counts the strangers whom nobody in Okta stands behind: who is adopted in
// this run, is held, waits or is a problem does, as in a comparison. Everybody who is
// not managed was decoded.
func (r *run) unmanaged() int {
	known := map[plan.Field]map[uint64]bool{plan.Username: {}, plan.Email: {}, plan.CustomID: {}}
	for _, s := range r.people.subjects {
		if s.link != nil || s.judgement.Verdict == plan.Depart {
			continue
		}
		known[plan.Username][nameSum(s.person.Login)] = true
		known[plan.Email][nameSum(s.person.Email)] = true
		for f, sums := range known {
			sums[nameSum(s.mapped.Wanted.Values[f])] = true
		}
	}
	n := 0
	for _, e := range r.current.strangers {
		behind := e.id == r.pol.Own || r.ties.of.Other(e.id, "") != ""
		for _, f := range r.pol.Match {
			sum := map[plan.Field]uint64{plan.Username: e.username, plan.Email: e.email, plan.CustomID: e.custom}[f]
			behind = behind || sum != 0 && known[f][sum]
		}
		if !behind {
			n++
		}
	}
	return n
}
