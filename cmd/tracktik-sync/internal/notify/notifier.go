package notify

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sirupsen/logrus"
)

// patience bounds all that is told at the end of a run, lockWait the wait for another
// process that tells something.
const (
	patience = 15 * time.Second
	lockWait = 3 * time.Second
)

// Config says who is told, and how. Its addresses are secrets.
type Config struct {
	Portal       string // base URL
	Webhook      string // empty: none
	Format       string // of the webhook's body: Slack, Teams, else the message as JSON
	Email        Email
	Ping         Ping
	Digest       string // time of day, "07:00"; empty: none
	Zone         *time.Location
	PersonalData bool
	Agent        string // User-Agent
	// Spell makes a text's commands such as its reader can give; nil: they are.
	Spell func(text string) string

	Store Store
	Log   logrus.FieldLogger
	Now   func() time.Time
	// Sleep waits; it returns early, with the context's error, when that ends.
	Sleep func(context.Context, time.Duration) error
}

// Ping are the addresses of a watchdog. Empty ones are not called.
type Ping struct{ Start, Success, Failure string }

// A Store keeps the record of what was told.
type Store interface {
	Lock(ctx context.Context) (unlock func(), err error)
	Load() ([]byte, error) // nil: there is none
	Save(record []byte) error
}

// A Notifier tells people how the runs go. It may be used for one run after the
// other.
type Notifier struct {
	Config
	caller   *caller
	channels []channel
	started  chan error // what came of the ping at the start; nil: there was none
}

// New makes a Notifier. It makes no call.
func New(c Config) *Notifier {
	n := &Notifier{Config: c, caller: newCaller(c.Agent, c.Sleep)}
	if c.Webhook != "" {
		n.channels = append(n.channels, &webhook{n.caller, c.Webhook, c.Format})
	}
	if c.Email.SMTP != "" && len(c.Email.To) > 0 {
		n.channels = append(n.channels, &mailbox{c.Email, c.Agent, c.Now})
	}
	return n
}

// idle reports that nobody is to be told anything.
func (n *Notifier) idle() bool { return len(n.channels) == 0 && n.Ping == Ping{} }

// Start tells the watchdog that a run begins. It does not wait for an answer.
func (n *Notifier) Start(ctx context.Context) {
	if n.Ping.Start == "" {
		return
	}
	n.started = make(chan error, 1)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	go func() {
		defer cancel()
		n.started <- n.caller.call(ctx, n.Ping.Start, nil)
	}()
}

// DigestDue says that a channel waits for the day from from to to to be summed up in
// the Situation's Digest.
func (n *Notifier) DigestDue() (from, to time.Time, due bool) {
	from, to, due = n.lastDay()
	if !due || len(n.channels) == 0 {
		return from, to, false
	}
	data, err := n.Store.Load()
	if err != nil { // End says so
		return from, to, false
	}
	r, _ := readRecord(data) // one that is damaged knows of no digest
	for _, c := range n.channels {
		if r.of(c.name()).Digest != dayOf(from) {
			return from, to, true
		}
	}
	return from, to, false
}

// lastDay is yesterday, in Zone; due is false before the time of day at which it is
// summed up.
func (n *Notifier) lastDay() (from, to time.Time, due bool) {
	at, err := time.Parse("15:04", n.Digest)
	if err != nil { // the configuration was checked: it is empty
		return from, to, false
	}
	now := n.Now().In(n.Zone)
	y, m, d := now.Date()
	from, to = time.Date(y, m, d-1, 0, 0, 0, 0, n.Zone), time.Date(y, m, d, 0, 0, 0, 0, n.Zone)
	return from, to, !now.Before(time.Date(y, m, d, at.Hour(), at.Minute(), 0, 0, n.Zone))
}

func dayOf(t time.Time) string { return t.Format(time.DateOnly) }

// End tells everybody what they do not know yet, and the watchdog how the run ended.
// It takes some seconds at most, also when ctx has ended.
func (n *Notifier) End(ctx context.Context, s Situation) {
	if n.idle() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	started, startErr := n.awaitStart(ctx)
	r, done := n.open(ctx)
	defer done()
	var all sync.WaitGroup
	if r.writable {
		for _, c := range n.channels {
			t := r.of(c.name())
			list := n.newsFor(c, t, &s)
			all.Go(func() { n.tell(ctx, c, t, list, &s) })
		}
	}
	if started {
		n.note("ping.start", r.of("ping.start"), startErr)
	}
	if name, address := n.endPing(s.State); address != "" {
		t := r.of(name)
		all.Go(func() { n.note(name, t, n.caller.call(ctx, address, nil)) })
	}
	all.Wait()
}

