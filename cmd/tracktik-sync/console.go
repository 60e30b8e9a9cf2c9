package main

import (
	"bytes"
	"io"
	"regexp"
	"slices"
	"strings"

	"tracktik-sync/configs"
	"tracktik-sync/sync/plan"
)

const programName = "tracktik-sync"

// A console is where somebody outside of a cluster can give the commands that a
// message names: in the pod that wrote it nobody types anything, and it is mostly gone.
type console struct {
	namespace, deployment string
	commands              []string // of the program, that are worth giving there
}

// consoleOf is nil outside of a pod. The chart says where the console is; without it
// the two names are left for the reader to fill in.
func consoleOf(getenv func(string) string) *console {
	if !inPod(getenv) {
		return nil
	}
	namespace, deployment, found := strings.Cut(getenv(configs.EnvConsole), "/")
	if !found || namespace == "" || deployment == "" {
		return &console{namespace: "NAMESPACE", deployment: "CONSOLE"}
	}
	return &console{namespace: namespace, deployment: deployment}
}

// know takes over the commands that texts may name.
func (c *console) know(commands []string) {
	if c != nil {
		c.commands = commands
	}
}

// program is how this program is called from where its messages are read.
func (c *console) program() string {
	if c == nil {
		return programName
	}
	return "kubectl exec -n " + c.namespace + " deploy/" + c.deployment + " -- " + programName
}

// quotedCommand is a command in a text: `sync --init` or `tracktik-sync plan`.
var quotedCommand = regexp.MustCompile("`(?:" + programName + " )?([a-z]+)((?: [^`\n]*)?)`")

// spell writes the commands in a text as they can be given from outside the pod.
// What is spelled already stays as it is.
func (c *console) spell(text string) string {
	if c == nil || !strings.Contains(text, "`") {
		return text
	}
	return quotedCommand.ReplaceAllStringFunc(text, func(quoted string) string {
		parts := quotedCommand.FindStringSubmatch(quoted)
		if !slices.Contains(c.commands, parts[1]) {
			return quoted
		}
		program := c.program()
		if parts[1]+parts[2] == "auth login" { // it asks for what the browser shows
			program = strings.Replace(program, " exec ", " exec -it ", 1)
		}
		return "`" + program + " " + parts[1] + parts[2] + "`"
	})
}

// names reports whether a text names a command that is for the console.
func (c *console) names(text string) bool {
	return c != nil && (strings.Contains(text, "kubectl exec ") || c.spell(text) != text)
}

// start says how there comes to be a console: it has no pod until somebody needs one.
func (c *console) start() string {
	return "in the cluster: `kubectl scale -n " + c.namespace + " deploy/" + c.deployment + " --replicas=1` starts the console first; " +
		"an approval can also be given as the chart's value `approve`"
}

// message is a text for people who may have nothing but it.
func (c *console) message(text string) string {
	if !c.names(text) {
		return text
	}
	return c.spell(text) + "\n" + c.start()
}

// spellDocument spells the texts of a plan. Its actions, and what its hash covers, are
// values and stay.
func (c *console) spellDocument(d *plan.Document) {
	if c == nil || d == nil {
		return
	}
	for i := range d.Held {
		d.Held[i].Why = c.spell(d.Held[i].Why)
	}
	for i := range d.Problems {
		d.Problems[i].Message = c.spell(d.Problems[i].Message)
	}
	for i := range d.Warnings {
		d.Warnings[i].Message = c.spell(d.Warnings[i].Message)
	}
	for i := range d.Guard.Refusals {
		d.Guard.Refusals[i].Message = c.spell(d.Guard.Refusals[i].Message)
	}
}

// spelled makes write write its commands as spell does.
func (c *console) spelled(write func(io.Writer) error) func(io.Writer) error {
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
	console *console
	w       io.Writer
	rest    bytes.Buffer // a line that has not ended
}

func (s *spellingWriter) Write(p []byte) (int, error) {
	s.rest.Write(p)
	end := bytes.LastIndexByte(s.rest.Bytes(), '\n') + 1
	_, err := io.WriteString(s.w, s.console.spell(string(s.rest.Next(end))))
	return len(p), err
}

func (s *spellingWriter) flush() error {
	_, err := io.WriteString(s.w, s.console.spell(s.rest.String()))
	s.rest.Reset()
	return err
}

// A promptWriter passes on what it gets at once, since a question has no end of line.
type promptWriter struct {
	console *console
	w       io.Writer
}

func (p *promptWriter) Write(text []byte) (int, error) {
	_, err := io.WriteString(p.w, p.console.spell(string(text)))
	return len(text), err
}
