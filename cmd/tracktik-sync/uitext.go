package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"tracktik-sync/cmd/tracktik-sync/internal/ui"
)

// writeJSON writes v as one line.
func writeJSON(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}

// ago is a moment and how long ago it was.
func ago(t, now time.Time) string {
	return fmt.Sprintf("%s (%s ago)", t.UTC().Format(time.RFC3339), now.Sub(t).Round(time.Second))
}

// idText is an id of TrackTik's; 0 is none.
func idText(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}

// harmless keeps a spreadsheet from taking cells for formulas.
func harmless(cells []string) []string {
	for i, cell := range cells {
		cells[i] = ui.Cell(cell)
	}
	return cells
}
