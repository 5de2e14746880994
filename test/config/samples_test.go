package config_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/checks"
	"plumbline.dev/plumbline/internal/judgement"
	"plumbline.dev/plumbline/internal/workload"
)

// verdict is what the samples' baselines say of a workload: which of them cover it, and what they find.
type verdict struct {
	Covering, Findings []string
}

func TestTheSamplesTellTheTruth(t *testing.T) {
	for _, tt := range []struct {
		name     string
		workload appsv1.Deployment
		want     verdict
	}{
		{
			name:     "the operator keeps to the baseline that it ships",
			workload: managerDeployment(t),
			want:     verdict{Covering: []string{"production"}},
		},
		{
			name:     "the shop keeps to it too",
			workload: sample(t, "shop.yaml", nil),
			want:     verdict{Covering: []string{"production"}},
		},
		{
			name: "a writable root filesystem in the shop is drift",
			workload: sample(t, "shop.yaml", func(sc *corev1.SecurityContext) {
				*sc.ReadOnlyRootFilesystem = false
			}),
			want: verdict{Covering: []string{"production"}, Findings: []string{"production: read-only-root-filesystem: false"}},
		},
		{
			name:     "the firewall is judged by its own baseline only, and keeps to it",
			workload: sample(t, "cfostest.yaml", nil),
			want:     verdict{Covering: []string{"cfostest"}},
		},
		{
			name: "the firewall drifts when somebody adds NET_ADMIN, and by that alone",
			workload: sample(t, "cfostest.yaml", func(sc *corev1.SecurityContext) {
				sc.Capabilities.Add = append(sc.Capabilities.Add, "NET_ADMIN")
			}),
			want: verdict{Covering: []string{"cfostest"}, Findings: []string{"cfostest: added-capability: NET_ADMIN"}},
		},
		{
			name:     "what Kubernetes itself runs is nobody's business",
			workload: inNamespace(sample(t, "cfostest.yaml", nil), "kube-system"),
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, judge(t, &tt.workload)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func judge(t *testing.T, d *appsv1.Deployment) verdict {
	t.Helper()
	var set *baseline.Set
	set = set.Update(all[v1alpha1.SecurityBaseline](t, render(t, "samples"), "SecurityBaseline"), checks.All())
	w, _ := workload.Of(d)
	result := judgement.Judge(set, &judgement.Object{
		Workloads: []workload.Workload{w}, Namespace: baseline.Namespace{Known: true},
	}, nil, time.Now())
	if len(result.NotEvaluated) > 0 {
		t.Errorf("not evaluated: %v", result.NotEvaluated)
	}
	var got verdict
	for _, b := range result.Covering {
		got.Covering = append(got.Covering, b.Name)
	}
	for _, f := range result.Findings {
		got.Findings = append(got.Findings, f.Baseline+": "+f.Check+": "+f.Value)
	}
	return got
}

// sample returns the Deployment of a file, after change was made to the security context of its container.
func sample(t *testing.T, file string, change func(*corev1.SecurityContext)) appsv1.Deployment {
	t.Helper()
	d := all[appsv1.Deployment](t, renderFile(t, "samples/"+file), "Deployment")[0]
	if change != nil {
		change(d.Spec.Template.Spec.Containers[0].SecurityContext)
	}
	return d
}

func inNamespace(d appsv1.Deployment, namespace string) appsv1.Deployment {
	d.Namespace = namespace
	return d
}
