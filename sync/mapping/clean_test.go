package mapping_test

import (
	"testing"

	"tracktik-sync/sync/plan"
)

func TestValuesAreCleaned(t *testing.T) {
	for name, test := range map[string]struct{ in, want string }{
		"white space around":        {"\u00a0\t Guard \r\n", "Guard"},
		"white space inside stays":  {"Night  Guard", "Night  Guard"},
		"line breaks":               {"Night\r\nGuard\u2028Lead\u0085x", "Night Guard Lead x"},
		"tab beside a space":        {"Night \tGuard", "Night Guard"},
		"decomposed":                {"Cafe\u0301", "Café"},
		"compatibility singleton":   {"\u212b\u2126", "ÅΩ"},
		"width is no form of NFC":   {"Ｇｕａｒｄ", "Ｇｕａｒｄ"},
		"C0 and C1":                 {"Gu\x00ar\x1b[31md\u009b", "Guar[31md"},
		"bidirectional override":    {"Guard\u202egnp.exe\u2069\u061c", "Guardgnp.exe"},
		"zero width":                {"\ufeffGu\u200bard\u2060", "Guard"},
		"soft hyphen":               {"Guard\u00adian", "Guardian"},
		"mark behind zero width":    {"e\u200b\u0301", "é"},
		"joiner in Latin":           {"Gu\u200card\u200d", "Guard"},
		"joiner in Persian":         {"می\u200cخواهم", "می\u200cخواهم"},
		"joiner at the end":         {"می\u200c\u200d", "می"},
		"joiner behind a virama":    {"ജോണ്\u200d ", "ജോണ്\u200d"},
		"joiner and white space":    {"می\u200c ", "می"},
		"emoji of several":          {"👩\u200d🚒", "👩\u200d🚒"},
		"broken UTF-8":              {"Gu\xffard", "Gu\ufffdard"},
		"markup is a text":          {`<script>alert("x")</script>`, `<script>alert("x")</script>`},
		"a formula is a text":       {"=cmd()|' /C calc'!A0", "=cmd()|' /C calc'!A0"},
		"a template is a text":      {"{{.Secret}} ${HOME} %s", "{{.Secret}} ${HOME} %s"},
		"quotes and commas":         {`O'Neil, "Bea"; --`, `O'Neil, "Bea"; --`},
		"right-to-left needs none":  {"שלום", "שלום"},
		"plain stays what it is":    {"Guard", "Guard"},
		"controls between two runs": {"a\u200b \u200b b", "a  b"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMapper(t, config{})
			r, sources := m.Explain(anaWith(map[string]any{"title": test.in, "firstName": test.in, "division": test.in}), nil)
			wantFine(t, r)
			for _, f := range []plan.Field{plan.JobTitle, plan.FirstName, plan.Region} {
				wantValue(t, r, f, test.want)
			}
			if s := sources[plan.JobTitle]; s.Name != "user.title" || s.Raw != test.in || s.Normalised != (test.in != test.want) {
				t.Errorf("explained as %+v", s)
			}
		})
	}
}

func TestUnicodeFormsOfOneValueAreOneValue(t *testing.T) {
	for _, forms := range [][]string{
		{"José", "Jose\u0301", " José\u200e"},
		{"Ngữ", "Ngu\u031b\u0303", "Ngu\u0303\u031b"},
		{"각", "\u1100\u1161\u11a8"},
	} {
		var first string
		for i, form := range forms {
			got := mapDefault(t, anaWith(map[string]any{"firstName": form})).Wanted.Values[plan.FirstName]
			if i == 0 {
				first = got
			}
			if got != first {
				t.Errorf("%+q gives %+q, and %+q gives %+q", forms[0], first, form, got)
			}
		}
	}
}
