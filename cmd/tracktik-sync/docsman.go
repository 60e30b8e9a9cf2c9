package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"tracktik-sync/configs"
	"tracktik-sync/state"
)

// A term is a name that people look up, and what it means.
type term struct{ name, about string }

// whereTheManualIs ends every help text.
const whereTheManualIs = "The manual: `man tracktik-sync`, `man tracktik-sync.yaml` for the configuration, and the pages in\n" +
	"/usr/share/doc/tracktik-sync/docs (in an archive: docs; in the sources: configs/docs)."

// exitStatus is what each exit code means; precedence has the same codes.
var exitStatus = []term{
	{"0", "Done. Also: there was nothing to do."},
	{"1", "The run failed, or stopped before all work was done. The next run goes on."},
	{"2", "The command line or the configuration is wrong. Nothing was done."},
	{"3", "The program refused: a guard, a stale plan, no snapshot, a snapshot of other systems, or an Okta app that is not active. " +
		"A person decides. The last line on stderr has the command."},
	{"4", "The run finished, and some people have problems: see `tracktik-sync problems`."},
	{"5", "Another run is active. Nothing was done."},
	{"10", "Changes are pending. Only `plan --detailed-exitcode` ends with this code."},
}

// exitOrder is told where the codes are.
const exitOrder = "When several codes fit, the first of 2, 1, 5, 3, 10, 4, 0 wins. The last line on stderr explains every code other than 0."

// besides is what the files beside the snapshot hold, by the ending of their names.
var besides = map[string]string{
	".holder":    "Which run has the snapshot now.",
	".last":      "The number of the last run. The program compares it with the snapshot and so notices an old copy.",
	".status":    "What the last run left, so that `status` can answer while a run is active.",
	".approvals": "Refused sets of actions, and which of them are approved.",
	".token":     "TrackTik's access and refresh tokens. Do not copy this file to another machine.",
	".notify":    "Which message was sent to whom.",
	".nonce":     "What Okta wants in the next DPoP proof.",
	".probe":     "The result of the last `probe`.",
	".chores":    "Which backup, metrics or events could not be kept up.",
}

// programFiles are the files that the program reads and writes by itself.
func programFiles() []term {
	files := []term{
		{"./" + configs.DefaultFile, "The configuration, unless `--config` or " + configs.EnvConfig + " names another file."},
		{configs.SystemFile, "The configuration, when the working directory has none. The packages install it."},
		{"/var/lib/tracktik-sync/tracktik-sync.db", "The snapshot of the packages. The key `state.path` names it; without that key it is tracktik-sync.db beside the configuration. SNAPSHOT stands for its path below."},
	}
	for _, ending := range state.Endings() {
		files = append(files, term{"SNAPSHOT" + ending, besides[ending]})
	}
	return append(files,
		term{"SNAPSHOT.schema-N", "The snapshot before a new version of the program changed its form."},
		term{"SNAPSHOT.before-restore-TIME", "The snapshot that `state restore` replaced."})
}

// programVariables are the variables that the program reads.
var programVariables = []term{
	{configs.EnvConfig, "The path of the configuration file."},
	{configs.EnvPrefix + "*", "Any key of the configuration: its path in capitals, with _ for the dots. It beats the file. " +
		"`okta.org_url` is TRACKTIK_SYNC_OKTA_ORG_URL."},
	{configs.EnvApprove, "The hash of an approval, as `sync --approve HASH`."},
	{configs.EnvConsole, "NAMESPACE/DEPLOYMENT of the console in a cluster. Messages then show commands as `kubectl exec` needs them."},
	{"HTTPS_PROXY, HTTP_PROXY, NO_PROXY", "The proxy for outgoing calls, and the hosts that need none."},
	{"SSL_CERT_FILE, SSL_CERT_DIR", "Where the certificate authorities of the system are (not on Windows and macOS)."},
	{"CREDENTIALS_DIRECTORY", "Set by systemd. The program looks there for a secret's file without a directory."},
	{"TZ", "The time zone of times in text."},
	{"PAGER", "The program that shows long output on a terminal. Default: less -FRX."},
	{"NO_COLOR, TERM", "No colours when NO_COLOR is set or TERM is dumb."},
	{"OTEL_*", "The usual variables of OpenTelemetry switch on metrics and traces."},
}

// programSections are the parts that all manual pages and the reference share.
func programSections() []struct {
	title, after string
	terms        []term
} {
	return []struct {
		title, after string
		terms        []term
	}{
		{"EXIT STATUS", exitOrder, exitStatus},
		{"FILES", "", programFiles()},
		{"ENVIRONMENT", "", programVariables},
	}
}

// writeManual writes a manual page for root and for each command below it, and one for
// the configuration.
func writeManual(root *cobra.Command, dir string) error {
	root.DisableAutoGenTag = true
	if err := writeManPages(root, dir); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, configs.DefaultFile+".5"), []byte(configurationManPage()), 0o644)
}

