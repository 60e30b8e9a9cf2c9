package plan

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"strconv"
	"strings"
	"time"
)

// DocumentVersion is the version of the plan document that this program writes.
const DocumentVersion = 1

// A Document is a plan as people and programs see it, and as it is saved: what
// `plan --format json` prints. Equal inputs give equal documents but for ID and
// Created.
type Document struct {
	Version int       `json:"version"`
	ID      string    `json:"id"`
	Hash    string    `json:"hash"`
	Created time.Time `json:"created"`
	Mode    string    `json:"mode"` // apply or observe
	Options Options   `json:"options"`
	// PlanFingerprint is of sync.* and guard.*.
	PlanFingerprint string     `json:"config"`
	Okta            OktaID     `json:"okta"`
	TrackTik        TrackTikID `json:"tracktik"`
	HowRead
	Actions  []Action       `json:"actions"`
	Held     []Held         `json:"held"`
	Problems []Problem      `json:"problems"`
	Warnings []Warning      `json:"warnings"`
	Summary  map[string]int `json:"summary"` // actions by kind, zeros too
	Guard    GuardReport    `json:"guard"`

	// Managed is how many employees are managed before this plan.
	Managed int `json:"managed"`

	// Run and Result are there once the plan was applied.
	Run    string  `json:"run,omitempty"`
	Result *Result `json:"result,omitempty"`

	// Error is why there is no plan; a command that fails or is refused with one adds why
	// to what it prints.
	Error string `json:"error,omitempty"`
}

// HowRead is what a plan rests on.
type HowRead struct {
	Source SourceCount `json:"source"`
	// Evidence is how departures are known: full or sample. Empty: there are none.
	Evidence string `json:"evidence,omitempty"`
}

// Options are what changes a plan besides the configuration.
type Options struct {
	User       []string `json:"user"`
	Refresh    bool     `json:"refresh"`
	NoRemovals bool     `json:"no_removals"`
}

// OktaID names the Okta side of a plan.
type OktaID struct {
	Org string `json:"org"`
	App string `json:"app"`
}

// TrackTikID names the TrackTik side of a plan.
type TrackTikID struct {
	Portal string `json:"portal"`
}

// SourceCount is how much was read from Okta.
type SourceCount struct {
	Users  int `json:"users"`
	Groups int `json:"groups"`
}

// A Held action is due and not done. Why begins with one of the Held codes.
type Held struct {
	Action
	Why string
}

