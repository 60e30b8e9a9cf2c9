package mapping

import (
	"errors"
	"fmt"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"

	"tracktik-sync/sync/plan"
)

// What one evaluation may cost, in CEL's units of about one operation or ten
// characters looked at: far more than a mapping needs, some milliseconds.
const costLimit = 100_000

// The longest expression, in code points.
const expressionLimit = 20_000

// The variables of an expression.
const (
	varUser       = "user"
	varApp        = "app"
	varAssignment = "assignment"
	varGroups     = "groups"
)

// An expression is a compiled CEL expression of the configuration.
type expression struct {
	key     string // "sync.scope"
	program cel.Program
	groups  bool // reads the person's groups
}

func newEnvironment() (*cel.Env, error) {
	profile := cel.MapType(cel.StringType, cel.DynType)
	return cel.NewEnv(
		cel.Variable(varUser, profile),
		cel.Variable(varApp, profile),
		cel.Variable(varAssignment, profile),
		cel.Variable(varGroups, cel.ListType(cel.StringType)),
		ext.Strings(),
		cel.OptionalTypes(),
		cel.ParserExpressionSizeLimit(expressionLimit),
		cel.ASTValidators(cel.ValidateRegexLiterals(), cel.ValidateHomogeneousAggregateLiterals()),
	)
}

// compile checks an expression that must give a value of type want; where the
// type depends on the data, each value is checked when it comes.
func compile(env *cel.Env, key, text string, want *cel.Type) (*expression, error) {
	ast, issues := env.Compile(text)
	if issues.Err() != nil {
		var faults []error
		for _, e := range issues.Errors() {
			faults = append(faults, fmt.Errorf("%s: line %d, column %d: %s", key, e.Location.Line(), e.Location.Column()+1,
				oneLine(e.Message)))
		}
		return nil, errors.Join(faults...)
	}
	if got := ast.OutputType(); !got.IsExactType(want) && !got.IsExactType(cel.DynType) {
		return nil, fmt.Errorf("%s: gives %s, but must give %s", key, got, want)
	}
	program, err := env.Program(ast, cel.EvalOptions(cel.OptOptimize), cel.CostLimit(costLimit))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	e := &expression{key: key, program: program}
	for _, r := range ast.NativeRep().ReferenceMap() {
		e.groups = e.groups || r.Name == varGroups
	}
	return e, nil
}

// oneLine keeps what a log and a table can show.
func oneLine(text string) string {
	return shorten(strings.Join(strings.Fields(text), " "), 200)
}

// eval asks the expression about one person.
func (e *expression) eval(s *subject) (ref.Val, error) {
	value, _, err := e.program.Eval(s)
	if err == nil {
		return value, nil
	}
	if e.groups && s.groups == nil && strings.Contains(err.Error(), "no such attribute") {
		return nil, errors.New("the person's groups are not known here")
	}
	return nil, errors.New(oneLine(err.Error()))
}

// text is the expression's value for a person, "" for null.
func (e *expression) text(s *subject) (string, error) {
	value, err := e.eval(s)
	if err != nil {
		return "", err
	}
	switch value.(type) {
	case types.Null:
		return "", nil
	case types.String, types.Bool, types.Int, types.Uint, types.Double:
		if text, ok := textOf(value.Value()); ok {
			return text, nil
		}
	}
	return "", fmt.Errorf("gives %s, not a text", value.Type().TypeName())
}

// holds is the expression's verdict on a person.
func (e *expression) holds(s *subject) (bool, error) {
	value, err := e.eval(s)
	if err != nil {
		return false, err
	}
	verdict, ok := value.(types.Bool)
	if !ok {
		return false, fmt.Errorf("gives %s, not true or false", value.Type().TypeName())
	}
	return bool(verdict), nil
}

// A subject is what expressions can ask about. Groups that are nil are unknown,
// not none.
type subject struct {
	person *plan.Person
	groups []string
}

var noProfile = map[string]any{}

// ResolveName implements cel.Activation.
func (s *subject) ResolveName(name string) (any, bool) {
	switch name {
	case varUser:
		return profileOr(s.person.User), true
	case varApp:
		return profileOr(s.person.App), true
	case varAssignment:
		return map[string]any{"userName": s.person.Assignment.UserName}, true
	case varGroups:
		return s.groups, s.groups != nil
	}
	return nil, false
}

// Parent implements cel.Activation.
func (s *subject) Parent() cel.Activation { return nil }

func profileOr(profile map[string]any) map[string]any {
	if profile == nil {
		return noProfile
	}
	return profile
}
