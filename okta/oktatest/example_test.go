package oktatest_test

import (
	"encoding/json"
	"fmt"
	"net/http"

	"tracktik-sync/okta/oktatest"
)

func Example() {
	srv := oktatest.NewServer()
	defer srv.Close()
	app := srv.AddApp(oktatest.App{Label: "TrackTik"})
	guards := srv.AddGroup(oktatest.Group{Name: "Guards"})
	srv.AssignGroup(app, guards, oktatest.GroupAssignment{})
	srv.AddMembers(guards, srv.AddUser(oktatest.User{Login: "ada@acme.example", FirstName: "Ada", LastName: "Lovelace"}))
	srv.Intercept = oktatest.On("/api/v1/apps/*/users", oktatest.First(1, oktatest.ServerError))

	for range 2 {
		req, _ := http.NewRequest(http.MethodGet, srv.URL+"/api/v1/apps/"+app+"/users?limit=500&expand=user", nil)
		req.Header.Set("Authorization", "SSWS "+oktatest.DefaultToken)
		resp, err := srv.Client().Do(req)
		if err != nil {
			fmt.Println(err)
			return
		}
		var users []struct{ Status, Scope string }
		err = json.NewDecoder(resp.Body).Decode(&users)
		resp.Body.Close()
		fmt.Println(resp.StatusCode, users, err != nil)
	}
	// Output:
	// 500 [] true
	// 200 [{ACTIVE GROUP}] false
}
