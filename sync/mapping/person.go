package mapping

import (
	"fmt"
	"slices"
	"strings"

	"tracktik-sync/sync/plan"
)

// A Result is what Okta says about one person. Nothing may be written for a
// person with Problems; Wanted then holds what could be read nevertheless.
//
// Of Wanted the region's id and whether it is the default are left open: they
// need the portal. A field in Keep has no value.
type Result struct {
	Wanted   plan.Wanted
	Problems []plan.Problem
	Warnings []plan.Warning
}

// A Source is where a value came from, for explanations.
type Source struct {
	Name       string // app.title or sync.attributes.jobTitle.cel; empty: from nowhere
	Raw        string // as Okta has it, which can be long
	Normalised bool   // it is sent otherwise than Okta has it
}

// Sources holds one Source a field.
type Sources [plan.NumFields]Source

// Map says what p's employee should hold. Groups are the names of p's groups, nil
// when they are not known; only expressions read them.
func (m *Mapper) Map(p plan.Person, groups []string) Result {
	return m.run(&p, groups, nil)
}

// Explain is Map, and says besides where each value came from.
func (m *Mapper) Explain(p plan.Person, groups []string) (Result, Sources) {
	var sources Sources
	return m.run(&p, groups, &sources), sources
}

func (m *Mapper) run(p *plan.Person, groups []string, sources *Sources) Result {
	j := job{
		rules:   &m.rules,
		subject: &subject{p, groups},
		user:    plan.UserRef{ID: p.ID, Login: p.Login},
		sources: sources,
	}
	j.result.Wanted = plan.Wanted{Email: plan.Clean(p.Email), Group: p.Assignment.Group}
	for f := range plan.NumFields {
		switch f {
		case plan.AddressLine1:
			j.address()
		case plan.City, plan.State, plan.PostalCode, plan.Country:
		default:
			j.field(f)
		}
	}
	j.userType()
	return j.result
}

// A job is the mapping of one person.
type job struct {
	rules   *[plan.NumFields]rule
	subject *subject // apart, since expressions keep it
	user    plan.UserRef
	result  Result
	sources *Sources // nil: nobody asks
}

// found is what Okta has for a field.
type found struct {
	text  string // clean
	from  string
	fault string // why there is no text although there is a value
}

func (f found) isEmpty() bool { return f.text == "" && f.fault == "" }

// field fills in a field that depends on no other.
func (j *job) field(f plan.Field) {
	if !j.rules[f].mapped() {
		j.keep(f)
		return
	}
	v := j.read(f)
	if v.isEmpty() {
		if isRequired(f) {
			j.problem(plan.ProblemMissingRequired, fmt.Sprintf("%s has no value in Okta; looked in %s", f, j.rules[f].names))
		}
		return
	}
	value, fault := "", v.fault
	if fault == "" {
		value, fault = conform(f, v.text)
	}
	if fault == "" {
		j.set(f, value)
		return
	}
	j.reject(f, fmt.Sprintf("%s, from %s, %s", f, v.from, fault))
}

// reject weighs a value that breaks its rule.
func (j *job) reject(f plan.Field, message string) {
	switch {
	case isRequired(f), f == plan.Region:
		j.problem(plan.ProblemInvalidValue, message)
		return
	case f == plan.Language:
		j.warn(plan.WarningUnknownLanguage, f.String(), message+": it is left out")
	default:
		j.warn(plan.WarningInvalidValue, f.String(), message+": it is left out")
	}
	j.keep(f)
}

// read finds the field's value in Okta.
func (j *job) read(f plan.Field) found {
	r := &j.rules[f]
	if r.expression != nil {
		raw, err := r.expression.text(j.subject)
		if err != nil {
			return j.note(f, raw, found{from: r.expression.key, fault: err.Error()})
		}
		if text := plan.Clean(raw); text != "" {
			return j.note(f, raw, found{text: text, from: r.expression.key})
		}
	}
	v, raw := firstOf(r.places, j.subject.person)
	return j.note(f, raw, v)
}

// firstOf returns the first value that is not empty, clean and raw.
func firstOf(places []place, person *plan.Person) (v found, raw string) {
	for _, p := range places {
		raw, ok := textOf(p.of(person))
		if !ok {
			return found{from: p.name, fault: "is a list or an object, not a text"}, ""
		}
		if text := plan.Clean(raw); text != "" {
			return found{text: text, from: p.name}, raw
		}
	}
	return found{}, ""
}

func (j *job) note(f plan.Field, raw string, v found) found {
	if j.sources != nil {
		j.sources[f] = Source{Name: v.from, Raw: raw}
	}
	return v
}

func (j *job) set(f plan.Field, value string) {
	j.result.Wanted.Values[f] = value
	if j.sources != nil {
		j.sources[f].Normalised = value != j.sources[f].Raw
	}
}

func (j *job) keep(f plan.Field) { j.result.Wanted.Keep = j.result.Wanted.Keep.With(f) }

func (j *job) problem(code, message string) {
	j.result.Problems = append(j.result.Problems, plan.Problem{User: j.user, Code: code, Message: message})
}

func (j *job) warn(code, field, message string) {
	j.result.Warnings = append(j.result.Warnings, plan.Warning{Code: code, User: j.user, Field: field, Message: message})
}

// expectedUserType is what the portal's own integration sends for everybody.
const expectedUserType = "User"

// userType warns of people who were meant to be something else than a user.
func (j *job) userType() {
	v, _ := firstOf(userTypePlaces, j.subject.person)
	switch {
	case v.isEmpty(), strings.EqualFold(v.text, expectedUserType):
	case v.fault != "":
		j.warn(plan.WarningUnexpectedUserType, "userType", fmt.Sprintf("userType, from %s, %s; it is not sent", v.from,
			v.fault))
	default:
		j.warn(plan.WarningUnexpectedUserType, "userType",
			fmt.Sprintf("userType, from %s, is %s, not %s; it is not sent", v.from, quote(v.text), expectedUserType))
	}
}

func isRequired(f plan.Field) bool { return slices.Contains(plan.RequiredFields[:], f) }
