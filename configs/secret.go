package configs

import (
	"fmt"
	"io"
	"io/fs"
)

// redacted stands for a secret wherever one would be printed.
const redacted = "<redacted>"

// A Secret is a value that no printer shows. The zero Secret is not set.
type Secret struct {
	// A pointer, because fmt prints what hangs on an unexported field of its
	// caller without asking String; an address is all it then shows.
	value *string
	path  string // the file it was read from
	key   string // that names the file: "state.key_file"
}

// NewSecret returns a secret that comes from no file.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{value: &value}
}

// Reveal returns the value, for the one call that needs it.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsSet reports whether there is a value.
func (s Secret) IsSet() bool { return s.value != nil }

// Path is the file that the value was read from, empty when it was given itself.
func (s Secret) Path() string { return s.path }

// Equal reports whether both hold the same value, wherever it came from.
func (s Secret) Equal(other Secret) bool { return s.Reveal() == other.Reveal() }

// Reread reads the secret's file again, for a credential that is rotated while
// the process stays up. A secret without a file is returned as it is; an error
// names the key and the file, and s stays usable.
func (s Secret) Reread() (Secret, error) {
	if s.path == "" {
		return s, nil
	}
	secret, _, err := readSecret(s.key, s.path)
	if err != nil {
		return Secret{}, fmt.Errorf("%s: reading the secret's file %s: %w", s.key, s.path, err)
	}
	return secret, nil
}

// MinKeyLength is the length below which state.key is warned about, in bytes: 32
// random ones, as hexadecimal digits or in base64, are longer.
const MinKeyLength = 32

func shortKey(n int) string {
	return fmt.Sprintf("is %d bytes long, and can be tried out at leisure by whoever has the file: use 32 random ones (openssl rand -hex 32)", n)
}

// ReadKey reads a file with another state.key, as state.key_file is read. The
// warning is empty when the key is long enough and nobody else may read it.
func ReadKey(path string) (key Secret, warning string, err error) {
	key, mode, err := readSecret("state.key_file", path)
	if err != nil {
		return Secret{}, "", fmt.Errorf("%s: %w", path, err)
	}
	if n := len(key.Reveal()); n < MinKeyLength {
		warning = "the key in " + path + " " + shortKey(n)
	} else if who, remedy := readers(path, mode); who != "" {
		warning = fmt.Sprintf("others may read %s (%s); %s", path, who, remedy)
	}
	return key, warning, nil
}

// readSecret reads the file that key names, in the form of its secret.
func readSecret(key, path string) (Secret, fs.FileMode, error) {
	text, info, err := readText(path, schema.byPath[key].secret.form)
	if err != nil {
		return Secret{}, 0, err
	}
	secret := NewSecret(text)
	secret.key, secret.path = key, path
	return secret, shownTo(info), nil
}

// shownTo is a file's mode as far as it is anybody's fault. Of another owner's file
// the group may read: that is how it is handed to us (a Secret of Kubernetes with an
// fsGroup).
func shownTo(info fs.FileInfo) fs.FileMode {
	if isOurs(info) {
		return info.Mode()
	}
	return info.Mode() &^ 0o040
}

// String returns "<redacted>", or nothing for a secret that is not set.
func (s Secret) String() string {
	if s.value == nil {
		return ""
	}
	return redacted
}

// GoString redacts %#v.
func (s Secret) GoString() string { return "configs.Secret(" + s.String() + ")" }

// Format redacts every verb, those included that fmt would take apart.
func (s Secret) Format(f fmt.State, verb rune) {
	text := s.String()
	if verb == 'v' && f.Flag('#') {
		text = s.GoString()
	}
	_, _ = io.WriteString(f, text)
}

// MarshalText redacts text encodings, JSON and log fields among them.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalYAML redacts YAML.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }
