package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

const glossary = "configs/docs/glossary.md"

// manual are the pages of the manual that somebody wrote, without the index.
func manual(t *testing.T) (written []manualPage) {
	t.Helper()
	for _, p := range pages(t) {
		if strings.HasPrefix(p.path, "configs/docs/") && p.path != "configs/docs/README.md" {
			written = append(written, p)
		}
	}
	return written
}

// TestEveryPageIsInTheIndexUnderItsKind holds the index to the pages: each says its kind at
// its beginning, and is listed once, under the heading of that kind.
func TestEveryPageIsInTheIndexUnderItsKind(t *testing.T) {
	index := onePage(t, "configs/docs/README.md")
	for _, p := range manual(t) {
		link := "](" + strings.TrimPrefix(p.path, "configs/docs/") + ")"
		if n := strings.Count(index.text, link); n != 1 {
			t.Errorf("the index lists %s %d times", p.path, n)
		}
		kind := kindOfPage.FindStringSubmatch(p.text)
		if kind == nil {
			t.Errorf("%s does not begin with its kind, such as *How-to.*", p.path)
		} else if !strings.Contains(index.section(t, "## "+kind[1]), link) {
			t.Errorf("%s says that it is of the kind %q, and the index lists it elsewhere", p.path, kind[1])
		}
	}
}

var (
	kindOfPage = regexp.MustCompile(`^# .*\n\n\*(Tutorial|How-to|Reference|Explanation)\.\*`)
	entry      = regexp.MustCompile(`(?m)^### (.+)\n\n(?:\*Also: ([^*]+)\.\*)?`)
	// What is no running text: a heading, the kind, a piece of code, what is quoted, a link, an address.
	apart = regexp.MustCompile("(?m)^#+ .*$|^\\*(?:Tutorial|How-to|Reference|Explanation)\\.\\*|`[^`\n]+`|\"[^\"\n]+\"|!?\\[([^]]*)\\]\\(([^)]*)\\)|https?://\\S+")
)

// glossaryWords are the forms of each word, by the form in lower case, with the anchor.
func glossaryWords(t *testing.T) map[string]string {
	t.Helper()
	words := map[string]string{}
	for _, match := range entry.FindAllStringSubmatch(onePage(t, glossary).text, -1) {
		anchor := strings.ReplaceAll(mark.ReplaceAllString(strings.ToLower(match[1]), ""), " ", "-")
		for _, form := range append(strings.Split(match[2], ", "), match[1]) {
			if form != "" {
				words[strings.ToLower(form)] = anchor
			}
		}
	}
	if len(words) < 60 {
		t.Fatalf("%d words were found: the glossary is not read as it is written", len(words))
	}
	return words
}

// TestEveryWordOfTheGlossaryIsLinkedWhereItFirstAppears looks at the running text of each
// page of the manual.
func TestEveryWordOfTheGlossaryIsLinkedWhereItFirstAppears(t *testing.T) {
	words := glossaryWords(t)
	var forms []string
	for form := range words {
		forms = append(forms, strings.ReplaceAll(regexp.QuoteMeta(form), " ", `\s+`))
	}
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	word := regexp.MustCompile(`(?i)(^|[^\p{L}\p{N}_-])(` + strings.Join(forms, "|") + `)($|[^\p{L}\p{N}_-])`)
	for _, p := range manual(t) {
		if p.path == glossary || strings.Contains(p.path, "/reference/") {
			continue // the references are made from the program
		}
		linked := map[string]bool{}
		look := func(text string) {
			for at := word.FindStringSubmatchIndex(text); at != nil; at = word.FindStringSubmatchIndex(text) {
				found := strings.Join(strings.Fields(strings.ToLower(text[at[4]:at[5]])), " ")
				if anchor := words[found]; !linked[anchor] {
					t.Errorf("%s: %q appears first without a link to glossary.md#%s: %q", p.path, found, anchor, strings.TrimSpace(text[max(0, at[0]-30):at[1]]))
					linked[anchor] = true
				}
				text = text[at[5]:]
			}
		}
		text := p.prose()
		from := 0
		for _, at := range apart.FindAllStringSubmatchIndex(text, -1) {
			look(text[from:at[0]])
			if from = at[1]; at[4] >= 0 {
				if anchor, found := strings.CutPrefix(text[at[4]:at[5]], "glossary.md#"); found {
					linked[anchor] = true
				}
			}
		}
		look(text[from:])
	}
}
