package controllers_test

import (
	"context"
	"strings"
	"testing"

	"github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/network"
	"plumbline.dev/plumbline/internal/workload"
)

func requireDeny(s *v1alpha1.SecurityBaselineSpec) {
	s.NetworkPolicies.DefaultDeny.Ingress = v1alpha1.RuleRequired
}

func requireIsolation(s *v1alpha1.SecurityBaselineSpec) {
	s.NetworkPolicies.Isolation.Ingress = v1alpha1.RuleRequired
}

func protectDatabase(s *v1alpha1.SecurityBaselineSpec) {
	s.NetworkPolicies.Reachability = []v1alpha1.Reachability{{
		To:          v1alpha1.PodChoice{PodSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "database"}}},
		AllowedFrom: []v1alpha1.AllowedSource{{PodSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "api"}}}},
	}}
}

// madeUpNetworkChecks find namespaces without a default deny, workloads that no policy isolates, and workloads that others
// reach than may.
func madeUpNetworkChecks() []engine.Check {
	needs := []engine.Need{engine.NeedNetwork, engine.NeedNoOtherPolicies}
	return []engine.Check{{
		ID: "made-up-deny", Severity: v1alpha1.SeverityHigh, Remediation: "Add one.", Judges: workload.Namespaces, Needs: needs,
		Loses:    network.Ingress.Lost(),
		Declared: func(s *v1alpha1.SecurityBaselineSpec) bool { return s.NetworkPolicies.DefaultDeny.Ingress != "" },
		Run: func(in *engine.Input) []engine.Finding {
			if network.DefaultDeny(in.Namespace.Policies, network.Ingress).Denies() {
				return nil
			}
			return []engine.Finding{{Path: "networkpolicies", Value: "missing", Message: "The namespace has no default deny."}}
		},
	}, {
		ID: "made-up-isolation", Severity: v1alpha1.SeverityMedium, Remediation: "Isolate it.", Needs: needs,
		Declared: func(s *v1alpha1.SecurityBaselineSpec) bool { return s.NetworkPolicies.Isolation.Ingress != "" },
		Run: func(in *engine.Input) []engine.Finding {
			if in.ObjectLabels()[countLabel] != "" {
				evaluations.Add(1)
			}
			if len(network.Selecting(in.Network.Policies, &in.Network.Pod, network.Ingress)) > 0 {
				return nil
			}
			return []engine.Finding{{Path: "spec", Value: "open", Message: "No policy isolates the pods."}}
		},
	}, {
		ID: "made-up-reach", Severity: v1alpha1.SeverityHigh, Remediation: "Close it.", Needs: append([]engine.Need{engine.NeedSources}, needs...),
		Declared: func(s *v1alpha1.SecurityBaselineSpec) bool { return len(s.NetworkPolicies.Reachability) > 0 },
		Run: func(in *engine.Input) (findings []engine.Finding) {
			if in.ObjectLabels()[countLabel] != "" {
				evaluations.Add(1)
			}
			for _, r := range in.Reachability {
				if !r.To.Select(&in.Network.Pod) {
					continue
				}
				exposed := network.Exposed(in.Network.Policies, in.Workload.Target(), &in.Network.Pod, r.Ports, r.AllowedFrom, in.Network.Sources, 8)
				for _, leak := range exposed.Leaks {
					findings = append(findings, engine.Finding{Path: leak.By.Path(), Value: leak.Source.Name, Message: leak.Source.String() + " gets in."})
				}
			}
			return findings
		},
	}}
}

// madeUpDangling finds policies that select the pods of no workload.
func madeUpDangling() engine.Check {
	return engine.Check{
		ID: "made-up-dangling", Severity: v1alpha1.SeverityMedium, Remediation: "Remove it.", Judges: workload.Policies,
		Needs:    []engine.Need{engine.NeedNetwork, engine.NeedWorkloads},
		Declared: func(s *v1alpha1.SecurityBaselineSpec) bool { return s.NetworkPolicies.DanglingPolicies != "" },
		Run: func(in *engine.Input) []engine.Finding {
			if in.Policy.Selects {
				return nil
			}
			return []engine.Finding{{Path: "spec.podSelector", Value: in.Policy.Selector(), Message: "It selects nothing."}}
		},
	}
}

func (s *story) policy(name string, spec networkingv1.NetworkPolicySpec) *networkingv1.NetworkPolicy {
	return &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name}, Spec: spec}
}

func denyIngress() networkingv1.NetworkPolicySpec {
	return networkingv1.NetworkPolicySpec{PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}}
}

func app(name string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}}
}

