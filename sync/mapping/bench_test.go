package mapping_test

import (
	"testing"

	"tracktik-sync/sync/mapping"
	"tracktik-sync/sync/plan"
)

var (
	resultSink mapping.Result
	scopeSink  bool
)

func BenchmarkMap(b *testing.B) {
	usual := complete()
	for name, value := range map[string]string{
		"title": "Guard", "primaryPhone": "+1 514 555 0100", "preferredLanguage": "en_US", "division": "East", "userType": "User",
	} {
		usual.User[name] = value
	}
	accented := complete()
	for name, value := range map[string]string{
		"firstName": "Zoe\u0308", "lastName": "Lefèvre", "title": "Gardien\u00adne", "preferredLanguage": "fr-Latn-CA", "city": "Montréal", "division": "Rive-Sud\u200b",
	} {
		accented.User[name] = value
	}
	computed := config{Attributes: attributes{"jobTitle": {CEL: `user.title + " " + user.city`}}}
	for _, bench := range []struct {
		name   string
		config config
		person plan.Person
	}{
		{"usual", config{}, usual}, {"accented", config{}, accented}, {"with CEL", computed, usual},
	} {
		b.Run(bench.name, func(b *testing.B) {
			m := newMapper(b, bench.config)
			b.ReportAllocs()
			for b.Loop() {
				resultSink = m.Map(bench.person, nil)
			}
		})
	}
}

func BenchmarkInScope(b *testing.B) {
	m := newMapper(b, config{Scope: `user.lastName.startsWith("S") && !("Office" in groups)`})
	p, groups := ana(), []string{"Everyone", "Site guards"}
	b.ReportAllocs()
	for b.Loop() {
		scopeSink, _ = m.InScope(p, groups)
	}
}
