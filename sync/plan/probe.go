package plan

import "time"

// An Assumption is what this program takes a portal to do, and what it was seen to do.
type Assumption struct {
	Name     string `json:"assumption"`
	Expected string `json:"expected"`
	Observed string `json:"observed"`
	Differs  bool   `json:"differs"`
	Follows  string `json:"follows"` // nothing, a key to set, or what to report
}

// A Probe is what a portal did with one marked employee. It holds no name, and no value
// that is not the marked employee's own.
type Probe struct {
	Assumptions []Assumption `json:"assumptions"`
	Left        []string     `json:"left"` // what somebody has to end by hand
	Calls       int          `json:"calls"`
}

// A ProbeNote is what is kept of the probes of a portal, from before their first write on.
type ProbeNote struct {
	Portal    string       `json:"portal"`
	Time      time.Time    `json:"time"` // of the last probe
	Employees []EmployeeID `json:"employees,omitempty"`
	// Creating is when a create left of which nothing is known; zero: there is none.
	Creating time.Time `json:"creating,omitzero"`
	// Ended says that everything was tried, and that the marked employee was terminated.
	Ended bool   `json:"ended"`
	Probe *Probe `json:"probe,omitempty"` // nil: it was killed
}

// Differing are the assumptions that are wrong.
func (p *Probe) Differing() []Assumption {
	if p == nil {
		return nil
	}
	var differ []Assumption
	for _, a := range p.Assumptions {
		if a.Differs {
			differ = append(differ, a)
		}
	}
	return differ
}
