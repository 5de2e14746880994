package network_test

import (
	"net/netip"
	"strings"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/json"

	"plumbline.dev/plumbline/internal/network"
)

func TestWhatIsWrongIsNamedWithItsField(t *testing.T) {
	for name, test := range map[string]struct{ spec, want string }{
		"an operator that does not exist":        {`{podSelector: {matchExpressions: [{key: app, operator: Near, values: [a]}]}}`, `spec.podSelector: "Near" is not a valid label selector operator`},
		"an operator without values":             {`{podSelector: {matchExpressions: [{key: app, operator: In}]}}`, `spec.podSelector: `},
		"an operator of a peer":                  {`{ingress: [{}, {from: [{namespaceSelector: {matchExpressions: [{key: a, operator: Near}]}}]}]}`, `spec.ingress[1].from[0].namespaceSelector: "Near" is not`},
		"a podSelector of a peer":                {`{egress: [{to: [{podSelector: {matchExpressions: [{key: a, operator: Near}]}}]}]}`, `spec.egress[0].to[0].podSelector: "Near" is not`},
		"a policyType that does not exist":       {`{policyTypes: [Ingress, egress]}`, `spec.policyTypes[1]: "egress" is neither Ingress nor Egress`},
		"a peer that is nobody":                  {`{ingress: [{from: [{}]}]}`, `spec.ingress[0].from[0]: must set podSelector, namespaceSelector or ipBlock`},
		"a peer that is pods and addresses":      {`{ingress: [{from: [{podSelector: {}, ipBlock: {cidr: 10.0.0.0/8}}]}]}`, `spec.ingress[0].from[0]: ipBlock and selectors exclude each other`},
		"a block without a range":                {`{egress: [{to: [{ipBlock: {cidr: ""}}]}]}`, `spec.egress[0].to[0].ipBlock.cidr: "" is not a range of addresses`},
		"a block that is an address":             {`{egress: [{to: [{ipBlock: {cidr: 10.0.0.1}}]}]}`, `spec.egress[0].to[0].ipBlock.cidr: "10.0.0.1" is not a range of addresses`},
		"a block with too long a mask":           {`{egress: [{to: [{ipBlock: {cidr: 10.0.0.0/33}}]}]}`, `spec.egress[0].to[0].ipBlock.cidr: "10.0.0.0/33" is not`},
		"an except that is no range":             {`{egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16, x]}}]}]}`, `spec.egress[0].to[0].ipBlock.except[1]: "x" is not`},
		"an except outside of the range":         {`{egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/16]}}]}]}`, `spec.egress[0].to[0].ipBlock.except[0]: "11.0.0.0/16" is not a smaller range within 10.0.0.0/8`},
		"an except that is the range":            {`{egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/8]}}]}]}`, `ipBlock.except[0]: "10.0.0.0/8" is not a smaller range within 10.0.0.0/8`},
		"an except of the other family":          {`{egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0, except: ["fd00::/8"]}}]}]}`, `ipBlock.except[0]: "fd00::/8" is not a smaller range within 0.0.0.0/0`},
		"a protocol that does not exist":         {`{ingress: [{ports: [{protocol: ICMP}]}]}`, `spec.ingress[0].ports[0].protocol: "ICMP" is none of TCP, UDP and SCTP`},
		"a port above the highest":               {`{ingress: [{ports: [{port: 80}, {port: 65536}]}]}`, `spec.ingress[0].ports[1].port: 65536 is not a port from 1 to 65535`},
		"the port zero":                          {`{ingress: [{ports: [{port: 0}]}]}`, `spec.ingress[0].ports[0].port: 0 is not`},
		"a port without a name":                  {`{ingress: [{ports: [{port: ""}]}]}`, `spec.ingress[0].ports[0].port: must not be empty`},
		"an endPort before the port":             {`{ingress: [{ports: [{port: 80, endPort: 79}]}]}`, `spec.ingress[0].ports[0].endPort: 79 is not a port from 80 to 65535`},
		"an endPort above the highest":           {`{ingress: [{ports: [{port: 80, endPort: 65536}]}]}`, `spec.ingress[0].ports[0].endPort: 65536 is not a port from 80 to 65535`},
		"an endPort behind a name":               {`{ingress: [{ports: [{port: http, endPort: 90}]}]}`, `spec.ingress[0].ports[0].endPort: needs a number in port`},
		"an endPort without a port":              {`{egress: [{ports: [{endPort: 90}]}]}`, `spec.egress[0].ports[0].endPort: needs a number in port`},
		"what is wrong where it has no effect":   {`{policyTypes: [Ingress], egress: [{ports: [{port: 65536}]}]}`, `spec.egress[0].ports[0].port: 65536 is not`},
		"a label that the API server would deny": {`{podSelector: {matchLabels: {app: "not valid"}}}`, `spec.podSelector: `},
	} {
		t.Run(name, func(t *testing.T) {
			policy, err := network.Compile(parse(t, "web", test.spec))
			if err == nil || policy != nil {
				t.Fatal("there is no error")
			}
			if want := "NetworkPolicy shop/web: "; !strings.HasPrefix(err.Error(), want) {
				t.Errorf("%q does not begin with %q", err, want)
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %q, want %q", err, test.want)
			}
		})
	}
}

