package network_test

import (
	"reflect"
	"strings"
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
	if broken.Selects(api()) || broken.SelectsAll() || len(broken.AllowAll(network.Ingress).By) > 0 {
		t.Error("it selects something")
	}
}

func TestAllowAll(t *testing.T) {
	first, both := []string{"a spec.ingress[0]"}, []string{"a spec.ingress[0]", "a spec.ingress[1]"}
	ranges := func(texts ...string) string {
		return `[{ports: [` + strings.Join(texts, `]}, {ports: [`) + `]}]`
	}
	for name, test := range map[string]struct {
		ingress  string
		want     []string
		together bool
	}{
		"no rule allows nothing":                                     {ingress: `[]`},
		"an empty rule allows all":                                   {`[{}]`, first, false},
		"empty lists in a rule are as none":                          {`[{from: [], ports: []}]`, first, false},
		"every empty rule is named":                                  {`[{}, {from: [{podSelector: {}}]}, {}]`, []string{"a spec.ingress[0]", "a spec.ingress[2]"}, false},
		"a rule with ports does not allow all":                       {ingress: `[{ports: [{port: 443}]}]`},
		"a rule with a name for a port does not allow all":           {ingress: `[{ports: [{port: http}]}]`},
		"all ports of TCP are all":                                   {`[{ports: [{protocol: TCP}]}]`, first, false},
		"and so are all of UDP":                                      {`[{ports: [{protocol: UDP}]}]`, first, false},
		"next to nothing speaks SCTP":                                {ingress: `[{ports: [{protocol: SCTP}]}]`},
		"all ports of TCP and UDP are all":                           {`[{ports: [{protocol: TCP}, {protocol: UDP, port: 1, endPort: 65535}]}]`, first, false},
		"TCP and UDP in two rules are both all":                      {ranges(`{protocol: TCP}`, `{protocol: UDP}`), both, false},
		"ports from 2 are all":                                       {ranges(`{port: 2, endPort: 65535}`), first, false},
		"ports for everybody but the privileged are all":             {ranges(`{port: 1024, endPort: 65535}`), first, false},
		"half of the ports are not all":                              {ingress: ranges(`{port: 32768, endPort: 65535}`)},
		"what media servers open is not all":                         {ingress: ranges(`{port: 49152, endPort: 65535, protocol: UDP}`)},
		"ports that two rules share between them are all":            {ranges(`{port: 1, endPort: 32767}`, `{port: 32768, endPort: 65535}`), both, true},
		"ports that one rule spells in two ranges are all":           {ranges(`{port: 1, endPort: 32767}, {port: 32768, endPort: 65535}`), first, false},
		"ports of two protocols do not add up":                       {ingress: ranges(`{port: 1, endPort: 20000}`, `{port: 20001, endPort: 50000, protocol: UDP}`)},
		"ports that are counted twice do not add up":                 {ingress: ranges(`{port: 1, endPort: 20000}`, `{port: 1, endPort: 20001}`)},
		"what adds nothing is not named":                             {ranges(`{port: 80}`, `{port: 1, endPort: 30000}`, `{port: 30001, endPort: 60000}`), []string{"a spec.ingress[1]", "a spec.ingress[2]"}, true},
		"every pod of the cluster is not everything":                 {ingress: `[{from: [{namespaceSelector: {}}]}]`},
		"all of IPv4 is everything":                                  {`[{from: [{podSelector: {}}, {ipBlock: {cidr: 0.0.0.0/0}}]}]`, []string{"a spec.ingress[0].from[1]"}, false},
		"all of IPv6 is everything":                                  {`[{from: [{ipBlock: {cidr: "::/0"}}]}]`, []string{"a spec.ingress[0].from[0]"}, false},
		"all of IPv4 on some ports is not everything":                {ingress: `[{from: [{ipBlock: {cidr: 0.0.0.0/0}}], ports: [{port: 443}]}]`},
		"all of IPv4 on TCP is everything":                           {`[{from: [{ipBlock: {cidr: 0.0.0.0/0}}], ports: [{protocol: TCP}]}]`, []string{"a spec.ingress[0].from[0]"}, false},
		"all of IPv4 but for one address is everything":              {`[{from: [{ipBlock: {cidr: 0.0.0.0/0, except: [240.0.0.0/32]}}]}]`, []string{"a spec.ingress[0].from[0]"}, false},
		"the internet without what is private is everything":         {`[{from: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}]}]`, []string{"a spec.ingress[0].from[0]"}, false},
		"what is private is not":                                     {ingress: `[{from: [{ipBlock: {cidr: 10.0.0.0/8}}, {ipBlock: {cidr: 192.168.0.0/16}}, {ipBlock: {cidr: "fc00::/7"}}]}]`},
		"nor is what belongs to a provider":                          {ingress: `[{from: [{ipBlock: {cidr: 52.0.0.0/8}}, {ipBlock: {cidr: 54.0.0.0/8}}]}]`},
		"sixteenths in two rules are everything":                     {`[{from: [{ipBlock: {cidr: 16.0.0.0/5}}]}, {from: [{ipBlock: {cidr: 24.0.0.0/5}}]}]`, []string{"a spec.ingress[0].from[0]", "a spec.ingress[1].from[0]"}, true},
		"the same block twice does not add up":                       {ingress: `[{from: [{ipBlock: {cidr: 16.0.0.0/5}}]}, {from: [{ipBlock: {cidr: 16.0.0.0/5}}]}]`},
		"blocks on ports that never meet do not add up":              {ingress: `[{from: [{ipBlock: {cidr: 16.0.0.0/5}}], ports: [{port: 1, endPort: 50000}]}, {from: [{ipBlock: {cidr: 24.0.0.0/5}}], ports: [{port: 50001, endPort: 65535}, {protocol: UDP, port: 1, endPort: 50000}]}]`},
		"blocks and everybody share the ports between them":          {`[{from: [{ipBlock: {cidr: 0.0.0.0/0}}], ports: [{port: 1, endPort: 30000}]}, {ports: [{port: 30001, endPort: 60000}]}]`, []string{"a spec.ingress[0].from[0]", "a spec.ingress[1]"}, true},
		"a block that is everything is named without the others":     {`[{from: [{ipBlock: {cidr: 10.0.0.0/8}}, {ipBlock: {cidr: 0.0.0.0/0}}]}]`, []string{"a spec.ingress[0].from[1]"}, false},
		"an empty rule beside a block that is everything: both show": {`[{}, {from: [{ipBlock: {cidr: 0.0.0.0/0}}]}]`, []string{"a spec.ingress[0]", "a spec.ingress[1].from[0]"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			policy := compile(t, `{ingress: `+test.ingress+`}`)[0]
			got := policy.AllowAll(network.Ingress)
			if paths := pathsOf(got.By); !reflect.DeepEqual(paths, append([]string{}, test.want...)) || got.Together != test.together {
				t.Errorf("got %q together: %t, want %q together: %t", paths, got.Together, test.want, test.together)
			}
			if got := policy.AllowAll(network.Egress); len(got.By) > 0 {
				t.Errorf("got %q for egress", pathsOf(got.By))
			}
		})
	}
}

