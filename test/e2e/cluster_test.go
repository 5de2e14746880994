package e2e_test

import (
	"context"
	"testing"

	"github.com/onsi/gomega"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/api/v1alpha1"
)

func TestWhatBelongsToNoNamespaceIsReportedInThatOfTheOperator(t *testing.T) {
	s := newScene(t)
	s.namespace = operatorNamespace
	sb := &v1alpha1.SecurityBaseline{
		ObjectMeta: metav1.ObjectMeta{Name: "people"},
		Spec: v1alpha1.SecurityBaselineSpec{
			Scope: v1alpha1.Scope{Kinds: []v1alpha1.JudgedKind{"ClusterRoleBinding", "User"}},
			RBAC: v1alpha1.RBAC{
				ClusterAdmin:       &v1alpha1.ClusterAdmin{AllowedSubjects: []v1alpha1.SubjectPattern{}},
				PermissionCeilings: []v1alpha1.PermissionCeiling{{Subjects: []v1alpha1.SubjectPattern{{Kind: "User", Name: "jane*"}}, Rules: []v1alpha1.PermissionRule{}}},
			},
		},
	}
	s.create(sb)
	t.Cleanup(func() { _ = admin.Delete(context.Background(), sb) })
	s.expect()
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "jane"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: "jane@example.com"}},
	}
	s.create(binding)
	s.Eventually(s.reports).Should(gomega.ConsistOf(
		gomega.HavePrefix("ClusterRoleBinding jane: Drifted "), gomega.HavePrefix("User jane@example.com: Drifted ")))
	s.told(metav1.NamespaceDefault, "User", "jane@example.com", "through ClusterRoleBinding jane and ClusterRole cluster-admin")
	s.Expect(admin.Delete(t.Context(), binding)).To(gomega.Succeed())
	s.expect("User jane@example.com: Resolved 0") // the report of the binding went with it
	s.told(metav1.NamespaceDefault, "User", "jane@example.com", "LOST ")
}

func TestAPolicyOfAnotherEngineMakesWhatItCouldDecideNotEvaluated(t *testing.T) {
	s := newStory(t, "network.yaml")
	cilium := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": map[string]any{"name": "ciliumnetworkpolicies.cilium.io"},
		"spec": map[string]any{
			"group": "cilium.io", "scope": "Namespaced",
			"names": map[string]any{"kind": "CiliumNetworkPolicy", "plural": "ciliumnetworkpolicies", "singular": "ciliumnetworkpolicy"},
			"versions": []any{map[string]any{
				"name": "v2", "served": true, "storage": true,
				"schema": map[string]any{"openAPIV3Schema": map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
			}},
		},
	}}
	s.Expect(client.IgnoreAlreadyExists(admin.Create(s.Context(), cilium))).To(gomega.Succeed())
	policy := &unstructured.Unstructured{}
	policy.SetGroupVersionKind(schema.GroupVersionKind{Group: "cilium.io", Version: "v2", Kind: "CiliumNetworkPolicy"})
	policy.SetNamespace(shop)
	policy.SetName("l7")
	s.Eventually(func() error { return admin.Create(s.Context(), policy.DeepCopy()) }).Should(gomega.Succeed())
	s.Eventually(s.completeness("network")).Should(gomega.ContainSubstring("CiliumNetworkPolicy shop/l7 may decide"))
	s.Expect(admin.Delete(t.Context(), policy, client.GracePeriodSeconds(0))).To(gomega.Succeed())
	s.Eventually(s.completeness("network")).Should(gomega.ContainSubstring("every object in it was judged"))
}

// completeness returns what a baseline says of what could not be seen.
func (s *scene) completeness(baseline string) func() (string, error) {
	return func() (string, error) {
		sb := &v1alpha1.SecurityBaseline{ObjectMeta: metav1.ObjectMeta{Name: baseline}}
		err := s.get(sb)
		for _, c := range sb.Status.Conditions {
			if c.Type == v1alpha1.ConditionEvaluationComplete {
				return c.Message, err
			}
		}
		return "", err
	}
}
