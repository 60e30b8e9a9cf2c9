package control

import (
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

var errNoIncumbent = errors.New("the portal has no integration of its own: start the sandbox with --incumbent")

func (c *Control) getIncumbent(w http.ResponseWriter, _ *http.Request) {
	switches, known := c.world.Switches()
	if !known {
		refuse(w, http.StatusNotFound, errNoIncumbent)
		return
	}
	answer(w, http.StatusOK, map[string]any{"switches": switches})
}

func (c *Control) postIncumbent(w http.ResponseWriter, r *http.Request) {
	if _, known := c.world.Switches(); !known {
		refuse(w, http.StatusNotFound, errNoIncumbent)
		return
	}
	on, err := strconv.ParseBool(r.FormValue("on"))
	if err != nil {
		refuse(w, http.StatusBadRequest, fmt.Errorf("on is %q, and must be true or false", r.FormValue("on")))
		return
	}
	if err := c.world.Switch(r.FormValue("switch"), on); err != nil {
		refuse(w, http.StatusConflict, err)
		return
	}
	c.getIncumbent(w, r)
}

func (c *Control) getPairs(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	table := csv.NewWriter(w)
	_ = table.Write([]string{"user", "employee_id"}) // the client may have gone
	for _, pair := range c.world.Pairs() {
		_ = table.Write(pair[:])
	}
	table.Flush()
}
