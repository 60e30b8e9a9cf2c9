package tracktik

import (
	"context"
	"testing"

	"tracktik-sync/sync/plan"
)

var (
	sentAna = plan.Values{plan.Username: "ana@acme.example", plan.Email: "ana@acme.example", plan.FirstName: "Ana", plan.LastName: "Silva"}

	createAna = func(ctx context.Context, c *Client) error {
		_, err := c.CreateEmployee(ctx, sentAna, 1)
		return err
	}
	updateAna = func(ctx context.Context, c *Client) error {
		_, err := c.UpdateEmployee(ctx, 5, []plan.Change{{Field: plan.JobTitle, New: "Guard"}}, sentAna)
		return err
	}
)

// An answer to a write is believed when it agrees with what was sent, as far as it shows
// it; else nobody knows what became of the write.
func TestAnswersToWritesMustAgreeWithWhatWasSent(t *testing.T) {
	for _, test := range []struct {
		write    func(context.Context, *Client) error
		answer   string
		believed bool
	}{
		{createAna, `{"data":{"id":7}}`, true},
		{createAna, `{"data":{"id":7,"firstName":"Ana","lastName":"Silva","email":"ana@acme.example","username":null}}`, true},
		{createAna, `{"data":{"id":7,"firstName":"ANA","lastName":"Silva-Costa","email":"other@acme.example","username":" Ana@ACME.example"}}`, true},
		{createAna, `{"data":{"id":7,"firstName":"","lastName":null,"email":""}}`, true},
		{createAna, `{"data":{"id":7,"firstName":"Zoe","lastName":"Other","email":"ana@acme.example"}}`, false},
		{createAna, `{"data":{"id":7,"firstName":"Ana","lastName":"Silva","email":"zoe@acme.example"}}`, false},
		{createAna, `{"data":{"id":7,"firstName":"Ana","email":"zoe@acme.example","username":"zoe"}}`, false},
		{createAna, `{"id":7,"lastName":"Other"}`, false},
		{updateAna, `{"data":{"id":5,"firstName":"Zoe","email":"zoe@acme.example"}}`, true}, // it is that record, whatever somebody changed
		{updateAna, `{"data":{"id":6,"firstName":"Ana","email":"ana@acme.example"}}`, false},
		{updateAna, `{"data":{"firstName":"Ana","email":"ana@acme.example"}}`, true},
		{updateAna, `{"data":{"firstName":"Zoe","email":"zoe@acme.example"}}`, false},
		{updateAna, `{"message":"ok"}`, true},
		{writes["move"], `{"data":{"message":"done"}}`, true},
		{writes["move"], `{"data":{"id":6,"resourceType":"employees"}}`, false},
		{writes["terminate"], `{"data":{"id":6}}`, false},
		{writes["terminate"], `{"data":{"id":6,"resourceType":"employment-terminations"}}`, true},
		{writes["terminate"], `{"data":[]}`, true},
		{writes["reactivate"], `{"data":{"id":"6"}}`, false},
		{writes["reactivate"], `{"data":{"id":5.0}}`, true},
		{writes["create role"], `{"data":{"id":3,"name":" patrol"}}`, true},
		{writes["create role"], `{"data":{"id":3}}`, true},
		{writes["create role"], `{"data":{"id":3,"name":"Administrator"}}`, false},
		{writes["rename role"], `{"data":{"id":3,"name":"Patrol"}}`, true},
		{writes["rename role"], `{"data":{"id":1,"name":"Patrol"}}`, false},
		{writes["grant"], `{"data":{"id":9,"user":{"id":5,"firstName":"Ana"},"role":3}}`, true},
		{writes["grant"], `{"data":{"id":9,"user":6,"role":3}}`, false},
		{writes["grant"], `{"data":{"id":9,"user":5,"role":{"id":4}}}`, false},
		{writes["revoke"], `{"message":"The record was deleted"}`, true},
		{writes["revoke"], `{"data":{"id":9}}`, true},
		{writes["revoke"], `{"data":{"id":8}}`, false},
	} {
		p := newPortal(t, always(200, test.answer))
		err := test.write(t.Context(), client(t, p, nil))
		if test.believed {
			if err != nil {
				t.Errorf("%s: %v", test.answer, err)
			}
			continue
		}
		if e := wantError(t, err); !e.OutcomeUnknown() || e.StillAtWork() || len(p.requests()) != 1 {
			t.Errorf("%s: unknown %v after %d calls: %v", test.answer, e.OutcomeUnknown(), len(p.requests()), e)
		}
	}
}
