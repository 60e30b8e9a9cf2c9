package configs

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

// secrets are the schema's, each with a file of its own.
func secrets() (list []*field) {
	for _, f := range schema.all {
		if f.kind == kindSecretFile {
			list = append(list, f)
		}
	}
	return list
}

const plantedAddress = "https://x.example/" + planted

func utf16Of(text string, littleEndian bool) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune(text)) {
		pair := []byte{byte(unit >> 8), byte(unit)}
		if littleEndian {
			slices.Reverse(pair)
		}
		b.Write(pair)
	}
	return b.String()
}

func TestWhatAnEditorLeavesAroundASecretIsNoPartOfIt(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": planted, "a line end": planted + "\n", "two": planted + "\n\n", "those of Windows": planted + "\r\n\r\n",
		"a byte order mark": byteOrderMark + planted, "all of Notepad's": byteOrderMark + planted + "\r\n",
	} {
		for _, f := range secrets() {
			text := strings.ReplaceAll(text, planted, plantedAddress)
			path := write(t, t.TempDir(), "secret", text)
			for form, variable := range map[string]string{"file": f.env + "=" + path, "variable": f.secret.env + "=" + text} {
				c, _, _ := load(t, minimal, variable)
				if got := f.secret.value(c).(Secret); got.Reveal() != plantedAddress {
					t.Errorf("%s with %s by %s is read as %q", f.secret.path, name, form, got.Reveal())
				}
			}
		}
	}
}

func TestWhiteSpaceCountsInPasswordsOnly(t *testing.T) {
	for _, f := range secrets() {
		c, _, _ := load(t, minimal, f.env+"="+write(t, t.TempDir(), "secret", "\t "+plantedAddress+" \u00a0\n"))
		want := plantedAddress
		if strings.HasSuffix(f.secret.path, ".password") {
			want = "\t " + want + " \u00a0"
		}
		if got := f.secret.value(c).(Secret); got.Reveal() != want {
			t.Errorf("%s is read as %q, want %q", f.secret.path, got.Reveal(), want)
		}
	}
}

// What is spoilt is found before anything is sent: a refused password is tried once.
func TestASecretThatCannotBeMeantIsAFindingWithKeyAndFile(t *testing.T) {
	for name, text := range map[string]string{
		"a second line": planted + "\nother", "a second line of Windows": planted + "\r\nother\r\n", "a second line of Mac": planted + "\rother",
		"a separator of lines": planted + "\u2028other", "NUL": planted + "\x00", "NULs": "\x00\x00", "nothing but a byte order mark": byteOrderMark + "\r\n",
		"UTF-16": "\xff\xfe" + utf16Of(planted, true), "UTF-16, big end first": "\xfe\xff" + utf16Of(planted, false),
		"UTF-16 without a mark": utf16Of(planted, true),
	} {
		for _, f := range secrets() {
			if strings.Contains(name, "line") && f.secret.path == "okta.auth.private_key" {
				continue
			}
			path := write(t, t.TempDir(), "secret", text)
			findings := findingsOf(t, minimal, f.env+"="+path)
			wantLine(t, findings, f.env, f.path, path)
			if strings.Contains(findings.Error(), planted) {
				t.Errorf("%s with %s is repeated: %v", f.secret.path, name, findings)
			}
			if strings.Contains(name, "line") {
				wantLine(t, findingsOf(t, minimal, f.secret.env+"="+text), f.secret.env, f.secret.path, "several lines")
			}
			c, _, _ := load(t, minimal, f.env+"="+path)
			if got := f.secret.value(c).(Secret); got.IsSet() {
				t.Errorf("%s with %s is %q all the same", f.secret.path, name, got.Reveal())
			}
		}
	}
}

func TestASecretInYAMLIsReadAsFromAFile(t *testing.T) {
	c, _ := mustLoad(t, with("state:\n  key: |\n    "+planted+"\n\n"))
	if got := c.State.Key.Reveal(); got != planted {
		t.Errorf("it is read as %q", got)
	}
	wantLine(t, findingsOf(t, with("state:\n  key: |\n    a\n    b")), "tracktik-sync.yaml:9", "state.key", "several lines")
	wantLine(t, findingsOf(t, with(`state: {key: "a\0b"}`)), "state.key", "NUL")
}

