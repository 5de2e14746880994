package judgement_test

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/randfill"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/checks"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/judgement"
	"plumbline.dev/plumbline/internal/workload"
)

// weaker is a made-up check that says of running pods what is found in them.
func weaker() engine.Check {
	return engine.Check{
		ID: "weaker", Severity: v1alpha1.SeverityCritical, Needs: []engine.Need{engine.NeedRunningPods},
		Declared: func(*v1alpha1.SecurityBaselineSpec) bool { return true },
		Run: func(in *engine.Input) (findings []engine.Finding) {
			for _, w := range in.Weaker {
				findings = append(findings, engine.Finding{
					Severity: w.Finding.Severity, Container: w.Finding.Container, Path: w.Finding.Path, Value: w.Finding.Check + ": " + w.Finding.Value,
					Message: fmt.Sprintf("%d such as %s", w.Pods, w.Pod), Origin: v1alpha1.OriginRunningPods, Pods: w.Pods,
				})
			}
			return findings
		},
	}
}

// images is a made-up check that finds the image of each container.
func images() engine.Check {
	return engine.Check{
		ID: "image", Severity: v1alpha1.SeverityLow, Declared: func(*v1alpha1.SecurityBaselineSpec) bool { return true },
		Run: func(in *engine.Input) (findings []engine.Finding) {
			for c := range in.Workload.Containers() {
				findings = append(findings, engine.Finding{Container: c.Name, Path: c.Path("image"), Value: c.Image})
			}
			return findings
		},
	}
}

// labelled is a made-up check of what NetworkPolicies make of a pod, which is not compared.
func labelled() engine.Check {
	return engine.Check{
		ID: "labelled", Severity: v1alpha1.SeverityLow, Needs: []engine.Need{engine.NeedNetwork},
		Declared: func(*v1alpha1.SecurityBaselineSpec) bool { return true },
		Run: func(in *engine.Input) []engine.Finding {
			return []engine.Finding{{Path: "labels", Value: in.Workload.Name}}
		},
	}
}

func running(of workload.Ref, name string, count int32, images ...string) judgement.RunningPods {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, UID: "1"}}
	for i, image := range images {
		pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: fmt.Sprintf("c%d", i), Image: image})
	}
	w, _ := workload.Of(pod)
	return judgement.RunningPods{Of: of, Pod: w, Count: count, Name: name}
}

func revision(name string, images ...string) workload.Workload {
	w := replicaSet(name, "")
	for i, image := range images {
		w.Pod.Containers = append(w.Pod.Containers, corev1.Container{Name: fmt.Sprintf("c%d", i), Image: image})
	}
	return w
}

