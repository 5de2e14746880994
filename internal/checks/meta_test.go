package checks_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/checks"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/workload"
)

// helpers are the files of the package that are no check, with the reason why they are there.
var helpers = map[string]string{
	"registry.go":     "finds the checks",
	"standards.go":    "each standard is named once, so that all checks cite the same version",
	"words.go":        "the same value reads the same in every check",
	"capabilities.go": "two checks read capabilities",
	"bounded.go":      "no list of a pod makes findings without bound",
	"volumes.go":      "three checks judge volumes",
	"nodepaths.go":    "two checks read paths of the node",
	"ids.go":          "four checks judge the numbers of users and groups",
	"apparmor.go":     "an AppArmor profile reads the same in a field and in an annotation",
	"annotations.go":  "annotations stood for fields of seccomp and of AppArmor",
	"seccomp.go":      "a seccomp profile reads the same in a field and in an annotation",
	"images.go":       "three checks ask something of images",
	"resources.go":    "limits and requests are asked for alike",
	"policies.go":     "what NetworkPolicies let through reads the same in every check",
	"directions.go":   "ingress and egress are judged alike",
	"podsecurity.go":  "two checks read the labels of Pod Security admission",
	"permissions.go":  "every check of a permission finds it on roles, bindings, subjects and workloads alike",
	"grants.go":       "two checks look at each role that is granted once, however many bindings grant it",
	"subjects.go":     "four checks judge whom bindings name",
	"declared.go":     "two checks speak of objects that are declared",
	"everything.go":   "what bindings give together is more than one file of a check holds",
	"ceilings.go":     "what a baseline lets a subject hold is more than one file of a check holds",
}

const maxLines = 150

func TestEveryFileIsACheckAndEveryCheckHasAFile(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	files = slices.DeleteFunc(files, func(file string) bool {
		return helpers[file] != "" || strings.HasSuffix(file, "_test.go")
	})
	var want []string
	for _, check := range checks.All() {
		want = append(want, check.ID+".go")
	}
	slices.Sort(want) // as files are: a-b.go comes before a.go
	if diff := cmp.Diff(want, files); diff != "" {
		t.Errorf("the name of a file must be the ID of the check in it (-checks +files):\n%s", diff)
	}
	for helper := range helpers {
		if _, err := os.Stat(helper); err != nil {
			t.Errorf("%s is listed as a helper: %v", helper, err)
		}
	}
}

func TestEveryCheckIsInTheFileThatBearsItsName(t *testing.T) {
	for _, check := range checks.All() {
		var id string
		for _, pair := range literal(t, check.ID+".go").Elts {
			field := pair.(*ast.KeyValueExpr)
			if value, ok := field.Value.(*ast.BasicLit); ok && field.Key.(*ast.Ident).Name == "ID" {
				id = strings.Trim(value.Value, `"`)
			}
		}
		if id != check.ID {
			t.Errorf("%s.go holds the check %q", check.ID, id)
		}
	}
}

// Checks are read side by side, so that they all look alike.
func TestEveryCheckHasItsFieldsInTheOrderOfTheType(t *testing.T) {
	order := map[string]int{}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[engine.Check]()) {
		order[field.Name] = field.Index[0]
	}
	for _, check := range checks.All() {
		last := -1
		for _, pair := range literal(t, check.ID+".go").Elts {
			name := pair.(*ast.KeyValueExpr).Key.(*ast.Ident).Name
			if order[name] <= last {
				t.Errorf("%s.go: %s stands too late", check.ID, name)
			}
			last = order[name]
		}
	}
}

// literal returns the engine.Check that a file registers.
func literal(t *testing.T, file string) *ast.CompositeLit {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var found *ast.CompositeLit
	ast.Inspect(parsed, func(node ast.Node) bool {
		if call, ok := node.(*ast.CallExpr); ok {
			if callee, ok := call.Fun.(*ast.Ident); ok && callee.Name == "register" {
				found, _ = call.Args[0].(*ast.CompositeLit)
			}
		}
		return found == nil
	})
	if found == nil {
		t.Fatalf("%s registers no check", file)
	}
	return found
}

func TestEveryCheckIsShort(t *testing.T) {
	for _, check := range checks.All() {
		data, err := os.ReadFile(check.ID + ".go")
		if err != nil {
			t.Fatal(err)
		}
		if lines := bytes.Count(data, []byte("\n")); lines > maxLines {
			t.Errorf("%s.go has %d lines, more than %d", check.ID, lines, maxLines)
		}
	}
}

func TestEveryCheckIsDocumented(t *testing.T) {
	kebab := regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	for _, check := range checks.All() {
		t.Run(check.ID, func(t *testing.T) {
			for what, ok := range map[string]bool{
				"ID is not kebab-case":                 kebab.MatchString(check.ID),
				"title is missing or a sentence":       check.Title != "" && !strings.HasSuffix(check.Title, "."),
				"description does not end in period":   strings.HasSuffix(check.Description, "."),
				"remediation does not end in period":   strings.HasSuffix(check.Remediation, "."),
				"severity is unknown":                  engine.Rank(check.Severity) < engine.Rank(""),
				"Declared or Run is missing":           check.Declared != nil && check.Run != nil,
				"a control lacks its standard or rule": !slices.ContainsFunc(check.Controls, incomplete),
			} {
				if !ok {
					t.Error(what)
				}
			}
		})
	}
}

