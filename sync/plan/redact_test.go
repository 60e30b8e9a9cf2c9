package plan

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestARedactedDocumentHasNothingPersonalAndTheDocumentItselfKeepsIt(t *testing.T) {
	ada := UserRef{ID: "00u1", Login: "ada@acme.example"}
	var v Values
	v[FirstName], v[Email] = "Ada", "ada@acme.example"
	create := Action{Kind: Create, User: ada, Want: &Wanted{Values: v}, Reason: "assigned"}
	update := Action{Kind: Update, User: ada, Changes: []Change{{Field: FirstName, Old: "Adah", New: "Ada"}}}
	role := Action{Kind: CreateRole, Role: &RoleRef{Name: "Site North", Group: "00g1"}}
	d := &Document{ID: "run", Actions: []Action{create, update, role}, Options: Options{User: []string{"ada@acme.example"}},
		Held:     []Held{{Action: update, Why: "pending: waits for ada@acme.example"}},
		Problems: []Problem{{User: ada, Code: ProblemDuplicate, Message: "ada@acme.example is there twice"}},
		Warnings: []Warning{{Code: "x", User: ada, Message: "of ada@acme.example"}},
		Result:   &Result{Failures: []Failure{{Action: create, Outcome: Failed, Message: "no ada@acme.example"}}},
		Error:    "about ada@acme.example",
	}
	before, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(d.Redacted())
	if err != nil {
		t.Fatal(err)
	}
	for _, personal := range []string{"ada@", "Ada"} {
		if strings.Contains(string(text), personal) {
			t.Errorf("it holds %q: %s", personal, text)
		}
	}
	for _, kept := range []string{`"okta_id":"00u1"`, `"field":"firstName"`, "Site North", "00u1 is there twice"} {
		if !strings.Contains(string(text), kept) {
			t.Errorf("it lacks %q: %s", kept, text)
		}
	}
	if after, _ := json.Marshal(d); string(after) != string(before) {
		t.Errorf("the document itself was changed: %s", after)
	}
}
