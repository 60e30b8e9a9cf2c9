package oktatest

import (
	"bytes"
	"slices"
	"time"
)

// An image is what single reads about a user still answer after a change, while
// LogManners.LookupLag lasts: look-ups may trail the System Log.
type image struct {
	until       time.Time
	user        []byte
	assignments map[string]map[string][]byte // by app and expand
	groups      []*group
}

// imageBase stands for the address that the request will come to.
const imageBase = "http://image.invalid"

// keepImage keeps what is to be seen of u before a change. The org is locked. Of several
// changes the first counts, until its time is over.
func (s *Server) keepImage(u *user) {
	lag := s.manners().LookupLag
	if lag <= 0 || s.imageOf(u.id) != nil {
		return
	}
	i := &image{until: s.now().Add(lag), user: appendUser(nil, imageBase, u, false), groups: slices.Clone(u.groups),
		assignments: map[string]map[string][]byte{}}
	for _, a := range u.assignments {
		kept := map[string][]byte{}
		for _, expand := range []string{"", "user"} {
			kept[expand] = appendAssignment(nil, imageBase, a, expand)
		}
		i.assignments[a.app.id] = kept
	}
	s.images[u.id] = i
}

// imageOf is what is still to be seen of a user, or nil.
func (s *Server) imageOf(id string) *image {
	i := s.images[id]
	if i != nil && !s.now().Before(i.until) {
		delete(s.images, id)
		return nil
	}
	return i
}

// shown answers a kept body.
func (q *query) shown(body []byte) reply {
	return found(bytes.ReplaceAll(body, []byte(imageBase), []byte(q.base)))
}
