package pinned_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/randfill"
)

// generator makes objects that an API server could hold, as far as their names and NetworkPolicies go.
type generator struct {
	*rand.Rand
	filler *randfill.Filler
	names  int
}

func newGenerator(seed uint64) *generator {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, seed))}
	g.filler = randfill.NewWithSeed(int64(seed)).NilChance(.4).NumElements(0, 3).MaxDepth(12).Funcs(
		func(*metav1.TypeMeta, randfill.Continue) {},
		func(*metav1.Time, randfill.Continue) {},
		func(*metav1.FieldsV1, randfill.Continue) {},
		func(*runtime.RawExtension, randfill.Continue) {},
		func(m *metav1.ObjectMeta, _ randfill.Continue) {
			m.Namespace, m.Name, m.Labels = "shop", "api", map[string]string{"app": "api", "pod-security.kubernetes.io/warn": "baseline"}
		},
		func(q *resource.Quantity, _ randfill.Continue) {
			*q = resource.MustParse([]string{"0", "1", "1000m", "1Gi", "1024Mi", "0.0001", "3e3"}[g.IntN(7)])
		},
		func(p *intstr.IntOrString, _ randfill.Continue) { *p = intstr.FromInt32(1 + g.Int32N(1000)) },
		func(s *metav1.LabelSelector, _ randfill.Continue) { *s = g.selector() },
		func(c *corev1.Container, into randfill.Continue) { into.FillNoCustom(c); c.Name = g.name() },
		func(c *corev1.EphemeralContainerCommon, into randfill.Continue) {
			into.FillNoCustom(c)
			c.Name = g.name()
		},
		func(v *corev1.Volume, into randfill.Continue) {
			into.FillNoCustom(v)
			v.Name = fmt.Sprint("v", g.IntN(3))
		},
		func(p *corev1.PodSpec, into randfill.Continue) { into.FillNoCustom(p); p.Volumes = distinct(p.Volumes) },
		func(c *corev1.PersistentVolumeClaim, _ randfill.Continue) { c.Name = g.name() },
		func(m *corev1.VolumeMount, into randfill.Continue) {
			into.FillNoCustom(m)
			m.Name, m.MountPath = fmt.Sprint("v", g.IntN(3)), "/"+g.name()
		},
		func(w *admissionv1.ValidatingWebhook, into randfill.Continue) {
			into.FillNoCustom(w)
			w.Name = g.name()
		},
		func(w *admissionv1.MutatingWebhook, into randfill.Continue) { into.FillNoCustom(w); w.Name = g.name() },
		func(v *admissionv1.Variable, into randfill.Continue) { into.FillNoCustom(v); v.Name = g.name() },
		func(c *admissionv1.MatchCondition, into randfill.Continue) { into.FillNoCustom(c); c.Name = g.name() },
		func(p *networkingv1.NetworkPolicyPeer, _ randfill.Continue) { *p = g.peer() },
		func(p *networkingv1.NetworkPolicyPort, _ randfill.Continue) { *p = g.port() },
		func(s *networkingv1.NetworkPolicySpec, into randfill.Continue) {
			into.FillNoCustom(s)
			s.PolicyTypes = [][]networkingv1.PolicyType{nil, {"Ingress"}, {"Egress"}, {"Egress", "Ingress"}}[g.IntN(4)]
		},
	)
	return g
}

// object returns a random object of a kind.
func (g *generator) object(gvk schema.GroupVersionKind) (runtime.Object, error) {
	obj, err := scheme.New(gvk)
	if err != nil {
		return nil, err
	}
	g.filler.Fill(obj)
	obj.GetObjectKind().SetGroupVersionKind(gvk)
	return obj, nil
}

func (g *generator) name() string {
	g.names++
	return fmt.Sprint("n", g.names)
}

func distinct(volumes []corev1.Volume) []corev1.Volume {
	seen := map[string]bool{}
	return slices.DeleteFunc(volumes, func(v corev1.Volume) bool {
		again := seen[v.Name]
		seen[v.Name] = true
		return again
	})
}

func (g *generator) selector() metav1.LabelSelector {
	values := []string{"a", "b", "c"}[:1+g.IntN(3)]
	switch g.IntN(6) {
	case 0:
		return metav1.LabelSelector{}
	case 1:
		return metav1.LabelSelector{MatchLabels: map[string]string{"app": values[0], "tier": "x"}}
	case 2:
		return metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "app", Operator: "NotIn", Values: values}}}
	case 3:
		return metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "app", Operator: "Exists"}}}
	case 4:
		return metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "app", Operator: "DoesNotExist"}}}
	}
	return metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "app", Operator: "In", Values: values}}}
}

func (g *generator) peer() networkingv1.NetworkPolicyPeer {
	if g.IntN(2) == 0 {
		blocks := []networkingv1.IPBlock{
			{CIDR: "0.0.0.0/0", Except: []string{"10.0.0.0/8", "192.168.0.0/16"}}, {CIDR: "10.0.0.0/8"}, {CIDR: "10.1.2.3/16"},
			{CIDR: "::/0"}, {CIDR: "fd00::/8", Except: []string{"fd00:1::/32"}}, {CIDR: "255.255.255.255/32"}, {CIDR: "0.0.0.0/0"},
		}
		return networkingv1.NetworkPolicyPeer{IPBlock: &blocks[g.IntN(len(blocks))]}
	}
	pods, namespaces := g.selector(), g.selector()
	if g.IntN(2) == 0 {
		return networkingv1.NetworkPolicyPeer{PodSelector: &pods}
	}
	return networkingv1.NetworkPolicyPeer{PodSelector: &pods, NamespaceSelector: &namespaces}
}

func (g *generator) port() networkingv1.NetworkPolicyPort {
	protocols := []*corev1.Protocol{nil, ptr.To(corev1.ProtocolTCP), ptr.To(corev1.ProtocolUDP), ptr.To(corev1.ProtocolSCTP)}
	port := networkingv1.NetworkPolicyPort{Protocol: protocols[g.IntN(len(protocols))]}
	switch g.IntN(4) {
	case 0:
		port.Port = ptr.To(intstr.FromString("http"))
	case 1:
		port.Port = ptr.To(intstr.FromInt32(80 + g.Int32N(3)))
	case 2:
		port.Port, port.EndPort = ptr.To(intstr.FromInt32(75+g.Int32N(10))), ptr.To(90+g.Int32N(3))
	}
	return port
}

// ordered are the lists whose order says something.
var ordered = []string{"Mutations", "AdmissionReviewVersions"}

// shuffle changes the order of all other lists.
func (g *generator) shuffle(v reflect.Value, field string) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			g.shuffle(v.Elem(), field)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				g.shuffle(v.Field(i), v.Type().Field(i).Name)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			g.shuffle(v.Index(i), "")
		}
		if v.Type().Elem().Kind() != reflect.Uint8 && !slices.Contains(ordered, field) {
			g.Shuffle(v.Len(), reflect.Swapper(v.Interface()))
		}
	}
}
