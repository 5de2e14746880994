package builtin

import (
	_ "embed" // the table
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	rbacv1 "k8s.io/api/rbac/v1"

	"plumbline.dev/plumbline/internal/workload"
)

// Table is the form of the embedded table, which hack/builtinroles writes.
type Table struct {
	// Versions are the versions of Kubernetes that the table is made of, the oldest first. There may be several of a minor.
	Versions []string  `json:"versions"`
	Roles    []Role    `json:"roles"`
	Bindings []Binding `json:"bindings"`
}

// Object names what the API server makes, and in which minors. None means in all of the table.
type Object struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
	Minors    []int  `json:"minors,omitempty"`
}

// Role is a Role or ClusterRole that the API server makes.
type Role struct {
	Object
	// Aggregation is the aggregationRule. The rules of such a role are those of the roles that it selects.
	Aggregation *rbacv1.AggregationRule `json:"aggregationRule,omitempty"`
	// Contributors are the names of the ClusterRoles that the API server makes and that Aggregation selects.
	Contributors []string `json:"contributors,omitempty"`
	Rules        []Rule   `json:"rules,omitempty"`
}

// Rule is what a role allows in some minors.
type Rule struct {
	rbacv1.PolicyRule
	// Minors are those in which the role allows it. None means in all in which there is the role.
	Minors []int `json:"minors,omitempty"`
	// Optional are those of them in which it depends on a feature gate or on the patch release.
	Optional []int `json:"optional,omitempty"`
}

// Binding is a RoleBinding or ClusterRoleBinding that the API server makes. One that changed is there once for each form.
type Binding struct {
	Object
	RoleRef  rbacv1.RoleRef   `json:"roleRef"`
	Subjects []rbacv1.Subject `json:"subjects"`
}

// Ref returns the identity of the object.
func (o *Object) Ref() workload.Ref {
	return workload.Ref{Group: rbacv1.GroupName, Kind: o.Kind, Namespace: o.Namespace, Name: o.Name}
}

//go:embed table.json
var tableJSON []byte

// index is the table as it is asked.
type index struct {
	versions []string
	minors   []int // the oldest first
	roles    map[workload.Ref]*Role
	bindings map[workload.Ref][]*Binding
}

// known reads the table when it is first asked. It is part of the program: a table that cannot be read is a mistake that
// every test of this package finds.
var known = sync.OnceValue(func() *index {
	x, err := read(tableJSON)
	if err != nil {
		panic(err)
	}
	return x
})

func read(data []byte) (*index, error) {
	var table Table
	if err := json.Unmarshal(data, &table); err != nil {
		return nil, fmt.Errorf("reading the table of built-in roles: %w", err)
	}
	x := &index{versions: table.Versions, roles: map[workload.Ref]*Role{}, bindings: map[workload.Ref][]*Binding{}}
	for _, version := range table.Versions {
		var minor, patch int
		if _, err := fmt.Sscanf(version, "v1.%d.%d", &minor, &patch); err != nil {
			return nil, fmt.Errorf("reading the table of built-in roles: the version %q: %w", version, err)
		}
		if !slices.Contains(x.minors, minor) {
			x.minors = append(x.minors, minor)
		}
	}
	for i := range table.Roles {
		x.roles[table.Roles[i].Ref()] = &table.Roles[i]
	}
	for i := range table.Bindings {
		b := &table.Bindings[i]
		x.bindings[b.Ref()] = append(x.bindings[b.Ref()], b)
	}
	return x, nil
}

// in returns the minors that a list stands for: an empty one for all.
func in(minors, all []int) []int {
	if len(minors) == 0 {
		return all
	}
	return minors
}

// Versions returns the versions of Kubernetes that are known, such as v1.36.3, the oldest first.
func Versions() []string { return slices.Clone(known().versions) }

// Newest returns the newest minor version of Kubernetes whose roles are known: 36 for v1.36. What a newer API server adds to
// its roles counts as a modification.
func Newest() int { return slices.Max(known().minors) }
