package main

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/workload"
)

// Some namespaces of the network scenario are large, and the policies of those are changed.
const (
	largeEvery     = 100 // namespaces, of which the first is large
	largeWorkloads = 50
	roleLabel      = "role"
)

// networkScenario is 10,000 workloads in 2,000 namespaces, with three NetworkPolicies in each. The policy that denies by
// default is deleted from a namespace of 50 workloads and created again, in turns, by which all of them drift.
func networkScenario(scale float64) *scenario {
	n := neighbourhoods{namespaces: scaled(2000, scale), workloads: scaled(10000, scale)}
	s := &scenario{
		name:      "NetworkPolicies",
		baselines: []*v1alpha1.SecurityBaseline{isolated()},
		ground:    [][]client.Object{n.namespaceObjects()},
		load:      [][]client.Object{n.policies(), n.deployments()},
		changes:   100,
		change:    n.open,
	}
	s.sizes = map[string]int{"namespaces": n.namespaces, "policies": len(s.load[0]), "workloads": len(s.load[1])}
	return s
}

// isolated declares every rule on NetworkPolicies, and who may reach databases.
func isolated() *v1alpha1.SecurityBaseline {
	both := v1alpha1.Directions{Ingress: v1alpha1.RuleRequired, Egress: v1alpha1.RuleRequired}
	return &v1alpha1.SecurityBaseline{
		ObjectMeta: metav1.ObjectMeta{Name: "isolated"},
		Spec: v1alpha1.SecurityBaselineSpec{
			Scope: v1alpha1.Scope{Namespaces: v1alpha1.NamespaceNames{Include: []v1alpha1.NameGlob{"space-*"}}},
			NetworkPolicies: v1alpha1.NetworkPolicies{
				DefaultDeny: both, Isolation: both, AllowAll: v1alpha1.RuleForbidden, InternetEgress: v1alpha1.RuleForbidden,
				MetadataEgress: v1alpha1.RuleForbidden, DanglingPolicies: v1alpha1.RuleForbidden,
				Reachability: []v1alpha1.Reachability{{
					To: v1alpha1.PodChoice{PodSelector: withRole("db")}, Ports: []string{"5432/TCP"},
					AllowedFrom: []v1alpha1.AllowedSource{{PodSelector: withRole("api")}},
				}},
			},
		},
	}
}

// neighbourhoods is what the network scenario consists of.
type neighbourhoods struct{ namespaces, workloads int }

func spaceOf(i int) string { return fmt.Sprintf("space-%04d", i) }

func withRole(role string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{roleLabel: role}}
}

func (n neighbourhoods) namespaceObjects() []client.Object {
	objects := make([]client.Object, n.namespaces)
	for i := range objects {
		objects[i] = &corev1.Namespace{ObjectMeta: named(spaceOf(i))}
	}
	return objects
}

// deployments are the workloads: those that the large namespaces leave are spread over the others. The first of each is a
// database, and the second talks to it.
func (n neighbourhoods) deployments() []client.Object {
	large := (n.namespaces + largeEvery - 1) / largeEvery
	small, rest := n.namespaces-large, n.workloads-large*largeWorkloads
	var objects []client.Object
	for i, passed := 0, 0; i < n.namespaces; i++ {
		count := largeWorkloads
		if i%largeEvery != 0 {
			count = (passed+1)*rest/small - passed*rest/small
			passed++
		}
		for j := range count {
			app := deployment(j, false)
			app.Namespace = spaceOf(i)
			app.Spec.Template.Labels[roleLabel] = [...]string{"db", "api", "web"}[min(j, 2)]
			objects = append(objects, app)
		}
	}
	return objects
}

func (n neighbourhoods) policies() []client.Object {
	var objects []client.Object
	for i := range n.namespaces {
		ingress := &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: spaceOf(0)}}
		objects = append(objects, defaultDeny(spaceOf(i)),
			allowing(spaceOf(i), "db", 5432, networkingv1.NetworkPolicyPeer{PodSelector: withRole("api")}),
			allowing(spaceOf(i), "api", 8080, networkingv1.NetworkPolicyPeer{NamespaceSelector: ingress, PodSelector: withRole("web")}))
	}
	return objects
}

func defaultDeny(namespace string) *networkingv1.NetworkPolicy {
	return &networkingv1.NetworkPolicy{
		ObjectMeta: in(namespace, "default-deny"),
		Spec: networkingv1.NetworkPolicySpec{
			PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress},
		},
	}
}

// allowing lets a peer reach the pods of a role on a port.
func allowing(namespace, to string, port int, from networkingv1.NetworkPolicyPeer) *networkingv1.NetworkPolicy {
	protocol, number := corev1.ProtocolTCP, intstr.FromInt(port)
	return &networkingv1.NetworkPolicy{
		ObjectMeta: in(namespace, "allow-"+to),
		Spec: networkingv1.NetworkPolicySpec{
			PodSelector: *withRole(to),
			PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress},
			Ingress: []networkingv1.NetworkPolicyIngressRule{{
				From: []networkingv1.NetworkPolicyPeer{from}, Ports: []networkingv1.NetworkPolicyPort{{Protocol: &protocol, Port: &number}},
			}},
		},
	}
}

// open deletes the policy that denies by default from a large namespace, or creates it again. It touches the policy while
// there is one, the namespace, and every workload in it, which are all reported on.
func (n neighbourhoods) open(ctx context.Context, c client.Client, i int) (effect, error) {
	large := (n.namespaces + largeEvery - 1) / largeEvery
	namespace := spaceOf(i / 2 % large * largeEvery)
	e := effect{reports: []workload.Ref{{Kind: "Namespace", Name: namespace}}}
	for j := range largeWorkloads {
		e.reports = append(e.reports, workload.Ref{Group: appsv1.GroupName, Kind: "Deployment", Namespace: namespace, Name: nameOf(j)})
	}
	var err error
	if i%2 == 0 {
		e.touched, e.state = largeWorkloads+1, v1alpha1.StateDrifted
		err = c.Delete(ctx, defaultDeny(namespace))
	} else {
		e.touched, e.state = largeWorkloads+2, v1alpha1.StateResolved
		err = c.Create(ctx, defaultDeny(namespace))
	}
	e.acknowledged = now()
	return e, err
}
