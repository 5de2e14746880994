// newcheck begins a new check: it writes its file, and a passing and a failing case and the example of its docs to fill in.
// Until that is done, the tests of the checks fail and say what is missing.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"
)

var kebabCase = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

const folder = "internal/checks"

func main() {
	id := flag.String("id", "", "the ID of the check, in kebab-case, such as host-pid")
	flag.Parse()
	files, err := begin(".", *id)
	if err != nil {
		fmt.Fprintf(os.Stderr, "newcheck: %v\n", err)
		os.Exit(2)
	}
	fmt.Printf("Wrote %s.\n"+
		"Fill them in, give the cases names that say what passes and what fails, then run:\n  go test ./%s -update\n", strings.Join(files, ", "), folder)
}

// begin writes the files of a new check below the root of the module, and returns their names.
func begin(root, id string) ([]string, error) {
	if !kebabCase.MatchString(id) {
		return nil, fmt.Errorf("the ID %q is not kebab-case: lower case letters and digits, in words that - joins, such as host-pid", id)
	}
	cases := folder + "/testdata/" + id
	contents := []struct {
		name string
		text *template.Template
	}{
		{folder + "/" + id + ".go", checkFile},
		{cases + "/passes.yaml", caseFile},
		{cases + "/fails.yaml", caseFile},
		{cases + "/example.yaml", exampleFile},
	}
	for _, name := range []string{contents[0].name, cases} {
		if _, err := os.Stat(filepath.Join(root, name)); !os.IsNotExist(err) {
			return nil, fmt.Errorf("the ID %q is taken: %s exists", id, name)
		}
	}
	if err := os.MkdirAll(filepath.Join(root, cases), 0o755); err != nil {
		return nil, err
	}
	var names []string
	for _, file := range contents {
		var text strings.Builder
		if err := file.text.Execute(&text, map[string]string{"ID": id, "Func": "run" + camelCase(id)}); err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(root, file.name), []byte(text.String()), 0o644); err != nil {
			return nil, err
		}
		names = append(names, file.name)
	}
	return names, nil
}

func camelCase(id string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(id, "-") {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

// The texts that are empty here fail the tests, so that none is forgotten.
var checkFile = template.Must(template.New("").Parse(`package checks

import (
	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
)

var _ = register(engine.Check{
	ID:          "{{.ID}}",
	Title:       "", // what it finds, in a few words
	Description: "", // what an attacker gains from it
	Remediation: "", // what to do about it; names the field and ends in a period
	Severity:    "", // a v1alpha1.Severity
	Controls:    []engine.Control{},
	// Judges: the classes of objects that it is for; without it, workloads
	// Needs: what it looks at beyond the object
	Declared: func(*v1alpha1.SecurityBaselineSpec) bool {
		return false // whether the field of the baseline that asks for the check is set
	},
	Run: {{.Func}},
})

func {{.Func}}(*engine.Input) []engine.Finding {
	return nil
}
`))

var caseFile = template.Must(template.New("").Parse(`apiVersion: plumbline.dev/v1alpha1
kind: SecurityBaseline
metadata: {name: production}
spec:
  workloads: {} # or rbac, networkPolicies, namespaces: the field that asks for {{.ID}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {namespace: shop, name: api}
spec:
  template:
    spec:
      containers:
      - name: app
`))

// What is declared here must be what hack/docs/declarations.yaml says, so that the docs show both together.
var exampleFile = template.Must(template.New("").Parse(`# Shown in docs/checks.md.
apiVersion: plumbline.dev/v1alpha1
kind: SecurityBaseline
metadata:
  name: production
spec:
  workloads: {} # or rbac, networkPolicies, namespaces: the field that asks for {{.ID}}
---
apiVersion: v1
kind: Pod
metadata:
  name: drifted
  namespace: shop
spec:
  containers:
  - name: api
    image: registry.example.com/shop/api:1.4.2
---
apiVersion: v1
kind: Pod
metadata:
  name: clean
  namespace: shop
spec:
  containers:
  - name: api
    image: registry.example.com/shop/api:1.4.2
`))
