package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline.dev/plumbline/internal/rbac/builtin"
)

func TestTheTableIsOfTheseVersions(t *testing.T) {
	if diff := cmp.Diff(versions, builtin.Versions()); diff != "" {
		t.Errorf("run: go run ./hack/builtinroles (-versions +table):\n%s", diff)
	}
}

func TestTheTableIsOfSixMinorsInARow(t *testing.T) {
	var minors []int
	for _, version := range versions {
		minor, err := minorOf(version)
		if err != nil {
			t.Fatal(err)
		}
		minors = with(minors, minor)
	}
	for i, minor := range minors {
		if minor != minors[0]+i {
			t.Errorf("the minors %v are not in a row", minors)
		}
	}
	if len(minors) != 6 {
		t.Errorf("%d minors", len(minors))
	}
}

func TestAVersionThatIsNoneIsRefused(t *testing.T) {
	for _, version := range []string{"", "v1.36", "1.36.3", "v2.0.0", "v1.36.x", "v1.36.3.1"} {
		if minor, err := minorOf(version); err == nil || !strings.Contains(err.Error(), `"`+version+`"`) {
			t.Errorf("%q: %d, %v", version, minor, err)
		}
	}
}

func TestTheTableReadsAsItIsWritten(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", output))
	if err != nil {
		t.Fatal(err)
	}
	var table builtin.Table
	if err := json.Unmarshal(data, &table); err != nil {
		t.Fatal(err)
	}
	var again bytes.Buffer
	if err := write(&again, table); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(data, again.Bytes()) {
		t.Error("the table is not as it is written: run go run ./hack/builtinroles -force")
	}
}

func clusterRole(name string, rules ...rbacv1.PolicyRule) rbacv1.ClusterRole {
	return rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: rules}
}

func rule(verbs, groups, resources string, names ...string) rbacv1.PolicyRule {
	return rbacv1.PolicyRule{
		Verbs: strings.Split(verbs, ","), APIGroups: strings.Split(groups, ","), Resources: strings.Split(resources, ","), ResourceNames: names,
	}
}

// same is a version in which gates make no difference.
func same(version string, p policy) source {
	minor, _ := minorOf(version)
	return source{version: version, minor: minor, policies: []policy{p, p}}
}

// lines are the rules of the only role of the table, as they are written.
func lines(t *testing.T, sources ...source) []string {
	t.Helper()
	table, err := merge(sources)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, r := range table.Roles[0].Rules {
		line, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, string(line))
	}
	return found
}

