package parity_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plumbline.dev/plumbline/hack/controlplane"
	"plumbline.dev/plumbline/internal/checks"
	"plumbline.dev/plumbline/internal/scan"
)

// Whoever scans a cluster reads with his own rights: what he may not read is not taken for absent.
func TestWhatMayNotBeReadOfAClusterIsNotEvaluated(t *testing.T) {
	plane := start(t)
	if err := controlplane.ApplyFiles(t.Context(), plane.Config(), "testdata/rights.yaml"); err != nil {
		t.Fatal(err)
	}
	config, err := plane.ServiceAccountConfig(t.Context(), "rights", "reader")
	if err != nil {
		t.Fatal(err)
	}
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	if err := controlplane.WriteKubeconfig(kubeconfig, config); err != nil {
		t.Fatal(err)
	}
	const (
		binding  = "ValidatingAdmissionPolicyBinding rights: declared-object spec.validationActions"
		mutating = "MutatingAdmissionPolicy rights: declared-object metadata.name"
		policy   = "ClusterPolicy rights: declared-object: cannot read it: you may not get it"
		webhook  = "ValidatingWebhookConfiguration rights: declared-object: cannot read it: you may not list validatingwebhookconfigurations"
		isolated = "Deployment api: isolation-ingress: cannot read what policies of other engines make of it: "
		missing  = "Policy rights: declared-object metadata.name"
		unseen   = "Policy rights: declared-object: cannot read it: it is not among what was given"
	)
	for name, test := range map[string]struct {
		args       []string
		says       []string
		unreadable []string
	}{
		"of all of it": {
			args:       []string{"--baseline", "testdata/rights-baseline.yaml"},
			says:       []string{binding, mutating, missing, policy, webhook, isolated + "CiliumNetworkPolicy of cilium.io, which cannot be read, may decide"},
			unreadable: []string{"validatingwebhookconfigurations"},
		},
		"of one namespace, with what belongs to the cluster": {
			args:       []string{"--baseline", "testdata/rights-baseline.yaml", "--namespace", "rights"},
			says:       []string{binding, mutating, unseen, policy, webhook, isolated + "CiliumNetworkPolicy rights/api may decide"},
			unreadable: []string{"validatingwebhookconfigurations"},
		},
		"by a baseline that asks for nothing of it": {args: []string{"--preset", "cis-section-5"}},
	} {
		t.Run(name, func(t *testing.T) {
			results := judged(t, append(test.args, "--cluster", "--kubeconfig", kubeconfig)...)
			var says, unreadable []string
			for _, result := range results.Results {
				on := result.Target.Kind + " " + result.Target.Name + ": "
				for _, f := range result.Findings {
					says = append(says, on+f.Check+" "+f.Path)
				}
				for _, n := range result.NotEvaluated {
					says = append(says, on+n.Check+": "+n.Reason)
				}
			}
			for _, kind := range results.Summary.Unreadable {
				unreadable = append(unreadable, kind.Resource)
			}
			if diff := cmp.Diff(test.unreadable, unreadable); diff != "" {
				t.Errorf("unreadable (-want +got):\n%s", diff)
			}
			if len(test.says) == 0 {
				return
			}
			slices.Sort(test.says)
			slices.Sort(says)
			if diff := cmp.Diff(test.says, says); diff != "" {
				t.Errorf("it says (-want +got):\n%s", diff)
			}
		})
	}
}

// judged returns the results of the command line.
func judged(t *testing.T, args ...string) *scan.Results {
	t.Helper()
	command := scan.NewScanCommand(scan.Options{Checks: checks.All(), Version: "test"})
	var out, problems bytes.Buffer
	command.SetOut(&out)
	command.SetErr(&problems)
	command.SetArgs(append(args, "-o", "json"))
	err := command.ExecuteContext(t.Context()) // drift is an error, too
	var results scan.Results
	if failed := json.Unmarshal(out.Bytes(), &results); failed != nil {
		t.Fatalf("scan: %v: %v\n%s%s", err, failed, out.String(), problems.String())
	}
	return &results
}
