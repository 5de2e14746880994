package scan

import (
	"context"
	"slices"
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	testclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/checks"
)

// aCluster holds a Deployment whose ServiceAccount may read Secrets, in a namespace without policies.
func aCluster(t *testing.T, denied ...string) client.Client {
	t.Helper()
	kubernetes := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(kubernetes); err != nil {
			t.Fatal(err)
		}
	}
	meta := metav1.ObjectMeta{Namespace: "shop", Name: "api"}
	pods := corev1.PodTemplateSpec{Spec: corev1.PodSpec{ServiceAccountName: "api", Containers: []corev1.Container{{Name: "app", Image: "api"}}}}
	baseline := &v1alpha1.SecurityBaseline{ObjectMeta: metav1.ObjectMeta{Name: "live"}}
	baseline.Spec.Workloads.ServiceAccountToken = v1alpha1.RuleForbidden
	baseline.Spec.RBAC.Secrets = v1alpha1.RuleForbidden
	baseline.Spec.NetworkPolicies.Isolation.Ingress = v1alpha1.RuleRequired
	objects := []client.Object{
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop"}}, &corev1.ServiceAccount{ObjectMeta: meta},
		&appsv1.Deployment{ObjectMeta: meta, Spec: appsv1.DeploymentSpec{Template: pods}}, baseline,
		&rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "reads"}, Rules: []rbacv1.PolicyRule{
			{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"get"}},
		}},
		&rbacv1.RoleBinding{ObjectMeta: meta, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "reads"},
			Subjects: []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: "shop", Name: "api"}}},
		&appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "other", Name: "api"}, Spec: appsv1.DeploymentSpec{Template: pods}},
	}
	refuse := func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
		gvk, err := c.GroupVersionKindFor(list)
		if err == nil && slices.Contains(denied, gvk.Kind) {
			return apierrors.NewForbidden(schema.GroupResource{Resource: gvk.Kind}, "", nil)
		}
		return c.List(ctx, list, opts...)
	}
	return fake.NewClientBuilder().WithScheme(kubernetes).WithObjects(objects...).
		WithInterceptorFuncs(interceptor.Funcs{List: refuse}).Build()
}

