package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tracktik-sync/cmd/tracktik-sync/internal/ledger"
	"tracktik-sync/configs"
	"tracktik-sync/state"
)

// mostCompletions is how many words a shell is offered: more cannot be read.
const mostCompletions = 100

// A completer lists words that the snapshot knows, for a shell that completes a command.
type completer func(a *app, cfg *configs.Config, db *state.DB) ([]string, error)

// The arguments and flags that are completed from the snapshot, by command and by flag.
var (
	completedArgs = map[string]completer{
		"explain": people, "history": people, "link": people, "unlink": people, "retry": people, "forget": people,
		"restore": runs, "report": runs, "approve": hashes,
	}
	completedFlags = map[string]completer{"user": people, "run": runs, "approve": hashes}
)

// completeFromSnapshot lets shells complete people, runs and hashes. A snapshot that is not
// there, or in use, offers nothing: a shell does not wait.
func completeFromSnapshot(a *app, cmd *cobra.Command) {
	if c := completedArgs[cmd.Name()]; c != nil && cmd.ValidArgsFunction == nil {
		cmd.ValidArgsFunction = c.completing(a)
	}
	for name, c := range completedFlags {
		if f := cmd.Flags().Lookup(name); f != nil && f.Value.Type() != "bool" {
			_ = cmd.RegisterFlagCompletionFunc(name, c.completing(a)) // it exists, and has no other
		}
	}
	for _, child := range cmd.Commands() {
		completeFromSnapshot(a, child)
	}
}

func (c completer) completing(a *app) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, begin string) ([]cobra.Completion, cobra.ShellCompDirective) {
		words, err := c.words(a)
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		words = slices.DeleteFunc(words, func(w string) bool {
			return !strings.HasPrefix(strings.ToLower(w), strings.ToLower(begin))
		})
		return words[:min(len(words), mostCompletions)], cobra.ShellCompDirectiveNoFileComp
	}
}

func (c completer) words(a *app) ([]string, error) {
	cfg, _, err := configs.Load(configs.Options{Path: a.File})
	if err != nil {
		return nil, err
	}
	db, err := a.Open(cfg, a.Reading(cfg, 0))
	if err != nil {
		return nil, err
	}
	words, err := c(a, cfg, db)
	return words, errors.Join(err, db.Close())
}

// people are the logins of everybody on record, managed or with a problem.
func people(_ *app, _ *configs.Config, db *state.DB) ([]string, error) {
	var logins []string
	for link, err := range db.Links() {
		if err != nil {
			return nil, err
		}
		logins = append(logins, link.Login)
	}
	troubles, err := db.Troubles()
	for _, t := range troubles {
		logins = append(logins, t.Login)
	}
	slices.Sort(logins)
	return slices.DeleteFunc(slices.Compact(logins), func(l string) bool { return l == "" }), err
}

// runs are the ids of runs, the latest first.
func runs(_ *app, _ *configs.Config, db *state.DB) ([]string, error) {
	list, err := db.Runs(mostCompletions)
	ids := []string{"last"}
	for i := range list {
		ids = append(ids, list[i].ID)
	}
	return ids, err
}

// hashes are those of the sets of actions that wait for an approval.
func hashes(a *app, cfg *configs.Config, db *state.DB) ([]string, error) {
	sets, err := ledger.WaitingIn(&a.Invocation, cfg, db)
	var waiting []string
	for _, w := range sets {
		if w.Approved == nil {
			waiting = append(waiting, w.Hash)
		}
	}
	return waiting, err
}
