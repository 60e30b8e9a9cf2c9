package mapping

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"

	"tracktik-sync/sync/plan"
)

// Config is what the configuration says about values.
type Config struct {
	Attributes map[string]Attribute // by TrackTik field; one that is missing has its default sources
	Scope      string               // CEL: who of the assigned is in scope; empty: everybody
	Start, End DateSource           // the first and the last day of employment
}

// An Attribute says where one field comes from: from CEL if it gives something,
// else from the first of Sources that does. With neither the field is never
// sent, unless CreateOnly is all that is said: then it keeps its default sources.
type Attribute struct {
	Sources    []string
	CEL        string
	CreateOnly bool
}

// A Mapper maps people. It may be used by several goroutines at a time.
type Mapper struct {
	rules      [plan.NumFields]rule
	scope      *expression // nil: everybody is in scope
	createOnly plan.FieldSet
	start, end dateRule
}

// A rule says where one field comes from.
type rule struct {
	places     []place
	expression *expression
	names      string // of all of them, for messages
}

func (r *rule) mapped() bool { return len(r.places) > 0 || r.expression != nil }

// New checks and compiles the configuration. Its error joins one for each fault,
// each beginning with the key at fault.
func New(config Config) (*Mapper, error) {
	m, b := &Mapper{}, &builder{}
	for name := range maps.Keys(config.Attributes) {
		if _, ok := plan.ParseField(name); !ok {
			b.fail(attributeKey(name), "TrackTik has no field of that name to fill")
		}
	}
	for f := range plan.NumFields {
		attribute, configured := config.Attributes[f.String()]
		if !configured || (attribute.CreateOnly && len(attribute.Sources) == 0 && attribute.CEL == "") {
			attribute.Sources = defaultPlaces[f]
		}
		m.rules[f] = b.rule(f, attribute)
		if attribute.CreateOnly {
			m.createOnly = m.createOnly.With(f)
		}
	}
	b.checkRequired(m)
	b.checkAddress(m)
	if strings.TrimSpace(config.Scope) != "" {
		m.scope = b.compile("sync.scope", config.Scope, cel.BoolType)
	}
	m.start, m.end = b.dateRule("sync.start", config.Start), b.dateRule("sync.end", config.End)
	if len(b.faults) > 0 {
		slices.SortStableFunc(b.faults, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
		return nil, errors.Join(b.faults...)
	}
	return m, nil
}

// CreateOnly is the fields that only a create sets.
func (m *Mapper) CreateOnly() plan.FieldSet { return m.createOnly }

// NeedsGroups reports whether an expression reads the names of the person's
// groups, which then have to be given to [Mapper.Map] and [Mapper.InScope].
func (m *Mapper) NeedsGroups() bool {
	if m.ScopeNeedsGroups() {
		return true
	}
	for _, r := range m.rules {
		if r.expression != nil && r.expression.groups {
			return true
		}
	}
	return false
}

// ScopeNeedsGroups reports whether sync.scope asks for groups.
func (m *Mapper) ScopeNeedsGroups() bool { return m.scope != nil && m.scope.groups }

// InScope reports whether the configured scope takes p in. Groups are the names
// of p's groups, nil when they are not known. After an error nothing is known,
// and nothing may be changed for p.
func (m *Mapper) InScope(p plan.Person, groups []string) (bool, error) {
	if m.scope == nil {
		return true, nil
	}
	return m.holds(p, groups)
}

// holds evaluates the scope.
func (m *Mapper) holds(p plan.Person, groups []string) (bool, error) {
	in, err := m.scope.holds(&subject{&p, groups})
	if err != nil {
		return false, fmt.Errorf("evaluating %s for %s: %w", m.scope.key, p.ID, err)
	}
	return in, nil
}

// A builder turns configuration into rules and collects what is wrong with it.
type builder struct {
	env    *cel.Env
	faults []error
}

func attributeKey(field string) string { return "sync.attributes." + field }

func (b *builder) fail(key, format string, args ...any) {
	b.faults = append(b.faults, fmt.Errorf("%s: "+format, append([]any{key}, args...)...))
}

func (b *builder) rule(f plan.Field, attribute Attribute) (r rule) {
	var names []string
	if strings.TrimSpace(attribute.CEL) != "" {
		key := attributeKey(f.String()) + ".cel"
		names = append(names, key)
		r.expression = b.compile(key, attribute.CEL, cel.StringType)
	}
	for _, source := range attribute.Sources {
		p, err := parsePlace(source)
		if err != nil {
			b.fail(attributeKey(f.String()), "%w", err)
			continue
		}
		names = append(names, p.name)
		r.places = append(r.places, p)
	}
	r.names = strings.Join(names, ", ")
	return r
}

// compile returns nil after a fault. The environment is made for the first
// expression, since most configurations have none.
func (b *builder) compile(key, text string, want *cel.Type) *expression {
	if b.env == nil {
		env, err := newEnvironment()
		if err != nil {
			b.fail(key, "preparing CEL: %w", err)
			return nil
		}
		b.env = env
	}
	e, err := compile(b.env, key, text, want)
	if err != nil {
		b.faults = append(b.faults, err)
		return nil
	}
	return e
}

func (b *builder) checkRequired(m *Mapper) {
	for _, f := range plan.RequiredFields {
		if m.rules[f].names == "" {
			b.fail(attributeKey(f.String()), "has neither sources nor cel, but TrackTik needs this field of everybody")
		}
	}
}

// checkAddress refuses an address that could never be whole.
func (b *builder) checkAddress(m *Mapper) {
	var without []plan.Field
	for _, f := range plan.AddressFields {
		if m.rules[f].names == "" {
			without = append(without, f)
		}
	}
	if len(without) == len(plan.AddressFields) {
		return
	}
	for _, f := range without {
		b.fail(attributeKey(f.String()), "has neither sources nor cel, but TrackTik takes an address whole: give all five "+
			"parts or none")
	}
}
