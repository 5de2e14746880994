package snapshot_test

import (
	"fmt"
	"math/rand/v2"
	"slices"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/randfill"
)

var scheme = func() *runtime.Scheme {
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		admissionv1.AddToScheme, appsv1.AddToScheme, batchv1.AddToScheme, corev1.AddToScheme, networkingv1.AddToScheme,
		rbacv1.AddToScheme,
	} {
		if err := add(s); err != nil {
			panic(err)
		}
	}
	return s
}()

// generator makes objects whose texts are anything, and whose names an API server would take.
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
		func(m *metav1.ObjectMeta, into randfill.Continue) {
			into.FillNoCustom(m)
			m.Namespace, m.Name, m.OwnerReferences, m.DeletionTimestamp = "shop", g.name(), nil, nil
		},
		func(q *resource.Quantity, _ randfill.Continue) {
			*q = resource.MustParse([]string{"0", "1", "1000m", "1Gi", "1024Mi", "0.0001", "3e3"}[g.IntN(7)])
		},
		func(p *intstr.IntOrString, _ randfill.Continue) { *p = intstr.FromInt32(1 + g.Int32N(1000)) },
		func(s *metav1.LabelSelector, _ randfill.Continue) {
			*s = metav1.LabelSelector{MatchLabels: map[string]string{"app": g.name()}}
		},
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
		func(b *networkingv1.IPBlock, _ randfill.Continue) {
			*b = networkingv1.IPBlock{CIDR: "10.0.0.0/8", Except: []string{"10.1.0.0/16"}}
		},
		func(p *networkingv1.NetworkPolicyPeer, into randfill.Continue) {
			if into.FillNoCustom(p); p.IPBlock != nil || p.PodSelector == nil {
				*p = networkingv1.NetworkPolicyPeer{IPBlock: &networkingv1.IPBlock{CIDR: "10.0.0.0/8"}}
			}
		},
		func(p *networkingv1.NetworkPolicyPort, into randfill.Continue) {
			into.FillNoCustom(p)
			p.EndPort, p.Protocol = nil, nil
		},
		func(t *networkingv1.PolicyType, _ randfill.Continue) { *t = networkingv1.PolicyTypeEgress },
	)
	return g
}

// object returns a random object of a kind.
func (g *generator) object(gvk schema.GroupVersionKind) runtime.Object {
	obj, err := scheme.New(gvk)
	if err != nil {
		panic(err)
	}
	g.filler.Fill(obj)
	return obj
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
