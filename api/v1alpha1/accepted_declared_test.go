package v1alpha1_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/api/v1alpha1"
)

const declaredRole = `{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {namespace: shop, name: api},
	rules: [{apiGroups: [""], resources: [configmaps], verbs: [get]}]}`

// What the API server cannot know is accepted, and told by the operator: it keeps what is under object as it is.
func TestADeclaredObjectIsAccepted(t *testing.T) {
	c := newClient(t)
	for name, entry := range map[string]string{
		"as it is":                          `{object: ` + declaredRole + `}`,
		"of which more may be there":        `{match: Contains, object: ` + declaredRole + `}`,
		"that may not become stricter":      `{match: Exact, onTightening: Report, object: ` + declaredRole + `}`,
		"of no namespace":                   `{object: {apiVersion: v1, kind: Namespace, metadata: {name: shop}}}`,
		"of a name with colons":             `{object: {apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: "shop:reader"}}}`,
		"of a kind that no baseline judges": `{object: {apiVersion: example.com/v1, kind: Widget, metadata: {name: shop}, spec: {any: [1, {thing: null}]}}}`,
		"without a name":                    `{object: {apiVersion: v1, kind: Namespace, metadata: {labels: {team: shop}}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.Create(t.Context(), baseline(t, "accepted", "{declared: ["+entry+"]}"), client.DryRunAll); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAnInventoryIsAccepted(t *testing.T) {
	c := newClient(t)
	for name, entry := range map[string]string{
		"of one kind": `{kinds: [ClusterRoleBinding]}`,
		"of guardrails": `{kinds: [ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding, ValidatingWebhookConfiguration,
			MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding, MutatingWebhookConfiguration]}`,
		"in some namespaces":    `{kinds: [Role], namespaces: {include: ["*"], exclude: ["kube-*"]}}`,
		"that ignores by name":  `{kinds: [ClusterRole], ignore: [{name: "system:*"}, {name: "Team A"}]}`,
		"that ignores by label": `{kinds: [Pod], ignore: [{selector: {matchLabels: {team: ops}}}, {selector: {matchExpressions: [{key: team, operator: Exists}]}}]}`,
		"that ignores by owner": `{kinds: [Job], ignore: [{owned: true}]}`,
		"with every list of its bound": `{kinds: [Deployment, StatefulSet, DaemonSet, ReplicaSet, ReplicationController, Job, CronJob, Pod, Role, ClusterRole,
			RoleBinding, ClusterRoleBinding, ServiceAccount, NetworkPolicy, Namespace, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding,
			ValidatingWebhookConfiguration, MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding, MutatingWebhookConfiguration],
			namespaces: {include: [` + numbered("n%d", 256) + `]},
			ignore: [` + numbered(`{name: "a%d*", selector: {matchLabels: {team: ops}}, owned: true}`, 64) + `]}`,
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.Create(t.Context(), baseline(t, "accepted", "{inventory: ["+entry+"]}"), client.DryRunAll); err != nil {
				t.Error(err)
			}
		})
	}
}

// The rules of the schema cost nothing per object: as many fit as etcd takes.
func TestManyDeclaredObjectsAreAccepted(t *testing.T) {
	many := make([]string, 2048)
	for i := range many {
		many[i] = fmt.Sprintf(`{"object": {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"namespace": "shop", "name": "r%d"},
			"rules": [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"]}]}}`, i)
	}
	spec := `{"declared": [` + strings.Join(many, ",") + `]}`
	if err := newClient(t).Create(t.Context(), baseline(t, "accepted", spec), client.DryRunAll); err != nil {
		t.Error(err)
	}
}

// Nothing under object is dropped, because nobody but the operator knows what fields there are.
func TestADeclaredObjectArrivesAsItWasSent(t *testing.T) {
	c := newClient(t)
	const text = `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"api","namespace":"shop"},` +
		`"spec":{"template":{"spec":{"containers":[{"name":"app","securityContext":{"privileged":false,"unheardOf":{"a":[1,null]}}}]}}}}`
	sent := &v1alpha1.SecurityBaseline{
		ObjectMeta: metav1.ObjectMeta{Name: "declares"},
		Spec:       v1alpha1.SecurityBaselineSpec{Declared: []v1alpha1.DeclaredObject{{Object: runtime.RawExtension{Raw: []byte(text)}}}},
	}
	create(t, c, sent)
	var got v1alpha1.SecurityBaseline
	if err := c.Get(t.Context(), client.ObjectKeyFromObject(sent), &got); err != nil {
		t.Fatal(err)
	}
	entry := got.Spec.Declared[0]
	if entry.Match != v1alpha1.MatchExact || entry.OnTightening != v1alpha1.TighteningIgnored {
		t.Errorf("match %q, onTightening %q: want the defaults", entry.Match, entry.OnTightening)
	}
	tree := func(raw []byte) (read any) {
		if err := json.Unmarshal(raw, &read); err != nil {
			t.Fatal(err)
		}
		return read
	}
	if diff := cmp.Diff(tree([]byte(text)), tree(entry.Object.Raw)); diff != "" {
		t.Errorf("object (-sent +got):\n%s", diff)
	}
}
