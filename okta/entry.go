package okta

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"

	"github.com/tidwall/gjson"

	"tracktik-sync/sync/plan"
)

// A part is one of the places of an assignment ("app user") that are read.
type part int

// The parts. A change of any other place decides nothing, and leaves the print
// as it is; whoever is not managed yet is decoded anyway.
const (
	partID part = iota
	partStatus
	partScope
	partUserName // credentials.userName
	partProfile
	partGroup // _links.group.href
	partUserID
	partUserStatus // this and the next two: _embedded.user
	partTransition
	partUserProfile
	numPrinted // of those above a print is made; those below decide nothing about who is managed

	partExternal // externalId
	partSyncState
	partUpdated       // lastUpdated
	partStatusChanged // of _embedded.user
	numParts
)

// An assigned is an assignment taken apart, not decoded: the JSON at each place, empty
// where there is none.
type assigned [numParts]string

// at is the value at a place, or the zero Result where there is none.
func (a *assigned) at(p part) gjson.Result { return gjson.Parse(a[p]) }

// dissect takes a valid JSON object apart in one pass. Of a name that is there
// twice the last one counts, as in encoding/json.
func dissect(raw string) *assigned {
	a := &assigned{}
	a.dissect(raw)
	return a
}

func (a *assigned) dissect(raw string) {
	members(raw, func(name string, value gjson.Result) {
		switch name {
		case "id":
			a[partID] = value.Raw
		case "status":
			a[partStatus] = value.Raw
		case "scope":
			a[partScope] = value.Raw
		case "profile":
			a[partProfile] = value.Raw
		case "externalId":
			a[partExternal] = value.Raw
		case "syncState":
			a[partSyncState] = value.Raw
		case "credentials":
			a[partUserName] = value.Get("userName").Raw
		case "lastUpdated":
			a[partUpdated] = value.Raw
		case "_links":
			a[partGroup] = value.Get("group.href").Raw
		case "_embedded":
			a.user(value.Get("user").Raw)
		}
	})
}

// user takes the parts of a base user.
func (a *assigned) user(raw string) {
	members(raw, func(name string, value gjson.Result) {
		switch name {
		case "id":
			a[partUserID] = value.Raw
		case "status":
			a[partUserStatus] = value.Raw
		case "transitioningToStatus":
			a[partTransition] = value.Raw
		case "statusChanged":
			a[partStatusChanged] = value.Raw
		case "profile":
			a[partUserProfile] = value.Raw
		}
	})
}

// members calls f for every member of the object raw; for anything else never.
func members(raw string, f func(name string, value gjson.Result)) {
	object := gjson.Parse(raw)
	if !object.IsObject() {
		return
	}
	object.ForEach(func(name, value gjson.Result) bool {
		f(name.Str, value)
		return true
	})
}

// print is the first half of the SHA-256 of seed and of every part before numPrinted as
// Okta wrote it, each with its length before it.
func (a *assigned) print(seed, scratch []byte) (plan.Print, []byte) {
	scratch = binary.AppendUvarint(scratch[:0], uint64(len(seed)))
	scratch = append(scratch, seed...)
	for _, value := range a[:numPrinted] {
		scratch = binary.AppendUvarint(scratch, uint64(len(value)))
		scratch = append(scratch, value...)
	}
	sum := sha256.Sum256(scratch)
	return plan.Print(sum[:len(plan.Print{})]), scratch
}

// entries turns a page of the app's users into entries. An entry keeps its page's
// text in memory for as long as its Decode is kept.
func (s *Source) entries(p page) []plan.Entry {
	entries := make([]plan.Entry, len(p.elements))
	parts := make([]assigned, len(p.elements))
	var scratch []byte
	for i, e := range p.elements {
		var print plan.Print
		a := &parts[i]
		a.dissect(e.raw)
		print, scratch = a.print(s.seed, scratch)
		external, _ := plan.ParseExternal(a.at(partExternal).String())
		entries[i] = plan.Entry{
			ID:       plan.PersonID(strings.Clone(e.id)),
			Print:    print,
			External: external,
			Decode: func() (plan.Person, error) {
				return a.decode(routeAssignments, p.request, print)
			},
		}
	}
	return entries
}
