package scan_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const (
	clusterPolicy = `apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: no-host-paths}
spec: {validationFailureAction: Enforce}
`
	localPolicy = `apiVersion: kyverno.io/v1
kind: Policy
metadata: {namespace: shop, name: no-host-paths}
spec: {validationFailureAction: Enforce}
`
	admission = `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: no-host-paths}
spec: {policyName: no-host-paths, validationActions: [Deny]}
`
	mutation = `apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicyBinding
metadata: {name: sidecar}
spec: {policyName: sidecar}
`
	webhook = `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: guard}
webhooks:
- name: guard.example.com
  clientConfig: {service: {namespace: guard, name: guard}}
  rules: [{operations: [CREATE], apiGroups: [""], apiVersions: [v1], resources: [pods]}]
  sideEffects: None
  admissionReviewVersions: [v1]
`
)

// declaring returns a baseline that declares objects, and asks for whatever else is given.
func declaring(also string, objects ...string) string {
	text := "apiVersion: plumbline.dev/v1alpha1\nkind: SecurityBaseline\nmetadata: {name: pinned}\nspec:\n" + also + "  declared:\n"
	for _, object := range objects {
		text += "  - object:\n      " + strings.ReplaceAll(strings.TrimSuffix(object, "\n"), "\n", "\n      ") + "\n"
	}
	return text + "---\n"
}

// Objects of kinds that nothing else judges are held against how they are declared, as the operator does.
func TestDeclaredObjectsOfEveryKindAreJudged(t *testing.T) {
	const ofPolicy, ofBinding, ofHook, ofMutation = "declared-object on ClusterPolicy no-host-paths",
		"declared-object on ValidatingAdmissionPolicyBinding no-host-paths", "declared-object on ValidatingWebhookConfiguration guard",
		"declared-object on MutatingAdmissionPolicyBinding sidecar"
	change := func(object, from, to string) string {
		if !strings.Contains(object, from) {
			t.Fatalf("there is no %s in %s", from, object)
		}
		return strings.Replace(object, from, to, 1)
	}
	for name, test := range map[string]struct {
		given         string
		found, missed []string
		why           string
	}{
		"a policy of Kyverno that only audits": {
			given: declaring("", clusterPolicy) + change(clusterPolicy, "Enforce", "Audit"), found: []string{ofPolicy},
		},
		"one in a list of its kind": {
			given: declaring("", clusterPolicy) + "apiVersion: kyverno.io/v1\nkind: ClusterPolicyList\nitems:\n" +
				"- {metadata: {name: no-host-paths}, spec: {validationFailureAction: Audit}}\n",
			found: []string{ofPolicy},
		},
		"another policy of the name, of another kind": {
			given:  declaring("", clusterPolicy) + change(localPolicy, "Enforce", "Audit"),
			missed: []string{ofPolicy}, why: "it is not among what was given",
		},
		"one of another version": {
			given:  declaring("", clusterPolicy) + change(clusterPolicy, "kyverno.io/v1", "kyverno.io/v2beta1"),
			missed: []string{ofPolicy}, why: "it is given in kyverno.io/v2beta1, and declared in kyverno.io/v1",
		},
		"one that is missing in a namespace that is given": {
			given: declaring("", localPolicy) + namespace, found: []string{"declared-object on Policy no-host-paths"},
		},
		"a binding that does not deny": {given: declaring("", admission) + change(admission, "Deny", "Audit"), found: []string{ofBinding}},
		"a binding of another policy":  {given: declaring("", mutation) + change(mutation, "policyName: sidecar", "policyName: other"), found: []string{ofMutation}},
		"a webhook that fails open": {
			given: declaring("", webhook) + change(webhook, "  sideEffects", "  failurePolicy: Ignore\n  sideEffects"), found: []string{ofHook},
		},
		"a guardrail of a list that is closed": {
			given: declaring("  inventory: [{kinds: [ValidatingAdmissionPolicyBinding]}]\n", admission) + admission + "---\n" +
				change(admission, "{name: no-host-paths}", "{name: no-sockets}"),
			found: []string{"undeclared-object on ValidatingAdmissionPolicyBinding no-sockets"},
		},
		"a guardrail that nobody watched": {
			given:  declaring("  guardrails: Watch\n", admission) + change(admission, "Deny", "Audit"),
			found:  []string{ofBinding},
			missed: []string{"weakened-guardrail on ValidatingAdmissionPolicyBinding no-host-paths"}, why: "cannot read how it was before: nobody watched it",
		},
		"a workload for which another object stands": {
			given: declaring("  workloads: {hostPID: Forbidden}\n", deployment) +
				change(deployment, "name: api}\n", "name: api, ownerReferences: [{apiVersion: example.com/v1, kind: Shop, name: eu, uid: '1', controller: true}]}\n") +
				"      hostPID: true\n",
			found: []string{"declared-object on Deployment api", "host-pid on Shop eu"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := scanned(t, test.given, "-o", "json", "-")
			results := resultsOf(t, got)
			found, missed := checksOf(results)
			if diff := cmp.Diff(test.found, found, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("found (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.missed, missed, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("not evaluated (-want +got):\n%s", diff)
			}
			if !strings.Contains(got.stdout, test.why) || len(results.Errors) > 0 {
				t.Errorf("it does not say %q:\n%s", test.why, got.stdout)
			}
		})
	}
}

func TestWhatIsAsDeclaredIsClean(t *testing.T) {
	all := []string{clusterPolicy, localPolicy, admission, mutation, webhook}
	results := resultsOf(t, scanned(t, declaring("", all...)+strings.Join(all, "---\n"), "-o", "json", "-"))
	if results.Summary.Objects != len(all) || len(results.Results)+len(results.Errors) > 0 {
		t.Errorf("%+v", results)
	}
}

func TestAnObjectThatMayBeDeclaredAndIsNotIsNotJudged(t *testing.T) {
	results := resultsOf(t, scanned(t, declaring("", admission)+admission+"---\n"+clusterPolicy, "-o", "json", "-"))
	if results.Summary.Objects != 1 || len(results.Results) > 0 {
		t.Errorf("%+v", results)
	}
}
