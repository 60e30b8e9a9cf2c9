package configs

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Variables that begin like those of the keys, and are none.
const (
	EnvConfig  = "TRACKTIK_SYNC_CONFIG"  // the file, when --config is not given
	EnvApprove = "TRACKTIK_SYNC_APPROVE" // what --approve does; read by the commands
	EnvConsole = "TRACKTIK_SYNC_CONSOLE" // in a pod: NAMESPACE/DEPLOYMENT where the commands of messages can be given
)

// A variable is one entry of the environment that names a key or a section.
type variable struct {
	field *field
	text  string
}

// environment is the process's environment, sorted into what concerns us.
type environment struct {
	all      map[string]string
	ours     []variable // sections before what is in them
	warnings []Warning
}

// newEnvironment reads a list of NAME=value; of two with one name the last wins,
// as in os/exec.
func newEnvironment(list []string) *environment {
	e := &environment{all: make(map[string]string, len(list))}
	for _, entry := range list {
		if name, text, found := strings.Cut(entry, "="); found {
			if strings.HasPrefix(name, EnvPrefix) { // a file of variables may be one of Windows
				text = strings.TrimRight(strings.TrimLeft(text, byteOrderMark), "\r\n")
			}
			e.all[name] = text
		}
	}
	for name, text := range e.all {
		if f := schema.byEnv[name]; f != nil {
			e.ours = append(e.ours, variable{f, text})
		} else if strings.HasPrefix(name, EnvPrefix) && !slices.Contains([]string{EnvConfig, EnvApprove, EnvConsole}, name) {
			e.warnings = append(e.warnings, unknownVariable(name))
		}
	}
	slices.SortFunc(e.ours, func(a, b variable) int {
		depth := func(v variable) int { return strings.Count(v.field.path, ".") }
		return cmp.Or(depth(a)-depth(b), strings.Compare(a.field.path, b.field.path))
	})
	slices.SortFunc(e.warnings, func(a, b Warning) int { return strings.Compare(a.Origin.Env, b.Origin.Env) })
	return e
}

// serviceLink is the form of the variables that Kubernetes sets in every pod for a
// Service, here one whose name begins with tracktik-sync.
var serviceLink = regexp.MustCompile(`_SERVICE_(HOST|PORT)(_|$)|_PORT(_\d+_(TCP|UDP)|$)`)

// unknownVariable says what a variable was probably meant to be. It never repeats
// the value: a misspelt name may hold a password.
func unknownVariable(name string) Warning {
	w := Warning{Origin: Origin{Env: name}}
	for _, f := range schema.all {
		if f.kind.isMap() && strings.HasPrefix(name, f.env+"_") {
			w.Key, w.Message = f.path, fmt.Sprintf("unknown variable, ignored; %s takes the whole map as YAML", f.env)
			return w
		}
	}
	if serviceLink.MatchString(name) {
		w.Message = "unknown variable, ignored; Kubernetes makes such names for a Service, enableServiceLinks: false stops it"
		return w
	}
	names := make([]string, 0, len(schema.all))
	for _, f := range schema.all {
		names = append(names, f.env)
	}
	best, _ := nearest(name, names)
	w.Message = "unknown variable, ignored; the nearest known one is " + best
	return w
}

// apply reads the variables as a level of settings, and takes from the file's
// level what they replace: a section or a map as a whole, a secret in either form.
func (e *environment) apply(file settings) (settings, Findings) {
	level := settings{}
	var findings Findings
	for _, v := range e.ours {
		if v.field.kind == kindSection {
			file.dropSection(v.field.path)
		}
		r := &treeReader{env: v.field.env, out: settings{}}
		r.variable(v)
		findings = append(findings, r.findings...)
		for key := range r.out {
			level.dropSecret(key)
			file.dropSecret(key)
			delete(file, key)
		}
		maps.Copy(level, r.out)
	}
	return level, findings
}

// dropSecret forgets both forms of the secret that key is one of, but for what a
// variable of that very form has set: value and file by two variables is a secret
// given twice, which is reported, not settled.
func (s settings) dropSecret(key string) {
	f := schema.byPath[key]
	if f.secret != nil {
		f = f.secret
	}
	if f.kind != kindSecret {
		return
	}
	for _, form := range []string{f.path, f.path + "_file"} {
		if s[form].from.Env != schema.byPath[form].env {
			delete(s, form)
		}
	}
}

// variable reads one variable: YAML for sections and maps, comma-separated for
// lists, the plain text for everything else.
func (r *treeReader) variable(v variable) {
	switch {
	case v.field.kind == kindSection || v.field.kind.isMap():
		if node := r.parse([]byte(v.text)); node != nil {
			r.value(node, v.field)
		}
		if _, set := r.out[v.field.path]; !set && len(r.findings) == 0 && v.field.kind.isMap() {
			r.out[v.field.path] = setting{emptyMap(v.field.kind), Origin{Env: r.env}}
		}
	case v.field.kind == kindList:
		if list, ok := r.list(v); ok {
			r.out[v.field.path] = setting{list, Origin{Env: r.env}}
		}
	default:
		value, err := parseScalar(v.field.kind, v.text)
		if err != nil {
			r.find(&yaml.Node{}, v.field.path, "%s", err)
			return
		}
		r.out[v.field.path] = setting{value, Origin{Env: r.env}}
	}
}

// list splits at commas; a text in brackets is YAML, for names with commas.
func (r *treeReader) list(v variable) ([]string, bool) {
	text := strings.TrimSpace(v.text)
	if strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") {
		node := r.parse([]byte(text))
		if node == nil {
			return nil, false
		}
		return r.texts(node, v.field.path)
	}
	list := []string{}
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			list = append(list, item)
		}
	}
	return list, true
}

func emptyMap(k kind) any {
	if k == kindAttributes {
		return map[string]Attribute{}
	}
	return map[string]string{}
}
