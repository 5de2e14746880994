package conformance_test

import (
	"math/rand/v2"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// generator makes pods. What it makes of a seed and a number is always the same.
type generator struct {
	*rand.Rand
	pod *corev1.PodTemplateSpec
}

// generate makes the pod of a seed and a number, as an object of one of the kinds that hold pods.
//
// Most pods begin as what restricted allows and are changed in few places, because a pod that breaks many rules at once
// tells little about any of them. The others begin with nothing set.
func generate(seed, number uint64) runtime.Object {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, number)), pod: &corev1.PodTemplateSpec{}}
	g.addContainers()
	if g.IntN(10) < 7 {
		g.harden()
	}
	for range g.changes() {
		changes[g.IntN(len(changes))](g)
	}
	if g.IntN(2) == 0 { // files hold pods without
		setDefaults(&g.pod.Spec)
	}
	return g.object()
}

func (g *generator) changes() int {
	if g.IntN(20) == 0 {
		return 10 + g.IntN(20)
	}
	return g.IntN(5)
}

func (g *generator) addContainers() {
	spec := &g.pod.Spec
	for range g.IntN(3) {
		spec.InitContainers = append(spec.InitContainers, corev1.Container{Name: g.name("init", len(spec.InitContainers))})
	}
	for range pick(g, 0, 1, 1, 1, 1, 2, 2, 3) {
		spec.Containers = append(spec.Containers, corev1.Container{Name: g.name("app", len(spec.Containers))})
	}
	if g.IntN(5) == 0 {
		common := corev1.EphemeralContainerCommon{Name: g.name("debugger", 0)}
		spec.EphemeralContainers = append(spec.EphemeralContainers, corev1.EphemeralContainer{EphemeralContainerCommon: common})
	}
}

// name is mostly one of its own. The API server refuses the others, which files may hold.
func (g *generator) name(prefix string, i int) string {
	switch g.IntN(100) {
	case 0:
		return ""
	case 1:
		return "app-0"
	}
	return prefix + "-" + string(rune('0'+i))
}

// harden makes the pod what restricted allows in every version.
func (g *generator) harden() {
	yes, no := true, false
	seccomp := &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}
	byPod := g.IntN(2) == 0
	if byPod {
		g.pod.Spec.SecurityContext = &corev1.PodSecurityContext{RunAsNonRoot: &yes, SeccompProfile: seccomp}
	}
	for _, c := range g.containers() {
		c.SecurityContext = &corev1.SecurityContext{
			AllowPrivilegeEscalation: &no,
			Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		}
		if !byPod {
			c.SecurityContext.RunAsNonRoot, c.SecurityContext.SeccompProfile = &yes, seccomp.DeepCopy()
		}
	}
}

// containers are all containers of the pod.
func (g *generator) containers() []*corev1.Container {
	var all []*corev1.Container
	for i := range g.pod.Spec.InitContainers {
		all = append(all, &g.pod.Spec.InitContainers[i])
	}
	for i := range g.pod.Spec.Containers {
		all = append(all, &g.pod.Spec.Containers[i])
	}
	for i := range g.pod.Spec.EphemeralContainers {
		all = append(all, (*corev1.Container)(&g.pod.Spec.EphemeralContainers[i].EphemeralContainerCommon))
	}
	return all
}

// container is one of them, or one that is nowhere, where there is none.
func (g *generator) container() *corev1.Container {
	all := g.containers()
	if len(all) == 0 {
		return &corev1.Container{}
	}
	return all[g.IntN(len(all))]
}

// ofContainer is the securityContext of one container, ofPod that of the pod.
func (g *generator) ofContainer() *corev1.SecurityContext {
	c := g.container()
	if c.SecurityContext == nil {
		c.SecurityContext = &corev1.SecurityContext{}
	}
	return c.SecurityContext
}

func (g *generator) ofPod() *corev1.PodSecurityContext {
	if g.pod.Spec.SecurityContext == nil {
		g.pod.Spec.SecurityContext = &corev1.PodSecurityContext{}
	}
	return g.pod.Spec.SecurityContext
}

func (g *generator) annotate(key, value string) {
	if g.pod.Annotations == nil {
		g.pod.Annotations = map[string]string{}
	}
	g.pod.Annotations[key] = value
}

// object puts the pod into an object that holds pods.
func (g *generator) object() runtime.Object {
	meta := metav1.ObjectMeta{Namespace: "shop", Name: "generated"}
	switch g.IntN(6) {
	case 0:
		return &appsv1.Deployment{ObjectMeta: meta, Spec: appsv1.DeploymentSpec{Template: *g.pod}}
	case 1:
		job := batchv1.JobTemplateSpec{Spec: batchv1.JobSpec{Template: *g.pod}}
		return &batchv1.CronJob{ObjectMeta: meta, Spec: batchv1.CronJobSpec{JobTemplate: job}}
	case 2:
		return &corev1.ReplicationController{ObjectMeta: meta, Spec: corev1.ReplicationControllerSpec{Template: g.pod}}
	}
	meta.Annotations = g.pod.Annotations
	return &corev1.Pod{ObjectMeta: meta, Spec: g.pod.Spec}
}

func pick[T any](g *generator, values ...T) T {
	return values[g.IntN(len(values))]
}

// optional is nothing, or one of the values.
func optional[T any](g *generator, values ...T) *T {
	if g.IntN(len(values)+1) == 0 {
		return nil
	}
	value := pick(g, values...)
	return &value
}

// some are a few of the values: nil, none, one, or more.
func some[T any](g *generator, values ...T) []T {
	if g.IntN(8) == 0 {
		return nil
	}
	list := []T{}
	for range pick(g, 0, 1, 1, 1, 2, 3) {
		list = append(list, pick(g, values...))
	}
	return list
}
