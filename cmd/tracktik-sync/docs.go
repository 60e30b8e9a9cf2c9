package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"tracktik-sync/configs"
)

// docsCommands make what packages install beside the program, and the reference.
var docsCommands = []constructor{newDocsMan, newDocsConfig, newDocsReference}

func newDocs(a *app) *cobra.Command {
	cmd := group(a, "docs", "Write the files that packages install, and the reference", docsCommands)
	cmd.Hidden = true
	return cmd
}

func newDocsMan(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write the manual pages",
		Long: "Man writes a manual page (section 1) for each command, and one (section 5) for the configuration.\n" +
			"The date in them is that of SOURCE_DATE_EPOCH, where it is set.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return err
			}
			if err := writeManual(cmd.Root(), args[0]); err != nil {
				return fmt.Errorf("writing manual pages: %w", err)
			}
			return a.Say("wrote the manual pages to %s", args[0])
		},
	}
}

// packaged is where packages and their systemd unit have what the sample names. A
// secret without a directory is one of the unit's credentials, or lies beside the
// configuration.
var packaged = map[string]any{
	"okta.auth.private_key_file":       "okta.pem",
	"tracktik.auth.client_secret_file": "tracktik_client_secret",
	"tracktik.auth.password_file":      "tracktik_password",
	"tracktik.auth.refresh_token_file": nil,
	"state.path":                       "/var/lib/tracktik-sync/tracktik-sync.db",
}

func newDocsConfig(a *app) *cobra.Command {
	var out output
	cmd := &cobra.Command{
		Use:   "config FILE",
		Short: "Write the sample configuration with the paths of packages",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := configs.Fill(packaged)
			if err != nil {
				return err
			}
			if err := os.MkdirAll(filepath.Dir(args[0]), 0o755); err != nil {
				return err
			}
			out.path = args[0]
			if err := out.mayWrite(cmd.Context(), &a.Terminal, a.configIfAny()); err != nil {
				return err
			}
			if err := os.WriteFile(args[0], []byte(text), 0o600); err != nil {
				return err
			}
			return a.Say("wrote the sample configuration to %s", args[0])
		},
	}
	out.registerForce(cmd.Flags())
	return cmd
}

func newDocsReference(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "reference DIR",
		Short: "Write the reference of configuration and commands",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return err
			}
			for name, text := range map[string]string{
				"configuration.md": configurationPage(),
				"commands.md":      commandsPage(cmd.Root()),
				"program.md":       programPage(),
			} {
				path := filepath.Join(args[0], name)
				if err := a.spare(path); err != nil {
					return err
				}
				if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
					return err
				}
			}
			return a.Say("wrote the reference to %s", args[0])
		},
	}
}

const configurationHead = `# Configuration

*Reference.* Every key, its default, and the reason for the default. This page is made from the program (` + "`make docs`" + `).
The manual page ` + "`man tracktik-sync.yaml`" + ` says the same.

` + configurationIntroduction

// configurationIntroduction is shared by the reference and the manual page.
const configurationIntroduction = `The program reads the first of these files: the one that ` + "`--config`" + ` names, the one that ` + "`" + configs.EnvConfig + "`" + ` names,
` + "`./" + configs.DefaultFile + "`, `" + configs.SystemFile + "`" + `. Write only the keys that you want to change; every other key has its
default. The program refuses an unknown key, and names the nearest known one. ` + "`tracktik-sync config show`" + ` prints the values in
force, and where each of them comes from.

A variable can set each key, and beats the file. Its name is ` + "`" + configs.EnvPrefix + "`" + ` and the path of the key in capitals, with ` + "`_`" + ` for the
dots: ` + "`okta.org_url`" + ` is ` + "`TRACKTIK_SYNC_OKTA_ORG_URL`" + `. In a variable a list is separated by commas, and a map is YAML.

Keep each secret in a file of its own, and name that file by the same key with ` + "`_file`" + `. A key with both a value and a file is an
error. A relative path starts in the directory of the configuration. The program ignores a byte order mark and the line ends
behind a secret, and, except in passwords, all white space. A secret in UTF-16, or one in several lines that is not a private key,
is an error; the message names the key and the file.
`

