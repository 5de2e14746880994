package checks

import (
	"fmt"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/podsecurity"
	"plumbline.dev/plumbline/internal/workload"
)

func TestWhatIsBoundedIsInOrderAndOnce(t *testing.T) {
	for name, test := range map[string]struct {
		values []int
		want   []int
		more   bool
	}{
		"none":                          {nil, nil, false},
		"values in no order, one twice": {[]int{3, 1, 2, 1}, []int{1, 2, 3}, false},
		"as many as there may be":       {upTo(maxFound), upTo(maxFound), false},
		"one twice does not count":      {append(upTo(maxFound), 0), upTo(maxFound), false},
		"one too many":                  {upTo(maxFound + 1), upTo(maxFound), true},
	} {
		t.Run(name, func(t *testing.T) {
			before := slices.Clone(test.values)
			if got, more := bounded(test.values); !slices.Equal(got, test.want) || more != test.more {
				t.Errorf("bounded = %v, %v; want %v, %v", got, more, test.want, test.more)
			}
			if !slices.Equal(test.values, before) {
				t.Errorf("it changed what it was given: %v", test.values)
			}
		})
	}
}

func upTo(n int) []int {
	var values []int
	for i := range n {
		values = append(values, i)
	}
	return values
}

// What is not shown must be a finding too: else it would pass once an exception covers all that is.
func TestNoListOfAPodMakesFindingsWithoutBound(t *testing.T) {
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{}},
		Spec:       corev1.PodSpec{SecurityContext: &corev1.PodSecurityContext{}},
	}
	for i := range 10_000 {
		name := fmt.Sprintf("n%05d", i)
		pod.Annotations[workload.AppArmorAnnotation+name] = "unconfined"
		pod.Spec.SecurityContext.SupplementalGroups = append(pod.Spec.SecurityContext.SupplementalGroups, int64(i))
		pod.Spec.SecurityContext.Sysctls = append(pod.Spec.SecurityContext.Sysctls, corev1.Sysctl{Name: name})
	}
	w, _ := workload.Of(pod)
	declared := &v1alpha1.SecurityBaselineSpec{}
	declared.Workloads.SupplementalGroups.Ranges = []v1alpha1.IDRange{{Min: 20_000, Max: 20_000}}
	in := &engine.Input{Workload: w, Baseline: "production", Declared: declared, Reading: podsecurity.Reading{EveryAppArmorAnnotation: true}}
	for id, run := range map[string]func(*engine.Input) []engine.Finding{
		"apparmor-profile":    runAppArmorProfile,
		"supplemental-groups": runSupplementalGroups,
		"sysctl":              runSysctl,
	} {
		findings := run(in)
		if len(findings) != maxFound+1 || findings[maxFound].Value != furtherOnes {
			t.Errorf("%s: %d findings, the last is %+v", id, len(findings), findings[len(findings)-1])
		}
		if again := run(in); !slices.Equal(findings, again) {
			t.Errorf("%s finds something else each time", id)
		}
	}
}
