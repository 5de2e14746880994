// Package judging measures what judging one pod costs, beside what Pod Security admission needs to judge the same pod.
// Both are pure, so that no API server is needed.
package judging

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	psaapi "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/checks"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/workload"
)

// Cost is what judging one pod costs.
type Cost struct {
	// Checks is how many checks are made.
	Checks int `json:"checks"`
	// Nanoseconds for all of them, and Allocations of memory.
	Nanoseconds float64 `json:"nanoseconds"`
	Allocations int64   `json:"allocations"`
}

// PerCheck is the nanoseconds of one check.
func (c Cost) PerCheck() float64 { return c.Nanoseconds / float64(c.Checks) }

// Comparison is what judging one pod costs us and Pod Security admission.
type Comparison struct {
	// Hardened is Evaluate under the baseline hardened of config/samples, Restricted under the restricted standard.
	Hardened   Cost `json:"hardened"`
	Restricted Cost `json:"restricted"`
	// Upstream is EvaluatePod of Pod Security admission under restricted, in the same version.
	Upstream Cost `json:"upstream"`
}

// Measure compares, on a clean pod of three containers. root is the directory of the project.
func Measure(root string) (Comparison, error) {
	hardened, err := Sample(root, "hardened")
	if err != nil {
		return Comparison{}, err
	}
	restricted, err := Sample(root, "pss-restricted")
	if err != nil {
		return Comparison{}, err
	}
	upstream, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return Comparison{}, err
	}
	pod := Pod()
	byHardened, byRestricted := Questions(hardened, pod), Questions(restricted, pod)
	c := Comparison{
		Hardened: Cost{Checks: checksOf(hardened)}, Restricted: Cost{Checks: checksOf(restricted)}, Upstream: Cost{Checks: upstreamChecks()},
	}
	// In turns, and of each the best: what else the machine does meanwhile only makes a round slower.
	for range rounds {
		c.Hardened.measure(func() { Evaluate(byHardened) })
		c.Restricted.measure(func() { Evaluate(byRestricted) })
		c.Upstream.measure(func() { Upstream(upstream, pod) })
	}
	return c, nil
}

const rounds = 5

// measure takes down what judging costs, if it is less than before.
func (c *Cost) measure(judge func()) {
	result := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			judge()
		}
	})
	took := float64(result.T.Nanoseconds()) / float64(result.N)
	if c.Nanoseconds == 0 || took < c.Nanoseconds {
		c.Nanoseconds = took
	}
	c.Allocations = max(c.Allocations, result.AllocsPerOp())
}

// Sample compiles a baseline of config/samples.
func Sample(root, name string) (*baseline.Baseline, error) {
	data, err := os.ReadFile(filepath.Join(root, "config", "samples", name+".yaml"))
	if err != nil {
		return nil, err
	}
	var sb v1alpha1.SecurityBaseline
	if err := yaml.UnmarshalStrict(data, &sb); err != nil {
		return nil, fmt.Errorf("config/samples/%s.yaml: %w", name, err)
	}
	b := baseline.Compile(&sb, checks.All())
	if b.Frozen != "" {
		return nil, fmt.Errorf("config/samples/%s.yaml: %s", name, b.Frozen)
	}
	return b, nil
}

// Question is what Evaluate is given of a pod, for one set of rules.
type Question struct {
	checks []engine.Check
	input  engine.Input
}

// Questions are those of a pod, for all rules of a baseline.
func Questions(b *baseline.Baseline, w workload.Workload) []Question {
	var questions []Question
	for _, rules := range b.Rules {
		questions = append(questions, Question{rules.Checks, engine.Input{
			Workload: w, Baseline: b.Name, Declared: rules.Declared, Reading: rules.Reading,
		}})
	}
	return questions
}

// Evaluate judges a pod by all rules of a baseline.
func Evaluate(questions []Question) []engine.Finding {
	var findings []engine.Finding
	for i := range questions {
		findings = append(findings, engine.Evaluate(questions[i].checks, &questions[i].input).Findings...)
	}
	return findings
}

// Upstream judges a pod as Pod Security admission does.
func Upstream(evaluator policy.Evaluator, w workload.Workload) []policy.CheckResult {
	return evaluator.EvaluatePod(standard, w.PodMeta, w.Pod)
}

var standard = psaapi.LevelVersion{Level: psaapi.LevelRestricted, Version: psaapi.MajorMinorVersion(1, 36)}

// checksOf counts the checks that a baseline asks for.
func checksOf(b *baseline.Baseline) int {
	n := 0
	for _, rules := range b.Rules {
		n += len(rules.Checks)
	}
	return n
}

// upstreamChecks counts the checks that Pod Security admission makes under the standard.
func upstreamChecks() int {
	overridden, n := map[policy.CheckID]bool{}, 0
	for _, check := range policy.DefaultChecks() {
		if current := at(check); current != nil && check.Level == psaapi.LevelRestricted {
			for _, id := range current.OverrideCheckIDs {
				overridden[id] = true
			}
		}
	}
	for _, check := range policy.DefaultChecks() {
		if at(check) != nil && !overridden[check.ID] {
			n++
		}
	}
	return n
}

// at returns a check as the standard's version words it, nil where that version does not know it.
func at(check policy.Check) *policy.VersionedCheck {
	var current *policy.VersionedCheck
	for i := range check.Versions {
		if !standard.Older(check.Versions[i].MinimumVersion) {
			current = &check.Versions[i]
		}
	}
	return current
}

// Pod is a realistic clean workload: an init container, an application and a sidecar.
func Pod() workload.Workload {
	w, _ := workload.Of(&appsv1.Deployment{Spec: appsv1.DeploymentSpec{Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
		ServiceAccountName: "api",
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot: is(true), RunAsUser: is(int64(10001)), RunAsGroup: is(int64(10001)), FSGroup: is(int64(10001)),
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
		InitContainers: []corev1.Container{container("migrate")},
		Containers:     []corev1.Container{container("api"), container("proxy")},
		Volumes: []corev1.Volume{
			{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{}}},
			{Name: "tmp", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
		},
	}}}})
	return w
}

func container(name string) corev1.Container {
	return corev1.Container{
		Name:  name,
		Image: "registry.example.com/shop/" + name + ":1.4.2@sha256:3b0f8d1a6c1e9f6f6f5a2d7b6b1c0e9d8c7b6a5f4e3d2c1b0a9f8e7d6c5b4a39",
		Ports: []corev1.ContainerPort{{ContainerPort: 8080, Protocol: corev1.ProtocolTCP}},
		Env:   []corev1.EnvVar{{Name: "LOG", Value: "info"}},
		SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: is(false), ReadOnlyRootFilesystem: is(true),
			Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}, Add: []corev1.Capability{"NET_BIND_SERVICE"}},
		},
		Resources: corev1.ResourceRequirements{
			Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("128Mi")},
			Requests: corev1.ResourceList{
				corev1.ResourceMemory: resource.MustParse("64Mi"), corev1.ResourceCPU: resource.MustParse("50m"),
			},
		},
		VolumeMounts: []corev1.VolumeMount{{Name: "tmp", MountPath: "/tmp"}, {Name: "config", MountPath: "/etc/app", ReadOnly: true}},
		LivenessProbe: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{
			HTTPGet: &corev1.HTTPGetAction{Path: "/healthz"},
		}},
	}
}

func is[T any](value T) *T { return &value }
