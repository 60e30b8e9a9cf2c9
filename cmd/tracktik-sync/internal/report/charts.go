package report

import (
	"fmt"
	"time"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/sync/plan"
)

// Charts are drawn in units of their own and stretched to the width of the page: all
// text is outside of them, so that it stays readable on a phone.
const (
	wide     = 600 // width of a chart
	tall     = 48  // height of a chart of the trend
	laneTall = 16
)

// A lane is one line of the timeline.
type lane struct {
	Name, Text string
	Bars       []bar
}

// A bar is a rectangle of a chart, with the words for it.
type bar struct {
	X, Y, W, H float64
	Class      string
	Words      string
}

// A chart is one row of bars: one number of each run.
type chart struct {
	Name, Now, Most string
	Bars            []bar
	Words           string // for those who do not see it
}

// A trendRow is one run of the trend, in words.
type trendRow struct {
	ID, When, Ending     string
	Done, Held, Problems string
	Took                 string
	Class                string
}

func (r *Report) charts(v *view) {
	if r.Record == nil {
		return
	}
	r.timeline(v)
	r.trend(v)
}

// timeline shows when the run did what, by the times at which outcomes were recorded.
func (r *Report) timeline(v *view) {
	rec, t := r.Record, r.Trail
	whole := rec.Ended.Sub(rec.Started)
	if t == nil || whole <= 0 {
		return
	}
	v.LaneFrom, v.Lasts = moment(rec.Started), lasting(whole)
	x := func(at time.Time) float64 { return wide * float64(at.Sub(rec.Started)) / float64(whole) }
	span := func(name string, from, to time.Time) {
		words := name + ": " + lasting(to.Sub(from))
		v.Lanes = append(v.Lanes, lane{name, lasting(to.Sub(from)),
			[]bar{{x(from), 3, max(1.5, x(to)-x(from)), laneTall - 6, "quiet", words}}})
	}
	if t.first.IsZero() {
		span("read and decide", rec.Started, rec.Ended)
		return
	}
	span("read and decide", rec.Started, t.first)
	for _, k := range plan.Kinds {
		if p := t.kinds[k]; p != nil {
			v.Lanes = append(v.Lanes, p.lane(k, x))
		}
	}
	span("record", t.last, rec.Ended)
}

func (p *phase) lane(k plan.Kind, x func(time.Time) float64) lane {
	text := ui.Count(p.done) + " done"
	if p.done == 0 {
		text = "none done"
	}
	if p.other > 0 {
		text += ", " + ui.Count(p.other) + " not"
	}
	out := lane{Name: ui.KindWords(k), Text: text}
	from, to := x(p.first), x(p.last)
	out.Bars = append(out.Bars, bar{from, laneTall/2 - 1, max(1.5, to-from), 2, "quiet",
		fmt.Sprintf("%s: %s in %s", out.Name, text, lasting(p.last.Sub(p.first)))})
	most := 0
	for _, n := range p.slices {
		most = max(most, n)
	}
	class := "good"
	if k.Removes() {
		class = "bad"
	}
	for i, n := range p.slices {
		if n > 0 {
			h := 3 + (laneTall-3)*float64(n)/float64(most)
			out.Bars = append(out.Bars, bar{float64(i) * wide / bins, (laneTall - h) / 2, wide/bins - 1, h, class,
				ui.Number(n, "action")})
		}
	}
	return out
}

// trend compares the run with those before it.
func (r *Report) trend(v *view) {
	if len(r.Trend) < 2 {
		return
	}
	for _, c := range []struct {
		name  string
		of    func(*plan.RunRecord) float64
		words func(float64) string
		class string
	}{
		{"done", func(rec *plan.RunRecord) float64 { return float64(sum(rec.Done)) }, whole, "good"},
		{"held", func(rec *plan.RunRecord) float64 { return float64(rec.Held) }, whole, "warn"},
		{"problems", func(rec *plan.RunRecord) float64 { return float64(rec.Problems + rec.Unknown) }, whole, "bad"},
		{"duration", func(rec *plan.RunRecord) float64 { return rec.Ended.Sub(rec.Started).Seconds() }, seconds, "quiet"},
	} {
		v.Charts = append(v.Charts, r.chart(c.name, c.class, c.of, c.words))
	}
	for i := len(r.Trend) - 1; i >= 0; i-- {
		rec := &r.Trend[i]
		row := trendRow{ID: rec.ID, When: moment(rec.Started), Ending: fmt.Sprint(rec.ExitCode),
			Done: ui.Count(sum(rec.Done)), Held: ui.Count(rec.Held),
			Problems: ui.Count(rec.Problems + rec.Unknown), Took: lasting(rec.Ended.Sub(rec.Started))}
		if rec.ExitCode != 0 && rec.ExitCode != 4 {
			row.Class = "bad"
		}
		v.Runs = append(v.Runs, row)
	}
}

func (r *Report) chart(name, class string, of func(*plan.RunRecord) float64, words func(float64) string) chart {
	most := 0.0
	for i := range r.Trend {
		most = max(most, of(&r.Trend[i]))
	}
	step := float64(wide) / float64(max(len(r.Trend), 12))
	out := chart{Name: name, Most: words(most)}
	for i := range r.Trend {
		rec := &r.Trend[i]
		n := of(rec)
		out.Now = words(n)
		h := 1.0
		if most > 0 && n > 0 {
			h = max(3, tall*n/most)
		}
		c := class
		if i < len(r.Trend)-1 {
			c += " past"
		}
		out.Bars = append(out.Bars, bar{float64(i) * step, tall - h, step * 0.8, h, c, rec.ID + ": " + words(n)})
	}
	out.Words = fmt.Sprintf("%s in the last %s: %s now, %s at most", name, ui.Number(len(r.Trend), "run"), out.Now,
		out.Most)
	return out
}

func sum(counts map[string]int) int {
	n := 0
	for _, c := range counts {
		n += c
	}
	return n
}

func whole(n float64) string { return ui.Count(int(n)) }

func seconds(n float64) string { return lasting(time.Duration(n * float64(time.Second))) }
