package configs

import "go.yaml.in/yaml/v3"

// names reads a map of names to texts; the names keep their case and their dots.
func (r *treeReader) names(node *yaml.Node, path string) map[string]string {
	named := map[string]string{}
	for key, value := range r.pairs(node, path) {
		if text, ok := r.text(value, join(path, key.Value)); ok {
			named[key.Value] = text
		}
	}
	return named
}

// attributes reads a map of TrackTik fields to their sources.
func (r *treeReader) attributes(node *yaml.Node, path string) map[string]Attribute {
	named := map[string]Attribute{}
	for key, value := range r.pairs(node, path) {
		if attribute, ok := r.attribute(value, join(path, key.Value)); ok {
			named[key.Value] = attribute
		}
	}
	return named
}

func (r *treeReader) attribute(node *yaml.Node, path string) (a Attribute, ok bool) {
	node = target(node)
	a.Sources = []string{}
	switch {
	case node.Kind == yaml.SequenceNode:
		a.Sources, ok = r.texts(node, path)
		return a, ok
	case node.Kind != yaml.MappingNode:
		r.find(node, path, "is %s, and must be a list of sources, such as [app.site, user.costCenter], or {sources: […], cel: …, create_only: …}", formOf(node))
		return a, false
	}
	ok = true
	for key, value := range r.pairs(node, path) {
		ok = r.attributeKey(&a, key, value, path) && ok
	}
	return a, ok
}

func (r *treeReader) attributeKey(a *Attribute, key, value *yaml.Node, path string) (ok bool) {
	at := join(path, key.Value)
	switch key.Value {
	case "sources":
		a.Sources, ok = r.texts(value, at)
	case "cel":
		a.CEL, ok = r.text(value, at)
	case "create_only":
		var flag any
		if flag, ok = r.scalar(value, &field{path: at, kind: kindFlag}); ok {
			a.CreateOnly = flag.(bool)
		}
	default:
		best, _ := nearest(key.Value, []string{"sources", "cel", "create_only"})
		r.find(key, path, "unknown key; the nearest known key is %s", join(path, best))
	}
	return ok
}
