package configs

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/viper"
)

// The places where a file is looked for when nobody names one, in this order.
const (
	DefaultFile = "tracktik-sync.yaml" // in the working directory
	SystemFile  = "/etc/tracktik-sync/tracktik-sync.yaml"
)

// maxFileBytes bounds the configuration file.
const maxFileBytes = 4 << 20

//go:embed defaults.yaml
var defaultsYAML []byte

// Options says where to look. The zero value is what a command without --config
// uses.
type Options struct {
	Path   string   // of --config; empty: TRACKTIK_SYNC_CONFIG, then the usual places
	Env    []string // NAME=value; nil: the process's own
	Dir    string   // what relative paths start from without a file; empty: the working directory
	Checks []Check  // asked after [Config.Validate]
}

// A Check finds what this package cannot judge without a library it leaves to
// others, such as cron and CEL expressions.
type Check func(*Config) Findings

// Load reads, merges and validates the configuration. The error is a [Findings]
// and holds all that is wrong. The Config comes with it, for those who need no more
// than the snapshot's path, unless there was nothing to read or it was no YAML; a
// value that could not be read is the default in it.
func Load(opts Options) (*Config, []Warning, error) {
	if opts.Env == nil {
		opts.Env = os.Environ()
	}
	l := &loader{env: newEnvironment(opts.Env), read: readSecret}
	l.warnings = l.env.warnings
	if err := l.open(opts, SystemFile); err != nil {
		return nil, l.warnings, err
	}
	c, warnings := l.judged(opts.Checks)
	if c != nil && len(l.findings) > 0 && c.file == "" {
		l.findings = append(Findings{{Message: noFile}}, l.findings...)
	}
	return c, warnings, l.findings.sorted().Err()
}

// judged builds the Config and adds what Validate and the checks find; nil: there is
// nothing to go on.
func (l *loader) judged(checks []Check) (*Config, []Warning) {
	c := l.build()
	if c == nil {
		return nil, l.warnings
	}
	findings, warnings := c.Validate()
	for _, check := range checks {
		findings = append(findings, check(c)...)
	}
	for _, f := range findings {
		if !l.findings.has(f.Key) {
			l.findings = append(l.findings, f)
		}
	}
	return c, append(l.warnings, warnings...)
}

// Judge is Load for a text that is to become the file at path, without an environment.
func Judge(text, path string, checks []Check) (*Config, Findings) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, Findings{{Message: "finding the working directory: " + err.Error()}}
	}
	l := &loader{env: newEnvironment(nil), read: readSecret, name: filepath.Base(path), absolute: absolute, dir: filepath.Dir(absolute),
		data: []byte(text), mode: 0o600}
	c, _ := l.judged(checks)
	return c, l.findings
}

// Of are the findings about a key, or about the file of a secret of that key.
func (f Findings) Of(key string) Findings {
	return slices.DeleteFunc(slices.Clone(f), func(finding Finding) bool {
		return finding.Key != key && finding.Key != strings.TrimSuffix(key, "_file")
	})
}

// FromEnvironment is what the environment alone says, valid or not: for telling of a file
// that cannot be read.
func FromEnvironment() *Config {
	l := &loader{env: newEnvironment(os.Environ()), read: readSecret}
	return l.build()
}

const noFile = "no configuration file: give --config FILE, set " + EnvConfig + ", or put one at ./" +
	DefaultFile + " or " + SystemFile + "; tracktik-sync config init writes a first one"

// A loader is one reading of the configuration.
type loader struct {
	name     string // of the file, as given; empty: none
	absolute string
	dir      string // what relative paths start from
	data     []byte
	mode     fs.FileMode
	env      *environment
	read     func(key, path string) (Secret, fs.FileMode, error)

	findings Findings
	warnings []Warning
}

func (l *loader) find(key string, origin Origin, format string, args ...any) {
	l.findings = append(l.findings, Finding{key, origin, fmt.Sprintf(format, args...)})
}

func (l *loader) warn(key string, origin Origin, format string, args ...any) {
	l.warnings = append(l.warnings, Warning{key, origin, fmt.Sprintf(format, args...)})
}

// open chooses the file and reads it. Without one the environment may give
// everything; without either there is nothing to go on.
func (l *loader) open(opts Options, system string) error {
	dir, err := filepath.Abs(opts.Dir)
	if err != nil {
		return fmt.Errorf("finding the working directory: %w", err)
	}
	l.dir = dir
	name, origin, named := opts.Path, Origin{}, true
	if name == "" {
		name, origin = l.env.all[EnvConfig], Origin{Env: EnvConfig}
	}
	if name == "" {
		name, origin, named = firstFile(filepath.Join(dir, DefaultFile), system), Origin{}, false
	}
	if name == "" {
		if len(l.env.ours) > 0 {
			return nil
		}
		return Findings{{Message: noFile}}
	}
	if named && !filepath.IsAbs(name) {
		l.absolute = filepath.Join(dir, name)
	} else {
		l.absolute = name
	}
	l.name = shortName(dir, l.absolute)
	l.dir = filepath.Dir(l.absolute)
	if err := l.readFile(); err != nil {
		return Findings{{Origin: origin, Message: "reading the configuration file: " + err.Error()}}
	}
	return nil
}

