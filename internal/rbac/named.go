package rbac

import "strings"

// The verbs that are used on a collection, or on an object that is not there yet.
const (
	createVerb           = "create"
	listVerb             = "list"
	watchVerb            = "watch"
	deleteCollectionVerb = "deletecollection"
)

// named is what a rule gives that names objects. The names are sorted.
type named struct {
	verbs, groups, resources, names []string
}

// addNamed breaks down what a rule gives that names objects, as far as the API server asks for names at all. The empty
// name is the name of requests that have none, so it gives all that is asked for without a name.
func (d *breakdown) addNamed(w *writers, n named) {
	var byName, whole []string
	unnamed, creates := n.names[0] == "", false
	for _, verb := range n.verbs {
		switch {
		case verb == createVerb:
			creates = true
		case verb == listVerb && !unnamed, verb == watchVerb && !unnamed: // a field selector names the object
			byName = append(byName, verb)
		case verb == listVerb, verb == watchVerb, verb == deleteCollectionVerb && unnamed:
			whole = append(whole, verb)
		case verb != deleteCollectionVerb:
			byName = append(byName, verb)
		}
	}
	d.add(byName, n.groups, n.resources, n.names)
	d.add(whole, n.groups, n.resources, nil)
	if creates {
		d.addCreate(w, n)
	}
}

// addCreate breaks down who may create by name: what is below a named object, and an object itself for who may update or
// patch it too, because server-side apply creates what it does not find.
func (d *breakdown) addCreate(w *writers, n named) {
	const many = 64 // above which each is not asked for, and the names are given as they stand
	create := []string{createVerb}
	for i, resource := range n.resources {
		names := n.names
		switch {
		case strings.Contains(resource, "/"):
		case names[0] == "":
			names = nil
		case i < many:
			if names = w.among(n.names, n.groups, resource); len(names) == 0 {
				continue
			}
		}
		d.add(create, n.groups, n.resources[i:i+1], names)
	}
}
