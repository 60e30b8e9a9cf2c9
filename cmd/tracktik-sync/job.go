package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"tracktik-sync/cmd/tracktik-sync/internal/ledger"
	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/cmd/tracktik-sync/internal/watch"
	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/configs"
	"tracktik-sync/state"
	tsync "tracktik-sync/sync"
	"tracktik-sync/sync/plan"
)

// A job is one run of the engine that may write: for whom it is made, how it is shown,
// and what became of the question whether to go on.
type job struct {
	*app
	cfg      *configs.Config
	format   string // in which it is shown: text or json
	whole    bool   // it is about everybody: its end says how things stand
	shown    bool   // the plan was printed already, to ask about it
	declined bool   // somebody was asked, and said no
	lasting  bool   // with -q: what lasts is said again today
}

// view is how the run is shown: with -q what is new in it.
func (j *job) view() ui.View { return ui.View{News: j.Quiet, Before: j.before, Lasting: j.lasting} }

// open opens the snapshot for the run, or tells that the run cannot begin.
func (j *job) open(ctx context.Context) (*state.DB, error) {
	db, err := j.OpenWrite(ctx, j.cfg)
	if err != nil {
		return nil, j.notBegun(ctx, j.cfg, j.whole, err)
	}
	return db, nil
}

// once makes an ordinary run, and closes db.
func (j *job) once(ctx context.Context, db *state.DB, opt tsync.RunOptions) (*plan.Document, error) {
	return j.make(ctx, db, func(e *tsync.Engine) (*plan.Document, error) {
		if opt.Poll != nil && !j.whole {
			e.By = byEvents
		}
		return e.RunOnce(ctx, opt)
	})
}

// make makes a run, leaves the status behind for others, and closes db. Without a document
// there is an error.
func (j *job) make(ctx context.Context, db *state.DB,
	run func(*tsync.Engine) (*plan.Document, error)) (d *plan.Document, err error) {
	perhaps := "" // is for whoever sits here, and is told to nobody else
	defer func() { err = withPerhaps(err, perhaps) }()
	onlooker := watch.NewOnlooker(&j.Invocation, j.cfg, j.whole)
	defer func() { onlooker.Tell(ctx, endOf(err, j.declined)) }()
	loud := j.holdLog()
	defer func() { loud(j.silent) }()
	defer func() { err = errors.Join(err, db.Close()) }()
	defer func() { j.compact(ctx, db) }()
	defer j.showProgress()()
	engine, err := j.Engine(j.cfg, db)
	if err != nil {
		return nil, err
	}
	if j.before, err = lastKnown(db); err != nil {
		return nil, err
	}
	onlooker.Begins(ctx, engine)
	d, err = run(engine)
	perhaps = ledger.Perhaps(db, err)
	err = orNoPlan(d, interrupted(ctx, err))
	if d != nil {
		err = errors.Join(err, j.recordApprovals(db, engine, d.ID))
	}
	watch.KeepBackups(ctx, &j.Invocation, j.cfg, db, engine, d)
	onlooker.Look(db, engine, d)
	if newsErr := j.listenFor(db, d, err); newsErr != nil {
		err = errors.Join(err, newsErr)
	}
	j.Console.SpellDocument(d)
	if statusErr := ledger.SaveStatus(&j.Invocation, j.cfg, db); statusErr != nil {
		err = errors.Join(err, fmt.Errorf("leaving the status beside the snapshot: %w", statusErr))
	}
	return d, err
}

// compact writes a snapshot anew that has become large, as after a first run. Whoever is
// told to end does not stay for it.
func (j *job) compact(ctx context.Context, db *state.DB) {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		ctx = context.WithoutCancel(ctx)
	}
	if ctx.Err() != nil {
		return
	}
	from, to, err := db.Compact(ctx)
	switch {
	case err != nil:
		j.Log.WithError(err).Warn("the snapshot could not be written anew, and stays as large as it is")
	case from > 0:
		j.Log.WithField("bytes_before", from).WithField("bytes", to).
			Info("the snapshot had become large, and was written anew")
	}
}

// recordApprovals writes into the audit trail what approvals let pass in a run.
func (j *job) recordApprovals(db *state.DB, engine *tsync.Engine, run string) error {
	var batch plan.Batch
	for _, p := range wiring.PassedBy(engine) {
		text := fmt.Sprintf("approval %s let %s pass", p.Hash, ui.Number(p.Done, "refused action"))
		if p.Left > 0 {
			text += fmt.Sprintf(", and %d are left", p.Left)
		}
		entry := j.noted(j.cfg, "approve", plan.UserRef{}, 0, text)
		entry.Run = run
		batch.Audits = append(batch.Audits, entry)
	}
	if len(batch.Audits) == 0 {
		return nil
	}
	return db.Commit(batch)
}

