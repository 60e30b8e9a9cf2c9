package notify

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
)

// maxCard is how large a message may be, in bytes. Teams refuses what is larger than 28 KB
// (Microsoft, "Create and send messages with incoming webhooks").
const maxCard = 27_000

// longLine is how many characters of one line are shown.
const longLine = 2000

// A card is what Teams' workflows take as a message: an envelope with one Adaptive Card.
type card struct {
	Type        string       `json:"type"`
	Attachments []attachment `json:"attachments"`
}

type attachment struct {
	ContentType string  `json:"contentType"`
	Content     content `json:"content"`
}

type content struct {
	Schema  string            `json:"$schema"`
	Type    string            `json:"type"`
	Version string            `json:"version"`
	Body    []block           `json:"body"`
	Teams   map[string]string `json:"msteams"`
}

// A block is a RichTextBlock, whose runs are plain text, or a FactSet. A TextBlock would
// read a text as Markdown, in which a name can be a link.
type block struct {
	Type    string `json:"type"`
	Spacing string `json:"spacing,omitempty"`
	Inlines []run  `json:"inlines,omitempty"`
	Facts   []fact `json:"facts,omitempty"`
}

type run struct {
	Type   string `json:"type"`
	Text   string `json:"text"`
	Size   string `json:"size,omitempty"`
	Weight string `json:"weight,omitempty"`
	Font   string `json:"fontType,omitempty"`
}

type fact struct {
	Title string `json:"title"`
	Value string `json:"value"`
}

// teamsMessage is m as one card, below maxCard: lines of a text that is too long are left out.
func teamsMessage(m Message) card {
	lines := strings.Split(m.Text, "\n")
	head := run{Type: "TextRun", Text: "tracktik-sync " + ui.Portal(m.Portal) + ": " + lines[0], Size: "Medium",
		Weight: "Bolder"}
	var tail []block
	if facts := factsOf(m); len(facts) > 0 {
		tail = append(tail, block{Type: "FactSet", Spacing: "Medium", Facts: facts})
	}
	body := []block{paragraph("None", head)}
	left := maxCard - size(cardOf(append(body, tail...)))
	more := paragraph("Small", run{Type: "TextRun",
		Text: "… and more: `tracktik-sync status` and `tracktik-sync problems` have it all."})
	for _, line := range lines[1:] {
		next := linesOf(line, m.Approve)
		if left -= size(next); left < size(more) {
			body = append(body, more)
			break
		}
		body = append(body, next...)
	}
	return cardOf(append(body, tail...))
}

func cardOf(body []block) card {
	return card{Type: "message", Attachments: []attachment{{
		ContentType: "application/vnd.microsoft.card.adaptive",
		Content: content{Schema: "http://adaptivecards.io/schemas/adaptive-card.json", Type: "AdaptiveCard", Version: "1.4",
			Body: body, Teams: map[string]string{"width": "Full"}},
	}}}
}

func paragraph(spacing string, runs ...run) block {
	return block{Type: "RichTextBlock", Spacing: spacing, Inlines: runs}
}

// linesOf is a line of the text. The command that approves stands in a line of its own, to
// be copied.
func linesOf(line, approve string) []block {
	text, command := line, ""
	if i := strings.LastIndex(line, ": "); approve != "" && i >= 0 && strings.HasSuffix(line, "--approve "+approve) {
		text, command = line[:i+1], line[i+2:]
	}
	if runes := []rune(text); len(runes) > longLine {
		text = string(runes[:longLine]) + "…"
	}
	blocks := []block{paragraph("Small", run{Type: "TextRun", Text: text})}
	if command != "" {
		blocks = append(blocks, paragraph("Small", run{Type: "TextRun", Text: command, Font: "Monospace"}))
	}
	return blocks
}

// factsOf are the counts that are not zero.
func factsOf(m Message) []fact {
	var facts []fact
	for _, name := range slices.Sorted(maps.Keys(m.Counts)) {
		if n := m.Counts[name]; n != 0 {
			facts = append(facts, fact{strings.ReplaceAll(name, "_", " "), strconv.Itoa(n)})
		}
	}
	return facts
}

// size is how many bytes v takes, with a comma.
func size(v any) int {
	data, err := json.Marshal(v)
	if err != nil { // texts and numbers always can be
		return maxCard
	}
	return len(data) + 1
}
