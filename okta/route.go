package okta

// A route is an endpoint without ids: a name for errors, counts and metrics, and
// the rate limit that it counts against.
type route struct {
	name   string
	bucket string
}

// The buckets. Okta's table of rate limits put everything below an app, push
// mappings included, into one small bucket; the others have one each.
const (
	bucketApp      = "app"
	bucketAppParts = "app/*"
	bucketApps     = "apps"
	bucketGroups   = "groups"
	bucketGroup    = "group"
	bucketUsers    = "users"
	bucketUser     = "user"
	bucketLogs     = "logs"
)

var (
	routeApps        = route{"GET /api/v1/apps", bucketApps}
	routeApp         = route{"GET /api/v1/apps/{app}", bucketApp}
	routeAssignments = route{"GET /api/v1/apps/{app}/users", bucketAppParts}
	routeAssignment  = route{"GET /api/v1/apps/{app}/users/{user}", bucketAppParts}
	routeAppGroups   = route{"GET /api/v1/apps/{app}/groups", bucketAppParts}
	routeAppGroup    = route{"GET /api/v1/apps/{app}/groups/{group}", bucketAppParts}
	routeMappings    = route{"GET /api/v1/apps/{app}/group-push/mappings", bucketAppParts}
	routeMapping     = route{"GET /api/v1/apps/{app}/group-push/mappings/{mapping}", bucketAppParts}
	routeGroups      = route{"GET /api/v1/groups", bucketGroups}
	routeGroup       = route{"GET /api/v1/groups/{group}", bucketGroup}
	routeMembers     = route{"GET /api/v1/groups/{group}/users", bucketGroups}
	routeUsers       = route{"GET /api/v1/users", bucketUsers}
	routeUser        = route{"GET /api/v1/users/{user}", bucketUser}
	routeLogs        = route{"GET /api/v1/logs", bucketLogs}
	routeUserGroups  = route{"GET /api/v1/users/{user}/groups", bucketUsers}
)