func (n *Notifier) newsFor(c channel, t *told, s *Situation) []news {
	wanted := ""
	if from, _, due := n.lastDay(); due {
		wanted = dayOf(from)
	}
	return t.news(s, wanted, c.keyed(), n.Now())
}

// awaitStart is what came of the ping at the start; started is false when there was
// none.
func (n *Notifier) awaitStart(ctx context.Context) (started bool, err error) {
	if n.started == nil {
		return false, nil
	}
	defer func() { n.started = nil }()
	select {
	case err := <-n.started:
		return true, err
	case <-ctx.Done():
		return true, ctx.Err()
	}
}

func (n *Notifier) endPing(state string) (name, address string) {
	switch state {
	case "":
		return "", ""
	case OK:
		return "ping.success", n.Ping.Success
	}
	return "ping.failure", n.Ping.Failure
}

// An opened record, with what was read of it.
type opened struct {
	*record
	writable bool
}

// open reads the record under its lock; done writes it, if it changed. A record that
// could not be written is not writable: nothing can be told once.
func (n *Notifier) open(ctx context.Context) (r opened, done func()) {
	r.record, _ = readRecord(nil)
	lockCtx, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	unlock, err := n.Store.Lock(lockCtx)
	if err != nil {
		n.Log.WithError(err).Error("it cannot be remembered who was told what, so nobody is told anything")
		return r, func() {}
	}
	data, err := n.Store.Load()
	if err == nil {
		r.record, err = readRecord(data)
	}
	if err != nil {
		n.Log.WithError(err).Warn("what was told before cannot be read, and may be told again")
	}
	before, err := r.write()
	if err == nil {
		err = n.Store.Save(before) // now, since what was sent cannot be called back
	}
	if err != nil {
		n.Log.WithError(err).Error("it cannot be remembered who was told what, so nobody is told anything")
		return r, unlock
	}
	r.writable = true
	return r, func() {
		defer unlock()
		after, err := r.write()
		if err == nil && string(after) != string(before) {
			err = n.Store.Save(after)
		}
		if err != nil {
			n.Log.WithError(err).Error("what was told could not be remembered, and may be told again")
		}
	}
}

// tell sends news to a channel, and notes what got through. After the first that did
// not, the rest waits for the next run.
func (n *Notifier) tell(ctx context.Context, c channel, t *told, list []news, s *Situation) {
	w := writer{n.Portal, n.PersonalData, n.Spell}
	for _, item := range list {
		m, err := w.write(s, item, t)
		told := false
		if err == nil {
			told, err = c.send(ctx, m)
		}
		n.note(c.name(), t, err)
		if !told {
			return
		}
		item.learned(t)
	}
}

// note logs that a channel broke, once, and that it works again.
func (n *Notifier) note(name string, t *told, err error) {
	log := n.Log.WithField("channel", name)
	switch {
	case err != nil && t.Broken.IsZero():
		t.Broken = n.Now().UTC()
		log.WithError(err).Warn("a notification did not get through; this is not said again before one does")
	case err != nil:
		log.WithError(err).Debug("a notification did not get through")
	case !t.Broken.IsZero():
		log.WithField("since", t.Broken.Format(time.RFC3339)).Info("notifications get through again")
		t.Broken = time.Time{}
	}
}

// A Result is what came of a test.
type Result struct {
	Channel string
	Err     error
}

// ErrNobody says that there is no channel to test.
var ErrNobody = errors.New("nobody is told anything: set notify.webhook.url, notify.email.smtp or notify.ping.*")

// Test sends a test by every channel, and calls the watchdog's addresses, that of a
// success last. It changes nothing of what is remembered.
func (n *Notifier) Test(ctx context.Context) ([]Result, error) {
	if n.idle() {
		return nil, ErrNobody
	}
	m, err := writer{portal: n.Portal}.write(&Situation{}, news{event: Tested}, &told{})
	if err != nil {
		return nil, err
	}
	var results []Result
	for _, c := range n.channels {
		told, err := c.send(ctx, m)
		if told && err != nil {
			err = fmt.Errorf("some got it, others not: %w", err)
		}
		results = append(results, Result{c.name(), err})
	}
	for _, ping := range []struct{ name, address string }{
		{"ping.start", n.Ping.Start}, {"ping.failure", n.Ping.Failure}, {"ping.success", n.Ping.Success},
	} {
		if ping.address != "" {
			results = append(results, Result{ping.name, n.caller.call(ctx, ping.address, nil)})
		}
	}
	return results, nil
}
