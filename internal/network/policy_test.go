package network_test

import (
	"reflect"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline.dev/plumbline/internal/network"
	"plumbline.dev/plumbline/internal/workload"
)

func TestADirectionIsIsolatedAsPolicyTypesSay(t *testing.T) {
	type says struct{ isolated, denied bool } // denied: what comes of it is a default deny
	for name, test := range map[string]struct {
		spec            string
		ingress, egress says
	}{
		"an empty spec denies what comes in":                               {`{}`, says{true, true}, says{}},
		"without policyTypes only ingress counts":                          {`{podSelector: {}}`, says{true, true}, says{}},
		"without policyTypes an egress rule brings in egress":              {`{egress: [{}]}`, says{true, true}, says{true, false}},
		"without policyTypes an empty list of egress brings in nothing":    {`{egress: []}`, says{true, true}, says{}},
		"empty policyTypes are none":                                       {`{policyTypes: [], egress: [{}]}`, says{true, true}, says{true, false}},
		"an empty list of ingress denies like none":                        {`{ingress: []}`, says{true, true}, says{}},
		"a list of ingress with an empty rule denies nothing":              {`{ingress: [{}]}`, says{true, false}, says{}},
		"a rule for one port leaves the rest denied":                       {`{ingress: [{ports: [{port: 53}]}]}`, says{true, true}, says{}},
		"a block of all addresses denies nothing":                          {`{ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}`, says{true, false}, says{}},
		"policyTypes of egress alone leave ingress out":                    {`{policyTypes: [Egress]}`, says{}, says{true, true}},
		"policyTypes of egress with an empty list deny egress":             {`{policyTypes: [Egress], egress: []}`, says{}, says{true, true}},
		"policyTypes of both deny both":                                    {`{policyTypes: [Ingress, Egress]}`, says{true, true}, says{true, true}},
		"rules of a direction that policyTypes leave out have no effect":   {`{policyTypes: [Egress], ingress: [{}]}`, says{}, says{true, true}},
		"a policy that selects all pods and lets some in denies the rest":  {`{ingress: [{from: [{podSelector: {}}]}]}`, says{true, true}, says{}},
		"a policy that selects some pods is no default deny":               {`{podSelector: {matchLabels: {app: api}}}`, says{true, false}, says{}},
		"a policy that selects by expressions selects those that match":    {`{podSelector: {matchExpressions: [{key: app, operator: In, values: [api, web]}]}}`, says{true, false}, says{}},
		"a policy that selects by NotIn selects those without the key too": {`{podSelector: {matchExpressions: [{key: tier, operator: NotIn, values: [db]}]}}`, says{true, false}, says{}},
		"a policy that selects by Exists selects those with the key":       {`{podSelector: {matchExpressions: [{key: app, operator: Exists}]}}`, says{true, false}, says{}},
		"a policy that selects by DoesNotExist selects none with the key":  {`{podSelector: {matchExpressions: [{key: app, operator: DoesNotExist}]}}`, says{}, says{}},
		"labels and expressions must both match":                           {`{podSelector: {matchLabels: {app: api}, matchExpressions: [{key: tier, operator: Exists}]}}`, says{}, says{}},
	} {
		t.Run(name, func(t *testing.T) {
			policies := compile(t, test.spec)
			for d, want := range map[network.Direction]says{network.Ingress: test.ingress, network.Egress: test.egress} {
				got := says{len(network.Selecting(policies, api(), d)) > 0, network.DefaultDeny(policies, d).Denies()}
				if got != want {
					t.Errorf("%s: got %+v, want %+v", d, got, want)
				}
				if isolated := network.Isolated(policies, api(), d); isolated != want.isolated {
					t.Errorf("%s: isolated is %t", d, isolated)
				}
			}
		})
	}
}

func TestSelecting(t *testing.T) {
	policies := compile(t, `{podSelector: {matchLabels: {app: db}}}`, denyEgress, denyIngress, `{podSelector: {matchLabels: {app: api}}}`)
	policies[2], policies[3] = policies[3], policies[2]
	for name, test := range map[string]struct {
		pod  *network.Pod
		want []string
	}{
		"policies are in the order of their names":               {api(), []string{"c", "d"}},
		"a pod without labels is selected by an empty selector":  {pod("shop"), []string{"c"}},
		"a pod of another namespace is selected by none":         {pod("bank", "app", "api"), nil},
		"a pod without a namespace is in none":                   {pod("", "app", "api"), nil},
		"a pod on the host's network is isolated by none":        {onHost(api()), nil},
		"a policy that selects other pods does not isolate them": {pod("shop", "app", "db"), []string{"a", "c"}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, policy := range network.Selecting(policies, test.pod, network.Ingress) {
				got = append(got, policy.Ref.Name)
			}
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
			if isolated := network.Isolated(policies, test.pod, network.Ingress); isolated != (test.want != nil) {
				t.Errorf("isolated is %t", isolated)
			}
		})
	}
}