func labelled(name string) func(*appsv1.Deployment) {
	return func(d *appsv1.Deployment) {
		d.Spec.Selector = app(name)
		d.Spec.Template.Labels = map[string]string{"app": name}
	}
}

func TestANamespaceThatLosesItsDefaultDenySaysWithWhich(t *testing.T) {
	s := newStory(t)
	deny := s.policy("default-deny", denyIngress())
	s.create(deny)
	s.declare(requireDeny)
	s.Consistently(s.reports).Should(gomega.BeEmpty())
	s.remove(deny)
	s.expect("Namespace " + s.namespace + ": Drifted 1")
	lost := "Namespace " + s.namespace + " lost default deny for ingress: NetworkPolicy default-deny was deleted"
	s.Expect(historyOf(s.report("Namespace", s.namespace))).To(gomega.Equal([]string{"Opened " + lost}))
	s.Eventually(func() []string { return s.events(s.namespace) }).Should(gomega.ContainElement(
		"DriftDetected: " + lost + ". The namespace has no default deny."))
	s.create(s.policy("deny", denyIngress()))
	s.expect("Namespace " + s.namespace + ": Resolved 0")
}

func TestAPolicyForSomePodsExplainsNoLoss(t *testing.T) {
	s := newStory(t)
	deny, some := s.policy("default-deny", denyIngress()), s.policy("some", networkingv1.NetworkPolicySpec{PodSelector: *app("api")})
	s.create(deny)
	s.create(some)
	s.declare(requireDeny)
	s.remove(some)
	s.Consistently(s.reports).Should(gomega.BeEmpty())
	s.change(deny, "kubectl-edit", func() { deny.Spec.PodSelector = *app("api") })
	s.expect("Namespace " + s.namespace + ": Drifted 1")
	s.Expect(historyOf(s.report("Namespace", s.namespace))).To(gomega.Equal([]string{"Opened"}))
}

func TestAPolicyWakesTheWorkloadsOfItsNamespaceAndNoOther(t *testing.T) {
	s, other := newStory(t), newStory(t)
	counted := func(d *appsv1.Deployment) { d.Labels[countLabel] = "yes" }
	other.create(other.deployment("api", counted))
	other.declare(requireIsolation)
	other.expect("Deployment api: Drifted 1")
	s.create(s.deployment("api", labelled("api")))
	s.declare(requireIsolation)
	s.expect("Deployment api: Drifted 1")
	other.settle()
	before := evaluations.Load()
	isolate := s.policy("api", networkingv1.NetworkPolicySpec{PodSelector: *app("api")})
	s.create(isolate)
	s.expect("Deployment api: Resolved 0")
	s.change(isolate, "kubectl-edit", func() { isolate.Spec.PodSelector = *app("web") })
	s.expect("Deployment api: Drifted 1")
	s.Consistently(evaluations.Load).Should(gomega.Equal(before), "another namespace has nothing to do with it")
}

func TestWhoGetsInIsSeenWhenHeComes(t *testing.T) {
	s := newStory(t)
	s.create(s.deployment("database", labelled("database")))
	s.create(s.deployment("api", labelled("api")))
	s.create(s.policy("database", networkingv1.NetworkPolicySpec{
		PodSelector: *app("database"),
		Ingress:     []networkingv1.NetworkPolicyIngressRule{{From: []networkingv1.NetworkPolicyPeer{{PodSelector: &metav1.LabelSelector{}}}}},
	}))
	s.declare(protectDatabase)
	s.Consistently(s.reports).Should(gomega.BeEmpty())
	web := s.deployment("web", labelled("web"))
	s.create(web)
	s.expect("Deployment database: Drifted 1")
	s.remove(web)
	s.expect("Deployment database: Resolved 0")
}

func (s *story) everybodyToTheDatabase(change ...func(*appsv1.Deployment)) {
	s.Helper()
	s.create(s.deployment("database", append(change, labelled("database"))...))
	s.create(s.policy("database", networkingv1.NetworkPolicySpec{
		PodSelector: *app("database"),
		Ingress:     []networkingv1.NetworkPolicyIngressRule{{From: []networkingv1.NetworkPolicyPeer{{PodSelector: &metav1.LabelSelector{}}}}},
	}))
	s.declare(protectDatabase)
}

func (s *story) ownedPod(name string, owner metav1.OwnerReference) *corev1.Pod {
	controls := true
	owner.Controller = &controls
	made := template(map[string]string{"app": name})
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: name, Labels: made.Labels, OwnerReferences: []metav1.OwnerReference{owner}},
		Spec:       made.Spec,
	}
}

