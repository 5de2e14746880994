package pinned_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"plumbline.dev/plumbline/internal/pinned"
	"plumbline.dev/plumbline/internal/workload"
)

func TestWhatCannotBeDeclaredIsRefused(t *testing.T) {
	for _, test := range []struct{ name, object, want string }{
		{"nothing", "", "there is no object"},
		{"a list", "[]", "what is declared is a list or a text"},
		{"no kind", "{apiVersion: v1, metadata: {name: a}}", "no apiVersion and kind"},
		{"no name", "{apiVersion: v1, kind: Namespace}", "the Namespace has no metadata.name"},
		{"a name to be made up", "{apiVersion: v1, kind: Namespace, metadata: {generateName: a-}}", "has no metadata.name"},
		{"no namespace", "{apiVersion: apps/v1, kind: Deployment, metadata: {name: api}}", "Deployment api has no metadata.namespace"},
		{"no namespace of a Kyverno Policy", "{apiVersion: kyverno.io/v1, kind: Policy, metadata: {name: a}}", "no metadata.namespace"},
		{"an unknown kind", "{apiVersion: v1, kind: ConfigMap, metadata: {namespace: a, name: b}}", "kind ConfigMap of v1 cannot be declared: declare one of ClusterRole, "},
		{"a kind of another group", "{apiVersion: example.com/v1, kind: Deployment, metadata: {name: b}}", "kind Deployment of example.com/v1 cannot be declared"},
		{"a version that is gone", "{apiVersion: apps/v1beta1, kind: Deployment, metadata: {namespace: a, name: b}}", "write apps/v1"},
		{"a group that is gone", "{apiVersion: extensions/v1beta1, kind: Deployment, metadata: {namespace: a, name: b}}", "write apps/v1"},
		{"a version that is none", "{apiVersion: a/b/c, kind: Deployment, metadata: {namespace: a, name: b}}", `apiVersion "a/b/c" is none`},
		{"an unknown field", deployment("{containers: [{name: app, image: a, securityContext: {privilegd: true}}]}"),
			"Deployment shop/api: field spec.template.spec.containers[app].securityContext.privilegd is unknown"},
		{"a wrong type", deployment("{containers: [{name: app, image: a, securityContext: {privileged: 'yes'}}]}"),
			"field spec.template.spec.containers[app].securityContext.privileged is a string, and must be a bool"},
		{"no quantity", deployment("{containers: [{name: app, resources: {limits: {memory: 1Gx}}}]}"),
			"field spec.template.spec.containers[app].resources.limits.memory cannot be read: quantities must match"},
		{"labels of a policy engine", "{apiVersion: kyverno.io/v1, kind: ClusterPolicy, metadata: {name: a, labels: {b: 1}}}", "metadata.labels must be"},
		{"two containers of one name", deployment("{containers: [{name: app, image: a}, {name: app, image: b}]}"), "spec.template.spec.containers[app] stands twice"},
		{"a container without a name", deployment("{containers: [{image: a}]}"), "spec.template.spec.containers: a container has no name"},
		{"a wrong block", ingress("{from: [" + block("10.0.0.0/99") + "]}"), "spec.ingress[0].from[0].ipBlock.cidr"},
		{"an object of a controller", "{apiVersion: v1, kind: Pod, metadata: {namespace: a, name: b, ownerReferences: " +
			"[{apiVersion: apps/v1, kind: ReplicaSet, name: c, uid: d, controller: true}]}}", "ReplicaSet a/c controls it: declare that instead"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var data []byte
			if test.object != "" {
				data = asJSON(t, test.object)
			}
			_, err := pinned.Compile(data, pinned.Options{})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestFieldsThatStandTwiceAreRefused(t *testing.T) {
	const twice = `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"a","name":"b"}}`
	if _, err := pinned.Compile([]byte(twice), pinned.Options{}); err == nil || !strings.Contains(err.Error(), "metadata.name stands twice") {
		t.Errorf("got %v", err)
	}
	if _, err := pinned.Compile([]byte(`{"apiVersion":`), pinned.Options{}); err == nil || !strings.Contains(err.Error(), "no JSON") {
		t.Errorf("got %v", err)
	}
}

func TestAnUnknownMatchIsRefused(t *testing.T) {
	_, err := pinned.Compile(asJSON(t, deployment(onlyAnon)), pinned.Options{Match: "Roughly"})
	if err == nil || !strings.Contains(err.Error(), "write Exact or Contains") {
		t.Errorf("got %v", err)
	}
}

func TestAPinNamesItsObject(t *testing.T) {
	pin := compile(t, deployment(onlyAnon), pinned.Options{})
	want := workload.Ref{Group: "apps", Kind: "Deployment", Namespace: "shop", Name: "api"}
	if pin.Ref != want || pin.APIVersion != "apps/v1" || pin.Match != pinned.Exact {
		t.Errorf("got %+v of %s, %s", pin.Ref, pin.APIVersion, pin.Match)
	}
	cluster := compile(t, "{apiVersion: v1, kind: Namespace, metadata: {name: a, namespace: b}}", pinned.Options{})
	if cluster.Ref.Namespace != "" {
		t.Errorf("an object of the cluster is in namespace %s", cluster.Ref.Namespace)
	}
}

func TestAMissingObjectIsOneDifference(t *testing.T) {
	pin := compile(t, deployment(onlyAnon), pinned.Options{})
	want := pinned.Difference{Path: "metadata.name", Value: "missing", Expected: "Deployment shop/api", Actual: "none", Loosening: true}
	if got := pin.Differences(nil); len(got) != 1 || got[0] != want || pin.Missing() != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestAnObjectOfAnotherKindIsUnreadable(t *testing.T) {
	pin := compile(t, deployment(onlyAnon), pinned.Options{})
	for _, live := range []runtime.Object{object(t, podOf(onlyAnon)), loose(t, podOf(onlyAnon)), object(t, role("[]"))} {
		if got := inWords(pin.Differences(live)); !slices.Equal(got, []string{"kind: unreadable"}) {
			t.Errorf("got %q", got)
		}
	}
	raw := compile(t, "{apiVersion: kyverno.io/v1, kind: ClusterPolicy, metadata: {name: a}}", pinned.Options{})
	if got := raw.Differences(loose(t, "{apiVersion: kyverno.io/v2beta1, kind: ClusterPolicy, metadata: {name: a}}")); got != nil {
		t.Errorf("another version is different: %+v", got)
	}
}

func TestDifferencesSayWhatIsExpected(t *testing.T) {
	pin := compile(t, deployment("{containers: [{name: app, image: nginx, securityContext: {allowPrivilegeEscalation: false}}]}"), pinned.Options{})
	got := pin.Differences(object(t, deployment(security("capabilities: {add: [SYS_ADMIN]}"))))
	want := []pinned.Difference{
		{Container: "app", Path: ofApp + "allowPrivilegeEscalation", Value: "true", Expected: "false", Actual: "unset, which means true", Loosening: true},
		{Container: "app", Path: ofApp + "capabilities.add", Value: "SYS_ADMIN", Expected: "none", Actual: "SYS_ADMIN", Loosening: true},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %+v", got)
	}
}

func TestDifferencesAreBounded(t *testing.T) {
	var rules []string
	for i := range 100 {
		rules = append(rules, fmt.Sprintf("{apiGroups: [''], resources: [r%03d], verbs: [get]}", i))
	}
	empty := compile(t, role("[]"), pinned.Options{})
	got := empty.Differences(object(t, role("["+strings.Join(rules, ",")+"]")))
	if last := got[len(got)-1]; len(got) != pinned.MaxDifferences+1 || last.Value != "more" || last.Actual != "36 more differences" || !last.Loosening {
		t.Errorf("got %d, the last %+v", len(got), last)
	}
	full := compile(t, role("["+strings.Join(rules, ",")+"]"), pinned.Options{ReportTightening: true})
	got = full.Differences(object(t, role("["+secrets+"]")))
	if !slices.ContainsFunc(got, func(d pinned.Difference) bool { return d.Value == "get secrets" }) || got[len(got)-1].Loosening {
		t.Errorf("what loosens is not shown, or the rest loosens: %+v", got)
	}
}

func TestLongValuesAreCut(t *testing.T) {
	const format = "{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicy, metadata: {name: a}, spec: {validations: [{expression: %s}, {expression: %s}]}}"
	long := strings.Repeat("x", 5000)
	pin := compile(t, fmt.Sprintf(format, long+"1", long+"2"), pinned.Options{})
	got := pin.Differences(object(t, fmt.Sprintf(format, "a", "b")))
	if len(got) != 2 || got[0].Value == got[1].Value || len(got[0].Value) > 256 || len(got[0].Expected) > 1024 {
		t.Errorf("got %+v", got)
	}
}

func TestKindsAreSortedAndDeclarable(t *testing.T) {
	kinds := pinned.Kinds()
	if len(kinds) != 21 {
		t.Errorf("there are %d kinds: %v", len(kinds), kinds)
	}
	for _, k := range kinds {
		if !pinned.IsDeclarable(k.GroupKind()) {
			t.Errorf("%s is not declarable", k)
		}
	}
	if !pinned.IsDeclarable(schema.GroupKind{Group: "kyverno.io", Kind: "ClusterPolicy"}) || pinned.IsDeclarable(schema.GroupKind{Kind: "Secret"}) {
		t.Error("the groups of policy engines are declarable, and Secrets are not")
	}
	if !slices.IsSorted(pinned.RawGroups()) {
		t.Error("the groups are not sorted")
	}
}

func TestNothingThatIsReadKeepsTheTextAlive(t *testing.T) {
	data := asJSON(t, deployment(onlyAnon))
	pin, err := pinned.Compile(data, pinned.Options{})
	if err != nil {
		t.Fatal(err)
	}
	copy(data, bytes.Repeat([]byte("x"), len(data)))
	if got := pin.Differences(object(t, deployment(onlyAnon))); got != nil {
		t.Errorf("it changed with the text: %+v", got)
	}
}