func TestAPolicyThatWasNotCompiledSelectsNothing(t *testing.T) {
	broken := &network.Policy{Ref: workload.Ref{Namespace: "shop"}}
	if broken.Selects(api()) || broken.SelectsAll() || broken.AllowAll(network.Ingress) != nil {
		t.Error("it selects something")
	}
}

func TestAllowAll(t *testing.T) {
	for name, test := range map[string]struct {
		ingress string
		want    []string
	}{
		"no rule allows nothing":                                     {`[]`, []string{}},
		"an empty rule allows all":                                   {`[{}]`, []string{"a spec.ingress[0]"}},
		"empty lists in a rule are as none":                          {`[{from: [], ports: []}]`, []string{"a spec.ingress[0]"}},
		"every empty rule is named":                                  {`[{}, {from: [{podSelector: {}}]}, {}]`, []string{"a spec.ingress[0]", "a spec.ingress[2]"}},
		"a rule with ports does not allow all":                       {`[{ports: [{port: 443}]}]`, []string{}},
		"a rule with a name for a port does not allow all":           {`[{ports: [{port: http}]}]`, []string{}},
		"all ports of one protocol are not all":                      {`[{ports: [{protocol: TCP}]}]`, []string{}},
		"all ports of TCP and UDP are all":                           {`[{ports: [{protocol: TCP}, {protocol: UDP, port: 1, endPort: 65535}]}]`, []string{"a spec.ingress[0]"}},
		"ports from 2 are not all":                                   {`[{ports: [{protocol: TCP}, {protocol: UDP, port: 2, endPort: 65535}]}]`, []string{}},
		"every pod of the cluster is not everything":                 {`[{from: [{namespaceSelector: {}}]}]`, []string{}},
		"all of IPv4 is everything":                                  {`[{from: [{podSelector: {}}, {ipBlock: {cidr: 0.0.0.0/0}}]}]`, []string{"a spec.ingress[0].from[1]"}},
		"all of IPv6 is everything":                                  {`[{from: [{ipBlock: {cidr: "::/0"}}]}]`, []string{"a spec.ingress[0].from[0]"}},
		"all of IPv4 on some ports is not everything":                {`[{from: [{ipBlock: {cidr: 0.0.0.0/0}}], ports: [{port: 443}]}]`, []string{}},
		"all of IPv4 without some of it is not everything":           {`[{from: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}]}]`, []string{}},
		"halves in two rules are everything":                         {`[{from: [{ipBlock: {cidr: 0.0.0.0/1}}]}, {from: [{ipBlock: {cidr: 128.0.0.0/1}}]}]`, []string{"a spec.ingress[0].from[0]", "a spec.ingress[1].from[0]"}},
		"one half is not everything":                                 {`[{from: [{ipBlock: {cidr: 0.0.0.0/1}}, {ipBlock: {cidr: 0.0.0.0/2}}]}]`, []string{}},
		"what one block leaves out another may bring":                {`[{from: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}, {ipBlock: {cidr: 10.0.0.0/7}}, {ipBlock: {cidr: "fd00::/8"}}]}]`, []string{"a spec.ingress[0].from[0]", "a spec.ingress[0].from[1]"}},
		"a block that is everything is named without the others":     {`[{from: [{ipBlock: {cidr: 10.0.0.0/8}}, {ipBlock: {cidr: 0.0.0.0/0}}]}]`, []string{"a spec.ingress[0].from[1]"}},
		"an empty rule beside a block that is everything: both show": {`[{}, {from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]`, []string{"a spec.ingress[0]", "a spec.ingress[1].from[0]"}},
	} {
		t.Run(name, func(t *testing.T) {
			policy := compile(t, `{ingress: `+test.ingress+`}`)[0]
			if got := pathsOf(policy.AllowAll(network.Ingress)); !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if got := policy.AllowAll(network.Egress); len(got) > 0 {
				t.Errorf("got %q for egress", pathsOf(got))
			}
		})
	}
}

func TestTrimKeepsTheSpec(t *testing.T) {
	np := parse(t, "a", denyIngress)
	want := np.DeepCopy()
	np.Annotations = map[string]string{"a": "b"}
	np.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "kubectl"}}
	if network.Trim(np); !reflect.DeepEqual(np, want) {
		t.Errorf("got %v", np)
	}
	if got := network.RefTo(&networkingv1.NetworkPolicy{ObjectMeta: np.ObjectMeta}).String(); got != "NetworkPolicy shop/a" {
		t.Errorf("got %s", got)
	}
}