// endOf is how a run ended, for those who are told.
func endOf(err error, declined bool) watch.End {
	if err == nil {
		return watch.End{Declined: declined}
	}
	report := judge(err)
	lines := report.lines()
	return watch.End{Err: err, Code: report.code, Cause: lines[len(lines)-1], Declined: declined}
}

// notBegun tells of a run that could not begin, unless somebody sits there and sees
// it. cfg is what there is of the configuration; whole says that it was to be about
// everybody.
func (a *app) notBegun(ctx context.Context, cfg *configs.Config, whole bool, err error) error {
	if a.Asks {
		return err
	}
	if cfg == nil {
		cfg = configs.FromEnvironment()
	}
	watch.NewOnlooker(&a.Invocation, watch.WithoutFaults(cfg, err), whole).Tell(ctx, endOf(err, false))
	return err
}

// judged adds to err, with which a run ended, what its document says of the exit code.
func (j *job) judged(d *plan.Document, err error) error {
	if d == nil {
		return err
	}
	return errors.Join(err, guardError(d, err), problemsError(j.cfg, d))
}

// show prints an applied plan and what became of it, and answers what the run, which
// ended with err, means for the exit code.
func (j *job) show(d *plan.Document, err error) error {
	if d == nil {
		return err
	}
	err = j.judged(d, err)
	if j.silent {
		return err
	}
	if j.format == "json" {
		giveReason(d, err)
	}
	return errors.Join(j.print(d), err)
}

func (j *job) print(d *plan.Document) error {
	if j.declined {
		fmt.Fprintln(j.Stderr, "nothing was done")
		if j.format == "text" {
			return nil
		}
	}
	if j.format != "text" || !j.shown {
		if err := j.showDocument(d, j.format, j.view()); err != nil || j.format != "text" {
			return err
		}
	}
	return j.Talk(func(w io.Writer) error { return ui.Result(w, d, j.Style(), j.view()) })
}

// confirm shows a plan and asks whether to go on. Nobody is asked about a run that
// writes nothing.
func (j *job) confirm(ctx context.Context) func(*plan.Document) bool {
	return func(d *plan.Document) bool {
		if len(d.Actions) == 0 || d.Mode == "observe" {
			return true
		}
		if j.bar != nil {
			j.bar.Done()
		}
		if j.format == "text" && j.showDocument(d, j.format, ui.View{Asking: true}) == nil {
			j.shown = true
		}
		j.Explain(fmt.Sprintf("%s in %s.", ui.Counts(d.Summary), ui.Safe(d.TrackTik.Portal)))
		j.declined = !j.Ask(ctx, "Go on? [y/N] ")
		return !j.declined
	}
}

// problemsError is exit code 4, as far as sync.problems_exit wants it.
func problemsError(cfg *configs.Config, d *plan.Document) error {
	problems, open, fresh := len(d.Problems), 0, 0
	if r := d.Result; r != nil {
		problems, open, fresh = problems+r.Failed, r.Unknown, r.NewProblems
	}
	switch cfg.Sync.ProblemsExit {
	case "0":
		problems, open = 0, 0
	case "new":
		problems, open = fresh, 0
	}
	if problems+open == 0 {
		return nil
	}
	return problemsVerdict(problems, open)
}

// problemsVerdict tells of problems, and of writes that are open: what became of them is on no
// list of problems.
func problemsVerdict(problems, open int) error {
	var texts []string
	if problems > 0 {
		texts = append(texts, ui.Number(problems, "problem")+": see `tracktik-sync problems`")
	}
	if open > 0 {
		texts = append(texts, "what became of "+ui.Number(open, "call")+" is not known yet: the next run looks it up")
	}
	return &verdict{tsync.ExitProblems, "finished, some persons have problems", strings.Join(texts, "; ")}
}

// listenFor notes whether the run, which ended with err, has anything to say where -q asks for
// news alone. What lasts is said once a day.
func (j *job) listenFor(db *state.DB, d *plan.Document, err error) error {
	if !j.Quiet || j.format != "text" || d == nil {
		return nil
	}
	if d.Made() && ui.HasNews(d, j.before) {
		return nil
	}
	if err = j.judged(d, err); err == nil {
		j.silent = true
		return nil
	}
	switch judge(err).code {
	case tsync.ExitFailed, tsync.ExitRefused:
		lasting, sayErr := ledger.SaidToday(db, d.ID)
		j.lasting, j.silent = !lasting, lasting
		return sayErr
	}
	j.silent = true
	return nil
}

// holdLog keeps the log of a run that may have nothing to say until that is known, when
// release passes it on or drops it.
func (j *job) holdLog() (release func(drop bool)) {
	if !j.Quiet || j.format != "text" || j.Logging.Level != "" {
		return func(bool) {}
	}
	var held bytes.Buffer
	out := j.Log.Out
	j.Log.SetOutput(&held)
	return func(drop bool) {
		j.Log.SetOutput(out)
		if !drop {
			_, _ = out.Write(held.Bytes()) // as the log itself, where nobody takes it
		}
	}
}