// The API server keeps what it once accepted.
func TestBlocksAreReadAsTheyOnceWere(t *testing.T) {
	for text, want := range map[string]string{
		"010.000.0.0/8":       "10.0.0.0/8",
		"10.1.2.3/8":          "10.0.0.0/8",
		"::ffff:10.0.0.0/104": "10.0.0.0/8",
		"2001:DB8::1/32":      "2001:db8::/32",
		"::ffff:0.0.0.0/90":   "::ffc0:0:0/90",
	} {
		t.Run(text, func(t *testing.T) {
			cidr := netip.MustParsePrefix(want)
			policies := compile(t, `{podSelector: {}, egress: [{to: [{ipBlock: {cidr: "`+text+`"}}]}]}`)
			got := network.Reaches(policies, api(), cidr.Addr(), anyPort)
			if got.Verdict != network.Allowed {
				t.Fatalf("%s is %s", cidr.Addr(), got.Verdict)
			}
			if shown, ok := got.By[0].CIDR(); !ok || shown != cidr {
				t.Errorf("got %s, want %s", shown, want)
			}
		})
	}
}

func FuzzCompile(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"ingress":[{}]}`, `{"policyTypes":["Egress"],"egress":[{"to":[{"ipBlock":{"cidr":"0.0.0.0/0","except":["10.0.0.0/8"]}}]}]}`,
		`{"egress":[{"to":[{"ipBlock":{"cidr":"64:ff9b::/96"}},{"ipBlock":{"cidr":"::ffff:0:0/95"}}],"ports":[{"port":"a"},{"port":1,"endPort":65535}]}]}`,
		`{"ingress":[{"from":[{"podSelector":{"matchExpressions":[{"key":"a","operator":"NotIn","values":["b"]}]}}]}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, spec []byte) {
		np := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "a"}}
		if json.Unmarshal(spec, &np.Spec) != nil {
			return
		}
		policy, err := network.Compile(np)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "NetworkPolicy shop/a: spec.") {
				t.Errorf("the error names no field: %q", err)
			}
			return
		}
		all := []*network.Policy{policy}
		for _, d := range []network.Direction{network.Ingress, network.Egress} {
			_ = pathsOf(policy.AllowAll(d).By)
		}
		network.Internet(all, api())
		network.Exposed(all, targetRef, api(), nil, nil, network.NewSources(), 10)
		reach := network.Reaches(all, api(), netip.MustParseAddr("192.0.2.1"), anyPort)
		emits := network.Emits(all, api(), network.Peer{Addr: netip.MustParseAddr("192.0.2.1")}, anyPort)
		if reach.Verdict != emits.Verdict {
			t.Errorf("an address is reached (%s), and sent to (%s)", reach.Verdict, emits.Verdict)
		}
	})
}