// MarshalJSON writes the action's fields and why in one object.
func (h Held) MarshalJSON() ([]byte, error) {
	return json.Marshal(wireHeld{h.Action.wire(), h.Why})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (h *Held) UnmarshalJSON(data []byte) error {
	var why struct {
		Why string `json:"why"`
	}
	if err := errors.Join(json.Unmarshal(data, &h.Action), json.Unmarshal(data, &why)); err != nil {
		return err
	}
	h.Why = why.Why
	return nil
}

type wireHeld struct {
	wireAction
	Why string `json:"why"`
}

// Code is the code with which Why begins.
func (h Held) Code() string { return codeOf(h.Why) }

func codeOf(why string) string {
	for i := range len(why) {
		if why[i] == ':' || why[i] == ' ' {
			return why[:i]
		}
	}
	return why
}

// A GuardReport says whether the guards let the plan pass.
type GuardReport struct {
	OK       bool      `json:"ok"`
	Refusals []Refusal `json:"refusals"`
}

// Text is what the refusals say, a line each.
func (g *GuardReport) Text() string {
	lines := make([]string, len(g.Refusals))
	for i := range g.Refusals {
		lines[i] = g.Refusals[i].Message
	}
	return strings.Join(lines, "\n")
}

// A Refusal is one limit that the plan exceeds.
type Refusal struct {
	Kind    Kind    `json:"kind"`
	Role    RoleID  `json:"role,omitempty"` // of a role's own share
	Count   int     `json:"count"`
	Limit   float64 `json:"limit"` // in the unit that Message names: actions, or percent
	Message string  `json:"message"`
	Approve string  `json:"approve,omitempty"` // what `sync --approve` takes
	// Stops says that nothing at all is done; else only this kind waits.
	Stops bool `json:"stops,omitempty"`
}

// A Result is what became of an applied plan, counted from recorded outcomes.
type Result struct {
	Done     map[string]int `json:"done"`
	Found    map[string]int `json:"found"` // removals that the portal had done before
	Failed   int            `json:"failed"`
	Held     int            `json:"held"`
	Unknown  int            `json:"unknown"`
	Duration float64        `json:"duration_s"` // seconds
	Requests RequestCount   `json:"requests"`
	// Stopped says why the run ended before the plan did; empty: it did not.
	Stopped string `json:"stopped,omitempty"`
	// NewProblems is how many people have a problem that they had not before.
	NewProblems int `json:"new_problems,omitempty"`
	// Failures are the writes that failed, or whose outcome is not known.
	Failures []Failure `json:"failures,omitempty"`
}

// RequestCount counts HTTP requests, retries included.
type RequestCount struct {
	Okta     int `json:"okta"`
	TrackTik int `json:"tracktik"`
}

// A Failure is one action that was tried and not done.
type Failure struct {
	Action  Action `json:"action"`
	Outcome string `json:"outcome"` // failed or unknown
	Message string `json:"message"`
}

// Pending is how many actions the plan holds.
func (d *Document) Pending() int { return len(d.Actions) }

// Seal fills in what follows from the rest: the version, the summary and the hash.
// Lists are made empty instead of null.
func (d *Document) Seal() {
	d.Version = DocumentVersion
	d.Summary = make(map[string]int, len(Kinds))
	for _, k := range Kinds {
		d.Summary[string(k)] = 0
	}
	for i := range d.Actions {
		d.Summary[string(d.Actions[i].Kind)]++
	}
	if d.Options.User == nil {
		d.Options.User = []string{}
	}
	d.Actions, d.Held = notNil(d.Actions), notNil(d.Held)
	d.Problems, d.Warnings = notNil(d.Problems), notNil(d.Warnings)
	d.Guard.Refusals = notNil(d.Guard.Refusals)
	d.Hash = d.ComputeHash()
}

func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// Fail makes d the document of a plan that could not be made, and says why: it has no
// hash, so that nobody can apply it, and no guard has refused anything in it.
func (d *Document) Fail(cause error) {
	d.Error = cause.Error()
	d.Guard.OK = len(d.Guard.Refusals) == 0
	d.Seal()
	d.Hash = ""
}

// Made reports that there is a plan. Else the lists are empty since nothing was decided,
// not since there is nothing to do.
func (d *Document) Made() bool { return d.Hash != "" }

// ComputeHash covers the options, the actions (kind, ids and changes) and the
// identity of both systems, and nothing else: not ID, Created, held actions or texts.
func (d *Document) ComputeHash() string {
	h := newRowHash()
	write(h, "plan", d.Okta.Org, d.Okta.App, d.TrackTik.Portal,
		strconv.FormatBool(d.Options.Refresh), strconv.FormatBool(d.Options.NoRemovals))
	write(h, d.Options.User...)
	for i := range d.Actions {
		d.Actions[i].write(h)
	}
	return h.digest()[:16]
}

// GuardHash covers the actions that the guards hold, as ComputeHash does those that are due: an
// approval lets them go on, so that they must be what was saved.
func (d *Document) GuardHash() string {
	h := newRowHash()
	for i := range d.Held {
		if d.Held[i].Code() == HeldGuard {
			d.Held[i].write(h)
		}
	}
	return h.digest()[:16]
}

func (a *Action) write(h *rowHash) {
	x := a.Extras()
	write(h, string(a.Kind), string(a.User.ID), strconv.FormatInt(int64(a.Employee), 10),
		strconv.FormatInt(int64(x.Former), 10), strconv.FormatInt(int64(x.Grant), 10))
	if a.Role != nil {
		write(h, strconv.FormatInt(int64(a.Role.ID), 10), string(a.Role.Group))
	}
	for c := range a.fieldChanges() {
		write(h, c.Field.String(), c.Old, c.New)
	}
}

// A rowHash is the SHA-256 of rows of texts.
type rowHash struct {
	hash hash.Hash
	row  []byte // memory for one
}

func newRowHash() *rowHash { return &rowHash{hash: sha256.New()} }

// write adds a row of texts so that no two different rows read alike.
func write(h *rowHash, texts ...string) {
	h.row = append(strconv.AppendInt(h.row[:0], int64(len(texts)), 10), '|')
	for _, t := range texts {
		h.row = append(strconv.AppendInt(h.row, int64(len(t)), 10), ':')
		h.row = append(h.row, t...)
	}
	_, _ = h.hash.Write(h.row)
}

func (h *rowHash) digest() string { return hex.EncodeToString(h.hash.Sum(nil)) }

// WriteJSON writes the document as one line of JSON, action by action: a plan of
// hundreds of thousands of actions is never in memory as text.
func (d *Document) WriteJSON(w io.Writer) error {
	frame := *d
	frame.Actions = []Action{}
	head, err := json.Marshal(&frame)
	if err != nil {
		return err
	}
	// Inside of a JSON text the quotation marks would be escaped, so this is the list.
	head, tail, _ := bytes.Cut(head, []byte(`"actions":[]`))
	if _, err := w.Write(append(head, `"actions":[`...)); err != nil {
		return err
	}
	for i := range d.Actions {
		row, err := json.Marshal(&d.Actions[i])
		if err != nil {
			return err
		}
		if i > 0 {
			row = append([]byte{','}, row...)
		}
		if _, err := w.Write(row); err != nil {
			return err
		}
	}
	_, err = w.Write(append([]byte{']'}, append(tail, '\n')...))
	return err
}

// packedAction is more than the packed JSON of most actions takes, in bytes.
const packedAction = 64

// Pack returns the document's JSON, deflated (RFC 1951).
func (d *Document) Pack() ([]byte, error) {
	var out bytes.Buffer
	out.Grow(packedAction * len(d.Actions)) // a buffer that grows is there twice
	w, err := flate.NewWriter(&out, flate.BestSpeed)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(d.WriteJSON(w), w.Close()); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// ReadDocument reads a saved plan, and refuses one whose hash does not fit what it
// says: it was edited, cut, or written by another version of this program.
func ReadDocument(r io.Reader) (*Document, error) {
	var d Document
	dec := json.NewDecoder(r)
	if err := dec.Decode(&d); err != nil {
		return nil, fmt.Errorf("reading the plan: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("reading the plan: something follows it: the file was changed; make it anew with `plan --out`")
	}
	switch {
	case d.Version != DocumentVersion:
		return nil, fmt.Errorf("the plan is of version %d and this program reads version %d: make it anew with `plan --out`",
			d.Version, DocumentVersion)
	case !d.Made() && d.Error != "":
		return nil, fmt.Errorf("the plan could not be made (%s): make it anew with `plan --out`", d.Error)
	case d.ComputeHash() != d.Hash:
		return nil, fmt.Errorf("the plan's hash %q does not fit its content: the file was changed; make it anew with "+
			"`plan --out`", d.Hash)
	}
	return &d, nil
}
