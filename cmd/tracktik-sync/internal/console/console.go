package console

import (
	"bytes"
	"io"
	"regexp"
	"slices"
	"strings"

	"tracktik-sync/configs"
	"tracktik-sync/sync/plan"
)

// ProgramName is how the program is called.
const ProgramName = "tracktik-sync"

// A Console is where somebody outside of a cluster can give the commands that a
// message names: in the pod that wrote it nobody types anything, and it is mostly gone.
type Console struct {
	namespace, deployment string
	commands              []string // of the program, that are worth giving there
}

// Of is nil outside of a pod. The chart says where the console is; without it
// the two names are left for the reader to fill in.
func Of(getenv func(string) string) *Console {
	if !InPod(getenv) {
		return nil
	}
	namespace, deployment, found := strings.Cut(getenv(configs.EnvConsole), "/")
	if !found || namespace == "" || deployment == "" {
		return &Console{namespace: "NAMESPACE", deployment: "CONSOLE"}
	}
	return &Console{namespace: namespace, deployment: deployment}
}

// InPod reports whether this is a container in a cluster: Kubernetes sets the
// variable in each of its pods.
func InPod(getenv func(string) string) bool { return getenv("KUBERNETES_SERVICE_HOST") != "" }

// Know takes over the commands that texts may name.
func (c *Console) Know(commands []string) {
	if c != nil {
		c.commands = commands
	}
}

// Program is how this program is called from where its messages are read.
func (c *Console) Program() string {
	if c == nil {
		return ProgramName
	}
	return "kubectl exec -n " + c.namespace + " deploy/" + c.deployment + " -- " + ProgramName
}

// quotedCommand is a command in a text: `sync --init` or `tracktik-sync plan`.
var quotedCommand = regexp.MustCompile("`(?:" + ProgramName + " )?([a-z]+)((?: [^`\n]*)?)`")

// Spell writes the commands in a text as they can be given from outside the pod.
// What is spelled already stays as it is.
func (c *Console) Spell(text string) string {
	if c == nil || !strings.Contains(text, "`") {
		return text
	}
	return quotedCommand.ReplaceAllStringFunc(text, func(quoted string) string {
		parts := quotedCommand.FindStringSubmatch(quoted)
		if !slices.Contains(c.commands, parts[1]) {
			return quoted
		}
		program := c.Program()
		if parts[1]+parts[2] == "auth login" { // it asks for what the browser shows
			program = strings.Replace(program, " exec ", " exec -it ", 1)
		}
		return "`" + program + " " + parts[1] + parts[2] + "`"
	})
}

// Names reports whether a text names a command that is for the console.
func (c *Console) Names(text string) bool {
	return c != nil && (strings.Contains(text, "kubectl exec ") || c.Spell(text) != text)
}

// Start says how there comes to be a console: it has no pod until somebody needs one.
func (c *Console) Start() string {
	return "in the cluster: `kubectl scale -n " + c.namespace + " deploy/" + c.deployment +
		" --replicas=1` starts the console first; " +
		"an approval can also be given as the value \"approve\" of the chart"
}

// Message is a text for people who may have nothing but it.
func (c *Console) Message(text string) string {
	if !c.Names(text) {
		return text
	}
	return c.Spell(text) + "\n" + c.Start()
}

// SpellDocument spells the texts of a plan. Its actions, and what its hash covers, are
// values and stay.
func (c *Console) SpellDocument(d *plan.Document) {
	if c == nil || d == nil {
		return
	}
	for i := range d.Held {
		d.Held[i].Why = c.Spell(d.Held[i].Why)
	}
	for i := range d.Problems {
		d.Problems[i].Message = c.Spell(d.Problems[i].Message)
	}
	for i := range d.Warnings {
		d.Warnings[i].Message = c.Spell(d.Warnings[i].Message)
	}
	for i := range d.Guard.Refusals {
		d.Guard.Refusals[i].Message = c.Spell(d.Guard.Refusals[i].Message)
	}
}

// Spelled makes write write its commands as spell does.
func (c *Console) Spelled(write func(io.Writer) error) func(io.Writer) error {
	if c == nil {
		return write
	}
	return func(w io.Writer) error {
		s := &spellingWriter{console: c, w: w}
		if err := write(s); err != nil {
			return err
		}
		return s.flush()
	}
}

// A spellingWriter passes on whole lines.
type spellingWriter struct {
	console *Console
	w       io.Writer
	rest    bytes.Buffer // a line that has not ended
}

func (s *spellingWriter) Write(p []byte) (int, error) {
	s.rest.Write(p)
	end := bytes.LastIndexByte(s.rest.Bytes(), '\n') + 1
	_, err := io.WriteString(s.w, s.console.Spell(string(s.rest.Next(end))))
	return len(p), err
}

// Flush passes on what is left.
func (s *spellingWriter) flush() error {
	_, err := io.WriteString(s.w, s.console.Spell(s.rest.String()))
	s.rest.Reset()
	return err
}

// A promptWriter passes on what it gets at once, since a question has no end of line.
type promptWriter struct {
	console *Console
	w       io.Writer
}

func (p *promptWriter) Write(text []byte) (int, error) {
	_, err := io.WriteString(p.w, p.console.Spell(string(text)))
	return len(text), err
}
