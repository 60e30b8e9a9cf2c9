package configs

import (
	"reflect"
	"slices"
	"strings"
	"time"
)

// EnvPrefix begins the name of every variable that sets a key.
const EnvPrefix = "TRACKTIK_SYNC_"

// A kind is the form that a key's value has.
type kind string

const (
	kindSection    kind = "section"
	kindText       kind = "text"
	kindFlag       kind = "true or false"
	kindInteger    kind = "whole number"
	kindNumber     kind = "number"
	kindDuration   kind = "duration"
	kindList       kind = "list"
	kindAttributes kind = "map of attributes"
	kindTexts      kind = "map of texts"
	kindSecret     kind = "secret"
	kindSecretFile kind = "path of a secret's file"
)

// isMap reports whether keys below it are names that people choose.
func (k kind) isMap() bool { return k == kindAttributes || k == kindTexts }

// A field is one key of the file, or a section of them.
type field struct {
	name, path, env string
	kind            kind
	oneOf           []string
	isPath, isSet   bool
	form            form     // of a kindSecret
	children        []*field // of a section, in the order of Config
	get             func(reflect.Value) reflect.Value
	secret          *field // of a kindSecretFile: the secret that it fills
}

func (f *field) child(name string) *field {
	for _, c := range f.children {
		if c.name == name {
			return c
		}
	}
	return nil
}

// value is the field's value in c.
func (f *field) value(c *Config) any { return f.get(reflect.ValueOf(c).Elem()).Interface() }

// keySchema is the tree of keys, made once from the type Config.
type keySchema struct {
	root   *field
	all    []*field // every key that is no section, in order
	byPath map[string]*field
	byEnv  map[string]*field // sections too
}

var schema = newSchema()

func newSchema() *keySchema {
	s := &keySchema{byPath: map[string]*field{}, byEnv: map[string]*field{}}
	s.root = &field{kind: kindSection, get: func(v reflect.Value) reflect.Value { return v }}
	s.addStruct(s.root, reflect.TypeFor[Config]())
	return s
}

// addStruct adds the fields of t as the children of parent.
func (s *keySchema) addStruct(parent *field, t reflect.Type) {
	for i := range t.NumField() {
		structField := t.Field(i)
		if !structField.IsExported() {
			continue
		}
		inStruct := func(v reflect.Value) reflect.Value { return parent.get(v).Field(i) }
		name := structField.Tag.Get("mapstructure")
		if name == ",remain" {
			s.addGuards(parent, inStruct)
			continue
		}
		s.addField(parent, name, structField.Type, structField.Tag, inStruct)
	}
}

// addGuards adds a section for each kind of guarded action.
func (s *keySchema) addGuards(parent *field, limits func(reflect.Value) reflect.Value) {
	for _, action := range GuardKinds() {
		inMap := func(v reflect.Value) reflect.Value {
			if l := limits(v).MapIndex(reflect.ValueOf(action)); l.IsValid() {
				return l
			}
			return reflect.ValueOf(Limits{})
		}
		s.addField(parent, action, reflect.TypeFor[Limits](), "", inMap)
	}
}

func (s *keySchema) addField(parent *field, name string, t reflect.Type, tag reflect.StructTag, get func(reflect.Value) reflect.Value) {
	f := &field{
		name: name, path: join(parent.path, name), kind: kindOf(t), get: get,
		oneOf: strings.Fields(tag.Get("oneof")), isPath: tag.Get("is") == "path", isSet: tag.Get("is") == "set",
	}
	switch tag.Get("is") {
	case "password":
		f.form = formPassword
	case "document":
		f.form = formDocument
	}
	s.attach(parent, f)
	switch f.kind {
	case kindSection:
		s.addStruct(f, t)
	case kindSecret:
		s.attach(parent, &field{
			name: name + "_file", path: f.path + "_file", kind: kindSecretFile, secret: f,
			get: func(v reflect.Value) reflect.Value { return reflect.ValueOf(get(v).Interface().(Secret).path) },
		})
	}
}

func (s *keySchema) attach(parent, f *field) {
	f.env = EnvPrefix + strings.ToUpper(strings.ReplaceAll(f.path, ".", "_"))
	parent.children = append(parent.children, f)
	s.byPath[f.path] = f
	s.byEnv[f.env] = f
	if f.kind != kindSection {
		s.all = append(s.all, f)
	}
}

func kindOf(t reflect.Type) kind {
	switch t {
	case reflect.TypeFor[Secret]():
		return kindSecret
	case reflect.TypeFor[time.Duration]():
		return kindDuration
	case reflect.TypeFor[[]string]():
		return kindList
	case reflect.TypeFor[map[string]Attribute]():
		return kindAttributes
	case reflect.TypeFor[map[string]string]():
		return kindTexts
	}
	switch t.Kind() {
	case reflect.Bool:
		return kindFlag
	case reflect.Int:
		return kindInteger
	case reflect.Float64:
		return kindNumber
	case reflect.Struct:
		return kindSection
	}
	return kindText
}

// join puts name below path.
func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// A Key describes one key for people.
type Key struct {
	Path    string // "okta.org_url"
	Env     string // "TRACKTIK_SYNC_OKTA_ORG_URL"
	Type    string // "text", "duration", …
	OneOf   []string
	Default string // as YAML in one line
	Doc     string // what it does and why the default is what it is
}

// Keys lists every key in the order of the file, with the default and the comment
// that defaults.yaml gives it.
func Keys() []Key {
	docs, defaults := describeDefaults()
	keys := make([]Key, len(schema.all))
	for i, f := range schema.all {
		keys[i] = Key{
			Path: f.path, Env: f.env, Type: string(f.kind), OneOf: slices.Clone(f.oneOf),
			Default: defaults[f.path], Doc: docs[f.path],
		}
	}
	return keys
}

// Sections answers what defaults.yaml says of a section as a whole, by path: "guard",
// "okta.auth". One that it says nothing of is not there.
func Sections() map[string]string {
	docs, _ := describeDefaults()
	sections := map[string]string{}
	for path, f := range schema.byPath {
		if f.kind == kindSection && docs[path] != "" {
			sections[path] = docs[path]
		}
	}
	return sections
}