func TestRunningPodsAreHeldAgainstTheirTemplate(t *testing.T) {
	one, two := revision("one", "a"), revision("two", "b")
	last := &v1alpha1.DriftReport{Status: v1alpha1.DriftReportStatus{Findings: []engine.Finding{
		{Check: "weaker", Baseline: "production", Value: "image: old", Origin: v1alpha1.OriginRunningPods},
	}}}
	for name, test := range map[string]struct {
		workloads []workload.Workload
		running   judgement.Running
		change    func(*v1alpha1.SecurityBaseline)
		last      *v1alpha1.DriftReport
		found     []string
		missed    []string
	}{
		"what the template has too is no finding": {
			workloads: []workload.Workload{one}, running: judgement.Running{Pods: []judgement.RunningPods{running(one.Ref, "x", 1, "a")}},
		},
		"what it has not is one, once for all pods": {
			workloads: []workload.Workload{one},
			running:   judgement.Running{Pods: []judgement.RunningPods{running(one.Ref, "y", 2, "c"), running(one.Ref, "x", 3, "c", "d")}},
			found:     []string{"Low spec.containers[c0].image image: c: 5 such as x", "Low spec.containers[c1].image image: d: 3 such as x"},
		},
		"what another template has is one": {
			workloads: []workload.Workload{one, two}, running: judgement.Running{Pods: []judgement.RunningPods{running(one.Ref, "x", 1, "b")}},
			found: []string{"Low spec.containers[c0].image image: b: 1 such as x"},
		},
		"of pods of an idle revision what no template has": {
			workloads: []workload.Workload{one, two},
			running:   judgement.Running{Pods: []judgement.RunningPods{running(workload.Ref{}, "x", 1, "b"), running(workload.Ref{}, "y", 1, "c")}},
			found:     []string{"Low spec.containers[c0].image image: c: 1 such as y"},
		},
		"outside the scope nothing is said": {
			workloads: []workload.Workload{one}, change: elsewhere,
			running: judgement.Running{Pods: []judgement.RunningPods{running(one.Ref, "x", 1, "c")}},
		},
		"while they settle what was found stays": {
			workloads: []workload.Workload{one}, last: last,
			running: judgement.Running{Settling: true, Pods: []judgement.RunningPods{running(one.Ref, "x", 1, "c")}},
			found:   []string{"  image: old: "},
		},
		"once they are settled it goes": {workloads: []workload.Workload{one}, last: last},
		"what cannot be read stays, and is told": {
			workloads: []workload.Workload{one}, running: judgement.Running{Unreadable: "forbidden"}, last: last,
			found: []string{"  image: old: "}, missed: []string{"weaker: cannot read running pods: forbidden"},
		},
		"what is not looked at is told": {
			workloads: []workload.Workload{one}, running: judgement.Running{Partial: "too many", Pods: []judgement.RunningPods{running(one.Ref, "x", 1, "c")}},
			found:  []string{"Low spec.containers[c0].image image: c: 1 such as x"},
			missed: []string{"weaker: cannot read all of running pods: too many"},
		},
		"an exception for an image speaks of that of the pods": {
			workloads: []workload.Workload{one}, running: judgement.Running{Pods: []judgement.RunningPods{running(one.Ref, "x", 1, "a", "mesh/proxy:1")}},
			change: func(sb *v1alpha1.SecurityBaseline) {
				sb.Spec.Exceptions = []v1alpha1.Exception{{
					Name: "mesh", Checks: []v1alpha1.CheckID{"weaker"}, Values: []string{"image: mesh/proxy:1"},
					Containers: []v1alpha1.ExceptionContainer{{Name: "c1", Image: "mesh/*"}},
				}}
			},
			found: []string{"waived Low spec.containers[c1].image image: mesh/proxy:1: 1 such as x"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if test.change == nil {
				test.change = asIs
			}
			object := &judgement.Object{Workloads: test.workloads, Running: test.running}
			verdict := judgement.Judge(setOf([]engine.Check{images(), labelled(), weaker()}, test.change), object, test.last, now)
			var found, missed []string
			for _, f := range verdict.Findings {
				if f.Check != "weaker" {
					continue
				}
				line := fmt.Sprintf("%s %s %s: %s", f.Severity, f.Path, f.Value, f.Message)
				if f.Waiver != nil {
					line = "waived " + line
				}
				found = append(found, line)
				if pod := verdict.Pods[engine.IdentityOf(&f)]; f.Path != "" && !strings.HasSuffix(f.Message, pod) {
					t.Errorf("pod %q, but %s", pod, f.Message)
				}
			}
			for _, n := range verdict.NotEvaluated {
				missed = append(missed, n.Check+": "+n.Reason)
			}
			if diff := cmp.Diff(test.found, found); diff != "" {
				t.Errorf("found: %s", diff)
			}
			if diff := cmp.Diff(test.missed, missed); diff != "" {
				t.Errorf("not evaluated: %s", diff)
			}
		})
	}
}

func TestACheckThatCannotSeeTheTemplateSaysNothingOfPods(t *testing.T) {
	one := replicaSet("one", "")
	pod := running(one.Ref, "x", 1)
	pod.Pod.Pod.NodeName = "n1"
	object := &judgement.Object{
		Workloads: []workload.Workload{one}, Facts: blind(map[engine.Need]string{engine.NeedServiceAccount: "forbidden"}, one),
		Running: judgement.Running{Pods: []judgement.RunningPods{pod}},
	}
	node := madeUp()[0]
	node.Needs = []engine.Need{engine.NeedServiceAccount}
	verdict := judgement.Judge(setOf([]engine.Check{node, weaker()}, asIs), object, nil, now)
	if len(verdict.Findings) > 0 || len(verdict.NotEvaluated) != 2 {
		t.Errorf("%+v", verdict.Result)
	}
}