func TestAFalseOwnerHidesNobodyFromThePolicies(t *testing.T) {
	s := newStory(t)
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "owner"}}
	s.create(account)
	owner := metav1.OwnerReference{APIVersion: "v1", Kind: "ServiceAccount", Name: account.Name, UID: account.UID}
	s.everybodyToTheDatabase()
	s.Consistently(s.reports).Should(gomega.BeEmpty())
	hidden := s.ownedPod("hidden", owner)
	s.create(hidden)
	s.expect("Deployment database: Drifted 1")
	s.declare(requireIsolation)
	s.expect("Deployment database: Drifted 1", "Pod hidden: Drifted 1")
	dead := s.ownedPod("dead", metav1.OwnerReference{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "gone", UID: "gone"})
	s.create(dead)
	s.expect("Deployment database: Drifted 1", "Pod dead: Drifted 1", "Pod hidden: Drifted 1")
	s.create(s.policy("all", denyIngress()))
	s.expect("Deployment database: Drifted 1", "Pod dead: Resolved 0", "Pod hidden: Resolved 0")
}

func TestWhatAControllerMakesWakesNobody(t *testing.T) {
	s := newStory(t)
	s.everybodyToTheDatabase(func(d *appsv1.Deployment) { d.Labels[countLabel] = "yes" })
	web := s.deployment("web", labelled("web"))
	s.create(web)
	s.expect("Deployment database: Drifted 1")
	s.settle()
	before := evaluations.Load()
	controls := true
	revision := &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace, Name: "web-1", OwnerReferences: []metav1.OwnerReference{
			{APIVersion: "apps/v1", Kind: "Deployment", Name: web.Name, UID: web.UID, Controller: &controls},
		}},
		Spec: appsv1.ReplicaSetSpec{Selector: app("web"), Template: web.Spec.Template},
	}
	s.create(revision)
	pod := s.ownedPod("web", metav1.OwnerReference{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: revision.Name, UID: revision.UID})
	s.create(pod)
	s.remove(pod)
	s.Consistently(evaluations.Load).Should(gomega.Equal(before), "the Deployment stands for them")
	set := metav1.OwnerReference{APIVersion: "core.strimzi.io/v1", Kind: "StrimziPodSet", Name: "kafka", UID: "kafka"}
	first := s.ownedPod("kafka", set)
	s.create(first)
	s.expect("Deployment database: Drifted 2")
	s.Expect(valuesOf(s.report("Deployment", "database"))).To(gomega.Equal([]string{"kafka", "web"}))
	s.settle()
	before = evaluations.Load()
	second := s.ownedPod("kafka", set)
	second.Name = "kafka-1"
	s.create(second)
	s.remove(first)
	s.Consistently(evaluations.Load).Should(gomega.Equal(before), "it is the same source")
	s.remove(second)
	s.expect("Deployment database: Drifted 1")
}

func TestANamespaceThatIsNoLongerProtectedIsJudgedOnceMore(t *testing.T) {
	s := newStory(t)
	namespace := &corev1.Namespace{}
	s.Expect(admin.Get(t.Context(), client.ObjectKey{Name: s.namespace}, namespace)).To(gomega.Succeed())
	s.change(namespace, "kubectl-label", func() { namespace.Labels["protected"] = "yes" })
	s.everybodyToTheDatabase()
	s.declare(func(spec *v1alpha1.SecurityBaselineSpec) {
		spec.NetworkPolicies.Reachability[0].To.NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"protected": "yes"}}
	})
	s.create(s.deployment("web", labelled("web")))
	s.expect("Deployment database: Drifted 1")
	s.change(namespace, "kubectl-label", func() { delete(namespace.Labels, "protected") })
	s.expect("Deployment database: Resolved 0")
	s.change(namespace, "kubectl-label", func() { namespace.Labels["protected"] = "yes" })
	s.expect("Deployment database: Drifted 1")
}

