package main

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"tracktik-sync/okta/oktatest"
	"tracktik-sync/state"
	"tracktik-sync/sync/plan"
	"tracktik-sync/tracktik/tracktiktest"
)

func init() { scriptCommands["hand"] = byHand }

// hand ACTION ARG…: what is done by hand on both sides, and the ids of it.
//
//	hire USERNAME FIRST LAST EMAIL   somebody types an employee into the portal
//	fire|ban|wake|delete NAME        ends or brings back an employee there, by username or e-mail
//	username NAME USERNAME           gives another username there; - for none
//	email NAME EMAIL                 gives another e-mail there
//	grant NAME ROLE, withdraw NAME ROLE, role ROLE
//	holds USERNAME ROLE              the employee who has the username now holds the role
//	forbid METHOD PATH, allow        what the integration may not do in the portal
//	refuse METHOD PATH               the portal does not like what it is sent, until allow
//	roles-end                        grants end with employments
//	employee NAME VAR, user LOGIN VAR, group NAME VAR, run VAR, hash FILE VAR
//	                                 puts an id into a variable
//	assign LOGIN, activate LOGIN, delete-user LOGIN, mapping NAME, suspend LOGIN   in Okta
func byHand(ts *testscript.TestScript, neg bool, args []string) {
	w := worldOf(ts)
	action, args := args[0], args[1:]
	if w.byHandInPortal(ts, neg, action, args) || w.byHandInOkta(ts, action, args) {
		return
	}
	switch action {
	case "employee":
		ts.Setenv(args[1], strconv.FormatInt(w.employee(ts, args[0]).ID, 10))
	case "user":
		ts.Setenv(args[1], w.users[args[0]])
	case "group":
		ts.Setenv(args[1], w.groups[args[0]])
	case "run":
		db, err := state.Open(ts.MkAbs("tracktik-sync.db"), state.Options{ReadOnly: true})
		ts.Check(err)
		record, _, err := db.Run(state.LastRun)
		ts.Check(err)
		ts.Check(db.Close())
		ts.Setenv(args[0], record.ID)
	case "hash":
		_, after, _ := strings.Cut(ts.ReadFile(args[0]), "--approve ")
		ts.Setenv(args[1], strings.TrimRight(strings.Fields(after)[0], "),;\""))
	case "app": // a second app, to which everybody but some is assigned
		id := w.okta.AddApp(oktatest.App{Label: "TrackTik, anew"})
		for login, user := range w.users {
			if !slices.Contains(args[1:], login) {
				w.okta.AssignUser(id, user, oktatest.Assignment{})
			}
		}
		ts.Setenv(args[0], id)
	case "trouble":
		db, err := state.Open(ts.MkAbs("tracktik-sync.db"), state.Options{})
		ts.Check(err)
		ts.Check(db.Commit(plan.Batch{Troubles: []plan.Trouble{{Person: plan.PersonID(args[0]), Login: args[1], Code: plan.ProblemRefused, Message: "no", Kind: plan.Create}}}))
		ts.Check(db.Close())
	default:
		ts.Fatalf("nobody can %s by hand", action)
	}
}

