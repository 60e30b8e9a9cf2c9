package plan

import (
	"strings"
	"testing"
)

func TestAShapeHoldsNoValue(t *testing.T) {
	for body, want := range map[string]string{
		"":                    "empty",
		" \n":                 "empty",
		"<html>Ana</html>":    "html(16)",
		"Ana Silva":           "no JSON(9)",
		`{"a":`:               "no JSON(5)",
		`null`:                "null",
		`["Ana","Bé",1,true]`: "[text(3),text(2),2 more]",
		`{"status":400,"error":"Ana","ana@acme.example":null,"Ana Silva":{"x1":[]}}`: `{key(9):{key(2):[]},key(16):null,"error":text(3),"status":number}`,
	} {
		if got := Shape([]byte(body)); got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
	deep := strings.Repeat(`{"a":`, 50) + `"secret"` + strings.Repeat("}", 50)
	if got := Shape([]byte(deep)); len(got) > 60 || strings.Contains(got, "secret") {
		t.Errorf("%s", got)
	}
	var answers Answers
	for i := range 2 * MostAnswers {
		answers.Add(Answer{Status: i})
	}
	if all := answers.All(); len(all) != MostAnswers || all[0].Status != MostAnswers {
		t.Errorf("%d are kept, from %d on", len(all), all[0].Status)
	}
}

func FuzzShape(f *testing.F) {
	f.Add([]byte(`{"error":"secret"}`))
	f.Add([]byte(`["secret",{"secret person":1}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if got := Shape(body); len(got) > 1<<20 {
			t.Errorf("%d bytes", len(got))
		}
	})
}
