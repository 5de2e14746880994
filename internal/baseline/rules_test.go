package baseline_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
)

func TestRulesAskForChecks(t *testing.T) {
	restricted := func(s *v1alpha1.SecurityBaselineSpec) {
		s.Workloads.PodSecurityStandard = v1alpha1.PodSecurityStandard{Level: v1alpha1.LevelRestricted, Version: "v1.30"}
	}
	for name, test := range map[string]struct {
		change func(*v1alpha1.SecurityBaselineSpec)
		want   [][]string
	}{
		"what declares nothing asks for nothing": {change: func(*v1alpha1.SecurityBaselineSpec) {}, want: [][]string{{}}},
		"what is declared is asked for": {
			change: func(s *v1alpha1.SecurityBaselineSpec) { s.Workloads.HostPorts.AllowedRanges = []v1alpha1.PortRange{} },
			want:   [][]string{{"host-port"}},
		},
		"a level asks for its checks besides": {
			change: restricted, want: [][]string{{}, {"added-capability", "host-port", "run-as-user"}},
		},
		"a check can be switched off": {
			change: func(s *v1alpha1.SecurityBaselineSpec) {
				restricted(s)
				s.DisabledChecks = []v1alpha1.CheckID{"host-port"}
			},
			want: [][]string{{}, {"added-capability", "run-as-user"}},
		},
		"and another rule be declared in its place": {
			change: func(s *v1alpha1.SecurityBaselineSpec) {
				restricted(s)
				s.DisabledChecks = []v1alpha1.CheckID{"host-port"}
				s.Workloads.HostPorts.AllowedRanges = []v1alpha1.PortRange{{Min: 8000, Max: 9000}}
			},
			want: [][]string{{"host-port"}, {"added-capability", "run-as-user"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got [][]string
			for _, rules := range compiled(test.change).Rules {
				got = append(got, engine.IDs(rules.Checks))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
