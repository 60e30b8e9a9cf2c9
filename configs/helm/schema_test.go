package helm_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"tracktik-sync/configs"
)

const schemaFile = chart + "/values.schema.json"

type object = map[string]any

// The chart refuses what the program would refuse, before anything is installed:
// the part of its schema that is about the configuration is made from the program's
// own keys.
func TestSchemaKnowsTheKeysOfTheConfiguration(t *testing.T) {
	data, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	var schema object
	if err := json.Unmarshal(data, &schema); err != nil {
		t.Fatal(err)
	}
	defs := schema["$defs"].(object)
	secrets := secretPaths()
	defs["config"] = configSchema()
	defs["secretKeys"] = object{"type": "array", "items": object{"enum": secrets}, "uniqueItems": true}
	values, refs := object{}, object{}
	for _, path := range secrets {
		values[path] = object{"type": "string", "minLength": 1}
		refs[path] = object{"type": "object", "required": []string{"key"}}
	}
	defs["secrets"] = object{"type": "object", "additionalProperties": false, "properties": values}
	external := defs["externalSecret"].(object)["properties"].(object)
	external["data"] = object{"type": "object", "additionalProperties": false, "properties": refs}

	var made bytes.Buffer
	encoder := json.NewEncoder(&made)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(schema); err != nil {
		t.Fatal(err)
	}
	golden(t, schemaFile, made.String())
}

// secretPaths are the keys that have a second form, `<key>_file`.
func secretPaths() []string {
	var paths []string
	for _, key := range configs.Keys() {
		if key.Type == "secret" {
			paths = append(paths, key.Path)
		}
	}
	return paths
}

func configSchema() object {
	root := section()
	for _, key := range configs.Keys() {
		at := root
		parts := strings.Split(key.Path, ".")
		for _, part := range parts[:len(parts)-1] {
			properties := at["properties"].(object)
			if properties[part] == nil {
				properties[part] = section()
			}
			at = properties[part].(object)
		}
		property := valueSchema(key)
		if key.Doc != "" {
			property["description"] = key.Doc
		}
		at["properties"].(object)[parts[len(parts)-1]] = property
	}
	return root
}

func section() object {
	return object{"type": "object", "additionalProperties": false, "properties": object{}}
}

func valueSchema(key configs.Key) object {
	switch key.Type {
	case "true or false":
		return object{"type": "boolean"}
	case "whole number":
		return object{"type": "integer"}
	case "number":
		return object{"type": "number"}
	case "duration":
		return object{"type": "string", "pattern": `^(0|([0-9]+w)?([0-9]+d)?([0-9.]+(h|m|s|ms|us|µs|ns))*)$`}
	case "list":
		return object{"type": "array", "items": object{"type": []string{"string", "integer"}}}
	case "map of texts":
		return object{"type": "object", "additionalProperties": object{"type": []string{"string", "integer"}}}
	case "map of attributes":
		return object{"type": "object"}
	}
	if len(key.OneOf) > 0 {
		return object{"enum": key.OneOf}
	}
	return object{"type": []string{"string", "integer"}} // 4711 is an id as well as "4711"
}
