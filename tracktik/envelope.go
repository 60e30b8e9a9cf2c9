package tracktik

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
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

// parseList takes a page of a list apart. The documents draw a bare array, real
// portals wrap it; without a wrapping meta is nil.
func parseList(body []byte) (records []json.RawMessage, meta *listMeta, err error) {
	body = bytes.TrimSpace(body)
	switch {
	case len(body) == 0:
		return nil, nil, errors.New("the answer is empty")
	case body[0] == '[':
		records, err = parseRecords(body)
		return records, nil, err
	case body[0] != '{':
		return nil, nil, errors.New("the answer is no list")
	}
	var envelope struct {
		Meta *listMeta       `json:"meta"`
		Data json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(body, &envelope); err != nil {
		return nil, nil, fmt.Errorf("reading the answer: %w", err)
	}
	if records, err = parseRecords(envelope.Data); err != nil {
		return nil, nil, err
	}
	return records, envelope.Meta, checkMeta(envelope.Meta, len(records))
}

func parseRecords(data []byte) ([]json.RawMessage, error) {
	if len(data) == 0 || data[0] != '[' {
		return nil, errors.New("the answer holds no list of records")
	}
	var records []json.RawMessage
	if err := json.Unmarshal(data, &records); err != nil {
		return nil, fmt.Errorf("reading the records: %w", err)
	}
	return records, nil
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
func parseSingle(body []byte) (json.RawMessage, error) {
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return nil, errors.New("the answer is empty")
	}
	var envelope struct {
		Data json.RawMessage `json:"data"`
	}
	if body[0] != '{' {
		return nil, errors.New("the answer is no record")
	}
	if err := json.Unmarshal(body, &envelope); err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	if envelope.Data == nil {
		return body, nil
	}
	if envelope.Data[0] != '{' {
		return nil, errors.New("the answer holds no record")
	}
	return envelope.Data, nil
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