// configurationPage is the table of keys, a section of the file after the other.
func configurationPage() string {
	var b strings.Builder
	b.WriteString(configurationHead)
	sections, top, section := configs.Sections(), "", ""
	for _, key := range configs.Keys() {
		if name, _, _ := strings.Cut(key.Path, "."); name != top {
			top = name
			fmt.Fprintf(&b, "\n## %s\n\n", top)
			if about := sections[top]; about != "" {
				b.WriteString(about + "\n\n")
			}
			if top == "guard" {
				guardTable(&b)
			}
			b.WriteString("| key | value | default | what it does |\n|---|---|---|---|\n")
		}
		if guardKind(key.Path) != "" {
			continue
		}
		if parent := key.Path[:strings.LastIndex(key.Path, ".")]; parent != section {
			section = parent
			if about := sections[section]; section != top && about != "" && about != key.Doc {
				fmt.Fprintf(&b, "| **`%s`** | | | %s |\n", section, cell(about))
			}
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", key.Path, keyValues(key), keyDefault(key), cell(key.Doc))
	}
	return b.String()
}

// guardKind is the kind of action that a key like guard.terminate.max_count limits; empty: it is no such key.
func guardKind(path string) string {
	if parts := strings.Split(path, "."); len(parts) == 3 && parts[0] == "guard" {
		return parts[1]
	}
	return ""
}

// guardTable shows the limits of all kinds, which have the same four keys.
func guardTable(b *strings.Builder) {
	kinds, limits, sections := configs.GuardKinds(), map[string][]string{}, configs.Sections()
	var names []term
	for _, key := range configs.Keys() {
		kind := guardKind(key.Path)
		if kind == "" {
			continue
		}
		limits[kind] = append(limits[kind], keyDefault(key))
		if kind == kinds[0] {
			names = append(names, term{key.Path[strings.LastIndex(key.Path, ".")+1:], key.Doc})
		}
	}
	b.WriteString("Each kind of action has the same four keys, such as `guard." + kinds[0] + "." + names[0].name +
		"`:\n\n")
	for _, name := range names {
		b.WriteString("- `" + name.name + "`: " + name.about + "\n")
	}
	b.WriteString("\nTheir defaults:\n\n| kind | `" + names[0].name + "` | `" + names[1].name + "` | `" + names[2].name +
		"` | `" + names[3].name + "` | what is counted |\n|---|---|---|---|---|---|\n")
	for _, kind := range kinds {
		fmt.Fprintf(b, "| `guard.%s` | %s | %s |\n", kind, strings.Join(limits[kind], " | "), cell(sections["guard."+kind]))
	}
	b.WriteString("\nThe other keys:\n\n")
}

// keyValues says what a key takes.
func keyValues(key configs.Key) string {
	if len(key.OneOf) == 0 {
		return key.Type
	}
	text := "`" + strings.Join(key.OneOf, "`, `") + "`"
	if key.Type == "list" {
		return "list of " + text
	}
	return text
}

func keyDefault(key configs.Key) string {
	if key.Default == `""` {
		return ""
	}
	return "`" + key.Default + "`"
}

// cell keeps a text within its cell.
func cell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

const commandsHead = `# Commands

*Reference.* Every command and every flag. This page is made from the program (` + "`make docs`" + `); ` + "`tracktik-sync help COMMAND`" + `
and the manual pages say the same.

USER is an Okta id, a login, an e-mail or a TrackTik employee id; the program tries them in this order. RUN is the id of a run, or
` + "`last`" + `. Data goes to stdout, everything else to stderr. All commands have the same
[exit codes](program.md#exit-status).

Flags of every command:

`

// commandsPage lists the commands that people look for, in the order of their names.
func commandsPage(root *cobra.Command) string {
	var b strings.Builder
	b.WriteString(commandsHead)
	block(&b, "", root.PersistentFlags().FlagUsages())
	for _, cmd := range root.Commands() {
		describeCommand(&b, cmd)
	}
	return b.String()
}

// describeCommand writes of cmd, or of the commands below it.
func describeCommand(b *strings.Builder, cmd *cobra.Command) {
	if cmd.Hidden || cmd.Name() == "help" {
		return
	}
	if below := cmd.Commands(); len(below) > 0 && cmd.Name() != "completion" {
		for _, c := range below {
			describeCommand(b, c)
		}
		return
	}
	fmt.Fprintf(b, "\n## %s\n\n", strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" "))
	about := cmd.Long
	if about == "" || cmd.Name() == "completion" {
		about = cmd.Short + "."
	}
	fmt.Fprintf(b, "%s\n\n", about)
	block(b, "", cmd.UseLine()+"\n"+indented(ownFlags(cmd)))
	if cmd.Example != "" {
		b.WriteString("\n")
		block(b, "console", strings.ReplaceAll("\n"+cmd.Example, "\n  ", "\n$ ")[1:])
	}
}

// ownFlags are the flags of the command alone, without --help.
func ownFlags(cmd *cobra.Command) string {
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		if f.Name != "help" {
			flags.AddFlag(f)
		}
	})
	return flags.FlagUsages()
}

func indented(flags string) string {
	if flags == "" {
		return ""
	}
	return "\n" + flags
}

func block(b *strings.Builder, language, text string) {
	fmt.Fprintf(b, "```%s\n%s\n```\n", language, strings.TrimRight(text, "\n"))
}
