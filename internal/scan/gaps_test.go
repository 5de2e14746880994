package scan_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plumbline.dev/plumbline/internal/scan"
)

// Objects that the cases put together.
const (
	everything = `apiVersion: plumbline.dev/v1alpha1
kind: SecurityBaseline
metadata: {name: all}
spec:
  workloads: {serviceAccountToken: Forbidden}
  rbac: {secrets: Forbidden, danglingBindings: Forbidden, anonymous: Forbidden}
  networkPolicies:
    isolation: {ingress: Required}
    danglingPolicies: Forbidden
`
	deployment = `apiVersion: apps/v1
kind: Deployment
metadata: {namespace: shop, name: api}
spec:
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      serviceAccountName: api
      containers: [{name: app, image: api}]
`
	account   = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {namespace: shop, name: api}\nautomountServiceAccountToken: false\n"
	namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"
	isolates  = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {namespace: shop, name: deny}\nspec: {podSelector: {}}\n"
	selects   = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {namespace: shop, name: web}\nspec: {podSelector: {matchLabels: {app: web}}}\n"
	reads     = "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: reads}\nrules: [{apiGroups: [''], resources: [secrets], verbs: [get]}]\n"
)

const selectsJob = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {namespace: shop, name: migrate}\n" +
	"spec: {podSelector: {matchLabels: {batch.kubernetes.io/job-name: migrate}}}\n"

func jobOf(name string) string {
	return "apiVersion: batch/v1\nkind: Job\nmetadata: {namespace: shop, " + name + "}\nspec:\n  template:\n    spec:\n" +
		"      automountServiceAccountToken: false\n      restartPolicy: Never\n      containers: [{name: app, image: app}]\n"
}

func bound(role, subject string) string {
	return "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {namespace: shop, name: bound}\n" +
		"roleRef: {apiGroup: rbac.authorization.k8s.io, " + role + "}\nsubjects: [{" + subject + "}]\n"
}

const (
	toReads = "kind: ClusterRole, name: reads"
	toAPI   = "kind: ServiceAccount, name: api, namespace: shop"
	toJane  = "kind: User, name: jane, apiGroup: rbac.authorization.k8s.io"
)

