package state

import (
	"bytes"
	"compress/flate"
	"io"
	"sync"
)

// packed begins the content of a packed record: JSON never begins like that. What follows
// is the JSON, deflated with packedWords.
const packed = 0x01

// packedWords are the words that the JSON of records repeats, the commonest last. They are
// part of the schema: another text would make every packed record unreadable.
const packedWords = `"seen_deprovisioned":true,"not_visible_since":"unassigned_since":"restored":true,"kept":true,"others_role":true,"last_repair":"` +
	`"elsewhere_status":"TERMINATED"}"terminated":"","roles":[{"elsewhere":true},"stuck":true,"gone":true,"again":true}` +
	`"approved":true,"told":"","message":"the answer was lost; a look-up shows that it happened"found by a look-up: it had happened"` +
	`"kind":"rename_role","kind":"link_role","kind":"create_role","kind":"reactivate","kind":"revoke_role","kind":"terminate",` +
	`"kind":"adopt","kind":"update","reason":"no longer assigned to the app"outcome":"failed","outcome":"found","outcome":"held",` +
	`"by":"tracktik-sync@tracktik-sync (cronjob)","by":"root@ (timer)","by":"(manual)","kind":"create","person":"00u","login":"` +
	`"changes":[{"field":"username","old":"","new":"@"},{"field":"firstName","old":"","new":"},{"field":"lastName","old":"","new":"},` +
	`{"field":"email","old":"","new":"@.com"},{"field":"jobTitle","old":"","new":"Security Guard"},{"field":"primaryPhone","old":"","new":"+1 555 },` +
	`{"field":"secondaryPhone","old":"","new":"},{"field":"address.addressLine1","old":"","new":" Street"},{"field":"address.city","old":"","new":"},` +
	`{"field":"address.state","old":"","new":"},{"field":"address.postalCode","old":"","new":"},{"field":"address.country","old":"","new":"US"},` +
	`{"field":"language","old":"","new":"EN_US"},{"field":"customId","old":"","new":"},{"field":"region","old":"","new":"}],` +
	`"reason":"assigned to the app, and has no employee through group 00g","outcome":"done","attempts":1,"request":"` +
	`{"seq":0,"time":"2026-01-01T00:00:00.000000000Z","run":"20260101T000000Z-000001","by":"","kind":"grant_role","person":"00u","login":"@",` +
	`"employee":1,"role":{"id":2,"name":" ","group_id":"00g"},"reason":"is in group ","outcome":"done","attempts":1,"request":"` +
	`{"role":1,"person":"00u1","id":1,"employee":1,"group":"00g1","how":"adopted","since":"2026-01-01T00:00:00.000000000Z","run":"20260101T000000Z-000001"}` +
	`{"person":"00u1","employee":1,"how":"created","since":"2026-01-01T00:00:00.000000000Z","run":"20260101T000000Z-000001","login":"@.com","email":"@.com",` +
	`"pushed":["","","","","","","","","","","","","","",""],"pushed_region":1,"assigned_by":"00g"}`

// isPackable reports whether the records of a bucket may be packed: JSON of which there is
// one a person, grant or action.
func isPackable(bucket []byte) bool {
	switch string(bucket) {
	case string(bucketPeople), string(bucketFormers), string(bucketGrants), string(bucketAudit):
		return true
	}
	return false
}

var (
	packers = sync.Pool{New: func() any {
		w, _ := flate.NewWriterDict(nil, flate.DefaultCompression, []byte(packedWords)) // the level is valid
		return w
	}}
	unpackers = sync.Pool{New: func() any { return flate.NewReaderDict(nil, []byte(packedWords)) }}
)

// packRecord makes the JSON of a record small.
func packRecord(content []byte) []byte {
	w := packers.Get().(*flate.Writer)
	defer packers.Put(w)
	var out bytes.Buffer
	out.WriteByte(packed)
	w.Reset(&out)
	_, _ = w.Write(content) // a Buffer takes everything
	_ = w.Close()
	if out.Len() >= len(content) {
		return content
	}
	return out.Bytes()
}

// unpackRecord undoes packRecord; what was never packed stays as it is.
func unpackRecord(content []byte) ([]byte, error) {
	if len(content) == 0 || content[0] != packed {
		return content, nil
	}
	r := unpackers.Get().(io.Reader)
	defer unpackers.Put(r)
	if err := r.(flate.Resetter).Reset(bytes.NewReader(content[1:]), []byte(packedWords)); err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}