func TestWithoutTheRightToReadNamespacesNobodyIsTakenForClosed(t *testing.T) {
	s := newStory(t)
	namespace := &corev1.Namespace{}
	s.Expect(admin.Get(t.Context(), client.ObjectKey{Name: s.namespace}, namespace)).To(gomega.Succeed())
	s.change(namespace, "kubectl-label", func() { namespace.Labels["protected"] = "yes" })
	s.everybodyToTheDatabase()
	s.declare(func(spec *v1alpha1.SecurityBaselineSpec) {
		spec.NetworkPolicies.Reachability[0].To.NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"protected": "yes"}}
		spec.Scope.Kinds = []v1alpha1.JudgedKind{"Deployment"}
	})
	s.create(s.deployment("web", labelled("web")))
	s.expect("Deployment database: Drifted 1")
	s.Expect(operator.stop()).To(gomega.Succeed())
	allow := s.forbid("namespaces")
	resume(t)
	s.Eventually(func() string { return s.condition("EvaluationComplete").Message }).Should(
		gomega.ContainSubstring("Namespace: the operator may not list and watch namespaces: grant it both verbs"))
	s.Consistently(s.reports).Should(gomega.Equal([]string{"Deployment database: Drifted 1"}))
	s.Expect(s.evaluated()).To(gomega.ContainElement(gomega.ContainSubstring("cannot read the workloads of the cluster: the operator may not list and watch namespaces")))
	allow()
	s.Eventually(func() string { return s.condition("EvaluationComplete").Reason }).Should(gomega.Equal("AllKindsReadable"))
	s.expect("Deployment database: Drifted 1")
}

func TestWherePoliciesOfAnotherEngineMayDecideNothingIsCalledMissing(t *testing.T) {
	s := newStory(t)
	definition := &apiextensionsv1.CustomResourceDefinition{}
	definition.Name = "ciliumnetworkpolicies.cilium.io"
	definition.Spec = apiextensionsv1.CustomResourceDefinitionSpec{
		Group: "cilium.io", Scope: apiextensionsv1.NamespaceScoped,
		Names: apiextensionsv1.CustomResourceDefinitionNames{
			Plural: "ciliumnetworkpolicies", Singular: "ciliumnetworkpolicy", Kind: "CiliumNetworkPolicy", ListKind: "CiliumNetworkPolicyList",
		},
		Versions: []apiextensionsv1.CustomResourceDefinitionVersion{{
			Name: "v2", Served: true, Storage: true,
			Schema: &apiextensionsv1.CustomResourceValidation{OpenAPIV3Schema: &apiextensionsv1.JSONSchemaProps{Type: "object"}},
		}},
	}
	s.createDefinition(definition)
	s.declare(requireIsolation)
	cilium := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy",
		"metadata": map[string]any{"namespace": s.namespace, "name": "web"},
	}}
	s.Eventually(func() error { return admin.Create(t.Context(), cilium) }).Should(gomega.Succeed())
	message := func() string { return s.condition("EvaluationComplete").Message }
	s.create(s.deployment("api"))
	s.Eventually(message).Should(gomega.ContainSubstring("CiliumNetworkPolicy " + s.namespace + "/web may decide"))
	s.remove(cilium)
	s.expect("Deployment api: Drifted 1")
	s.Eventually(func() bool { return strings.Contains(message(), "Cilium") }).Should(gomega.BeFalse())
	allow := s.forbid("ciliumnetworkpolicies")
	s.Eventually(message).Should(gomega.ContainSubstring("CiliumNetworkPolicy of cilium.io, which cannot be read, may decide"))
	allow()
	s.Eventually(func() bool { return strings.Contains(message(), "Cilium") }).Should(gomega.BeFalse())
	for range 2 { // a kind may be uninstalled with all that there is of it, and come back
		again := cilium.DeepCopy()
		again.SetResourceVersion("")
		again.SetUID("")
		s.Eventually(func() error { return admin.Create(t.Context(), again) }).Should(gomega.Succeed())
		s.Eventually(message).Should(gomega.ContainSubstring("CiliumNetworkPolicy " + s.namespace + "/web may decide"))
		s.remove(definition)
		s.Eventually(func() bool { return strings.Contains(message(), "Cilium") }).Should(gomega.BeFalse())
		s.Eventually(func() error {
			next := definition.DeepCopy()
			next.SetResourceVersion("")
			next.SetUID("")
			return admin.Create(t.Context(), next)
		}).Should(gomega.Succeed())
	}
	allow = s.forbid("ciliumnetworkpolicies")
	s.Eventually(message).Should(gomega.ContainSubstring("CiliumNetworkPolicy of cilium.io, which cannot be read, may decide"))
	s.remove(definition) // nobody can read what there cannot be, which says nothing
	s.Eventually(func() bool { return strings.Contains(message(), "Cilium") }).Should(gomega.BeFalse())
	allow()
}

func (s *story) createDefinition(definition *apiextensionsv1.CustomResourceDefinition) {
	s.Helper()
	scheme := admin.Scheme()
	s.Expect(apiextensionsv1.AddToScheme(scheme)).To(gomega.Succeed())
	s.Expect(admin.Create(s.Context(), definition)).To(gomega.Succeed())
	s.Cleanup(func() {
		s.Expect(client.IgnoreNotFound(admin.Delete(context.Background(), definition))).To(gomega.Succeed())
	})
}
