package setup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"tracktik-sync/cmd/tracktik-sync/internal/console"
	"tracktik-sync/cmd/tracktik-sync/internal/ui"
	"tracktik-sync/cmd/tracktik-sync/internal/wiring"
	"tracktik-sync/configs"
	"tracktik-sync/sync/plan"
)

const (
	loginLimit = 30 * time.Second // for one system to answer
	// maxLogins is how often TrackTik is logged in to: it blocks an address for two hours
	// after 40 failed logins in two minutes.
	maxLogins = 3
)

// An Interview asks somebody at a terminal.
type Interview struct {
	*wiring.Invocation
	*console.Terminal
	Path    string  // of the file that is to be written
	Answers Answers // those that are there are not asked for

	portal portal
	former map[string]string // what was said before, of keys that are asked for again
}

// portal is what a TrackTik portal has to choose from; nothing where nobody logged in.
type portal struct {
	regions []plan.RegionRecord
	roles   []plan.Role
	reasons []plan.TerminationReason
}

// Ask asks for everything that is not answered yet. io.EOF: nobody will answer any more.
func (s *Interview) Ask(ctx context.Context) error {
	for _, part := range []func(context.Context) error{s.okta, s.tracktik, s.choose} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	return nil
}

// okta asks for the way into Okta, and for the app.
func (s *Interview) okta(ctx context.Context) error {
	var apps []plan.App
	keys := []string{keyOrg, keyService, keyKey, keyToken}
	err := s.loggedIn(ctx, login{"Okta", 0, keys, func(ctx context.Context, cfg *configs.Config) error {
		cfg.Okta.AppID = "any" // a list of apps is of none
		source, err := s.Source(cfg)
		if err == nil {
			apps, err = source.Apps(ctx)
		}
		return err
	}})
	if err != nil {
		return err
	}
	var offers []offer
	for _, app := range apps {
		if app.Status == "ACTIVE" {
			offers = append(offers, offer{app.Label, app.ID, app.ID})
		}
	}
	slices.SortStableFunc(offers, func(a, b offer) int { // the likely ones first
		return strings.Compare(likely(a.name)+plan.FoldName(a.name), likely(b.name)+plan.FoldName(b.name))
	})
	return s.offer(ctx, keyApp, "apps", offers)
}

func likely(name string) string {
	if strings.Contains(plan.FoldName(name), "tracktik") {
		return "0"
	}
	return "1"
}

// tracktik asks for the way into TrackTik.
func (s *Interview) tracktik(ctx context.Context) error {
	keys := []string{keyPortal, keyGrant, keyClient, keySecret, keyUser, keyPassword, keyRefresh}
	return s.loggedIn(ctx, login{"TrackTik", maxLogins, keys, func(ctx context.Context, cfg *configs.Config) error {
		client, err := s.Target(cfg)
		if err != nil {
			return err
		}
		if s.portal.regions, err = client.Regions(ctx); err != nil {
			return err
		}
		var rolesErr, reasonsErr error // without the right there is nothing to offer, and check says so
		s.portal.roles, rolesErr = client.Roles(ctx)
		s.portal.reasons, reasonsErr = client.TerminationReasons(ctx)
		if err := errors.Join(rolesErr, reasonsErr); err != nil {
			fmt.Fprintln(s.Stderr, "  not all can be offered:", ui.Safe(err.Error()))
		}
		return nil
	}})
}

// A login is the way into one system: what it takes, and what is done with it.
type login struct {
	system string
	most   int // how often it is tried; 0: as often as somebody likes
	keys   []string
	try    func(context.Context, *configs.Config) error
}

// loggedIn asks for what a login takes and tries it, anew as long as somebody wants to
// correct the answers.
func (s *Interview) loggedIn(ctx context.Context, l login) error {
	for n := 1; ; n++ {
		for _, key := range l.keys {
			if err := s.ask(ctx, key); err != nil {
				return err
			}
		}
		if slices.Contains(l.keys, keyGrant) && s.Answers[keyGrant] == noLog {
			fmt.Fprintln(s.Stderr, "  An administrator approves this program later, by `auth login`: "+
				"what the portal has cannot be offered before.")
			return nil
		}
		err := s.tried(ctx, l)
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		fmt.Fprintln(s.Stderr, " ", ui.Safe(err.Error()))
		if n == l.most {
			fmt.Fprintf(s.Stderr, "  %d logins failed, and no more are tried now; `check` tries again.\n", n)
			return nil
		}
		if corrects, err := s.corrects(ctx); !corrects || err != nil {
			return err
		}
		s.again(l.keys)
	}
}

// corrects asks whether the last answers are to be asked for again; no answer is yes.
func (s *Interview) corrects(ctx context.Context) (bool, error) {
	fmt.Fprint(s.Stderr, "Correct these answers? [Y/n] ")
	answer, err := s.ReadAnswer(ctx)
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer != "n" && answer != "no", err
}

// tried logs in with the present answers.
func (s *Interview) tried(ctx context.Context, l login) error {
	text, err := s.Answers.Text()
	if err != nil {
		return err
	}
	cfg, _ := configs.Judge(text, s.Path, wiring.Checks)
	if cfg == nil {
		return errors.New("the answers make no configuration")
	}
	ctx, cancel := context.WithTimeout(ctx, loginLimit)
	defer cancel()
	if err := l.try(ctx, cfg); err != nil {
		return err
	}
	fmt.Fprintf(s.Stderr, "  Logged in to %s.\n", l.system)
	return nil
}