// What was not given is neither taken for there nor for absent.
func TestWhatWasNotGivenIsNotEvaluated(t *testing.T) {
	const (
		noAccount = "service-account-token on Deployment api"
		noGrants  = "rbac-secrets on Deployment api"
		noPolicy  = "isolation-ingress on Deployment api"
	)
	for name, test := range map[string]struct {
		given        []string
		found        []string
		notEvaluated []string
	}{
		"a Deployment alone":                    {given: []string{deployment}, notEvaluated: []string{noPolicy, noGrants, noAccount}},
		"with its ServiceAccount":               {given: []string{deployment, account}, notEvaluated: []string{noPolicy}},
		"with a policy of its namespace":        {given: []string{deployment, isolates}, notEvaluated: []string{noGrants, noAccount}},
		"with a policy that does not select it": {given: []string{deployment, account, selects}, found: []string{"dangling-network-policy on NetworkPolicy web", noPolicy}},
		"with its Namespace, which is all of it": {
			given: []string{deployment, namespace}, found: []string{noPolicy, noAccount},
		},
		"with a binding that names its ServiceAccount": {
			given:        []string{deployment, bound(toReads, toAPI), reads},
			found:        []string{"rbac-secrets on ClusterRole reads", noGrants},
			notEvaluated: []string{noPolicy, "rbac-dangling-binding on RoleBinding bound", noAccount},
		},
		"with a binding to a role that Kubernetes makes": {
			given:        []string{deployment, account, isolates, bound("kind: ClusterRole, name: edit", toAPI)},
			found:        []string{noGrants, "rbac-secrets on RoleBinding bound", "rbac-secrets on ServiceAccount api"},
			notEvaluated: nil,
		},
		"with a binding to a role that was not given": {
			given: []string{deployment, account, isolates, bound("kind: ClusterRole, name: other", toAPI)},
			notEvaluated: []string{
				"rbac-anonymous on RoleBinding bound", "rbac-dangling-binding on RoleBinding bound", noGrants, "rbac-secrets on RoleBinding bound",
				"rbac-secrets on ServiceAccount api",
			},
		},
		"a binding to a Role of a namespace that was given and that lacks it": {
			given: []string{namespace, isolates, bound("kind: Role, name: other", toJane)},
			found: []string{"rbac-dangling-binding on RoleBinding bound"},
		},
		"a binding of a ServiceAccount of a namespace that was given and that lacks it": {
			given: []string{namespace, isolates, reads, bound(toReads, toAPI)},
			found: []string{"rbac-dangling-binding on RoleBinding bound", "rbac-secrets on ClusterRole reads"},
		},
		"a binding of the ServiceAccount that is in every namespace": {
			given: []string{namespace, isolates, reads, bound(toReads, "kind: ServiceAccount, name: default, namespace: shop")},
			found: []string{"rbac-secrets on ClusterRole reads"},
		},
		"a binding of it, of a namespace that was not given": {
			given:        []string{isolates, reads, bound(toReads, "kind: ServiceAccount, name: default, namespace: shop")},
			found:        []string{"rbac-secrets on ClusterRole reads"},
			notEvaluated: []string{"dangling-network-policy on NetworkPolicy deny", "rbac-dangling-binding on RoleBinding bound"},
		},
		"a Job that is selected by its name": {
			given: []string{namespace, jobOf("name: migrate"), selectsJob},
		},
		"a Job that is selected by a name which is still to be made up": {
			given: []string{namespace, jobOf("generateName: migrate"), selectsJob},
			found: []string{"isolation-ingress on Job migrate"},
		},
		"a policy without any workload of its namespace": {
			given: []string{selects}, notEvaluated: []string{"dangling-network-policy on NetworkPolicy web"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			results := resultsOf(t, scanned(t, strings.Join(append([]string{everything}, test.given...), "---\n"), "-o", "json", "-"))
			found, missed := checksOf(results)
			if diff := cmp.Diff(test.found, found); diff != "" {
				t.Errorf("found (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.notEvaluated, missed); diff != "" {
				t.Errorf("not evaluated (-want +got):\n%s", diff)
			}
		})
	}
}

func resultsOf(t *testing.T, got outcome) *scan.Results {
	t.Helper()
	var results scan.Results
	if err := json.Unmarshal([]byte(got.stdout), &results); err != nil {
		t.Fatalf("%v: %s%s", err, got.stdout, got.stderr)
	}
	return &results
}

// checksOf returns what was found, and what could not be judged, in order.
func checksOf(results *scan.Results) (found, missed []string) {
	for _, result := range results.Results {
		on := " on " + result.Target.Kind + " " + result.Target.Name
		for _, f := range result.Findings {
			found = append(found, f.Check+on)
		}
		for _, n := range result.NotEvaluated {
			missed = append(missed, n.Check+on)
		}
	}
	slices.Sort(found)
	slices.Sort(missed)
	return slices.Compact(found), slices.Compact(missed)
}

func TestLabelsOfANamespaceThatWasNotGivenDecideNothing(t *testing.T) {
	chooses := "apiVersion: plumbline.dev/v1alpha1\nkind: SecurityBaseline\nmetadata: {name: chooses}\nspec:\n" +
		"  scope: {namespaceSelector: {matchLabels: {env: prod}}}\n  workloads: {privileged: Forbidden}\n"
	got := scanned(t, chooses+"---\n"+deployment, "-")
	if got.code != 2 || !strings.Contains(got.stderr, "chooses by the labels of Namespaces") {
		t.Errorf("code %d, %s", got.code, got.stderr)
	}
	labelled := strings.Replace(namespace, "{name: shop}", "{name: shop, labels: {env: prod}}", 1)
	if got := scanned(t, chooses+"---\n"+deployment+"---\n"+labelled, "-"); got.code != 0 {
		t.Errorf("code %d, %s%s", got.code, got.stdout, got.stderr)
	}
}

func TestAggregatedRolesHoldWhatTheyGather(t *testing.T) {
	gathers := "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: gathers}\n" +
		"aggregationRule: {clusterRoleSelectors: [{matchLabels: {into: gathers}}]}\nrules: []\n"
	labelled := strings.Replace(reads, "{name: reads}", "{name: reads, labels: {into: gathers}}", 1)
	binding := bound("kind: ClusterRole, name: gathers", toJane)
	found, missed := checksOf(resultsOf(t, scanned(t, strings.Join([]string{everything, gathers, labelled, binding}, "---\n"), "-o", "json", "-")))
	want := []string{"rbac-secrets on ClusterRole gathers", "rbac-secrets on ClusterRole reads", "rbac-secrets on User jane"}
	if diff := cmp.Diff(want, found); diff != "" || len(missed) > 0 {
		t.Errorf("%s, not evaluated %v", diff, missed)
	}
	_, missed = checksOf(resultsOf(t, scanned(t, strings.Join([]string{everything, gathers}, "---\n"), "-o", "json", "-")))
	if !slices.Contains(missed, "rbac-secrets on ClusterRole gathers") {
		t.Errorf("what it gathers is not given, and it was judged: %v", missed)
	}
}

// Trees with a directory for each environment hold each object several times.
func TestAnObjectThatIsGivenTwiceIsJudgedTwice(t *testing.T) {
	for _, args := range [][]string{{"testdata/twice"}, {"testdata/twice/prod", "testdata/twice/dev"}} {
		results := resultsOf(t, scanned(t, "", append(args, "--preset", "pss-baseline", "-o", "json")...))
		if results.Summary.Objects != 2 || len(results.Results) != 1 || results.Results[0].Source.File != "testdata/twice/dev/pod.yaml" {
			t.Errorf("%v: %+v", args, results)
		}
	}
}

func TestOwnedObjectsAreJudgedByTheirOwners(t *testing.T) {
	owned := func(owner, uid string) string {
		return "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata:\n  namespace: shop\n  name: api-1\n  ownerReferences: [{apiVersion: " + owner +
			", name: api, uid: " + uid + ", controller: true}]\nspec:\n  selector: {matchLabels: {app: api}}\n  template:\n" +
			"    metadata: {labels: {app: api}}\n    spec:\n      containers: [{name: app, image: api, securityContext: {privileged: true}}]\n"
	}
	of := strings.Replace(deployment, "name: api}\nspec", "name: api, uid: '1'}\nspec", 1)
	for name, test := range map[string]struct {
		given string
		want  []string
	}{
		"its Deployment is given":         {of + "---\n" + owned("apps/v1, kind: Deployment", "'1'"), nil},
		"its Deployment is not given":     {owned("apps/v1, kind: Deployment", "'1'"), []string{"privileged on ReplicaSet api-1"}},
		"another Deployment of the name":  {of + "---\n" + owned("apps/v1, kind: Deployment", "'2'"), []string{"privileged on ReplicaSet api-1"}},
		"its owner is of an unknown kind": {owned("argoproj.io/v1alpha1, kind: Rollout", "'1'"), []string{"privileged on Rollout api"}},
	} {
		t.Run(name, func(t *testing.T) {
			found, _ := checksOf(resultsOf(t, scanned(t, test.given, "--preset", "pss-baseline", "-o", "json", "-")))
			if diff := cmp.Diff(test.want, found); diff != "" {
				t.Error(diff)
			}
		})
	}
}
