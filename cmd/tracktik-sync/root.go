package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tracktik-sync/cmd/tracktik-sync/internal/console"
	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	tsync "tracktik-sync/sync"
)

// run is the program: args without its name, and what it ends with.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return newApp(stdin, stdout, stderr).run(ctx, args, stdin, stdout, stderr)
}

// run is the program, with the clock of the app.
func (a *app) run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	said := a.sayWhenAsked(ctx)
	root := newRoot(a)
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	if err != nil && !a.started { // cobra did not come as far as the command
		err = a.misused(ctx, cmd, args, usage("%s; see `%s --help`", misspelled(cmd, err), cmd.CommandPath()))
	}
	said() // before the last line, which is to stay the last
	return a.end(cutShort(ctx, err))
}

// misspelled is what cobra says of a command line, in one line and in words for people.
func misspelled(cmd *cobra.Command, err error) string {
	text, meant, _ := strings.Cut(err.Error(), "\n\nDid you mean this?\n")
	argument, surplus := strings.CutPrefix(text, "unknown command ")
	argument, _, _ = strings.Cut(argument, " for ")
	switch {
	case strings.Contains(text, "arg(s)"):
		return "the command is `" + cmd.UseLine() + "`"
	case surplus && !cmd.HasSubCommands():
		return argument + " is too much: the command is `" + cmd.UseLine() + "`"
	}
	if meant != "" {
		text += ": did you mean " + strings.Join(strings.Fields(meant), " or ") + "?"
	}
	return text
}

// layHelp makes help fit the screen.
func layHelp(a *app, root *cobra.Command) {
	help := root.HelpFunc()
	root.SetHelpFunc(func(cmd *cobra.Command, args []string) {
		var text bytes.Buffer
		cmd.SetOut(&text)
		help(cmd, args)
		cmd.SetOut(nil) // the root's
		_ = a.Lines(text.String())
	})
}

// misused tells of a scheduled run whose command line makes no sense.
func (a *app) misused(ctx context.Context, cmd *cobra.Command, args []string, err error) error {
	if name := cmd.Name(); cmd.Parent() != cmd.Root() || name != "sync" && name != "run" ||
		slices.Contains(args, "--dry-run") || slices.Contains(args, "--paused") {
		return err
	}
	for i, arg := range args { // the parser has not come as far, perhaps
		if value, found := strings.CutPrefix(arg, "--config="); found {
			a.File = value
		} else if arg == "--config" && i+1 < len(args) {
			a.File = args[i+1]
		}
	}
	return a.notBegun(ctx, a.configIfAny(), true, err)
}

// newRoot builds the command tree.
func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   console.ProgramName,
		Short: "Keeps TrackTik in step with Okta",
		Long: "Tracktik-sync provisions the people of an Okta app into a TrackTik portal.\n\n" +
			"Begin with `config init`, then `plan`, which changes nothing. A scheduler calls `sync`.",
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       versionText(),
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Name() == cobra.ShellCompRequestCmd { // for nobody else: cobra keeps what is registered for ever
				completeFromSnapshot(a, cmd.Root())
				completeWords(cmd.Root())
			}
			return a.begin(cmd)
		},
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetHelpTemplate(root.HelpTemplate() + "\n" + whereTheManualIs + "\n")
	layHelp(a, root)
	a.registerFlags(root.PersistentFlags())
	root.AddCommand(build(a, commands)...)
	root.InitDefaultCompletionCmd()
	root.InitDefaultHelpCmd()
	a.Console.Know(commandNames(root))
	return root
}

// commandNames are the commands that are worth giving at a console.
func commandNames(root *cobra.Command) (names []string) {
	for _, cmd := range root.Commands() {
		if name := cmd.Name(); name != "run" && name != "help" && name != "completion" {
			names = append(names, name)
		}
	}
	return names
}

// A constructor makes one command of the tree.
type constructor func(*app) *cobra.Command

func build(a *app, constructors []constructor) []*cobra.Command {
	built := make([]*cobra.Command, len(constructors))
	for i, construct := range constructors {
		built[i] = construct(a)
	}
	return built
}

// group makes a command that is only the parent of others.
func group(a *app, use, short string, constructors []constructor) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs}
	cmd.AddCommand(build(a, constructors)...)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		text := "say which:"
		for _, c := range cmd.Commands() {
			text += fmt.Sprintf(" `%s`", c.CommandPath())
		}
		return usage("%s", text)
	}
	return cmd
}

// A failure is the JSON document of a command that came to nothing.
type failure struct {
	Error    string `json:"error"`
	ExitCode int    `json:"exit_code"`
}

// end says on stderr how it went, and answers the exit code.
func (a *app) end(err error) int {
	if err == nil {
		return tsync.ExitDone
	}
	report := judge(err)
	if a.silent && report.code != tsync.ExitUsage {
		return report.code
	}
	if a.refused {
		report.brief()
	}
	if a.document && !a.Answered {
		_ = ui.WriteJSON(a.Stdout, failure{report.reason(), report.code}) // stderr has it too
	}
	if a.Quiet && a.Polls && report.code == tsync.ExitLocked {
		return report.code // a whole run does what it came for
	}
	lines := report.lines()
	if a.Console.Names(strings.Join(lines, "\n")) {
		lines = slices.Insert(lines, len(lines)-1, a.Console.Start())
	}
	for _, text := range lines {
		a.Explain(text)
	}
	return report.code
}

// The command tree: each command has a constructor, and this is the one place that names
// them all.
var (
	commands = []constructor{
		newPlan,
		newApply,
		newApprove,
		newSync,
		newRun,
		newStatus,
		newProblems,
		newCompare,
		newExplain,
		newFind,
		newHistory,
		newReport,
		newAccess,
		newRetry,
		newForget,
		newLink,
		newUnlink,
		newRestore,
		newRetire,
		newCheck,
		newProbe,
		newSupport,
		newAuth,
		newState,
		newConfig,
		newNotify,
		newVersion,
		newDocs,
	}
	stateCommands = []constructor{
		newStateInit,
		newStateBackup,
		newStateRestore,
		newStateVerify,
		newStateExport,
		newStateRebind,
		newStateRekey,
	}
	authCommands = []constructor{
		newAuthLogin,
		newAuthStatus,
		newAuthLogout,
	}
	notifyCommands = []constructor{
		newNotifyTest,
	}
	configCommands = []constructor{
		newConfigInit,
		newConfigValidate,
		newConfigShow,
		newImportMappings,
	}
)