// again has keys asked for once more, with what was said as the answer of no answer.
func (s *Interview) again(keys []string) {
	if s.former == nil {
		s.former = map[string]string{}
	}
	for _, key := range keys {
		if value, given := s.Answers[key].(string); given {
			s.former[key] = value
			delete(s.Answers, key)
		}
	}
}

// ask asks for one key until the answer does.
func (s *Interview) ask(ctx context.Context, key string) error {
	return s.until(ctx, key, func(value string) (string, string) {
		problem, _ := s.Answers.problem(s.Path, key, value)
		return value, problem
	})
}

// until asks for one key until understand has no problem with the answer.
func (s *Interview) until(ctx context.Context, key string, understand func(string) (value, problem string)) error {
	q, given := question(key), s.Answers[key]
	for {
		if s.Answers.isMoot(key) {
			return nil
		}
		value, isText := given.(string)
		if given != nil && !isText {
			return nil
		}
		if given == nil {
			var err error
			if value, err = s.read(ctx, q); err != nil {
				return err
			}
		}
		given = nil
		switch {
		case value != "":
			understood, problem := understand(value)
			if problem == "" {
				s.Answers[key] = understood
				return nil
			}
			fmt.Fprintln(s.Stderr, " ", ui.Safe(problem))
		case q.optional:
			return nil
		default:
			fmt.Fprintln(s.Stderr, "  An answer is needed.")
		}
	}
}

func (s *Interview) read(ctx context.Context, q Question) (string, error) {
	standard := q.standard
	if former, said := s.former[q.Key]; said {
		standard = former
	}
	prompt := q.Text
	if standard != "" {
		prompt += " [" + ui.Safe(standard) + "]"
	}
	fmt.Fprint(s.Stderr, prompt+": ")
	line, err := s.ReadAnswer(ctx)
	if errors.Is(err, io.EOF) {
		fmt.Fprintln(s.Stderr)
	}
	if line = strings.TrimSpace(line); line == "" {
		line = standard
	}
	return line, err
}

// An offer is one of what a system has.
type offer struct{ name, id, value string }

// mostOffered is how many are listed.
const mostOffered = 30

// offer asks for one of what there is, by its number, name or id. Nothing is like ask.
func (s *Interview) offer(ctx context.Context, key, what string, offers []offer) error {
	if len(offers) == 0 {
		return s.ask(ctx, key)
	}
	if s.Answers[key] == nil {
		fmt.Fprintf(s.Stderr, "  The %s:\n", what)
		for i, o := range offers[:min(len(offers), mostOffered)] {
			fmt.Fprintf(s.Stderr, "  %3d  %s (%s)\n", i+1, ui.Safe(o.name), ui.Safe(o.id))
		}
		if more := len(offers) - mostOffered; more > 0 {
			fmt.Fprintf(s.Stderr, "       and %d more, by name or id\n", more)
		}
	}
	return s.until(ctx, key, func(said string) (string, string) {
		if n, err := strconv.Atoi(said); err == nil && n >= 1 && n <= min(len(offers), mostOffered) {
			return offers[n-1].value, ""
		}
		for _, o := range offers {
			if o.id == said || plan.FoldName(o.name) == plan.FoldName(said) {
				return o.value, ""
			}
		}
		return "", fmt.Sprintf("%s: there is no %q among the %s", key, said, what)
	})
}

// choose asks for what the portal has to choose from, and for what nobody can check.
func (s *Interview) choose(ctx context.Context) error {
	if err := s.offer(ctx, keyReason, "reasons of the portal", s.portal.offeredReasons()); err != nil {
		return err
	}
	if err := s.offer(ctx, keyRegion, "regions of the portal", s.portal.offeredRegions()); err != nil {
		return err
	}
	if err := s.ask(ctx, keyPerPerson); err != nil {
		return err
	}
	return s.offer(ctx, keyRole, "roles of the portal", s.portal.offeredRoles())
}

func (p *portal) offeredReasons() (all []offer) {
	for _, r := range p.reasons {
		all = append(all, offer{r.Label, strconv.FormatInt(r.ID, 10), ""})
	}
	return unambiguous(all)
}

// offeredRegions begin with the default, where the portal has it: a region of that name, or
// the only one without a parent.
func (p *portal) offeredRegions() (all []offer) {
	const headquarters = "HQ"
	for _, r := range p.regions {
		all = append(all, offer{r.Name, strconv.FormatInt(int64(r.ID), 10), ""})
	}
	if _, _, problem := plan.NewRegions(p.regions).Fallback(headquarters); len(all) > 0 && problem == "" {
		all = slices.DeleteFunc(all, func(o offer) bool { return plan.FoldName(o.name) == plan.FoldName(headquarters) })
		all = append([]offer{{headquarters, "the default", headquarters}}, all...)
	}
	return unambiguous(all)
}

// offeredRoles are those that may be granted.
func (p *portal) offeredRoles() (all []offer) {
	for _, r := range p.roles {
		if !plan.ProtectedRole(r, &plan.Policy{ProtectedRoles: []string{"*admin*"}}) {
			all = append(all, offer{r.Name, strconv.FormatInt(int64(r.ID), 10), ""})
		}
	}
	return unambiguous(all)
}

// unambiguous has each offer written by its name, or by its id where others have the name.
func unambiguous(offers []offer) []offer {
	count := map[string]int{}
	for _, o := range offers {
		count[plan.FoldName(o.name)]++
	}
	for i, o := range offers {
		if o.value == "" && count[plan.FoldName(o.name)] == 1 {
			offers[i].value = o.name
		} else if o.value == "" {
			offers[i].value = o.id
		}
	}
	return offers
}
