package config_test

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	psaapi "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

func TestTheManagerRunsUnderTheRestrictedPodSecurityStandard(t *testing.T) {
	expectRestricted(t, managerDeployment(t).Spec.Template)
}

func TestTheSampleOfACompliantWorkloadRunsUnderTheRestrictedPodSecurityStandard(t *testing.T) {
	for _, d := range all[appsv1.Deployment](t, renderFile(t, "samples/shop.yaml"), "Deployment") {
		expectRestricted(t, d.Spec.Template)
	}
}

func TestTheNamespaceOfTheManagerEnforcesTheRestrictedPodSecurityStandard(t *testing.T) {
	labels := all[corev1.Namespace](t, render(t, "default"), "Namespace")[0].Labels
	for _, mode := range []string{"enforce", "audit", "warn"} {
		if got := labels["pod-security.kubernetes.io/"+mode]; got != "restricted" {
			t.Errorf("%s is %q", mode, got)
		}
	}
}

// What the Pod Security Standards do not ask for.
func TestTheManagerIsBoundedAndReadOnly(t *testing.T) {
	pod := managerDeployment(t).Spec.Template.Spec
	for _, c := range pod.Containers {
		if sc := c.SecurityContext; sc.ReadOnlyRootFilesystem == nil || !*sc.ReadOnlyRootFilesystem {
			t.Errorf("%s: the root filesystem can be written", c.Name)
		}
		if c.Resources.Limits.Memory().IsZero() || c.Resources.Requests.Cpu().IsZero() {
			t.Errorf("%s: no limit of memory or no request of CPU: %v", c.Name, c.Resources)
		}
		if c.LivenessProbe == nil || c.ReadinessProbe == nil {
			t.Errorf("%s: a probe is missing", c.Name)
		}
	}
	if pod.PriorityClassName != "" {
		t.Errorf("priority class %s is for kube-system", pod.PriorityClassName)
	}
	if len(pod.Volumes) != 0 {
		t.Errorf("volumes: %v", pod.Volumes)
	}
}

func expectRestricted(t *testing.T, template corev1.PodTemplateSpec) {
	t.Helper()
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	restricted := psaapi.LevelVersion{Level: psaapi.LevelRestricted, Version: psaapi.LatestVersion()}
	results := evaluator.EvaluatePod(restricted, &template.ObjectMeta, &template.Spec)
	if len(results) == 0 {
		t.Fatal("nothing was evaluated")
	}
	if result := policy.AggregateCheckResults(results); !result.Allowed {
		t.Errorf("not allowed: %s: %s", strings.Join(result.ForbiddenReasons, ", "), result.ForbiddenDetail())
	}
}

func managerDeployment(t *testing.T) appsv1.Deployment {
	t.Helper()
	return all[appsv1.Deployment](t, render(t, "default"), "Deployment")[0]
}
