package main

import (
	"testing"

	"golang.org/x/text/unicode/norm"

	"tracktik-sync/tracktik/tracktiktest"
)

// Names as they are written around the world, with what editors leave around them: each
// arrives as it is spelled, and is never updated for nothing.
func TestANameOfAnyScriptIsSentOnce(t *testing.T) {
	p := newPlace(t)
	names := map[string]struct{ in, want string }{
		"malayalam@acme.example": {"\u0d1c\u0d4b\u0d23\u0d4d\u200d", "\u0d1c\u0d4b\u0d23\u0d4d\u200d"},
		"sinhala@acme.example":   {"\u0d9a\u0dca\u200d \u200b\n", "\u0d9a\u0dca\u200d"},
		"hindi@acme.example":     {"\u0915\u094d\u200c", "\u0915\u094d\u200c"},
		"persian@acme.example":   {"\u0645\u06cc\u200c\u062e\u200c ", "\u0645\u06cc\u200c\u062e"},
		"hanoi@acme.example":     {norm.NFD.String("Nguyễn") + "\u200e", "Nguyễn"},
		"latin@acme.example":     {"\ufeffSil\u200dva\u00ad", "Silva"},
	}
	for login, name := range names {
		p.addUser(login, "Ana", name.in)
	}
	p.must(t, "sync", "--init")
	for _, e := range p.portal.Employees() {
		if name, ours := names[e.Email]; ours && e.LastName != name.want {
			t.Errorf("%s is called %+q in TrackTik, want %+q", e.Email, e.LastName, name.want)
		}
	}
	p.portal.ResetRequests()
	for range 2 {
		p.must(t, "sync", "--refresh")
	}
	// The portal's people type in other forms of the same.
	for _, e := range p.portal.Employees() {
		if name, ours := names[e.Email]; ours {
			if err := p.portal.UpdateEmployee(e.ID, func(e *tracktiktest.Employee) { e.LastName = norm.NFD.String(name.want) + "\u200b" }); err != nil {
				t.Fatal(err)
			}
		}
	}
	p.must(t, "sync", "--refresh")
	if n := p.portal.AttemptedWrites(); n != 0 {
		t.Errorf("%d writes were made for names that are as they should be", n)
	}
}
