package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"tracktik-sync/cmd/tracktik-sandbox/internal/world"
)

// A demo shows tracktik-sync at work and checks what comes of it.
type demo struct {
	sync string // the program
	dir  string // empty: a temporary one
	stay bool   // the web page stays open until ctx ends
	out  io.Writer

	stack  *stack
	steps  int
	said   map[string]bool // the lines of the last step's output
	broken []string        // expectations that do not hold
}

// configName is the configuration in the demonstration's directory.
const configName = "tracktik-sync.yaml"

// run is the demo command. It fails when an expectation does not hold.
func (d *demo) run(ctx context.Context, o options) (err error) {
	if d.sync, err = filepath.Abs(d.sync); err != nil {
		return err
	}
	if info, err := os.Stat(d.sync); err != nil || info.IsDir() {
		return fmt.Errorf("--sync %s is no program that can be run", d.sync)
	}
	temporary := d.dir == ""
	if temporary {
		d.dir, err = os.MkdirTemp("", "tracktik-demo-")
	} else {
		err = os.MkdirAll(d.dir, 0o700)
	}
	if err != nil {
		return fmt.Errorf("making a directory to work in: %w", err)
	}
	if d.stack, err = start(ctx, o); err != nil {
		return err
	}
	defer d.stack.close()
	if err := writeWhole(filepath.Join(d.dir, configName), d.stack.configuration(o)); err != nil {
		return err
	}
	began := time.Now()
	if err := d.show(ctx); err != nil {
		return fmt.Errorf("%w (everything is in %s)", err, d.dir)
	}
	d.heading("In the end")
	if len(d.broken) > 0 {
		for _, b := range d.broken {
			d.say("✗", b)
		}
		return fmt.Errorf("%d expectations do not hold (everything is in %s)", len(d.broken), d.dir)
	}
	d.say("✓", fmt.Sprintf("All as it should be, in %s.", time.Since(began).Round(100*time.Millisecond)))
	if d.stay {
		d.say(" ", "The web page stays open until Ctrl-C: "+d.stack.adminURL+"/")
		<-ctx.Done()
	}
	if temporary {
		return os.RemoveAll(d.dir)
	}
	d.say(" ", "Everything is in "+d.dir)
	return nil
}

// show is the demonstration: the first days of a company with tracktik-sync.
func (d *demo) show(ctx context.Context) error {
	size := d.stack.world.Size()
	d.heading("A company of %d people and %d groups in Okta; TrackTik knows a few of them", size.People, size.Groups)
	d.say(" ", "Web page, while this runs: "+d.stack.adminURL+"/")

	d.heading("First a plan, which changes nothing")
	if err := d.step(ctx, exits{0}, "plan"); err != nil {
		return err
	}
	d.expectNoWrites("the plan")

	d.heading("The first sync")
	if err := d.step(ctx, exits{0, 4}, "sync", "--init"); err != nil {
		return err
	}
	d.expectAgreement()

	d.heading("The second sync finds nothing to do")
	if err := d.step(ctx, exits{0, 4}, "sync"); err != nil {
		return err
	}
	d.expectNoWrites("the second sync")

	for range world.WeekDays {
		if err := d.day(ctx); err != nil {
			return err
		}
	}
	if err := d.leaver(ctx); err != nil {
		return err
	}
	d.heading("How it stands")
	return d.step(ctx, exits{0}, "status")
}

// day is a day of the week, and the sync in its evening.
func (d *demo) day(ctx context.Context) error {
	today := d.stack.world.Advance()
	d.heading("Day %d: %s", today.Day, today.Title)
	refresh := false
	for _, e := range today.Events {
		d.say("•", e.Text)
		if e.Expect != "" {
			d.say(" ", "→ "+e.Expect)
		}
		refresh = refresh || e.Kind == "by_hand"
	}
	args := []string{"sync"}
	if refresh {
		args = append(args, "--refresh") // only so is TrackTik itself read
	}
	if err := d.step(ctx, exits{0, 4}, args...); err != nil {
		return err
	}
	d.expectAgreement()
	return nil
}

// leaver is somebody who leaves between two syncs, and is ended by what Okta's System Log
// says.
func (d *demo) leaver(ctx context.Context) error {
	d.heading("Between two syncs: Okta's System Log is read")
	d.say(" ", "The first reading looks at everybody, once.")
	if err := d.step(ctx, exits{0, 4}, "sync", "--events"); err != nil {
		return err
	}
	events, err := d.stack.world.Live(1, 1, "deactivate")
	if err != nil || len(events) == 0 {
		return errors.Join(errors.New("nobody is left who can leave"), err)
	}
	told := time.Now()
	d.say("•", events[0].Text)
	d.say(" ", "→ "+events[0].Expect+", and nobody else is looked at")
	if err := d.step(ctx, exits{0, 4}, "sync", "--events"); err != nil {
		return err
	}
	d.say("✓", fmt.Sprintf("From the deactivation to the end of the reading it took %s.", time.Since(told).Round(10*time.Millisecond)))
	d.expectAgreement()
	return nil
}

// expectNoWrites asks the portal, not the program.
func (d *demo) expectNoWrites(who string) {
	if n := d.stack.world.TrackTik.AttemptedWrites(); n > 0 {
		d.fail("%s wrote to TrackTik: %d calls", who, n)
		return
	}
	d.say("✓", "TrackTik counted 0 writes by "+who+".")
}

// expectAgreement compares both sides by rules of the sandbox's own.
func (d *demo) expectAgreement() {
	found := d.stack.world.Audit()
	for i, x := range found {
		if i == 10 {
			d.fail("and %d more disagreements", len(found)-i)
			break
		}
		if x.Employee != 0 {
			x.Text = fmt.Sprintf("employee %d: %s", x.Employee, x.Text)
		}
		d.fail("%s", x.Text)
	}
	if len(found) == 0 {
		d.say("✓", "Both sides agree: everybody in scope is there once, with the right roles; nobody else is.")
	}
}

func (d *demo) fail(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	d.broken = append(d.broken, fmt.Sprintf("after step %d: %s", d.steps, text))
	d.say("✗", text)
}