func TestLabelsThatControllersSetMayHaveAnyValue(t *testing.T) {
	kafka := pod("shop", "app", "kafka")
	kafka.Added = []string{"statefulset.kubernetes.io/pod-name"}
	selected := func(requirement string) string {
		return `{podSelector: {matchLabels: {app: kafka}, matchExpressions: [{key: statefulset.kubernetes.io/pod-name, operator: ` + requirement + `}]}, ingress: [{}]}`
	}
	for name, test := range map[string]struct {
		spec              string
		selects, isolates bool
	}{
		"one value may be that of some pod, and is not that of all":  {selected(`In, values: [kafka-0]`), true, false},
		"all but one value may be that of some pod, and not of all":  {selected(`NotIn, values: [kafka-0]`), true, false},
		"every pod has the label":                                    {selected(`Exists`), true, true},
		"no pod is without it":                                       {selected(`DoesNotExist`), false, false},
		"of other labels the values are known":                       {`{podSelector: {matchLabels: {app: web, statefulset.kubernetes.io/pod-name: kafka-0}}}`, false, false},
		"a label that the controller of others sets is not on a pod": {`{podSelector: {matchLabels: {batch.kubernetes.io/job-name: kafka}}}`, false, false},
		"a selector that asks for no such label is answered as ever": {`{podSelector: {matchLabels: {app: kafka}}}`, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			policies := compile(t, test.spec)
			if got := policies[0].Selects(kafka); got != test.selects {
				t.Errorf("selects: %t", got)
			}
			if got := network.Isolated(policies, kafka, network.Ingress); got != test.isolates {
				t.Errorf("isolates: %t", got)
			}
		})
	}
	policies := compile(t, denyIngress, selected(`In, values: [kafka-0]`))
	if got := network.Selecting(policies, kafka, network.Ingress); len(got) != 2 {
		t.Errorf("where the pods are isolated, what opens the way to some counts: got %v", got)
	}
}

// Since v1.35 pods get the labels of their node. Nobody knows before which these are, or whether the cluster does so.
func TestLabelsOfNodesMayHaveAnyValueOrBeAbsent(t *testing.T) {
	api := pod("shop", "app", "api")
	api.Added = []string{"pod-template-hash", "topology.kubernetes.io/zone", "topology.kubernetes.io/region"}
	for _, requirement := range []string{`In, values: [eu-1a]`, `NotIn, values: [eu-1a]`, `Exists`, `DoesNotExist`} {
		policies := compile(t, `{podSelector: {matchExpressions: [{key: topology.kubernetes.io/zone, operator: `+requirement+`}]}}`)
		if !policies[0].Selects(api) || network.Isolated(policies, api, network.Ingress) {
			t.Errorf("%s: selects %t, isolates %t", requirement, policies[0].Selects(api), network.Isolated(policies, api, network.Ingress))
		}
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
