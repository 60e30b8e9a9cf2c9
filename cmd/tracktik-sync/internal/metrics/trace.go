package metrics

import (
	"sync"
	"time"
)

// A Phase is a part of a run: reading one listing, or applying the plan.
type Phase struct {
	Name       string
	Begin, End time.Time
	Done       int // how many things were done
}

// A Progress is told how far a run is.
type Progress interface {
	Phase(name string, total int)
	Add(n int)
}

// Phases notes the phases of a run, and tells Next, which may be nil, what it is told.
type Phases struct {
	Next Progress
	Now  func() time.Time

	mu   sync.Mutex
	list []Phase
}

// Phase begins a phase, and ends the one before.
func (p *Phases) Phase(name string, total int) {
	p.mu.Lock()
	now := p.Now()
	p.end(now)
	p.list = append(p.list, Phase{Name: name, Begin: now})
	p.mu.Unlock()
	if p.Next != nil {
		p.Next.Phase(name, total)
	}
}

// Add says that n more of the phase's things are done.
func (p *Phases) Add(n int) {
	p.mu.Lock()
	if len(p.list) > 0 {
		p.list[len(p.list)-1].Done += n
	}
	p.mu.Unlock()
	if p.Next != nil {
		p.Next.Add(n)
	}
}

// List ends the last phase, and returns all. Of nil there are none.
func (p *Phases) List() []Phase {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.end(p.Now())
	return p.list
}

func (p *Phases) end(now time.Time) {
	if last := len(p.list) - 1; last >= 0 && p.list[last].End.IsZero() {
		p.list[last].End = now
	}
}
