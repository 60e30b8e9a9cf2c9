package oktatest

// Ids that every org has once.
const (
	userTypeID   = "otyq1cXNMK3nP8RkZ5d7"
	userSchemaID = "oscq1cXNMK3nP8RkZ5d7"
)

// An attribute is a custom one of a profile.
type attribute struct{ name, kind string }

// baseAttributes are those of the default user profile. All are strings.
var baseAttributes = []string{"login", "firstName", "lastName", "middleName", "honorificPrefix", "honorificSuffix", "email",
	"title", "displayName", "nickName", "profileUrl", "secondEmail", "mobilePhone", "primaryPhone", "streetAddress", "city",
	"state", "zipCode", "countryCode", "postalAddress", "preferredLanguage", "locale", "timezone", "userType",
	"employeeNumber", "costCenter", "organization", "division", "department", "managerId", "manager"}

// DefineUserAttribute adds a custom attribute to the schema of users; its type is
// string, boolean, integer, number or array. Profiles take attributes that are not
// defined too: the schema only tells clients what to expect.
func (s *Server) DefineUserAttribute(name, kind string) {
	s.lock()
	defer s.mu.Unlock()
	s.userAttributes = append(s.userAttributes, attribute{name, kind})
}

// DefineAppAttribute does the same for the profiles of an app's users.
func (s *Server) DefineAppAttribute(appID, name, kind string) {
	s.lock()
	defer s.mu.Unlock()
	a := s.mustApp(appID)
	a.attributes = append(a.attributes, attribute{name, kind})
}

func (s *Server) readUserSchema(q *query) reply {
	schema := q.PathValue("schema")
	if schema != "default" && schema != userSchemaID {
		return notFound("UserSchema", schema)
	}
	base := map[string]any{}
	for _, name := range baseAttributes {
		base[name] = attribute{name, "string"}.describe(name == "login" || name == "email")
	}
	return found(describe(q.base+"/api/v1/meta/schemas/user/"+userSchemaID, "user", "User", base, s.userAttributes))
}

func (s *Server) readAppSchema(q *query) reply {
	a := s.apps[q.PathValue("app")]
	if a == nil {
		return notFound("AppInstance", q.PathValue("app"))
	}
	base := map[string]any{"userName": attribute{"userName", "string"}.describe(true)}
	return found(describe(q.base+"/api/v1/meta/schemas/apps/"+a.id+"/default", a.name, a.label+" User", base, a.attributes))
}

func (a attribute) describe(required bool) map[string]any {
	d := map[string]any{"title": a.name, "type": a.kind, "scope": "NONE", "mutability": "READ_WRITE", "required": required,
		"permissions": []any{map[string]any{"principal": "SELF", "action": "READ_ONLY"}}}
	if a.kind == "array" {
		d["items"] = map[string]any{"type": "string"}
	}
	return d
}

func describe(id, name, title string, base map[string]any, custom []attribute) []byte {
	own := map[string]any{}
	for _, a := range custom {
		own[a.name] = a.describe(false)
	}
	return compact(map[string]any{
		"id": id, "$schema": "http://json-schema.org/draft-04/schema#", "name": name, "title": title, "type": "object",
		"definitions": map[string]any{
			"base":   map[string]any{"id": "#base", "type": "object", "properties": base, "required": required(base)},
			"custom": map[string]any{"id": "#custom", "type": "object", "properties": own, "required": []string{}}},
		"properties": map[string]any{"profile": map[string]any{
			"allOf": []any{map[string]any{"$ref": "#/definitions/custom"}, map[string]any{"$ref": "#/definitions/base"}}}},
	})
}

func required(base map[string]any) []string {
	if _, isUser := base["login"]; isUser {
		return []string{"login", "email"}
	}
	return []string{"userName"}
}
