package scan_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const (
	isolation = `apiVersion: plumbline.dev/v1alpha1
kind: SecurityBaseline
metadata: {name: isolated}
spec:
  networkPolicies:
    isolation: {ingress: Required}
    defaultDeny: {ingress: Required}
    allowAll: Forbidden
`
	allows = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {namespace: shop, name: all}\nspec: {podSelector: {}, ingress: [{}]}\n"
)

// What a policy of another engine says is not read: it may isolate what NetworkPolicies leave open.
func TestPoliciesOfOtherEnginesMakeVerdictsUnsure(t *testing.T) {
	elsewhere := strings.ReplaceAll(namespace+"---\n"+deployment, "shop", "other")
	policy := func(apiVersion, kind, metadata string) string {
		return "apiVersion: " + apiVersion + "\nkind: " + kind + "\nmetadata: {" + metadata + "}\nspec: {endpointSelector: {}}\n"
	}
	const shop, other, wideOpen = "namespace shop", "namespace other", "network-allow-all"
	for name, test := range map[string]struct {
		policies []string
		decides  map[string]string // by namespace, which policy may decide
	}{
		"without any": {},
		"of a namespace": {
			policies: []string{policy("cilium.io/v2", "CiliumNetworkPolicy", "namespace: shop, name: web")},
			decides:  map[string]string{shop: "CiliumNetworkPolicy shop/web"},
		},
		"of the namespace that the call names": {
			policies: []string{policy("cilium.io/v2", "CiliumNetworkPolicy", "name: web")},
			decides:  map[string]string{other: "CiliumNetworkPolicy other/web"},
		},
		"of the cluster, whatever namespace the file names": {
			policies: []string{policy("cilium.io/v2", "CiliumClusterwideNetworkPolicy", "namespace: shop, name: web")},
			decides:  map[string]string{shop: "CiliumClusterwideNetworkPolicy web", other: "CiliumClusterwideNetworkPolicy web"},
		},
		"called like those of Kubernetes": {
			policies: []string{policy("crd.projectcalico.org/v1", "NetworkPolicy", "namespace: shop, name: web")},
			decides:  map[string]string{shop: "NetworkPolicy shop/web"},
		},
		"in a group of Kubernetes": {
			policies: []string{policy("policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy", "name: web")},
			decides:  map[string]string{shop: "AdminNetworkPolicy web", other: "AdminNetworkPolicy web"},
		},
		"in a list of their own": {
			policies: []string{"apiVersion: projectcalico.org/v3\nkind: GlobalNetworkPolicyList\nitems:\n- metadata: {name: web}\n"},
			decides:  map[string]string{shop: "GlobalNetworkPolicy web", other: "GlobalNetworkPolicy web"},
		},
		"several, of which the first is named": {
			policies: []string{
				policy("cilium.io/v2", "CiliumNetworkPolicy", "namespace: shop, name: web"),
				policy("cilium.io/v2", "CiliumNetworkPolicy", "namespace: shop, name: api"),
				policy("policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy", "name: web"),
			},
			decides: map[string]string{shop: "CiliumNetworkPolicy shop/api", other: "ClusterNetworkPolicy web"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			given := append([]string{isolation, namespace, deployment, allows, elsewhere}, test.policies...)
			results := resultsOf(t, scanned(t, strings.Join(given, "---\n"), "--namespace", "other", "-o", "json", "-"))
			got := map[string]string{}
			open := map[string]bool{}
			for _, result := range results.Results {
				home := "namespace " + result.Target.Namespace
				if result.Target.Kind == "Namespace" {
					home = "namespace " + result.Target.Name
				}
				for _, f := range result.Findings {
					open[f.Check+" in "+home] = true
				}
				for _, n := range result.NotEvaluated {
					why, is := strings.CutPrefix(n.Reason, "cannot read what policies of other engines make of it: ")
					if decides, may := strings.CutSuffix(why, " may decide"); is && may {
						got[home] = decides
					}
				}
			}
			if diff := cmp.Diff(test.decides, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("may decide (-want +got):\n%s", diff)
			}
			for check, home := range map[string]string{"isolation-ingress": other, "default-deny-ingress": shop} {
				if _, unsure := test.decides[home]; open[check+" in "+home] == unsure {
					t.Errorf("%s in %s is found: %t", check, home, !unsure)
				}
			}
			if !open[wideOpen+" in "+shop] {
				t.Error("a NetworkPolicy that allows everything is not found, whatever other policies say")
			}
			if want := len(test.policies); results.Summary.Skipped != want {
				t.Errorf("%d are said to be of kinds that are not judged, want %d", results.Summary.Skipped, want)
			}
		})
	}
}
