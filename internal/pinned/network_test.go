package pinned_test

import (
	"fmt"
	"strings"
	"testing"

	"plumbline.dev/plumbline/internal/pinned"
)

func policy(spec string) string {
	return "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {namespace: shop, name: web}, spec: {" + spec + "}}"
}

func ingress(rules string) string { return policy("podSelector: {}, ingress: [" + rules + "]") }

func block(cidr string, more ...string) string {
	return "{ipBlock: {cidr: " + cidr + strings.Join(append([]string{""}, more...), ", ") + "}}"
}

func TestNetworkPoliciesAreComparedByWhatTheyAdmit(t *testing.T) {
	const web, api = "{podSelector: {matchLabels: {app: web}}}", "{podSelector: {matchLabels: {app: api}}}"
	run(t, []story{
		{
			name:     "policyTypes and protocols are written out",
			declared: policy("podSelector: {}, ingress: [{ports: [{port: 80}]}], egress: [{}]"),
			live:     policy("podSelector: {}, policyTypes: [Egress, Ingress], egress: [{}], ingress: [{ports: [{port: 80, protocol: TCP}]}]"),
		},
		{name: "rules are split", declared: ingress("{from: [" + web + "," + api + "], ports: [{port: 80}, {port: 81}]}"),
			live: ingress("{from: [" + api + "], ports: [{port: 80, endPort: 81}]}, {from: [" + web + "], ports: [{port: 81}]}, {from: [" + web + "], ports: [{port: 80}]}")},
		{name: "blocks are split", declared: ingress("{from: [" + block("0.0.0.0/0", "except: [10.0.0.0/8]") + "]}"),
			live: ingress("{from: [" + block("0.0.0.0/1", "except: [10.0.0.0/9, 10.128.0.0/9]") + "," + block("128.0.0.0/1") + "]}")},
		{name: "the namespace is named", declared: ingress("{from: [" + web + "]}"),
			live: ingress("{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}, podSelector: {matchExpressions: [{key: app, operator: In, values: [web]}]}}]}")},
		{name: "what everybody may, others may too", declared: ingress("{}"), live: ingress("{}, {from: [" + web + "," + block("10.0.0.0/8") + "]}")},
		{name: "rules of a direction that is not isolated", declared: policy("podSelector: {}, policyTypes: [Ingress]"), live: policy("podSelector: {}, policyTypes: [Ingress], egress: [{}]")},
		{name: "everybody is admitted", declared: ingress(""), live: ingress("{}"), want: []string{"spec.ingress: everybody on every port"}},
		{name: "a rule less", declared: ingress("{from: [" + web + "]}"), live: ingress(""), want: []string{"~spec.ingress: pods app=web on every port"}},
		{name: "more ports", declared: ingress("{from: [" + web + "], ports: [{port: 80}]}"), live: ingress("{from: [" + web + "], ports: [{port: 80, endPort: 90}, {port: dns, protocol: UDP}]}"),
			want: []string{"spec.ingress: pods app=web on 81-90/TCP, dns/UDP"}},
		{name: "a wider selector", declared: ingress("{from: [" + web + "]}"), live: ingress("{from: [{podSelector: {}}]}"),
			want: []string{"spec.ingress: all pods on every port"}},
		{name: "a narrower selector", declared: ingress("{from: [{namespaceSelector: {}}]}"), live: ingress("{from: [" + web + "]}"),
			want: []string{"~spec.ingress: all pods in all namespaces on every port"}},
		{name: "a wider block", declared: ingress("{from: [" + block("10.0.0.0/9") + "]}"), live: ingress("{from: [" + block("10.0.0.0/8") + "]}"),
			want: []string{"spec.ingress: 10.128.0.0/9 on every port"}},
		{name: "an exception less", declared: ingress("{from: [" + block("'::/0'", "except: ['fd00::/8']") + "]}"), live: ingress("{from: [" + block("'::/0'") + "]}"),
			want: []string{"spec.ingress: fd00::/8 on every port"}},
		{name: "a block that is no block any more", declared: ingress(""), live: ingress("{from: [" + block("10.0.0.0/30", "except: [10.0.0.0/32]") + "]}"),
			want: []string{"spec.ingress: 10.0.0.1-10.0.0.3 on every port"}},
		{name: "ports of some addresses", declared: ingress("{from: [" + block("10.0.0.0/8") + "], ports: [{port: 80}]}"),
			live: ingress("{from: [" + block("10.0.0.0/8") + "], ports: [{port: 80}]}, {from: [" + block("10.1.0.0/16") + "], ports: [{port: 80}, {port: 22}]}"),
			want: []string{"spec.ingress: 10.1.0.0/16 on 22/TCP"}},
	})
}

func TestNetworkPoliciesAreComparedByWhatTheyIsolate(t *testing.T) {
	run(t, []story{
		{name: "a direction is open", declared: policy("podSelector: {}, policyTypes: [Ingress, Egress]"), live: policy("podSelector: {}, policyTypes: [Ingress]"),
			want: []string{"spec.policyTypes: Egress"}},
		{name: "a direction is isolated too", declared: policy("podSelector: {}"), live: policy("podSelector: {}, policyTypes: [Ingress, Egress]"),
			want: []string{"~spec.policyTypes: Egress"}},
		{name: "a direction is isolated too, and admits", declared: policy("podSelector: {}"), live: policy("podSelector: {}, egress: [{}]"),
			want: []string{"spec.egress: everybody on every port", "~spec.policyTypes: Egress"}},
		{name: "other pods are selected", declared: policy("podSelector: {}"), live: policy("podSelector: {matchLabels: {app: web}}"),
			want: []string{"spec.podSelector: app=web"}},
		{name: "more pods are denied", declared: policy("podSelector: {matchLabels: {app: web}}"), live: policy("podSelector: {}"),
			want: []string{"~spec.podSelector: everything"}},
		{name: "more pods are admitted something", declared: policy("podSelector: {matchLabels: {app: web}}, ingress: [{}]"), live: policy("podSelector: {}, ingress: [{}]"),
			want: []string{"spec.podSelector: everything"}},
		{name: "the pods are free where they are not declared", match: pinned.Contains, declared: policy("policyTypes: [Ingress]"), live: policy("podSelector: {matchLabels: {app: web}}, ingress: [{}]")},
		{name: "the pods are not free where they are declared", match: pinned.Contains, declared: policy("podSelector: {}"), live: policy("podSelector: {matchLabels: {app: web}}"),
			want: []string{"spec.podSelector: app=web"}},
		{name: "what is declared has to be admitted", match: pinned.Contains, declared: ingress("{ports: [{port: 80}]}"), live: ingress("{ports: [{port: 81}]}"),
			want: []string{"~spec.ingress: everybody on 80/TCP"}},
	})
}

func TestManyBlocksAreComparedInTime(t *testing.T) {
	var many []string
	for i := range 4000 {
		many = append(many, block(fmt.Sprintf("%d.%d.0.0/16", 1+i/200, i%200)))
	}
	wide := many[:len(many)-1]
	pin := compile(t, ingress("{from: ["+strings.Join(wide, ",")+"]}"), pinned.Options{})
	got := inWords(pin.Differences(object(t, ingress("{from: ["+strings.Join(many, ",")+"]}"))))
	if len(got) != 1 || got[0] != "spec.ingress: 20.199.0.0/16 on every port" {
		t.Errorf("got %q", got)
	}
}
