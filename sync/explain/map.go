package explain

import (
	"fmt"
	"slices"
	"strings"

	"tracktik-sync/sync/plan"
)

// tellMap shows each field, where it came from, and what is left out.
func (x *teller) tellMap() Step {
	step := Step{Name: StepMap, Summary: "not mapped: Okta shows no profile"}
	if x.unasked != nil {
		step.Summary = "not mapped before Okta answers"
	}
	if !x.mapped {
		return step
	}
	sent := 0
	for f := range plan.NumFields {
		field := x.explainField(f)
		if field.Value != "" {
			sent++
		}
		step.Fields = append(step.Fields, field)
	}
	problems := x.mapProblems()
	step.OK = len(problems) == 0
	step.Summary = fmt.Sprintf("%d of %d fields have a value", sent, plan.NumFields)
	if n := len(x.result.Warnings); n > 0 {
		step.Summary += fmt.Sprintf(", %s left out", countOf(n, "value"))
	}
	if x.s.Judgement.Verdict != plan.Provision {
		step.Summary += "; none is sent, since they are not to be provisioned"
	}
	if !step.OK {
		var texts []string
		for _, p := range problems {
			texts = append(texts, p.Code+": "+p.Message)
		}
		step.Summary = "nothing can be written: " + strings.Join(texts, "; ")
	}
	return step
}

func countOf(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// mapProblems are those about the person's values, the region included.
func (x *teller) mapProblems() []plan.Problem {
	problems := slices.Clone(x.result.Problems)
	for _, p := range x.s.Unmappable {
		known := func(q plan.Problem) bool { return q.Code == p.Code && q.Message == p.Message }
		if !slices.ContainsFunc(problems, known) && !isMatchProblem(p.Code) {
			problems = append(problems, p)
		}
	}
	return problems
}

// longRaw is how much of a value as Okta has it is shown.
const longRaw = 300

func (x *teller) explainField(f plan.Field) ExplainedField {
	w, source := &x.result.Wanted, x.sources[f]
	field := ExplainedField{Field: f.String(), Value: w.Values[f], Source: source.Name, Normalised: source.Normalised}
	if field.Normalised || field.Value == "" {
		field.Raw = cut(source.Raw, longRaw)
	}
	if x.s.Link != nil {
		field.Pushed = x.s.Link.Pushed[f]
	}
	field.Why = x.fieldWhy(f, field)
	return field
}

func cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// fieldWhy says what there is to say about one field.
func (x *teller) fieldWhy(f plan.Field, field ExplainedField) string {
	for _, p := range x.mapProblems() {
		if strings.HasPrefix(p.Message, f.String()+" ") || strings.HasPrefix(p.Message, f.String()+",") ||
			f == plan.Region && (p.Code == plan.ProblemUnknownRegion || p.Code == plan.ProblemAmbiguousRegion) {
			return p.Code + ": " + p.Message
		}
	}
	for _, w := range x.result.Warnings {
		if w.Field == f.String() || w.Field == "address" && slices.Contains(plan.AddressFields[:], f) && field.Value == "" {
			return w.Message
		}
	}
	switch {
	case f == plan.Region:
		return x.regionWhy(field)
	case x.s.Link != nil && x.Pol.Settled(x.s.Link, f):
		return "set at creation only (create_only)"
	case field.Value != "":
		return ""
	case x.result.Wanted.Keep.Has(f):
		return "has no source (sync.attributes): TrackTik keeps its value"
	case field.Pushed != "":
		return "empty in Okta, and pushed once: it is cleared"
	}
	return "empty in Okta, and never pushed: what TrackTik has stays"
}

func (x *teller) regionWhy(field ExplainedField) string {
	id := x.s.Want().RegionID
	switch {
	case field.Value == "" && x.s.Link != nil:
		return "no division in Okta: nobody is moved"
	case field.Value == "" && x.Pol.DefaultRegion == "":
		return "no division in Okta, and sync.default_region is empty"
	case field.Value == "" && id != 0:
		return fmt.Sprintf("no division in Okta: sync.default_region %q, region %d", x.Pol.DefaultRegion, id)
	case field.Value == "":
		return fmt.Sprintf("no division in Okta: sync.default_region %q", x.Pol.DefaultRegion)
	case id != 0:
		return fmt.Sprintf("region %d of the portal", id)
	case x.s.Link != nil && !x.Pol.FollowRegion:
		return "counts at creation only (sync.region: create_only)"
	case x.s.Link != nil && x.s.Link.PushedRegion != 0 && plan.FoldName(field.Value) == plan.FoldName(field.Pushed):
		return fmt.Sprintf("region %d of the portal when it was pushed", x.s.Link.PushedRegion)
	}
	return ""
}
