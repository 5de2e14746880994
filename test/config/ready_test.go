package config_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/checks"
	"plumbline.dev/plumbline/internal/judgement"
	"plumbline.dev/plumbline/internal/workload"
)

// ready are the baselines that stand alone: people take the one they want.
var ready = []string{"pss-baseline", "pss-restricted", "hardened"}

func TestTheReadyBaselinesApplyWithoutAWarning(t *testing.T) {
	install(t)
	for _, name := range ready {
		file := filepath.Join(configDir, "samples", name+".yaml")
		out := onServer(t, "apply", "--server-side", "--validate=strict", "-f", file)
		if want := "securitybaseline.plumbline.dev/" + name + " serverside-applied\n"; out != want {
			t.Errorf("%s: kubectl apply prints %q, want %q", file, out, want)
		}
	}
}

func TestTheReadyBaselinesTellTheTruth(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*corev1.SecurityContext)
		want   map[string][]string // findings by baseline
	}{
		"the shop keeps to all of them, but for the digest of its image": {
			want: map[string][]string{"hardened": {"image-digest"}},
		},
		"what escalates, only the restricted level and the hardened baseline find": {
			change: func(sc *corev1.SecurityContext) { *sc.AllowPrivilegeEscalation = true },
			want: map[string][]string{
				"hardened": {"image-digest", "privilege-escalation"}, "pss-restricted": {"privilege-escalation"},
			},
		},
		"what is privileged, all of them find": {
			change: func(sc *corev1.SecurityContext) { yes := true; sc.Privileged = &yes },
			want: map[string][]string{
				"hardened": {"image-digest", "privileged"}, "pss-restricted": {"privileged"}, "pss-baseline": {"privileged"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			shop := sample(t, "shop.yaml", test.change)
			w, _ := workload.Of(&shop)
			for _, name := range ready {
				list := all[v1alpha1.SecurityBaseline](t, renderFile(t, "samples/"+name+".yaml"), "SecurityBaseline")
				var set *baseline.Set
				set = set.Update(list, checks.All())
				result := judgement.Judge(set, &judgement.Object{Workloads: []workload.Workload{w}}, nil, time.Now())
				var found []string
				for _, f := range result.Findings {
					found = append(found, f.Check)
				}
				slices.Sort(found)
				if diff := cmp.Diff(test.want[name], found); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
			}
		})
	}
}

// The hardened baseline has a rule for each of the ten techniques. Without any one of them it would promise too much.
func TestTheHardenedBaselineHoldsTheTenTechniques(t *testing.T) {
	list := all[v1alpha1.SecurityBaseline](t, renderFile(t, "samples/hardened.yaml"), "SecurityBaseline")
	var declared []string
	for _, check := range checks.All() {
		if check.Declared(&list[0].Spec) {
			declared = append(declared, check.ID)
		}
	}
	want := "added-capability apparmor-profile dropped-capability image-digest image-tag privilege-escalation privileged " +
		"read-only-root-filesystem resource-limits resource-requests run-as-group run-as-non-root run-as-user seccomp-profile selinux-options"
	if diff := cmp.Diff(strings.Fields(want), declared); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