func incomplete(control engine.Control) bool {
	return control.Standard == "" || control.Rule == ""
}

func TestABaselineThatDeclaresNothingSwitchesNoCheckOn(t *testing.T) {
	for _, check := range checks.All() {
		if check.Declared(&v1alpha1.SecurityBaselineSpec{}) {
			t.Error(check.ID)
		}
	}
}

func TestEveryCheckHasAPassingAndAFailingCase(t *testing.T) {
	passes, fails := map[string]bool{}, map[string]bool{}
	for _, e := range examples(t) {
		for _, in := range e.inputs(t) {
			found := len(e.run(t, in)) > 0
			fails[e.check.ID] = fails[e.check.ID] || found
			passes[e.check.ID] = passes[e.check.ID] || (e.declared() && !found)
		}
	}
	for _, check := range checks.All() {
		if !passes[check.ID] {
			t.Errorf("%s has no case that passes", check.ID)
		}
		if !fails[check.ID] {
			t.Errorf("%s has no case that fails", check.ID)
		}
	}
}

func TestEveryCaseHasACheckAndEveryWantACase(t *testing.T) {
	ids := map[string]bool{}
	for _, check := range checks.All() {
		ids[check.ID] = true
	}
	files, err := filepath.Glob("testdata/*/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if dir := filepath.Base(filepath.Dir(file)); !ids[dir] {
			t.Errorf("%s: there is no check %s", file, dir)
		}
		switch filepath.Ext(file) {
		case ".yaml":
		case ".want":
			if _, err := os.Stat(strings.TrimSuffix(file, ".want") + ".yaml"); err != nil {
				t.Errorf("%s has no case: %v", file, err)
			}
		default:
			t.Errorf("%s is neither .yaml nor .want", file)
		}
	}
}

func TestEveryWatchedKindIsFoundToDriftInSomeCase(t *testing.T) {
	missing := map[string]bool{}
	for _, kind := range workload.Kinds() {
		missing[kind.Kind] = true
	}
	for _, e := range examples(t) {
		for _, in := range e.inputs(t) {
			if len(e.run(t, in)) > 0 {
				delete(missing, in.Ref().Kind)
			}
		}
	}
	if len(missing) > 0 {
		t.Errorf("missing: %v", slices.Sorted(maps.Keys(missing)))
	}
}

func TestEveryFindingSaysWhatIsWrongAndWhere(t *testing.T) {
	for _, e := range examples(t) {
		t.Run(e.name(), func(t *testing.T) {
			for _, in := range e.inputs(t) {
				for _, f := range e.run(t, in) {
					for what, ok := range map[string]bool{
						"value, expected or actual is missing": f.Value != "" && f.Expected != "" && f.Actual != "",
						"path does not lead into the pods":     leadsIntoThePods(&in.Workload, &f),
						"path does not name the container":     f.Container == "" || names(f.Path, f.Container),
						"message does not name the container":  strings.Contains(f.Message, f.Container),
						"message does not name the baseline":   strings.Contains(f.Message, "baseline "+e.baseline.Name),
						"message is not one sentence":          strings.HasSuffix(f.Message, ".") && !strings.Contains(f.Message, ". "),
						"remediation does not end in a period": strings.HasSuffix(f.Remediation, "."),
					} {
						if !ok {
							t.Errorf("%s: %+v", what, f)
						}
					}
				}
			}
		})
	}
}

// leadsIntoThePods also says so of the claims that stand beside the template of a StatefulSet.
// What the ServiceAccount of the pods holds, and what is no workload, has no pods to lead into, and what NetworkPolicies let
// through stands in none.
func leadsIntoThePods(w *workload.Workload, f *engine.Finding) bool {
	path := f.Path
	if w.Pod == nil || f.Origin == v1alpha1.OriginPermissions {
		return path != ""
	}
	if f.Origin == v1alpha1.OriginRunningPods { // not into the template: into a pod, or to what gives it permissions
		return path != ""
	}
	if path == "networkpolicies" || strings.HasPrefix(path, "networkpolicies[") {
		return true
	}
	if strings.HasPrefix(path, "metadata.") { // what is declared, or closed, is the object itself
		return true
	}
	annotations, _ := strings.CutSuffix(w.AnnotationPath(""), "]")
	return strings.HasPrefix(path, w.PodPath+".") || strings.HasPrefix(path, annotations) ||
		len(w.Claims) > 0 && strings.HasPrefix(path, "spec.volumeClaimTemplates[")
}

// names says whether a path names a container: as an item of a list, or at the end of the key of an annotation.
func names(path, container string) bool {
	return strings.Contains(path, "["+container+"]") || strings.HasSuffix(path, "/"+container+"]")
}

func TestChecksComeInTheOrderOfTheirIDs(t *testing.T) {
	all := checks.All()
	if len(all) == 0 || !slices.IsSortedFunc(all, func(a, b engine.Check) int { return strings.Compare(a.ID, b.ID) }) {
		t.Errorf("%d checks, not in order", len(all))
	}
}