func TestRulesSayInWhichVersionsTheyAre(t *testing.T) {
	role := func(rules ...rbacv1.PolicyRule) policy {
		return policy{ClusterRoles: []rbacv1.ClusterRole{clusterRole("r", rules...)}}
	}
	cases := map[string]struct {
		sources []source
		want    []string
	}{
		"a rule of all versions goes without saying": {
			sources: []source{same("v1.1.0", role(rule("get", "", "pods"))), same("v1.2.0", role(rule("get", "", "pods")))},
			want:    []string{`{"verbs":["get"],"apiGroups":[""],"resources":["pods"]}`},
		},
		"a verb that came is a rule of its own": {
			sources: []source{same("v1.1.0", role(rule("get", "", "pods"))), same("v1.2.0", role(rule("watch,get", "", "pods")))},
			want: []string{
				`{"verbs":["get"],"apiGroups":[""],"resources":["pods"]}`,
				`{"verbs":["watch"],"apiGroups":[""],"resources":["pods"],"minors":[2]}`,
			},
		},
		"what a gate adds is optional": {
			sources: []source{
				{version: "v1.1.0", minor: 1, policies: []policy{role(rule("get", "", "pods")), role(rule("get", "", "pods,nodes"))}},
				same("v1.2.0", role(rule("get", "", "nodes,pods"))),
			},
			want: []string{
				`{"verbs":["get"],"apiGroups":[""],"resources":["nodes"],"optional":[1]}`,
				`{"verbs":["get"],"apiGroups":[""],"resources":["pods"]}`,
			},
		},
		"what a patch release adds is optional": {
			sources: []source{same("v1.1.0", role(rule("list", "", "pods"))), same("v1.1.5", role(rule("list,watch", "", "pods")))},
			want: []string{
				`{"verbs":["list"],"apiGroups":[""],"resources":["pods"]}`,
				`{"verbs":["watch"],"apiGroups":[""],"resources":["pods"],"optional":[1]}`,
			},
		},
		"a role that is not always there is complete where it is": {
			sources: []source{
				{version: "v1.1.0", minor: 1, policies: []policy{{}, role(rule("get", "", "pods"))}},
				same("v1.2.0", role(rule("get", "", "pods"))),
			},
			want: []string{`{"verbs":["get"],"apiGroups":[""],"resources":["pods"]}`},
		},
		"what is spelled in another way is the same": {
			sources: []source{same("v1.1.0", role(
				rule("update", "apps", "scale"), rule("get", "apps,", "b,a"), rule("get", "", "a"), rule("get", "", "c", "x"),
				rbacv1.PolicyRule{Verbs: []string{"get"}, NonResourceURLs: []string{"/b", "/a"}},
			))},
			want: []string{
				`{"verbs":["get"],"nonResourceURLs":["/a","/b"]}`,
				`{"verbs":["get"],"apiGroups":[""],"resources":["a","b"]}`,
				`{"verbs":["get"],"apiGroups":[""],"resources":["c"],"resourceNames":["x"]}`,
				`{"verbs":["get"],"apiGroups":["apps"],"resources":["a","b"]}`,
				`{"verbs":["update"],"apiGroups":["apps"],"resources":["scale"]}`,
			},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, lines(t, c.sources...)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnAggregatedRoleNamesWhatItIsMadeOf(t *testing.T) {
	label := map[string]string{"to-all": "true"}
	all, part, none := clusterRole("all"), clusterRole("part"), clusterRole("none")
	all.Labels, part.Labels = label, label
	all.AggregationRule = &rbacv1.AggregationRule{ClusterRoleSelectors: []metav1.LabelSelector{{MatchLabels: label}}}
	table, err := merge([]source{same("v1.1.0", policy{ClusterRoles: []rbacv1.ClusterRole{none, part, all}})})
	if err != nil {
		t.Fatal(err)
	}
	if got := table.Roles[0]; got.Name != "all" || !slices.Equal(got.Contributors, []string{"part"}) {
		t.Errorf("%+v", got)
	}
}

func TestABindingIsOnceInTheTableForEachForm(t *testing.T) {
	binding := func(subjects ...string) policy {
		b := rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "b"}, RoleRef: rbacv1.RoleRef{Kind: kindRole, Name: "r"}}
		for _, name := range subjects {
			b.Subjects = append(b.Subjects, rbacv1.Subject{Kind: rbacv1.UserKind, Name: name})
		}
		return policy{RoleBindings: []rbacv1.RoleBinding{b}}
	}
	table, err := merge([]source{same("v1.1.0", binding("a")), same("v1.2.0", binding("a")), same("v1.3.0", binding("a", "b"))})
	if err != nil {
		t.Fatal(err)
	}
	var got [][]int
	for _, b := range table.Bindings {
		if b.Ref().String() != "RoleBinding kube-system/b" {
			t.Errorf("%s", b.Ref())
		}
		got = append(got, b.Minors)
	}
	if diff := cmp.Diff([][]int{{1, 2}, {3}}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestVersionsOutOfOrderAreRefused(t *testing.T) {
	if _, err := merge([]source{same("v1.2.0", policy{}), same("v1.1.0", policy{})}); err == nil || !strings.Contains(err.Error(), "v1.2.0 v1.1.0") {
		t.Errorf("%v", err)
	}
}

func TestWhatIsCollectedMustFitTheFixturesOfKubernetes(t *testing.T) {
	role := func(rules ...rbacv1.PolicyRule) policy {
		return policy{ClusterRoles: []rbacv1.ClusterRole{clusterRole("r", rules...)}}
	}
	get, list, watch := rule("get", "", "pods"), rule("list", "", "pods"), rule("watch", "", "pods")
	for name, c := range map[string]struct {
		policies []policy
		fixtures policy
		says     string
	}{
		"between none and all":             {[]policy{role(get), role(get, list), role(get, watch), role(get, list, watch)}, role(get, list), ""},
		"a role of a gate":                 {[]policy{{}, role(get), role(get, list)}, role(get), ""},
		"no fixtures":                      {[]policy{role(get), role(get)}, policy{}, "there are no fixtures"},
		"less than without gates":          {[]policy{role(get, list), role(get, list)}, role(get), "of ClusterRole r is not what it is"},
		"less than with the gate it needs": {[]policy{{}, role(get, list), role(get, list)}, role(get), "of ClusterRole r is not what it is"},
		"more than with all gates":         {[]policy{role(get), role(get)}, role(get, list), "of ClusterRole r is not what it is"},
		"a role that was not found": {
			[]policy{role(get), role(get)}, policy{ClusterRoles: []rbacv1.ClusterRole{clusterRole("r", get), clusterRole("s")}}, "of ClusterRole s is not what it is",
		},
		"a role that is not expected": {
			[]policy{role(get), role(get)}, policy{ClusterRoles: []rbacv1.ClusterRole{clusterRole("s")}}, "say nothing of ClusterRole r",
		},
		"a gate that takes something away": {[]policy{role(get), role(get, list), role(get)}, role(get), "ClusterRole r is there only with three gates, or"},
		"a role of three gates":            {[]policy{role(get), {ClusterRoles: []rbacv1.ClusterRole{clusterRole("r", get), clusterRole("s")}}}, role(get), "ClusterRole s is there only"},
	} {
		err := source{policies: c.policies}.verify(c.fixtures)
		if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEachGateAndEachTwoAreChosen(t *testing.T) {
	want := []string{"", "A", "B", "A,B", "C", "A,C", "B,C", "A,B,C"}
	if diff := cmp.Diff(want, choices([]string{"A", "B", "C"})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFixturesAreReadByKind(t *testing.T) {
	var p policy
	err := p.addFixture([]byte("items:\n- {kind: Role, metadata: {name: a}}\n- {kind: ClusterRole, metadata: {name: b}}\n" +
		"- {kind: RoleBinding, metadata: {name: c}}\n- {kind: ClusterRoleBinding, metadata: {name: d}}\n"))
	if err != nil || len(p.roles()) != 2 || len(p.bindings()) != 2 || p.Roles[0].Name != "a" || p.ClusterRoleBindings[0].Name != "d" {
		t.Errorf("%+v: %v", p, err)
	}
	if err := p.addFixture([]byte("items: [{kind: Pod}]")); err == nil || !strings.Contains(err.Error(), `"Pod"`) {
		t.Errorf("%v", err)
	}
}

func TestThePolicyIsRewrittenToAProgramOfThisModule(t *testing.T) {
	module := t.TempDir()
	for name, text := range map[string]string{
		policyDir + "/policy.go": "package bootstrappolicy\n\nimport (\n\tutilfeature \"k8s.io/apiserver/pkg/util/feature\"\n\t\"k8s.io/kubernetes/pkg/features\"\n)\n\n" +
			"var on = utilfeature.DefaultFeatureGate.Enabled(features.Some) || utilfeature.DefaultFeatureGate.Enabled(zpagesfeatures.Other)\n",
		policyDir + "/controller_policy.go":                             "package bootstrappolicy\n",
		policyDir + "/namespace_policy.go":                              "package bootstrappolicy\n",
		"pkg/apis/rbac/v1/helpers.go":                                   "package v1\n",
		"pkg/controlplane/controller/legacytokentracking/controller.go": "package legacytokentracking\n\nconst (\n\tConfigMapName    = \"tracking\"\n)\n",
	} {
		file := filepath.Join(module, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	files, gates, err := rewrite(module)
	if err != nil || !slices.Equal(gates, []string{"Other", "Some"}) {
		t.Fatal(gates, err)
	}
	for name, want := range map[string]string{
		programDir + "/policy.go":   "package main\n",
		programDir + "/main.go":     "func main()",
		gatesDir + "/features.go":   "\tOther = \"Other\"\n\tSome = \"Some\"\n",
		trackDir + "/controller.go": "const ConfigMapName    = \"tracking\"\n",
	} {
		if !strings.Contains(files[name], want) {
			t.Errorf("%s has no %q:\n%s", name, want, files[name])
		}
	}
	if strings.Contains(files[programDir+"/policy.go"], "k8s.io/kubernetes") {
		t.Errorf("it still needs Kubernetes:\n%s", files[programDir+"/policy.go"])
	}
}