func writeManPages(cmd *cobra.Command, dir string) error {
	if !cmd.IsAvailableCommand() && cmd.HasParent() {
		return nil
	}
	for _, below := range cmd.Commands() {
		if err := writeManPages(below, dir); err != nil {
			return err
		}
	}
	var page bytes.Buffer
	header := &doc.GenManHeader{Title: "TRACKTIK-SYNC", Section: "1", Source: "tracktik-sync " + version, Manual: "tracktik-sync"}
	if err := doc.GenMan(cmd, header, &page); err != nil {
		return err
	}
	name := strings.ReplaceAll(cmd.CommandPath(), " ", "-") + ".1"
	return os.WriteFile(filepath.Join(dir, name), []byte(withProgramSections(page.String())), 0o644)
}

// withProgramSections puts what all commands share before the page's last section.
func withProgramSections(page string) string {
	const last = ".SH SEE ALSO\n"
	text, also, found := strings.Cut(page, last)
	if !found {
		text, also = page, ""
	}
	var m manPage
	m.WriteString(strings.TrimRight(text, "\n") + "\n")
	for _, section := range programSections() {
		m.section(section.title)
		m.terms(section.terms)
		if section.after != "" {
			m.paragraph(section.after)
		}
	}
	m.section("SEE ALSO")
	m.WriteString(strings.TrimRight(also, "\n"))
	if found {
		m.WriteString(", ")
	}
	m.WriteString("\\fB" + roff(configs.DefaultFile) + "(5)\\fP\n")
	return m.String()
}

// configurationManPage is the manual page of the configuration, from the keys that the
// reference lists too.
func configurationManPage() string {
	var m manPage
	fmt.Fprintf(&m, ".TH \"TRACKTIK-SYNC.YAML\" \"5\" \"%s\" \"tracktik-sync %s\" \"tracktik-sync\"\n", manDate(), version)
	m.section("NAME")
	m.WriteString(roff(configs.DefaultFile) + " \\- the configuration of tracktik\\-sync\n")
	m.section("DESCRIPTION")
	for part := range strings.SplitSeq(strings.TrimSpace(configurationIntroduction), "\n\n") {
		m.paragraph(strings.ReplaceAll(part, "\n", " "))
	}
	sections, top := configs.Sections(), ""
	for _, key := range configs.Keys() {
		if name, _, _ := strings.Cut(key.Path, "."); name != top {
			top = name
			m.section(strings.ToUpper(top))
			if about := sections[top]; about != "" {
				m.paragraph(about)
			}
		}
		about := key.Doc
		if section := key.Path[:strings.LastIndex(key.Path, ".")]; guardKind(key.Path) != "" && sections[section] != key.Doc {
			about = sections[section] + " " + key.Doc
		}
		name := key.Path + ": " + strings.ReplaceAll(keyValues(key), "`", "")
		if value := keyDefault(key); value != "" {
			name += " (default " + strings.ReplaceAll(value, "`", "") + ")"
		}
		m.terms([]term{{name, about}})
	}
	m.section("SEE ALSO")
	m.WriteString("\\fBtracktik\\-sync(1)\\fP, \\fBtracktik\\-sync\\-config\\-show(1)\\fP, \\fBtracktik\\-sync\\-check(1)\\fP\n")
	return m.String()
}

// manDate is the date on manual pages: that of the sources, where it is known.
func manDate() string {
	at := time.Now()
	if seconds, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64); err == nil {
		at = time.Unix(seconds, 0)
	}
	return at.UTC().Format("Jan 2006")
}

// A manPage is text in the language of manual pages.
type manPage struct{ strings.Builder }

func (m *manPage) section(title string) { m.WriteString(".SH " + title + "\n") }

func (m *manPage) paragraph(text string) { m.WriteString(".PP\n" + roffText(text) + "\n") }

func (m *manPage) terms(terms []term) {
	for _, t := range terms {
		m.WriteString(".TP\n\\fB" + roff(t.name) + "\\fP\n" + roffText(t.about) + "\n")
	}
}

var roffSpan = regexp.MustCompile("`([^`]+)`")

// roffText is a text with its pieces of code in bold.
func roffText(text string) string { return roffSpan.ReplaceAllString(roff(text), `\fB$1\fP`) }

// roff is a text without anything that the formatter would take for a command.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	return text
}

const programHead = `# The program: exit codes, files, environment

*Reference.* This page is made from the program (` + "`make docs`" + `). The manual pages (` + "`man tracktik-sync`" + `) say the same.
`

// programPage is what all commands share.
func programPage() string {
	var b strings.Builder
	b.WriteString(programHead)
	for _, section := range programSections() {
		title := section.title[:1] + strings.ToLower(section.title[1:])
		fmt.Fprintf(&b, "\n## %s\n\n| %s | what it is |\n|---|---|\n", title, map[string]string{"EXIT STATUS": "code", "FILES": "file", "ENVIRONMENT": "variable"}[section.title])
		for _, t := range section.terms {
			fmt.Fprintf(&b, "| `%s` | %s |\n", strings.ReplaceAll(t.name, ", ", "`, `"), cell(t.about))
		}
		if section.after != "" {
			fmt.Fprintf(&b, "\n%s [Troubleshooting](../troubleshooting.md#exit-codes) says what to do.\n", section.after)
		}
	}
	return b.String()
}
