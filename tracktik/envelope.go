package tracktik

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tidwall/gjson"
)

// withoutMark takes off the byte order mark that some servers and proxies put before
// JSON, which RFC 8259, section 8.1, lets a reader ignore.
func withoutMark(body []byte) []byte { return bytes.TrimPrefix(body, []byte("\ufeff")) }

// listMeta is the part of a list's envelope that is checked (the envelope is
// shown in support article 23794537688471).
type listMeta struct {
	Count     *ref `json:"count"`     // of the whole list
	ItemCount *ref `json:"itemCount"` // of this page
	Security  struct {
		Granted *bool `json:"granted"`
	} `json:"security"`
}

// parseAnswer takes an answer apart that is to be a record or a list. The documents draw it
// bare, real portals wrap it in an object, as its data; without a wrapping meta does not exist.
func parseAnswer(body []byte, what string) (data, meta gjson.Result, err error) {
	body = bytes.TrimSpace(body)
	switch {
	case len(body) == 0:
		return data, meta, errors.New("the answer is empty")
	case body[0] != '{' && body[0] != '[':
		return data, meta, errors.New("the answer is no " + what)
	case !json.Valid(body):
		return data, meta, fmt.Errorf("reading the answer: %w", json.Unmarshal(body, new(json.RawMessage)))
	}
	answer := gjson.ParseBytes(body)
	data = answer
	if answer.IsObject() {
		err = readRecord(answer, place{"data", (*anything)(&data)}, place{"meta", (*anything)(&meta)})
	}
	return data, meta, err
}

// parseList takes a page of a list apart; without a wrapping meta is nil.
func parseList(body []byte) (records []gjson.Result, meta *listMeta, err error) {
	data, described, err := parseAnswer(body, "list")
	if err != nil {
		return nil, nil, err
	}
	if described.Exists() {
		if err := json.Unmarshal([]byte(described.Raw), &meta); err != nil {
			return nil, nil, fmt.Errorf("reading the answer: %w", err)
		}
	}
	if !data.IsArray() {
		return nil, nil, errors.New("the answer holds no list of records")
	}
	records = data.Array()
	return records, meta, checkMeta(meta, len(records))
}

// checkMeta finds a page that contradicts its own description.
func checkMeta(meta *listMeta, records int) error {
	switch {
	case meta == nil:
		return nil
	case meta.Security.Granted != nil && !*meta.Security.Granted:
		return errors.New("the portal did not grant the list, and answered as if it had")
	case meta.ItemCount != nil && int(*meta.ItemCount) != records:
		return fmt.Errorf("the page says that it holds %d records, and holds %d", *meta.ItemCount, records)
	case meta.Count != nil && int(*meta.Count) < records:
		return fmt.Errorf("the list says that it has %d records, and this page alone holds %d", *meta.Count, records)
	}
	return nil
}

// parseSingle is the record in an answer, wrapped or bare.
func parseSingle(body []byte) (gjson.Result, error) {
	record, _, err := parseAnswer(body, "record")
	if err == nil && !record.IsObject() {
		err = errors.New("the answer holds no record")
	}
	return record, err
}

// acknowledged checks the answer to a write of which nothing is needed but that
// it came, whole and from the portal.
func acknowledged(body []byte) error {
	body = bytes.TrimSpace(body)
	switch {
	case len(body) == 0:
		return errors.New("the answer is empty")
	case !json.Valid(body) || body[0] != '{' && body[0] != '[':
		return errors.New("the answer is not the portal's")
	}
	var failed struct {
		Error text `json:"error"`
	}
	if body[0] == '{' && json.Unmarshal(body, &failed) == nil && failed.Error.value != "" {
		return fmt.Errorf("the portal answered with success and an error: %s", failed.Error.value)
	}
	return nil
}
