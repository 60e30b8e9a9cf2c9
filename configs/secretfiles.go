package configs

import (
	"os"
	"path/filepath"
	"strings"
)

// credentialsDirectory is where systemd lays the files of LoadCredential=.
const credentialsDirectory = "CREDENTIALS_DIRECTORY"

// givenTwice notes secrets for which one level gives the value and a file.
func (l *loader) givenTwice(level settings) {
	for _, f := range schema.all {
		if f.kind != kindSecretFile {
			continue
		}
		value, file := level[f.secret.path], level[f.path]
		if isText(value) && isText(file) {
			l.find(f.secret.path, value.from, "is given twice, as a value here and as %s in %s; keep one", f.path, file.from)
		}
	}
}

// isText reports whether s holds a text that is not empty.
func isText(s setting) bool {
	text, ok := s.value.(string)
	return ok && text != ""
}

// resolveSecrets puts a Secret in the place of each value or file name, and
// answers the tree for viper. What cannot be read is noted and left unset.
func (l *loader) resolveSecrets(merged settings) map[string]any {
	flat := map[string]any{}
	for _, f := range schema.all {
		s := merged[f.path]
		switch f.kind {
		case kindSecretFile:
		case kindSecret:
			flat[f.path] = l.secret(f, s, merged[f.path+"_file"])
		default:
			flat[f.path] = s.value
		}
	}
	return nest(flat)
}

func (l *loader) secret(f *field, value, file setting) Secret {
	if isText(value) {
		if value.from.File != "" {
			if who, remedy := readers(value.from.File, l.mode); who != "" {
				l.warn(f.path, value.from, "a secret stands in a file that others may read (%s); %s, or use %s_file", who, remedy, f.path)
			}
		}
		text, err := f.form.clean(value.value.(string))
		if err != nil {
			l.find(f.path, value.from, "the value cannot be used: %s", err)
		}
		return NewSecret(text)
	}
	if !isText(file) {
		return Secret{}
	}
	return l.secretFromFile(f.path+"_file", file)
}

func (l *loader) secretFromFile(key string, file setting) Secret {
	path := file.value.(string)
	if strings.ContainsAny(path, "\r\n") || strings.Contains(path, "-----BEGIN") {
		l.find(key, file.from, "holds the secret itself, and must be the path of a file; the value belongs under %s", strings.TrimSuffix(key, "_file"))
		return Secret{}
	}
	path, bySystemd := l.locate(path)
	secret, mode, err := l.read(key, path)
	if err != nil {
		l.find(key, file.from, "reading the secret's file %s: %s", path, err)
		return Secret{}
	}
	if who, remedy := readers(path, mode); who != "" && !bySystemd {
		l.warn(key, file.from, "others may read %s (%s); %s", path, who, remedy)
	}
	return secret
}

// locate finds a secret's file: a relative path is one of systemd's credentials if
// there is one of that name, else it starts from the configuration file.
func (l *loader) locate(path string) (absolute string, bySystemd bool) {
	dir := l.env.all[credentialsDirectory]
	if filepath.IsAbs(path) {
		return path, dir != "" && strings.HasPrefix(path, dir+string(filepath.Separator))
	}
	if dir != "" && filepath.IsLocal(path) {
		credential := filepath.Join(dir, path)
		if _, err := os.Stat(credential); err == nil {
			return credential, true
		}
	}
	return filepath.Join(l.dir, path), false
}
