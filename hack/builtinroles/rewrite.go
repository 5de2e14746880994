package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// The policy of Kubernetes is a few files that need little of the rest. They are compiled against this module, where the go
// command sees them through an overlay: so that no minor needs its own dependencies, and a gate is what it is told to be,
// even if that minor no longer lets anybody choose.
const (
	programDir = "hack/builtinroles/policy" // nothing is there
	helpersDir = programDir + "/helpers"
	gatesDir   = programDir + "/features"
	trackDir   = programDir + "/legacytokentracking"

	importPath = "plumbline.dev/plumbline/"

	policyDir = "plugin/pkg/auth/authorizer/rbac/bootstrappolicy"
)

const programText = `package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	utilfeature "plumbline.dev/plumbline/hack/builtinroles/policy/features"
)

type policy struct {
	Roles               []rbacv1.Role
	ClusterRoles        []rbacv1.ClusterRole
	RoleBindings        []rbacv1.RoleBinding
	ClusterRoleBindings []rbacv1.ClusterRoleBinding
}

func main() {
	encoder := json.NewEncoder(os.Stdout)
	for _, chosen := range os.Args[1:] {
		utilfeature.DefaultFeatureGate = strings.Split(chosen, ",")
		if err := encoder.Encode(present()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func present() policy {
	p := policy{
		ClusterRoles:        append(ClusterRoles(), ControllerRoles()...),
		ClusterRoleBindings: append(ClusterRoleBindings(), ControllerRoleBindings()...),
	}
	for _, roles := range NamespaceRoles() {
		p.Roles = append(p.Roles, roles...)
	}
	for _, bindings := range NamespaceRoleBindings() {
		p.RoleBindings = append(p.RoleBindings, bindings...)
	}
	return p
}
`

// imports are the packages that the policy needs and that are replaced.
var imports = strings.NewReplacer(
	"package bootstrappolicy", "package main",
	`"k8s.io/kubernetes/pkg/apis/rbac/v1"`, `"`+importPath+helpersDir+`"`,
	`"k8s.io/kubernetes/pkg/controlplane/controller/legacytokentracking"`, `"`+importPath+trackDir+`"`,
	`"k8s.io/kubernetes/pkg/features"`, `"`+importPath+gatesDir+`"`,
	`"k8s.io/apiserver/pkg/features"`, `"`+importPath+gatesDir+`"`,
	`"k8s.io/apiserver/pkg/util/feature"`, `"`+importPath+gatesDir+`"`,
	`"k8s.io/component-base/zpages/features"`, `"`+importPath+gatesDir+`"`,
)

var (
	gateName  = regexp.MustCompile(`\b\w*features\.(\w+)`)
	trackName = regexp.MustCompile(`(?m)^\s*ConfigMapName\s*=\s*"[^"]+"`)
)

// rewrite returns the files of a program that prints the policy of a version: their names in this module, and their text. It
// returns the feature gates that the policy asks for too.
func rewrite(module string) (files map[string]string, gates []string, err error) {
	files = map[string]string{programDir + "/main.go": programText}
	asked := map[string]bool{}
	for _, name := range []string{"policy.go", "controller_policy.go", "namespace_policy.go"} {
		text, err := os.ReadFile(filepath.Join(module, policyDir, name))
		if err != nil {
			return nil, nil, err
		}
		for _, gate := range gateName.FindAllSubmatch(text, -1) {
			asked[string(gate[1])] = true
		}
		files[programDir+"/"+name] = imports.Replace(string(text))
	}
	gates = slices.Sorted(maps.Keys(asked))
	files[gatesDir+"/features.go"] = gatesText(gates)

	helpers, err := os.ReadFile(filepath.Join(module, "pkg/apis/rbac/v1/helpers.go"))
	if err != nil {
		return nil, nil, err
	}
	files[helpersDir+"/helpers.go"] = string(helpers)
	files[helpersDir+"/register.go"] = "package v1\n\nconst GroupName = \"rbac.authorization.k8s.io\"\n"

	tracking, err := os.ReadFile(filepath.Join(module, "pkg/controlplane/controller/legacytokentracking/controller.go"))
	if err != nil {
		return nil, nil, err
	}
	files[trackDir+"/controller.go"] = "package legacytokentracking\n\nconst " + strings.TrimSpace(trackName.FindString(string(tracking))) + "\n"
	return files, gates, nil
}

// gatesText is a package in the place of those that know the feature gates.
func gatesText(gates []string) string {
	var b strings.Builder
	b.WriteString("package features\n\n" +
		"import \"slices\"\n\n" +
		"type gates []string\n\n" +
		"var DefaultFeatureGate gates\n\n" +
		"func (g gates) Enabled(gate string) bool { return slices.Contains(g, gate) }\n\n" +
		"const (\n")
	for _, gate := range gates {
		fmt.Fprintf(&b, "\t%s = %q\n", gate, gate)
	}
	b.WriteString(")\n")
	return b.String()
}
