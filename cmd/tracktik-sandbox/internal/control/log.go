package control

import (
	"cmp"
	"net/http"
	"strings"
	"time"

	"tracktik-sync/okta/oktatest"
)

// An event is an entry of Okta's System Log.
type event struct {
	UUID      string    `json:"uuid"`
	Published time.Time `json:"published"`
	Type      string    `json:"type"`
	Text      string    `json:"text"`
	Targets   []target  `json:"targets"`
}

type target struct {
	Type string `json:"type"`
	ID   string `json:"id"`
	Name string `json:"name"`
}

// logLimit is how many events are answered unless told otherwise.
const logLimit = 200

// getLog answers what can be read of the log now, the latest first.
func (c *Control) getLog(w http.ResponseWriter, r *http.Request) {
	limit, err := number(r, "limit", logLimit)
	if err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	events, query := []event{}, strings.ToLower(r.FormValue("q"))
	wanted := limit
	if query != "" {
		wanted = 0 // all are looked through
	}
	for _, logged := range c.world.Okta.Logged(wanted) {
		e := shown(logged)
		if limit > 0 && len(events) == limit {
			break
		}
		if query == "" || strings.Contains(strings.ToLower(e.words()), query) {
			events = append(events, e)
		}
	}
	answer(w, http.StatusOK, map[string]any{"events": events})
}

func shown(logged oktatest.LogEvent) event {
	e := event{UUID: logged.UUID, Published: logged.Published.UTC(), Type: logged.Type, Text: logged.Text, Targets: []target{}}
	for _, t := range logged.Targets {
		e.Targets = append(e.Targets, target{t.Type, t.ID, cmp.Or(t.DisplayName, t.AlternateID, t.ID)})
	}
	return e
}

func (e event) words() string {
	words := []string{e.Type, e.Text}
	for _, t := range e.Targets {
		words = append(words, t.ID, t.Name)
	}
	return strings.Join(words, "\n")
}
