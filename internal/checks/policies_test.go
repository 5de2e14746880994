package checks

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/network"
	"plumbline.dev/plumbline/internal/workload"
)

// opens is what a check looks at where a policy of these rules is all there is, of which 10.1.0.0/16 is allowed to reach the pods.
func opens(t *testing.T, rules string) *engine.Input {
	t.Helper()
	np := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"}}
	if err := yaml.UnmarshalStrict([]byte(rules), &np.Spec); err != nil {
		t.Fatal(err)
	}
	policy, err := network.Compile(np)
	if err != nil {
		t.Fatal(err)
	}
	all, err := network.Pods(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	allowed, err := network.Addresses("10.1.0.0/16")
	if err != nil {
		t.Fatal(err)
	}
	sources := network.NewSources()
	api := workload.Ref{Kind: "Pod", Namespace: "shop", Name: "api"}
	sources.Put(api, api, network.Pod{Namespace: "shop"})
	db, _ := workload.Of(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "db"}})
	in := &engine.Input{
		Workload:     db,
		Baseline:     "production",
		Reachability: []engine.Reachability{{To: all, AllowedFrom: []network.Senders{allowed}, Allowed: "10.1.0.0/16"}},
		Network:      engine.Network{Pod: network.Pod{Namespace: "shop"}, Policies: []*network.Policy{policy}, Sources: sources},
	}
	in.Policy = &engine.Policy{Policy: policy}
	return in
}

var policyChecks = map[string]func(*engine.Input) []engine.Finding{
	"internet-egress":   runInternetEgress,
	"metadata-egress":   runMetadataEgress,
	"network-allow-all": runNetworkAllowAll,
	"reachability":      runReachability,
}

// Whoever puts a harmless rule before another has neither resolved nor opened anything.
func TestTheOrderOfRulesIsNoDrift(t *testing.T) {
	const (
		rules  = `{ports: [{port: 53, protocol: UDP}], PEERS: [{podSelector: {}}]}, {PEERS: [{ipBlock: {cidr: 0.0.0.0/0}}, {ipBlock: {cidr: "::/0"}}]}, {}`
		turned = `{}, {PEERS: [{ipBlock: {cidr: "::/0"}}, {ipBlock: {cidr: 0.0.0.0/0}}]}, {ports: [{port: 53, protocol: UDP}], PEERS: [{podSelector: {}}]}`
	)
	for id, run := range policyChecks {
		before, after := run(opens(t, bothWays(rules))), run(opens(t, bothWays(turned)))
		if c := engine.Diff(before, after); len(before) < 3 || !c.None() {
			t.Errorf("%s: of %d findings: opened %+v, resolved %+v", id, len(before), c.Opened, c.Resolved)
		}
	}
}

// What is more than was found before is another finding: whoever waived the one has not waived the other.
func TestAWiderBlockIsDrift(t *testing.T) {
	blocks := []string{
		`cidr: 10.0.0.0/12`, `cidr: 10.0.0.0/8`, `cidr: 10.0.0.0/7, except: [11.0.0.0/8]`, `cidr: 10.0.0.0/7, except: [11.0.0.0/9]`, `cidr: 10.0.0.0/7`,
	}
	var before []engine.Finding
	for i, block := range blocks {
		after := runReachability(opens(t, bothWays(`{PEERS: [{ipBlock: {`+block+`}}]}`)))
		if c := engine.Diff(before, after); i > 0 && (len(c.Opened) != 1 || len(c.Resolved) != 1) {
			t.Errorf("%s after %s: opened %+v, resolved %+v", block, blocks[i-1], c.Opened, c.Resolved)
		}
		before = after
	}
}

// bothWays makes a policy of the rules for ingress and for egress.
func bothWays(rules string) string {
	return `{policyTypes: [Ingress, Egress], ingress: [` + strings.ReplaceAll(rules, "PEERS", "from") + `], egress: [` +
		strings.ReplaceAll(rules, "PEERS", "to") + `]}`
}
