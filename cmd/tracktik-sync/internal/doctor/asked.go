package doctor

import (
	"context"
	"errors"
	"time"

	"tracktik-sync/cmd/tracktik-sync/internal/ledger"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik"
)

// probed quotes the last probe of the portal.
func (d *Doctor) probed() {
	const name = "tracktik.probe"
	p := ledger.ProbeOf(d.cfg)
	if p == nil {
		d.skip(name, "this portal was not probed; `probe` finds out on a staging portal what only a write shows")
		return
	}
	when := p.Time.UTC().Format(time.RFC3339)
	for _, a := range p.Differ {
		d.warn(name, a.Follows, "%s: %s: %s, expected: %s", when, a.Name, a.Observed, a.Expected)
	}
	switch {
	case !p.Ended:
		d.warn(name, "`probe` again: it ends what was left", "%s: not everything was tried", when)
	case p.Differs == 0:
		d.ok(name, "%s: all as expected", when)
	}
}

// asked says what either system refuses to be asked as its documentation has it.
func (d *Doctor) asked(okta *oktaSide, portal *portalSide) {
	if okta.source != nil && okta.usable {
		d.askedOf("okta.asked", okta.source.AskedOtherwise())
	}
	if portal.client != nil && portal.usable {
		d.askedOf("tracktik.asked", portal.client.AskedOtherwise())
	}
}

func (d *Doctor) askedOf(name string, otherwise []plan.Warning) {
	for _, w := range otherwise {
		d.warn(name, "runs go on like this; report this line to the project, so that the next version asks so at once", "%s",
			w.Message)
	}
	if len(otherwise) == 0 {
		d.ok(name, "every question was answered as it was asked")
	}
}

func (d *oktaSide) refusedAnswers() []plan.Answer {
	if d.source == nil {
		return nil
	}
	return d.source.RefusedAnswers()
}

func (d *portalSide) refusedAnswers() []plan.Answer {
	if d.client == nil {
		return nil
	}
	return d.client.RefusedAnswers()
}

// refreshTokenEnd is when the refresh token ends, where the portal says so.
func (d *portalSide) refreshTokenEnd(ctx context.Context, grant string) (end time.Time, known bool) {
	if !d.usable || grant == tracktik.GrantPassword {
		return time.Time{}, false
	}
	end, known, err := d.client.RefreshTokenEnd(ctx)
	return end, known && err == nil
}

// isFirewall reports a refusal by something in front of the portal.
func isFirewall(err error) bool {
	var f interface{ Firewall() bool }
	return errors.As(err, &f) && f.Firewall()
}

// isAddress reports a refusal of whoever comes from where we come from.
func isAddress(err error) bool {
	var f interface{ AddressRefused() bool }
	return errors.As(err, &f) && f.AddressRefused()
}
