package tracktiktest

import "net/http"

// IntegrationEmployee is the id of the employee whose credentials an integration
// uses, and which stands in the access tokens' sub.
const IntegrationEmployee int64 = 1000

// The default roles of a new portal.
const (
	AdministratorRole int64 = 1
	GuardRole         int64 = 2
	ManagerRole       int64 = 3
	ClientRole        int64 = 4
)

// The termination reasons of a new portal.
const (
	ResignedReason  int64 = 1
	DismissedReason int64 = 2 // it requires a comment
	ContractReason  int64 = 3
)

// start furnishes the portal, once.
func (s *Server) start() {
	s.once.Do(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.byName, s.byEmail, s.byCustom = index{}, index{}, index{}
		s.byUser = map[int64][]*grant{}
		s.employees, s.roles, s.grants = s.employeesResource(), s.rolesResource(), s.grantsResource()
		s.regions, s.reasons = s.regionsResource(), reasonsResource()
		s.auth = newAuthState()
		s.furnish()
		s.history = nil
		s.routes()
	})
}

func (s *Server) furnish() {
	for _, r := range []Region{
		{ID: HQ, Name: "HQ", TimeZone: "America/New_York"},
		{ID: 2, Name: "North", Parent: HQ, TimeZone: "America/Toronto"},
		{ID: 3, Name: "South", Parent: HQ, TimeZone: "America/Chicago"},
		{ID: 4, Name: "West", Parent: HQ, TimeZone: "America/Vancouver"},
	} {
		s.insertRegion(r, atPortal)
	}
	for _, r := range []Reason{
		{ID: ResignedReason, Name: "Resigned", IsVoluntary: true},
		{ID: DismissedReason, Name: "Dismissed", CommentRequired: true},
		{ID: ContractReason, Name: "End of contract"},
	} {
		s.insertReason(r, atPortal)
	}
	for _, r := range []Role{
		{ID: AdministratorRole, Name: "Administrator", Portal: AdminPortal},
		{ID: GuardRole, Name: "Guard", Portal: StaffPortal},
		{ID: ManagerRole, Name: "Manager", Portal: StaffPortal},
		{ID: ClientRole, Name: "Client", Portal: ClientPortal},
	} {
		r.IsGlobal, r.Default = true, true
		s.insertRole(r, atPortal)
	}
	s.insert(Employee{ID: IntegrationEmployee, FirstName: "Okta", LastName: "Integration",
		Username: s.OAuth.username(), Email: "integration@portal.example"}, atPortal)
	s.insertGrant(Grant{Employee: IntegrationEmployee, Role: AdministratorRole}, atPortal)
}

func (s *Server) routes() {
	s.mux = http.NewServeMux()
	s.mux.HandleFunc("/", s.unknown)

	s.handle("GET /employees", s.listEmployees)
	s.handle("POST /employees", s.createEmployee)
	s.handle("GET /employees/{id}", single(&s.employees, s.hidden))
	s.handle("PUT /employees/{id}", s.putEmployee)
	s.handle("PATCH /employees/{id}", s.patchEmployee)
	s.handle("POST /employees/{id}/actions/terminate", s.terminateEmployee)
	s.handle("POST /employees/{id}/actions/reactivate", s.reactivateEmployee)
	s.handle("POST /employees/{id}/actions/move-to-region", s.moveEmployee)

	s.handle("GET /roles", listed(s, &s.roles))
	s.handle("POST /roles", s.createRole)
	s.handle("GET /roles/{id}", single(&s.roles, nil))
	s.handle("PUT /roles/{id}", s.changeRole(true))
	s.handle("PATCH /roles/{id}", s.changeRole(false))
	s.handle("POST /roles/{id}/actions/terminate", s.terminateRole)

	s.handle("GET /user-roles", s.listGrants)
	s.handle("POST /user-roles", s.createGrant)
	s.handle("GET /user-roles/{id}", single(&s.grants, s.hiddenGrant))
	s.handle("DELETE /user-roles/{id}", s.deleteGrant)

	s.handle("GET /employee-roles", s.listEmployeeRoles)
	s.handle("GET /employee-roles/{id}", s.singleEmployeeRole)

	s.handle("GET /me", s.me)
	s.handle("GET /oauth2-refresh-tokens", s.listRefreshTokens)

	s.handle("GET /regions", listed(s, &s.regions))
	s.handle("GET /regions/{id}", single(&s.regions, nil))
	s.handle("GET /employment-termination-reasons", listed(s, &s.reasons))
}
