package network_test

import (
	"fmt"
	"net/netip"
	"testing"

	"plumbline.dev/plumbline/internal/network"
	"plumbline.dev/plumbline/internal/workload"
)

const (
	benchWorkloads  = 50
	benchPolicies   = 30
	benchNamespaces = 2000
	benchSources    = 10000
)

// busy is a namespace of 50 workloads and 30 policies.
func busy(b *testing.B) ([]*network.Policy, []*network.Pod) {
	b.Helper()
	specs := []string{denyIngress, denyEgress}
	for i := range benchPolicies - len(specs) {
		specs = append(specs, fmt.Sprintf(`{podSelector: {matchExpressions: [{key: app, operator: In, values: [app-%d, app-%d]}]},
			policyTypes: [Ingress, Egress],
			ingress: [{from: [{podSelector: {matchLabels: {app: app-%d}}}, {namespaceSelector: {matchLabels: {team: ns-%d}}}], ports: [{port: http}]},
				{from: [{namespaceSelector: {}, podSelector: {matchLabels: {app: app-%d}}}]}],
			egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8, 172.16.0.0/12, 169.254.169.254/32]}}], ports: [{port: 443}]},
				{to: [{ipBlock: {cidr: 10.%d.0.0/16}}]}]}`, i, i+benchWorkloads/2, i+1, i, i+2, i))
	}
	var pods []*network.Pod
	for i := range benchWorkloads {
		pods = append(pods, pod("shop", "app", fmt.Sprintf("app-%d", i)))
	}
	return compile(b, specs...), pods
}

// BenchmarkNamespace judges all workloads of the namespace once.
func BenchmarkNamespace(b *testing.B) {
	policies, pods := busy(b)
	metadata := netip.MustParseAddr("169.254.169.254")
	b.ReportAllocs()
	for b.Loop() {
		for _, d := range []network.Direction{network.Ingress, network.Egress} {
			network.DefaultDeny(policies, d)
			for _, policy := range policies {
				policy.AllowAll(d)
			}
		}
		for _, p := range pods {
			network.Selecting(policies, p, network.Ingress)
			network.Internet(policies, p)
			network.Reaches(policies, p, metadata, tcp(80))
		}
	}
}

// BenchmarkExposed asks of every workload of the namespace which of 10,000 workloads reach it, once nothing is known of
// them yet.
func BenchmarkExposed(b *testing.B) {
	policies, pods := busy(b)
	b.ReportAllocs()
	s := network.NewSources()
	for i := range benchSources {
		namespace, app := fmt.Sprintf("ns-%d", i%benchNamespaces), fmt.Sprintf("app-%d", i/benchNamespaces)
		s.Put(deployment(namespace, app), deployment(namespace, app), *pod(namespace, "app", app))
	}
	for b.Loop() {
		s.Put(deployment("other", "new"), deployment("other", "new"), *pod("other", "app", "new"))
		s.Delete(deployment("other", "new"))
		for i, p := range pods {
			network.Exposed(policies, deployment("shop", fmt.Sprint(i)), p, nil, nil, s, 10)
		}
	}
}

// BenchmarkSources takes 10,000 workloads in.
func BenchmarkSources(b *testing.B) {
	var refs []workload.Ref
	var pods []network.Pod
	for i := range benchSources {
		namespace, app := fmt.Sprintf("ns-%d", i%benchNamespaces), fmt.Sprintf("app-%d", i/benchNamespaces)
		refs, pods = append(refs, deployment(namespace, app)), append(pods, *pod(namespace, "app", app))
	}
	b.ReportAllocs()
	for b.Loop() {
		s := network.NewSources()
		for i := range refs {
			s.Put(refs[i], refs[i], pods[i])
		}
	}
}

// BenchmarkCompile compiles a policy of thousands of rules.
func BenchmarkCompile(b *testing.B) {
	np := parse(b, "a", `{egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}, {podSelector: {matchLabels: {app: a}}}], ports: [{port: 443}]}]}`)
	for range 2999 {
		np.Spec.Egress = append(np.Spec.Egress, np.Spec.Egress[0])
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := network.Compile(np); err != nil {
			b.Fatal(err)
		}
	}
}
