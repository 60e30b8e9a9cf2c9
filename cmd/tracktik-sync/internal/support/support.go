// Package support makes the file with which somebody who helps can begin: what the program
// is, how it is set up, how its runs went and what was refused. No person and no secret is
// in it, since only what the program itself says is let through.
package support

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"time"

	"tracktik-sync/cmd/tracktik-sync/internal/console"
	"tracktik-sync/cmd/tracktik-sync/internal/doctor"
	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/configs"
	"tracktik-sync/sync/plan"
)

// A Bundle is the file that is being made. Whatever of it cannot be had says why in its
// place.
type Bundle struct {
	*wiring.Invocation
	veil  *veil
	cfg   *configs.Config // nil: there is none
	files []file
	now   []plan.Answer // that check was given
}

type file struct{ name, about, text string }

// Collect looks at everything. log is what a run wrote to stderr; nil: it was not given.
func Collect(ctx context.Context, i *wiring.Invocation, log io.Reader) *Bundle {
	b := &Bundle{Invocation: i, veil: newVeil()}
	var warnings []configs.Warning
	var err error
	b.cfg, warnings, err = i.Configuration()
	b.hidePeople()
	b.add("version.txt", "the program and the system it runs on", b.system())
	b.add("config.txt",
		"each setting: its value where it is a number, a choice or a default, else its form", b.configuration(warnings, err))
	b.add("check.txt", "what `check` says", b.check(ctx))
	b.add("state.txt", "what `state verify` says, and the sizes of the files", b.snapshot())
	b.add("runs.txt", "the last 20 runs as counts", b.runs())
	b.add("refused.txt", "the last 50 actions that failed, without whom and what they were about", b.refused())
	b.add("answers.txt", "the last 50 answers that were refusals or could not be read: method, route, status and form",
		b.answers())
	b.add("probe.txt", "what the last probe of the portal found", b.probe())
	if log != nil {
		b.add("log.txt", "the lines of the log, as far as their fields are known", b.log(log))
	}
	return b
}

func (b *Bundle) add(name, about, text string) {
	b.files = append(b.files, file{name, about, text})
}

// Contents lists what is inside.
func (b *Bundle) Contents() string {
	var text strings.Builder
	for _, f := range b.files {
		fmt.Fprintf(&text, "%-12s  %s\n", f.name, f.about)
	}
	return text.String()
}

// Write writes the zip.
func (b *Bundle) Write(w io.Writer) error {
	readme := "For whoever helps with tracktik-sync. Every text that is not the program's own has a number\n" +
		"in its place (#1, #2, …), the same text the same number in all files. Read it before you send it.\n\n" + b.Contents()
	now := b.Now().UTC()
	z := zip.NewWriter(w)
	for _, f := range append([]file{{"README.txt", "", readme}}, b.files...) {
		header := zip.FileHeader{Name: "tracktik-sync-support/" + f.name, Method: zip.Deflate, Modified: now}
		part, err := z.CreateHeader(&header)
		if err != nil {
			return err
		}
		if _, err := io.WriteString(part, f.text); err != nil {
			return err
		}
	}
	return z.Close()
}

func (b *Bundle) system() string {
	now := b.Now()
	return fmt.Sprintf("tracktik-sync %s\n%s %s/%s, %d processors\n"+
		"in a pod: %t\nmade %s, where local time is UTC%s\n",
		b.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), console.InPod(b.Getenv),
		now.UTC().Format(time.RFC3339), now.Format("-07:00"))
}

// check makes the calls of `check`, and as many as it can when a part is missing.
func (b *Bundle) check(ctx context.Context) string {
	d := doctor.NewDoctor(b.Invocation)
	if d.Configured() {
		d.Examine(ctx)
	}
	b.now = d.RefusedAnswers()
	var text strings.Builder
	for _, f := range d.Diagnosis().Checks {
		message := b.veil.text(f.Message)
		if f.Name == "mapping" && f.Result == doctor.ResultOK {
			message = "as it should be for one person"
		}
		fmt.Fprintf(&text, "%-8s %s: %s\n", f.Result, f.Name, message)
		if f.Fix != "" {
			fmt.Fprintf(&text, "         -> %s\n", b.veil.text(f.Fix))
		}
	}
	return text.String()
}

// lines are the parts of an error, veiled.
func (b *Bundle) lines(err error) string {
	var bad configs.Findings
	if !errors.As(err, &bad) {
		return b.veil.text(err.Error()) + "\n"
	}
	var text strings.Builder
	for _, f := range bad {
		fmt.Fprintf(&text, "%s, %s: %s\n", b.setting(f.Key), origin(f.Origin), b.veil.text(f.Message))
	}
	return text.String()
}
