package world

import (
	"fmt"
	"math/rand/v2"
)

// WeekDays is how many days are scripted.
const WeekDays = 7

// week says what happens on which day.
var week = [WeekDays][]string{
	{"hire", "hire", "hire", "hire"},
	{"move", "move", "title", "phone", "address", "rename"},
	{"deactivate", "unassign", "delete", "suspend"},
	{"rehire", "post"},
	{"new_group"},
	{"rename_group"},
	{"by_hand", "moved_by_hand"},
}

// dayTitles sum the days up.
var dayTitles = [WeekDays]string{"new people", "moves, changes and a wedding", "leavers and a suspension",
	"somebody comes back, somebody changes posts", "a new group", "a renamed group", "changes made by hand in TrackTik"}

// A Day is what happened on one.
type Day struct {
	Day    int     `json:"day"` // from 1 on
	Title  string  `json:"title"`
	Events []Event `json:"events"`
}

// Today returns how many days have passed.
func (w *World) Today() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.day
}

// Advance lives through the next day. When the scripted week is over, a day brings
// ten random events.
func (w *World) Advance() Day {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.advance()
}

// AdvanceTo lives through every day up to day. It fails when that is past.
func (w *World) AdvanceTo(day int) ([]Day, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if day <= w.day || day > w.day+1000 {
		return nil, fmt.Errorf("day %d cannot be reached: it is day %d, and at most 1000 days pass at once", day, w.day)
	}
	var days []Day
	for w.day < day {
		days = append(days, w.advance())
	}
	return days, nil
}

func (w *World) advance() Day {
	w.day++
	w.version++
	rng := rand.New(rand.NewPCG(w.options.Seed, uint64(w.day)))
	d := Day{Day: w.day, Title: "an ordinary day"}
	if w.day > WeekDays {
		d.Events = w.live(10, rng, nil)
	} else {
		d.Title, d.Events = dayTitles[w.day-1], []Event{}
		for _, name := range week[w.day-1] {
			if e, ok := w.insist(named(name), rng); ok {
				d.Events = append(d.Events, e)
			}
		}
	}
	for i := range d.Events {
		d.Events[i].Day = w.day
	}
	return d
}

// insist tries an event several times: somebody may not fit by chance alone.
func (w *World) insist(k kind, rng *rand.Rand) (Event, bool) {
	for range 20 {
		if e, ok := w.happen(k, rng); ok {
			return e, true
		}
	}
	return Event{}, false
}
