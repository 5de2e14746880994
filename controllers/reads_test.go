package controllers

import (
	"slices"
	"testing"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/workload"
)

func TestWhichKindsABaselineCannotDoWithout(t *testing.T) {
	check := func(judges workload.Class, needs ...engine.Need) engine.Check {
		return engine.Check{
			ID: "made-up", Judges: judges, Needs: needs,
			Declared: func(*v1alpha1.SecurityBaselineSpec) bool { return true },
			Run:      func(*engine.Input) []engine.Finding { return nil },
		}
	}
	kinds := []string{"Namespace", "NetworkPolicy", "Deployment", "CronJob", "Pod", "ServiceAccount", "RoleBinding"}
	for name, test := range map[string]struct {
		check engine.Check
		scope []v1alpha1.JudgedKind
		want  []string
	}{
		"who may be reached, of all workloads and by the labels of namespaces": {
			check(workload.Pods, engine.NeedNetwork, engine.NeedSources), []v1alpha1.JudgedKind{"Deployment"},
			[]string{"Namespace", "NetworkPolicy", "Deployment", "CronJob", "Pod"},
		},
		"isolation, of those in its scope": {
			check(workload.Pods, engine.NeedNetwork), []v1alpha1.JudgedKind{"Deployment"}, []string{"NetworkPolicy", "Deployment"},
		},
		"the workloads of a namespace": {
			check(workload.Namespaces, engine.NeedWorkloads), nil, []string{"Namespace", "Deployment", "CronJob", "Pod"},
		},
		"what a ServiceAccount holds": {
			check(workload.Subjects, engine.NeedRBAC), nil, []string{"ServiceAccount", "RoleBinding"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			sb := &v1alpha1.SecurityBaseline{}
			sb.Spec.Scope.Kinds = test.scope
			b := baseline.Compile(sb, []engine.Check{test.check})
			got := slices.DeleteFunc(slices.Clone(kinds), func(kind string) bool { return !reads(b, kind) })
			if !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}
