package ui

import (
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// Progress shows on a terminal how far a run is. It is a tsync.Progress, and an
// io.Writer for the log, whose lines then stand above the bar.
type Progress struct {
	out    io.Writer
	colour bool

	mu  sync.Mutex
	bar *progressbar.ProgressBar
}

// NewProgress shows progress on out, which is a terminal.
func NewProgress(out io.Writer, colour bool) *Progress {
	return &Progress{out: out, colour: colour}
}

// Phase begins a phase; total is 0 when it is not known.
func (p *Progress) Phase(name string, total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	if total == 0 {
		total = -1 // a spinner
	}
	p.bar = progressbar.NewOptions(total,
		progressbar.OptionSetWriter(p.out),
		progressbar.OptionSetDescription(Safe(name)),
		progressbar.OptionEnableColorCodes(p.colour),
		progressbar.OptionShowCount(),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSetSpinnerChangeInterval(0), // else it draws by itself, for ever
		progressbar.OptionSetPredictTime(total > 0),
	)
}

// Add says that n more of the phase's things are done.
func (p *Progress) Add(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Add(n) // more than was announced is no error of the run
	}
}

// Write writes lines of the log above the bar.
func (p *Progress) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		_ = p.bar.Clear()
	}
	return p.out.Write(b)
}

// Done takes the bar away.
func (p *Progress) Done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
}

func (p *Progress) clear() {
	if p.bar != nil {
		_ = p.bar.Clear() // the screen is not worth an error
		p.bar = nil
	}
}
