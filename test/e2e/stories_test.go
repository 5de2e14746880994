package e2e_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/hack/controlplane"
)

const shop = "shop"

// newStory is the shop of the samples, with files of the demo, in which nothing has drifted.
func newStory(t *testing.T, files ...string) *scene {
	t.Helper()
	s := &scene{T: t, WithT: gomega.NewWithT(t), namespace: shop}
	s.SetDefaultEventuallyTimeout(30 * time.Second)
	s.SetDefaultEventuallyPollingInterval(50 * time.Millisecond)
	s.SetDefaultConsistentlyDuration(time.Second)
	root := filepath.Join("..", "..")
	s.apply(filepath.Join(root, "config", "samples", "shop.yaml"))
	for _, file := range files {
		s.apply(filepath.Join(root, "hack", "demo", file))
	}
	s.expect()
	return s
}

// apply applies a file. The baseline in it, and with it what it found, goes with the test.
func (s *scene) apply(file string) {
	s.Helper()
	s.Expect(controlplane.ApplyFiles(s.Context(), plane.Config(), file)).To(gomega.Succeed())
	s.Cleanup(func() {
		ctx := context.Background() // that of the test has ended
		s.Expect(admin.DeleteAllOf(ctx, &v1alpha1.SecurityBaseline{})).To(gomega.Succeed())
		s.Eventually(func() ([]v1alpha1.DriftReport, error) {
			var list v1alpha1.DriftReportList
			err := admin.List(ctx, &list, client.InNamespace(shop))
			return list.Items, err
		}).Should(gomega.BeEmpty())
	})
}

// report returns the report of a target in the namespace.
func (s *scene) report(kind, name string) *v1alpha1.DriftReport {
	s.Helper()
	var list v1alpha1.DriftReportList
	s.Expect(s.list(&list)).To(gomega.Succeed())
	for i := range list.Items {
		if target := list.Items[i].Spec.Target; target.Kind == kind && target.Name == name {
			return &list.Items[i]
		}
	}
	s.Fatalf("%s %s has no report", kind, name)
	return nil
}

// history returns what a report says happened, the newest first.
func history(r *v1alpha1.DriftReport) []string {
	var lines []string
	for _, e := range r.Status.History {
		lines = append(lines, string(e.Type)+" "+e.Check+": "+e.Message)
	}
	return lines
}

// told waits for an Event on an object whose note holds a text. Those on what is in no namespace stand in default.
func (s *scene) told(namespace, kind, name, text string) {
	s.Helper()
	s.Eventually(func() ([]string, error) {
		var events corev1.EventList
		var notes []string
		err := admin.List(s.Context(), &events, client.InNamespace(namespace))
		for _, e := range events.Items {
			if e.InvolvedObject.Kind == kind && e.InvolvedObject.Name == name {
				notes = append(notes, e.Message)
			}
		}
		return notes, err
	}).Should(gomega.ContainElement(gomega.ContainSubstring(text)))
}

func TestADebugBindingThatGivesAnApplicationExecIsGainedAndLost(t *testing.T) {
	s := newStory(t, "permissions.yaml")
	s.Eventually(s.evaluated).Should(gomega.Succeed()) // what is granted from then on is gained
	const words = "create pods/exec in namespace shop, through RoleBinding debug and Role debug"
	role := &rbacv1.Role{
		ObjectMeta: metav1.ObjectMeta{Namespace: shop, Name: "debug"},
		Rules:      []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"pods/exec"}, Verbs: []string{"create"}}},
	}
	binding := &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Namespace: shop, Name: "debug"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "debug"},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: shop, Name: "api"}},
	}
	s.create(role)
	s.expect("Role debug: Drifted 1")
	s.create(binding)
	s.expect("Role debug: Drifted 1", "ServiceAccount api: Drifted 2", "Deployment api: Drifted 2")
	for _, kind := range []string{"ServiceAccount", "Deployment"} {
		s.Expect(history(s.report(kind, "api"))).To(gomega.Equal([]string{"Gained permission-ceiling: " + words, "Gained rbac-pod-exec: " + words}))
		s.Expect(s.report(kind, "api").Status.Findings[0].LastChange).NotTo(gomega.BeNil())
		s.told(shop, kind, "api", "may "+words)
		s.told(shop, kind, "api", "GAINED: ")
	}

	s.Expect(admin.Delete(t.Context(), binding)).To(gomega.Succeed())
	s.expect("Role debug: Drifted 1", "ServiceAccount api: Resolved 0", "Deployment api: Resolved 0")
	s.Expect(history(s.report("ServiceAccount", "api"))[:2]).To(gomega.Equal([]string{"Lost permission-ceiling: " + words, "Lost rbac-pod-exec: " + words}))
	s.told(shop, "ServiceAccount", "api", "LOST "+words)
	s.Expect(admin.Delete(t.Context(), role)).To(gomega.Succeed())
	s.expect("ServiceAccount api: Resolved 0", "Deployment api: Resolved 0")
}

func TestADefaultDenyThatIsDeletedIsNamedOnItsNamespace(t *testing.T) {
	s := newStory(t, "network.yaml")
	deny := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: shop, Name: "default-deny"}}
	s.Expect(admin.Delete(t.Context(), deny)).To(gomega.Succeed())
	s.expect("Namespace shop: Drifted 1")
	s.Expect(history(s.report("Namespace", shop))).To(gomega.Equal([]string{"Opened default-deny-ingress: Namespace shop lost default deny for ingress: NetworkPolicy default-deny was deleted"}))
	s.told(metav1.NamespaceDefault, "Namespace", shop, "NetworkPolicy default-deny was deleted.")
	s.apply(filepath.Join("..", "..", "hack", "demo", "network.yaml"))
	s.expect("Namespace shop: Resolved 0")
}

func TestADatabaseThatAPolicyOpensToAnotherNamespaceSaysToWhom(t *testing.T) {
	s := newStory(t, "network.yaml")
	stranger := newScene(t)
	stranger.create(stranger.deployment("stranger"))
	policy := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: shop, Name: "database"}}
	s.Expect(s.get(policy)).To(gomega.Succeed())
	before := policy.DeepCopy()
	policy.Spec.Ingress[0].From = []networkingv1.NetworkPolicyPeer{{NamespaceSelector: &metav1.LabelSelector{
		MatchLabels: map[string]string{corev1.LabelMetadataName: stranger.namespace},
	}}}
	s.Expect(admin.Patch(t.Context(), policy, client.MergeFrom(before))).To(gomega.Succeed())
	s.expect("Deployment database: Drifted 1")
	f := s.report("Deployment", "database").Status.Findings[0]
	s.Expect(f.Value).To(gomega.Equal("Deployment " + stranger.namespace + "/stranger"))
	s.Expect(f.Message).To(gomega.ContainSubstring("NetworkPolicy shop/database"))
	s.Expect(admin.Delete(t.Context(), &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: stranger.namespace, Name: "stranger"}})).To(gomega.Succeed())
	s.expect("Deployment database: Resolved 0")
}
