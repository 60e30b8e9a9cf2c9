package notify

import (
	"context"
	"encoding/json"
	"strings"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
)

// A channel tells people something. Told is true when it reached somebody, with an
// error too, which then is about others.
type channel interface {
	name() string
	// keyed reports that the keys of messages are read: each that was opened is closed.
	keyed() bool
	send(ctx context.Context, m Message) (told bool, err error)
}

// Forms of a webhook's body, besides the message itself.
const (
	Slack = "slack"
	Teams = "teams"
)

// A webhook posts messages to a web address.
type webhook struct {
	caller  *caller
	address string
	format  string
}

func (*webhook) name() string { return "webhook" }

func (w *webhook) keyed() bool { return w.format != Slack && w.format != Teams }

func (w *webhook) send(ctx context.Context, m Message) (bool, error) {
	var body any = m
	switch w.format {
	case Slack:
		body = slackMessage(m)
	case Teams:
		body = teamsMessage(m)
	}
	data, err := json.Marshal(body)
	if err != nil {
		return false, err
	}
	err = w.caller.call(ctx, w.address, data)
	return err == nil, err
}

// slackMessage is m as Slack takes it, and others who understand its incoming
// webhooks. The three characters that Slack gives a meaning are escaped, so that no
// text can call a channel (Slack, "Formatting text for app surfaces").
func slackMessage(m Message) map[string]string {
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	head, body, _ := strings.Cut(m.Text, "\n")
	text := "*" + escape.Replace("tracktik-sync "+ui.Portal(m.Portal)+": "+head) + "*"
	if body != "" {
		text += "\n" + escape.Replace(body)
	}
	return map[string]string{"text": text}
}
