package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/configs"
	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
)

// runAndShow makes one run, prints it, and answers what it means for the exit
// code. It closes db.
func (a *app) runAndShow(ctx context.Context, cfg *configs.Config, db *state.DB, opt tsync.RunOptions, format string) error {
	d, err := a.once(ctx, cfg, db, opt)
	if d == nil {
		return errors.Join(err, noDocument(err))
	}
	return a.showRun(cfg, d, format, err)
}

// once makes one run, leaves the status behind for others, and closes db.
func (a *app) once(ctx context.Context, cfg *configs.Config, db *state.DB, opt tsync.RunOptions) (*plan.Document, error) {
	a.whole = len(opt.Users) == 0
	return a.onceOf(ctx, cfg, db, opt.Approve, func(e *tsync.Engine) (*plan.Document, error) { return e.RunOnce(ctx, opt) })
}

// onceOf is once for any kind of run, with the approvals that it was given.
func (a *app) onceOf(ctx context.Context, cfg *configs.Config, db *state.DB, approve []string,
	run func(*tsync.Engine) (*plan.Document, error)) (d *plan.Document, err error) {
	onlooker := a.onlooker(cfg)
	defer func() { onlooker.tell(ctx, err) }()
	defer func() { err = errors.Join(err, db.Close()) }()
	stop := a.watch()
	defer stop()
	engine, err := a.engine(cfg, db)
	if err != nil {
		return nil, err
	}
	given, err := a.keptApprovals(cfg, approve)
	if err != nil {
		return nil, err
	}
	onlooker.begins(ctx, engine)
	d, err = run(engine)
	err = interrupted(ctx, err)
	if d != nil {
		err = errors.Join(err, a.noteApprovals(cfg, db, given, d.ID))
	}
	onlooker.look(db, engine, d)
	a.console.spellDocument(d)
	return d, errors.Join(err, a.afterwards(cfg, db, engine, d))
}

// afterwards does what is due after every run, whatever became of it, while the
// snapshot is still ours.
func (a *app) afterwards(cfg *configs.Config, db *state.DB, engine *tsync.Engine, d *plan.Document) error {
	err := a.saveStatus(cfg, db)
	if err != nil {
		err = fmt.Errorf("leaving the status beside the snapshot: %w", err)
	}
	a.keepBackups(cfg, db, engine, d)
	return err
}

// interrupted says of a run that failed because it was told to end just that.
func interrupted(ctx context.Context, err error) error {
	var stopped *tsync.StoppedError
	if err == nil || ctx.Err() == nil || errors.As(err, &stopped) || !errors.Is(err, ctx.Err()) {
		return err
	}
	why := "the run was told to end"
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		why = "the deadline ended the run"
	}
	return &tsync.StoppedError{Message: why + " while it was reading; nothing was written to TrackTik", Cause: err}
}

// showRun prints an applied plan and what became of it, and answers what the run, which
// ended with err, means for the exit code.
func (a *app) showRun(cfg *configs.Config, d *plan.Document, format string, err error) error {
	err = errors.Join(err, guardError(d, err), problemsError(cfg, d))
	if format == "json" {
		giveReason(d, err)
	}
	return errors.Join(a.printRun(d, format), err)
}

// giveReason adds to a document why its command failed or was refused, in the words of
// the last line on stderr.
func giveReason(d *plan.Document, err error) {
	if err == nil || d.Error != "" {
		return
	}
	switch report := judge(err); report.code {
	case codeDone, codeProblems, codePending:
	default:
		d.Error = report.reason()
	}
}

func (a *app) printRun(d *plan.Document, format string) error {
	if a.declined {
		fmt.Fprintln(a.stderr, "nothing was done")
		if format == "text" {
			return nil
		}
	}
	if format == "text" && a.shown {
		return a.showResult(d)
	}
	if err := a.show(d, format, false); err != nil || format != "text" {
		return err
	}
	return a.showResult(d)
}

func (a *app) showResult(d *plan.Document) error {
	if a.flags.quiet && !hasNews(d) {
		return nil
	}
	return a.talk(func(w io.Writer) error { return ui.Result(w, d, a.style()) })
}

// problemsError is exit code 4, as far as sync.problems_exit wants it.
func problemsError(cfg *configs.Config, d *plan.Document) error {
	problems, fresh := len(d.Problems), 0
	if r := d.Result; r != nil {
		problems += r.Failed + r.Unknown
		fresh = r.NewProblems
	}
	switch cfg.Sync.ProblemsExit {
	case "0":
		problems = 0
	case "new":
		problems = fresh
	}
	if problems == 0 {
		return nil
	}
	return problemsVerdict(problems)
}

// confirm shows a plan and asks whether to go on. Nobody is asked about a run that
// writes nothing.
func (a *app) confirm(ctx context.Context, format string) func(*plan.Document) bool {
	return func(d *plan.Document) bool {
		if len(d.Actions) == 0 || d.Mode == "observe" {
			return true
		}
		if a.progress != nil {
			a.progress.Done()
		}
		if format == "text" && a.show(d, format, false) == nil {
			a.shown = true
		}
		a.declined = !a.ask(ctx, fmt.Sprintf("%s in %s.\nGo on? [y/N] ", ui.Counts(d.Summary), ui.Safe(d.TrackTik.Portal)))
		return !a.declined
	}
}

// ask puts a question on stderr; only yes is yes.
func (a *app) ask(ctx context.Context, question string) bool {
	fmt.Fprint(a.stderr, question)
	answer, err := a.readLine(ctx)
	answer = strings.ToLower(strings.TrimSpace(answer))
	return err == nil && (answer == "y" || answer == "yes")
}

// readLine reads what somebody types, or until ctx ends. The end of the input is
// an empty line.
func (a *app) readLine(ctx context.Context) (string, error) {
	lines := make(chan string, 1)
	go func() {
		line, _ := a.stdin.ReadString('\n')
		lines <- line
	}()
	select {
	case line := <-lines:
		return line, nil
	case <-ctx.Done():
		fmt.Fprintln(a.stderr)
		return "", ctx.Err()
	}
}
