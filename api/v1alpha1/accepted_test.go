package v1alpha1_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"plumbline.dev/plumbline/api/v1alpha1"
)

func TestASecurityBaselineIsAccepted(t *testing.T) {
	c := newClient(t)
	for name, spec := range map[string]string{
		"that declares nothing":                        `{}`,
		"with empty parts":                             `{scope: {}, workloads: {}, reporting: {}}`,
		"that is suspended":                            `{suspend: true}`,
		"that allows no capability":                    `{workloads: {capabilities: {allowedAdd: []}}}`,
		"that requires capabilities to be dropped":     `{workloads: {capabilities: {requiredDrop: [ALL]}}}`,
		"that allows a capability of a kernel to come": `{workloads: {capabilities: {allowedAdd: [NET_NEW_2]}}}`,
		"that allows every local seccomp profile":      `{workloads: {seccompProfile: {allowed: [{type: Localhost, localhostProfile: "*"}]}}}`,
		"that allows every seccomp profile":            `{workloads: {seccompProfile: {allowed: [{type: RuntimeDefault}, {type: Unconfined}]}}}`,
		"with an empty list of exclusions":             `{scope: {namespaces: {exclude: []}}}`,
		"for namespaces by name and by glob":           `{scope: {namespaces: {include: ["*", shop, team-*-prod], exclude: ["kube-*"]}}}`,
		"for namespaces by label":                      `{scope: {namespaceSelector: {matchExpressions: [{key: env, operator: In, values: [prod]}]}}}`,
		"for an empty list of kinds, which is every":   `{scope: {kinds: []}}`,
		"for every kind by name": `{scope: {kinds: [Deployment, StatefulSet, DaemonSet, ReplicaSet, ReplicationController,
			Job, CronJob, Pod]}}`,
		"without Events": `{reporting: {events: false}}`,
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.Create(t.Context(), baseline(t, "accepted", spec), client.DryRunAll); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestARetentionMeansWhatGoTakesItFor(t *testing.T) {
	c := newClient(t)
	for is, want := range map[string]time.Duration{
		"0s": 0, "00h": 0, "45s": 45 * time.Second, "90m": 90 * time.Minute, "24h": 24 * time.Hour,
		"1h30m": 90 * time.Minute, "1h0m1s": time.Hour + time.Second,
		"8760h": 365 * 24 * time.Hour, "525600m": 365 * 24 * time.Hour, "31536000s": 365 * 24 * time.Hour,
	} {
		t.Run(is, func(t *testing.T) {
			obj := baseline(t, "retention", "{reporting: {resolvedRetention: "+is+"}}")
			create(t, c, obj)
			var got v1alpha1.SecurityBaseline
			if err := c.Get(t.Context(), client.ObjectKeyFromObject(obj), &got); err != nil {
				t.Fatal(err)
			}
			if got.Spec.Reporting.ResolvedRetention.Duration != want {
				t.Errorf("got %v, want %v", got.Spec.Reporting.ResolvedRetention.Duration, want)
			}
		})
	}
}

// Clients that follow kstatus take an object without a status for a finished one.
func TestABaselineThatNobodyHasJudgedYetSaysSo(t *testing.T) {
	c := newClient(t)
	obj := baseline(t, "unjudged", "{}")
	create(t, c, obj)
	var got v1alpha1.SecurityBaseline
	if err := c.Get(t.Context(), client.ObjectKeyFromObject(obj), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(v1alpha1.SecurityBaselineStatus{ObservedGeneration: -1}, got.Status); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
}

// An empty list of allowed capabilities forbids all; an absent one judges nothing. Go clients must not lose the difference.
func TestWhatAGoClientDeclaresArrivesWhole(t *testing.T) {
	yes := true
	for name, spec := range map[string]v1alpha1.SecurityBaselineSpec{
		"nothing": {},
		"no capability": {Workloads: v1alpha1.Workloads{
			Capabilities: v1alpha1.Capabilities{AllowedAdd: []v1alpha1.Capability{}},
		}},
		"an empty list of exclusions": {Scope: v1alpha1.Scope{
			Namespaces: v1alpha1.NamespaceNames{Exclude: []v1alpha1.NameGlob{}},
		}},
		"selectors that choose everything": {Scope: v1alpha1.Scope{
			NamespaceSelector: &metav1.LabelSelector{}, ObjectSelector: &metav1.LabelSelector{},
		}},
		"a retention and Events": {Reporting: v1alpha1.Reporting{
			ResolvedRetention: &metav1.Duration{Duration: 36*time.Hour + 30*time.Minute + 5*time.Second}, Events: &yes,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			expectWhole(t, spec)
		})
	}
}