func (w *world) byHandInPortal(ts *testscript.TestScript, neg bool, action string, args []string) bool {
	switch action {
	case "hire":
		w.portal.AddEmployee(tracktiktest.Employee{Username: args[0], FirstName: args[1], LastName: args[2], Email: args[3]})
	case "fire":
		ts.Check(w.portal.TerminateEmployee(w.employee(ts, args[0]).ID))
	case "ban":
		ts.Check(w.portal.BanEmployee(w.employee(ts, args[0]).ID))
	case "deactivate":
		ts.Check(w.portal.UpdateEmployee(w.employee(ts, args[0]).ID, func(e *tracktiktest.Employee) { e.Status = tracktiktest.Inactive }))
	case "wake":
		ts.Check(w.portal.ReactivateEmployee(w.employee(ts, args[0]).ID))
	case "delete":
		ts.Check(w.portal.DeleteEmployeeRecord(w.employee(ts, args[0]).ID))
	case "username", "email":
		ts.Check(w.portal.UpdateEmployee(w.employee(ts, args[0]).ID, func(e *tracktiktest.Employee) {
			if action == "email" {
				e.Email = args[1]
			} else {
				e.Username = strings.TrimPrefix(args[1], "-")
			}
		}))
	case "role":
		w.portal.AddRole(tracktiktest.Role{Name: args[0]})
	case "grant":
		_, err := w.portal.Grant(w.employee(ts, args[0]).ID, w.roleID(ts, args[1]))
		ts.Check(err)
	case "withdraw":
		ts.Check(w.portal.Revoke(w.employee(ts, args[0]).ID, w.roleID(ts, args[1])))
	case "holds":
		if w.nowHolds(args[0], args[1]) == neg {
			ts.Fatalf("%s holds %q now: %v", args[0], args[1], neg)
		}
	case "forbid":
		w.portal.Configure(func(s *tracktiktest.Server) {
			s.Rules.Forbid = append(s.Rules.Forbid, tracktiktest.Match{Method: args[0], Path: args[1]})
		})
	case "refuse":
		w.portal.Configure(func(s *tracktiktest.Server) {
			s.Intercept = tracktiktest.When(tracktiktest.Match{Method: args[0], Path: args[1]}, refuseData)
		})
	case "allow":
		w.portal.Configure(func(s *tracktiktest.Server) { s.Rules.Forbid, s.Intercept = nil, nil })
	case "roles-end":
		w.portal.Configure(func(s *tracktiktest.Server) { s.Rules.RolesEndWithEmployment = true })
	default:
		return false
	}
	return true
}

// nowHolds looks at the employee who has the username: a former one has none.
func (w *world) nowHolds(username, role string) bool {
	for _, e := range w.portal.Employees() {
		for _, id := range w.portal.RolesOf(e.ID) {
			for _, r := range w.portal.Roles() {
				if e.Username == username && r.ID == id && r.Name == role {
					return true
				}
			}
		}
	}
	return false
}

func (w *world) roleID(ts *testscript.TestScript, name string) int64 {
	for _, r := range w.portal.Roles() {
		if r.Name == name {
			return r.ID
		}
	}
	ts.Fatalf("the portal has no role %s", name)
	return 0
}

func (w *world) byHandInOkta(ts *testscript.TestScript, action string, args []string) bool {
	switch action {
	case "assign":
		w.okta.AssignUser(w.app, w.users[args[0]], oktatest.Assignment{})
	case "suspend":
		w.okta.SetUserStatus(w.users[args[0]], oktatest.StatusSuspended)
	case "activate":
		w.okta.SetUserStatus(w.users[args[0]], oktatest.StatusActive)
	case "left": // a person who was in Okta, and is DEPROVISIONED
		w.users[args[0]] = w.okta.AddUser(oktatest.User{Login: args[0], FirstName: args[1], LastName: args[2]})
		w.okta.DeactivateUser(w.users[args[0]])
	case "delete-user":
		w.okta.DeactivateUser(w.users[args[0]])
		w.okta.DeleteUser(w.users[args[0]])
	case "user-email":
		w.okta.UpdateUser(w.users[args[0]], map[string]any{"email": args[1]})
	case "only": // a person who is in Okta, and not assigned
		w.users[args[0]] = w.okta.AddUser(oktatest.User{Login: args[0], FirstName: args[1], LastName: args[2]})
	case "mapping":
		id := w.okta.AddPushMapping(w.app, w.groups[args[0]])
		if len(args) > 1 {
			w.okta.SetPushMapping(id, args[1], "")
		}
	case "delete-group":
		w.okta.DeleteGroup(w.groups[args[0]])
	default:
		return false
	}
	return true
}

// refuseData answers 400: the portal does not like what it was sent.
func refuseData(rw http.ResponseWriter, _ *http.Request, _ http.Handler) {
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(http.StatusBadRequest)
	_, _ = rw.Write([]byte(`{"status":400,"error":"not like this"}`))
}