func TestAPrivateKeyKeepsItsLines(t *testing.T) {
	const key = "-----BEGIN PRIVATE KEY-----\r\nabc\r\n-----END PRIVATE KEY-----"
	path := write(t, t.TempDir(), "okta.pem", byteOrderMark+key+"\r\n")
	c, _, _ := load(t, minimal, "TRACKTIK_SYNC_OKTA_AUTH_PRIVATE_KEY_FILE="+path)
	if got := c.Okta.Auth.PrivateKey.Reveal(); got != key {
		t.Errorf("it is read as %q", got)
	}
}

func TestAKeyThatIsSpoiltLaterIsFoundToo(t *testing.T) {
	dir := t.TempDir()
	path := write(t, dir, "pw", planted)
	c, _ := mustLoad(t, minimal, "TRACKTIK_SYNC_TRACKTIK_AUTH_PASSWORD_FILE="+path)
	write(t, dir, "pw", byteOrderMark+" other \r\n\r\n")
	if fresh, err := c.TrackTik.Auth.Password.Reread(); err != nil || fresh.Reveal() != " other " {
		t.Errorf("read anew: %q, %v", fresh.Reveal(), err)
	}
	write(t, dir, "pw", "\xff\xfeo\x00")
	if _, err := c.TrackTik.Auth.Password.Reread(); !errors.Is(err, errUTF16) || !holdsAll(err.Error(), []string{path, "tracktik.auth.password_file"}) {
		t.Errorf("read anew: %v", err)
	}
}

// Lines of a file of variables may end as those of Windows do.
func TestAVariableIsReadWithoutByteOrderMarkAndLineEnd(t *testing.T) {
	c, _ := mustLoad(t, minimal, "TRACKTIK_SYNC_OKTA_APP_ID=0oa2\r", "TRACKTIK_SYNC_SYNC_SUSPENDED="+byteOrderMark+"terminate\r",
		"TRACKTIK_SYNC_SYNC_PROTECTED="+byteOrderMark+"a@acme.example,b@acme.example\r\n")
	if c.Okta.AppID != "0oa2" || c.Sync.Suspended != "terminate" || strings.Join(c.Sync.Protected, "|") != "a@acme.example|b@acme.example" {
		t.Errorf("read %q, %q and %q", c.Okta.AppID, c.Sync.Suspended, c.Sync.Protected)
	}
}

// A block of YAML ends its last line, and copied text may have space around.
func TestATextIsReadWithoutWhiteSpaceAround(t *testing.T) {
	c, _ := mustLoad(t, strings.Replace(with("state:\n  path: |\n    there.db\n"), "app_id: 0oa1", "app_id: \" 0oa1\\n\"", 1), "TRACKTIK_SYNC_SYNC_ADOPT= never ")
	if c.Okta.AppID != "0oa1" || c.Sync.Adopt != "never" || !strings.HasSuffix(c.State.Path, "/there.db") {
		t.Errorf("read %q, %q and %q", c.Okta.AppID, c.Sync.Adopt, c.State.Path)
	}
	wantLine(t, findingsOf(t, minimal, "TRACKTIK_SYNC_OKTA_APP_ID=0oa1\n0oa2"), "okta.app_id", "id alone")
}

func TestAConfigurationOfNotepadIsRead(t *testing.T) {
	windows := strings.ReplaceAll(minimal, "\n", "\r\n")
	for name, text := range map[string]string{
		"UTF-8 with a mark": byteOrderMark + windows,
		"UTF-16":            "\xff\xfe" + utf16Of(windows, true),
		"UTF-16, big end":   "\xfe\xff" + utf16Of(windows, false),
	} {
		if c, _, err := load(t, text); err != nil || c.Okta.AppID != "0oa1" || c.TrackTik.Auth.Password.Reveal() != "pw" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