// judgeCluster returns what was found, and what could not be judged, as "check on Kind name".
func judgeCluster(t *testing.T, reader client.Client, namespace string) (found, missed, unreadable []string) {
	t.Helper()
	asked, err := baselinesOf(t.Context(), reader)
	if err != nil {
		t.Fatal(err)
	}
	set, err := compile(asked, checks.All())
	if err != nil {
		t.Fatal(err)
	}
	w, kinds, err := cluster(t.Context(), reader, set, namespace, nil)
	if err != nil {
		t.Fatal(err)
	}
	j := &judging{set: set, now: testclock.NewFakePassiveClock(metav1.Now().Time).Now()}
	results, _, err := j.judge(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	for i := range results {
		on := " on " + nameOf(results[i].Target)
		for _, f := range results[i].Findings {
			found = append(found, f.Check+on)
		}
		for _, n := range results[i].NotEvaluated {
			missed = append(missed, n.Check+on+": "+n.Reason)
		}
	}
	for _, kind := range kinds {
		unreadable = append(unreadable, kind.Resource+": "+kind.Reason)
	}
	return found, missed, unreadable
}

func TestAClusterIsJudgedAsFarAsItMayBeRead(t *testing.T) {
	const policies, secrets, token = "isolation-ingress on Deployment shop/api", "rbac-secrets on Deployment shop/api", "service-account-token on Deployment shop/api"
	all := []string{policies, "isolation-ingress on Deployment other/api", secrets, token}
	for name, test := range map[string]struct {
		denied             []string
		namespace          string
		found, absent      []string
		missed, unreadable string
	}{
		"all of it":               {found: all},
		"without roles":           {denied: []string{"RoleList"}, found: []string{policies, token}, absent: []string{secrets}, missed: secrets + ": cannot read roles and bindings: you may not list roles", unreadable: "roles: you may not list roles"},
		"without ServiceAccounts": {denied: []string{"ServiceAccountList"}, found: []string{policies, secrets}, absent: []string{token}, missed: token + ": cannot read ServiceAccount: you may not list serviceaccounts", unreadable: "serviceaccounts: you may not list serviceaccounts"},
		"without NetworkPolicies": {denied: []string{"NetworkPolicyList"}, found: []string{secrets, token}, absent: []string{policies}, missed: policies + ": cannot read NetworkPolicies: you may not list networkpolicies", unreadable: "networkpolicies: you may not list networkpolicies"},
		"without Deployments":     {denied: []string{"DeploymentList"}, found: []string{"rbac-secrets on ServiceAccount shop/api"}, absent: all, unreadable: "deployments: you may not list deployments"},
		"one namespace of it":     {namespace: "shop", found: []string{policies, secrets, token}, absent: all[1:2], missed: secrets + ": cannot read all of roles and bindings: only the bindings of one namespace and of the cluster as such were read"},
	} {
		t.Run(name, func(t *testing.T) {
			found, missed, unreadable := judgeCluster(t, aCluster(t, test.denied...), test.namespace)
			for _, want := range test.found {
				if !slices.Contains(found, want) {
					t.Errorf("%s is not found: %q", want, found)
				}
			}
			for _, not := range test.absent {
				if slices.Contains(found, not) {
					t.Errorf("%s is found", not)
				}
			}
			if test.missed != "" && !slices.Contains(missed, test.missed) {
				t.Errorf("not evaluated: %q, want %q", missed, test.missed)
			}
			if test.unreadable != "" && !slices.Contains(unreadable, test.unreadable) {
				t.Errorf("unreadable: %q, want %q", unreadable, test.unreadable)
			}
			if test.missed == "" && len(missed) > 0 || test.unreadable == "" && len(unreadable) > 0 {
				t.Errorf("not evaluated %q, unreadable %q", missed, unreadable)
			}
		})
	}
}

// mapped is a client of a server that serves what a mapper knows.
type mapped struct {
	client.Client
	mapper meta.RESTMapper
}

func (m mapped) RESTMapper() meta.RESTMapper { return m.mapper }

// A guardrail is not taken for missing where an older API server serves its kind in another version. Where the kind is not served at
// all it is.
func TestWhatAClusterServesInAnotherVersionIsNotMissing(t *testing.T) {
	pinned := &v1alpha1.SecurityBaseline{ObjectMeta: metav1.ObjectMeta{Name: "pinned"}}
	pinned.Spec.Declared = []v1alpha1.DeclaredObject{{Object: runtime.RawExtension{Raw: []byte(
		`{"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding", "metadata": {"name": "deny"}}`)}}}
	served, is := aCluster(t).(client.WithWatch)
	if !is {
		t.Fatal("the client cannot be intercepted")
	}
	if err := served.Create(t.Context(), pinned); err != nil {
		t.Fatal(err)
	}
	older := interceptor.NewClient(served, interceptor.Funcs{
		List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			if _, is := list.(*admissionregistrationv1.ValidatingAdmissionPolicyBindingList); is {
				return &meta.NoKindMatchError{GroupKind: schema.GroupKind{Kind: "ValidatingAdmissionPolicyBinding"}}
			}
			return c.List(ctx, list, opts...)
		},
	})
	version := schema.GroupVersion{Group: admissionregistrationv1.GroupName, Version: "v1beta1"}
	beta := meta.NewDefaultRESTMapper([]schema.GroupVersion{version})
	beta.Add(version.WithKind("ValidatingAdmissionPolicyBinding"), meta.RESTScopeRoot)
	for name, test := range map[string]struct {
		reader client.Client
		found  bool
		missed string
	}{
		"where it is served": {reader: served, found: true},
		"where it is served in another version": {reader: mapped{older, beta}, missed: "declared-object on ValidatingAdmissionPolicyBinding deny: cannot read it: " +
			"the cluster serves validatingadmissionpolicybindings in v1beta1, and not in v1"},
		"where it is not served at all": {reader: mapped{older, meta.NewDefaultRESTMapper(nil)}, found: true},
	} {
		t.Run(name, func(t *testing.T) {
			found, missed, unreadable := judgeCluster(t, test.reader, "")
			if slices.Contains(found, "declared-object on ValidatingAdmissionPolicyBinding deny") != test.found ||
				test.missed != strings.Join(missed, "") || len(unreadable) > 0 {
				t.Errorf("found %q, not evaluated %q, unreadable %q", found, missed, unreadable)
			}
		})
	}
}
