package conformance_test

import (
	"path/filepath"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/checks"
	"plumbline.dev/plumbline/internal/judgement"
	"plumbline.dev/plumbline/internal/workload"
)

// The directories of the fixtures say for which level and version each was made, and what its verdict is.
func TestABaselineThatDeclaresALevelJudgesFixturesAsTheirDirectoriesSay(t *testing.T) {
	all := checks.All()
	for _, file := range sampled(fixtures(t)) {
		pod, err := readPod(file)
		if err != nil {
			t.Fatal(err)
		}
		verdict := filepath.Dir(file)
		version := filepath.Dir(verdict)
		declared := v1alpha1.SecurityBaseline{
			ObjectMeta: metav1.ObjectMeta{Name: "production"},
			Spec: v1alpha1.SecurityBaselineSpec{Workloads: v1alpha1.Workloads{PodSecurityStandard: v1alpha1.PodSecurityStandard{
				Level:   v1alpha1.PodSecurityLevel(filepath.Base(filepath.Dir(version))),
				Version: filepath.Base(version),
			}}},
		}
		set := new(baseline.Set).Update([]v1alpha1.SecurityBaseline{declared}, all)
		if why := set.Get("production").Frozen; why != "" {
			t.Fatalf("%s: %s", file, why)
		}
		w, _ := workload.Of(pod)
		object := &judgement.Object{Target: w.Ref, Workloads: []workload.Workload{w}}
		got := judgement.Judge(set, object, nil, time.Time{})
		if want := filepath.Base(verdict); (want == "fail") != (len(got.Findings) > 0) || len(got.NotEvaluated) > 0 {
			t.Errorf("%s: %+v", file, got.Result)
		}
	}
}