// firstFile is the first of paths at which there is anything, be it unreadable: a
// file that cannot be read must not be passed over in silence.
func firstFile(paths ...string) string {
	for _, path := range paths {
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			return path
		}
	}
	return ""
}

// shortName shows a file in the working directory by its name alone.
func shortName(dir, path string) string {
	if filepath.Dir(path) == dir {
		return filepath.Base(path)
	}
	return path
}

func (l *loader) readFile() error {
	info, err := os.Stat(l.absolute)
	if err != nil {
		return err
	}
	if info.Size() > maxFileBytes {
		return fmt.Errorf("%s holds %d bytes, and no configuration is longer than %d", l.name, info.Size(), maxFileBytes)
	}
	l.mode = info.Mode()
	l.data, err = os.ReadFile(l.absolute)
	return err
}

// build merges the three levels into a Config, and notes what is wrong on the way.
// It answers nil for a file that is no YAML: what such a file leaves out is unknown.
func (l *loader) build() *Config {
	file := &treeReader{file: l.name, out: settings{}}
	if node := file.parse(l.data); node != nil {
		file.section(node, schema.root)
	} else if len(file.findings) > 0 {
		l.findings = file.findings
		return nil
	}
	l.findings = append(l.findings, file.findings...)
	l.givenTwice(file.out)
	environment, findings := l.env.apply(file.out)
	l.findings = append(l.findings, findings...)
	l.givenTwice(environment)

	merged := readDefaults()
	origins := map[string]Origin{}
	for _, level := range []settings{file.out, environment} {
		for key, s := range level {
			merged[key] = s
			origins[key] = s.from
		}
	}
	l.resolvePaths(merged)
	c := decode(l.resolveSecrets(merged))
	c.file, c.origins, c.files = l.absolute, origins, l.named(merged)
	c.Okta.OrgURL = bareAddress(c.Okta.OrgURL)
	c.TrackTik.BaseURL = bareAddress(c.TrackTik.BaseURL)
	return c
}

func bareAddress(address string) string { return strings.TrimRight(strings.TrimSpace(address), "/") }

// readDefaults reads the embedded defaults, which its tests hold to be complete
// and right.
func readDefaults() settings {
	r := &treeReader{file: "defaults.yaml", out: settings{}}
	r.section(r.parse(defaultsYAML), schema.root)
	if len(r.findings) > 0 {
		panic(r.findings.Error())
	}
	return r.out
}

// resolvePaths makes paths absolute, so that they mean the same from everywhere.
func (l *loader) resolvePaths(merged settings) {
	for _, f := range schema.all {
		if !f.isPath {
			continue
		}
		s := merged[f.path]
		if path := s.value.(string); path != "" && !filepath.IsAbs(path) {
			s.value = filepath.Join(l.dir, path)
			merged[f.path] = s
		}
	}
}

// named are the paths of merged, by key.
func (l *loader) named(merged settings) map[string]string {
	files := map[string]string{}
	for _, f := range schema.all {
		if s := merged[f.path]; isText(s) && (f.isPath || f.kind == kindSecretFile) {
			files[f.path], _ = l.locate(s.value.(string))
		}
	}
	return files
}

// decode hands the settings to viper and takes the struct from it. Maps whose keys
// are names are of types that viper does not open, so they keep case and dots; the
// delimiter is one that no key holds.
func decode(tree map[string]any) *Config {
	v := viper.NewWithOptions(viper.KeyDelimiter("\x1f"))
	c := &Config{}
	err := v.MergeConfigMap(tree)
	if err == nil {
		err = v.UnmarshalExact(c)
	}
	if err != nil {
		panic(fmt.Sprintf("configs: a value of the schema does not fit its field: %v", err))
	}
	return c
}

// nest turns keys with dots into maps in maps.
func nest(flat map[string]any) map[string]any {
	tree := map[string]any{}
	for key, value := range flat {
		parts := strings.Split(key, ".")
		at := tree
		for _, part := range parts[:len(parts)-1] {
			below, ok := at[part].(map[string]any)
			if !ok {
				below = map[string]any{}
				at[part] = below
			}
			at = below
		}
		at[parts[len(parts)-1]] = value
	}
	return tree
}