// Whatever a template says, the pods that the API server makes from it are no weaker, under whatever baseline.
func TestPodsThatAreMadeFromATemplateAreNoWeaker(t *testing.T) {
	all := checks.All()
	for seed := range int64(seeds) {
		source := randfill.New().RandSource(rand.NewSource(seed)).NilChance(0.5).NumElements(0, 4).MaxDepth(12).Funcs(fillers(engine.IDs(all))...)
		set, sb := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "db", UID: "1"}}, v1alpha1.SecurityBaseline{ObjectMeta: metav1.ObjectMeta{Name: "production"}}
		source.Fill(&set.Spec.Template.Spec)
		source.Fill(&set.Spec.Template.Annotations)
		source.Fill(&sb.Spec.Workloads)
		sb.Spec.Workloads.RunningPods = v1alpha1.RuleMatchTemplate
		set.Spec.Template.Spec.EphemeralContainers = nil
		delete(set.Spec.Template.Annotations, corev1.MirrorPodAnnotationKey)
		set.Spec.VolumeClaimTemplates = []corev1.PersistentVolumeClaim{{ObjectMeta: metav1.ObjectMeta{Name: "claimed"}}}
		template, _ := workload.Of(set)
		pod, _ := workload.Of(podFrom(set))
		object := &judgement.Object{Workloads: []workload.Workload{template}, Running: judgement.Running{
			Pods: []judgement.RunningPods{{Of: template.Ref, Pod: pod, Count: 1, Name: "db-0"}},
		}}
		verdict := judgement.Judge(setOf(all, func(made *v1alpha1.SecurityBaseline) { *made = sb }), object, nil, now)
		for _, f := range verdict.Findings {
			check, _, _ := strings.Cut(f.Value, ": ")
			more := slices.ContainsFunc(verdict.Findings, func(of engine.Finding) bool { return of.Check == check && of.Value == "more" })
			cut := strings.Contains(f.Path, "…(") // only where names are longer than the API server lets them be
			if f.Origin == v1alpha1.OriginRunningPods && !more && !cut {
				t.Fatalf("with seed %d: %+v", seed, f)
			}
		}
		if len(template.Pod.Containers) > 0 && pod.Digest() != template.MadeDigest(true) {
			t.Fatalf("with seed %d the digests differ", seed)
		}
	}
}

// podFrom makes a pod as the StatefulSet controller and the API server do.
func podFrom(set *appsv1.StatefulSet) *corev1.Pod {
	spec := set.Spec.Template.DeepCopy().Spec
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "db-0", UID: "2", Annotations: set.Spec.Template.Annotations}, Spec: spec}
	if spec.ServiceAccountName == "" {
		pod.Spec.ServiceAccountName = spec.DeprecatedServiceAccount
	}
	if pod.Spec.ServiceAccountName == "" {
		pod.Spec.ServiceAccountName = "default"
	}
	pod.Spec.DeprecatedServiceAccount = pod.Spec.ServiceAccountName
	claimed := corev1.Volume{Name: "claimed", VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "claimed-db-0"}}}
	token := corev1.Volume{Name: "kube-api-access-x2x9z", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{}}}
	pod.Spec.Volumes = append([]corev1.Volume{claimed}, append(pod.Spec.Volumes, token)...)
	for _, list := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range list {
			c := &list[i]
			for name, limit := range c.Resources.Limits {
				if c.Resources.Requests == nil {
					c.Resources.Requests = corev1.ResourceList{}
				}
				if _, set := c.Resources.Requests[name]; !set {
					c.Resources.Requests[name] = limit
				}
			}
			for j := range c.Ports {
				if pod.Spec.HostNetwork && c.Ports[j].HostPort == 0 {
					c.Ports[j].HostPort = c.Ports[j].ContainerPort
				}
			}
		}
	}
	return pod
}
