package network_test

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"plumbline.dev/plumbline/internal/network"
)

func TestInternet(t *testing.T) {
	private := `, except: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16]`
	to := func(cidr string) string { return `{egress: [{to: [{ipBlock: {cidr: ` + cidr + `}}]}]}` }
	for name, test := range map[string]struct {
		policies []string
		pod      *network.Pod
		want     network.Verdict
		by       []string
	}{
		"a pod that no policy isolates reaches it":              {[]string{denyIngress}, api(), network.Unisolated, []string{}},
		"a pod on the host's network is not covered":            {[]string{denyEgress}, onHost(api()), network.HostNetwork, []string{}},
		"a default deny closes it":                              {[]string{denyEgress}, api(), network.Denied, []string{}},
		"a rule to everywhere opens it":                         {[]string{denyEgress, `{egress: [{}]}`}, api(), network.Allowed, []string{"b spec.egress[0]"}},
		"a rule to everywhere on one port opens it":             {[]string{`{egress: [{ports: [{port: 443}]}]}`}, api(), network.Allowed, []string{"a spec.egress[0]"}},
		"a rule to everywhere on a name opens nothing":          {[]string{`{egress: [{ports: [{port: http}]}]}`}, api(), network.Denied, []string{}},
		"a rule to every pod does not":                          {[]string{`{egress: [{to: [{namespaceSelector: {}}]}]}`}, api(), network.Denied, []string{}},
		"all of IPv4 opens it":                                  {[]string{to(`0.0.0.0/0`)}, api(), network.Allowed, []string{"a spec.egress[0].to[0]"}},
		"all of IPv6 opens it":                                  {[]string{to(`"::/0"`)}, api(), network.Allowed, []string{"a spec.egress[0].to[0]"}},
		"all of IPv4 without private ranges opens it":           {[]string{to(`0.0.0.0/0` + private)}, api(), network.Allowed, []string{"a spec.egress[0].to[0]"}},
		"all of IPv6 without private ranges opens it":           {[]string{to(`"::/0", except: ["fc00::/7"]`)}, api(), network.Allowed, []string{"a spec.egress[0].to[0]"}},
		"all of IPv4 without its halves does not":               {[]string{to(`0.0.0.0/0, except: [0.0.0.0/1, 128.0.0.0/1]`)}, api(), network.Denied, []string{}},
		"each half opens it":                                    {[]string{to(`0.0.0.0/1`), to(`128.0.0.0/1`)}, api(), network.Allowed, []string{"a spec.egress[0].to[0]", "b spec.egress[0].to[0]"}},
		"a half of IPv6 opens it":                               {[]string{to(`"::/1"`)}, api(), network.Allowed, []string{"a spec.egress[0].to[0]"}},
		"the half of IPv6 where nothing is does not":            {[]string{to(`"8000::/1"`)}, api(), network.Denied, []string{}},
		"global unicast of IPv6 opens it":                       {[]string{to(`"2000::/3"`)}, api(), network.Allowed, []string{"a spec.egress[0].to[0]"}},
		"the registry of a continent opens it":                  {[]string{to(`"2a00::/12"`)}, api(), network.Allowed, []string{"a spec.egress[0].to[0]"}},
		"a half of such a registry does not":                    {[]string{to(`"2a00::/13"`)}, api(), network.Denied, []string{}},
		"all that NAT64 translates opens it":                    {[]string{to(`"64:ff9b::/96"`)}, api(), network.Allowed, []string{"a spec.egress[0].to[0]"}},
		"what NAT64 makes of private ranges does not":           {[]string{to(`"64:ff9b::a00:0/104"`)}, api(), network.Denied, []string{}},
		"a partner does not":                                    {[]string{to(`203.0.113.7/32`), to(`8.8.8.8/32`), to(`"2001:4860:4860::8888/128"`)}, api(), network.Denied, []string{}},
		"a large network does not":                              {[]string{to(`17.0.0.0/8`)}, api(), network.Denied, []string{}},
		"private ranges do not":                                 {[]string{to(`10.0.0.0/8`), to(`172.16.0.0/12`), to(`192.168.0.0/16`), to(`100.64.0.0/10`), to(`"fc00::/7"`)}, api(), network.Denied, []string{}},
		"what is reserved does not, however much":               {[]string{to(`224.0.0.0/3`)}, api(), network.Denied, []string{}},
		"a slip of the keyboard opens it":                       {[]string{to(`10.0.0.0/4`)}, api(), network.Allowed, []string{"a spec.egress[0].to[0]"}},
		"many blocks of several policies open it together":      {[]string{to(`16.0.0.0/6`), to(`20.0.0.0/6`), to(`24.0.0.0/6`), to(`28.0.0.0/6`), to(`8.8.8.8/32`)}, api(), network.Allowed, []string{"a spec.egress[0].to[0]", "b spec.egress[0].to[0]", "c spec.egress[0].to[0]", "d spec.egress[0].to[0]"}},
		"fewer of them do not":                                  {[]string{to(`16.0.0.0/6`), to(`20.0.0.0/6`), to(`24.0.0.0/6`)}, api(), network.Denied, []string{}},
		"blocks that overlap count once":                        {[]string{to(`16.0.0.0/6`), to(`16.0.0.0/6`), to(`16.0.0.0/7`), to(`18.0.0.0/7`)}, api(), network.Denied, []string{}},
		"one that opens it alone is named alone":                {[]string{to(`16.0.0.0/6`), to(`0.0.0.0/0`)}, api(), network.Allowed, []string{"b spec.egress[0].to[0]"}},
		"what selects other pods does not count":                {[]string{denyEgress, `{podSelector: {matchLabels: {app: db}}, egress: [{}]}`}, api(), network.Denied, []string{}},
		"what is of another direction does not count":           {[]string{denyEgress, `{policyTypes: [Ingress], egress: [{}], ingress: [{}]}`}, api(), network.Denied, []string{}},
		"what one block leaves out counts if another brings it": {[]string{to(`0.0.0.0/1, except: [16.0.0.0/4]`), to(`16.0.0.0/4`)}, api(), network.Allowed, []string{"a spec.egress[0].to[0]", "b spec.egress[0].to[0]"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := network.Internet(compile(t, test.policies...), test.pod)
			if paths := pathsOf(got.By); got.Verdict != test.want || !reflect.DeepEqual(paths, test.by) {
				t.Errorf("got %s by %q, want %s by %q", got.Verdict, paths, test.want, test.by)
			}
			if together := strings.HasSuffix(name, " together"); got.Together != together {
				t.Errorf("together is %t", got.Together)
			}
		})
	}
}

func TestReaches(t *testing.T) {
	const (
		metadata  = "169.254.169.254"
		metadata6 = "fd00:ec2::254"
	)
	for name, test := range map[string]struct {
		policies []string
		addr     string
		port     network.Port
		want     network.Verdict
		by       []string
	}{
		"a pod that no policy isolates reaches all":     {nil, metadata, tcp(80), network.Unisolated, []string{}},
		"a default deny closes":                         {[]string{denyEgress}, metadata, tcp(80), network.Denied, []string{}},
		"a rule to everywhere opens":                    {[]string{`{egress: [{}]}`}, metadata6, tcp(80), network.Allowed, []string{"a spec.egress[0]"}},
		"all of IPv4 opens":                             {[]string{`{egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}`}, metadata, tcp(80), network.Allowed, []string{"a spec.egress[0].to[0]"}},
		"all of IPv4 does not open IPv6":                {[]string{`{egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}`}, metadata6, tcp(80), network.Denied, []string{}},
		"all of IPv4 but the address does not":          {[]string{`{egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [169.254.169.254/32]}}]}]}`}, metadata, tcp(80), network.Denied, []string{}},
		"what one leaves out another opens":             {[]string{`{egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [169.254.0.0/16]}}]}]}`, `{egress: [{to: [{ipBlock: {cidr: 169.254.0.0/16}}]}]}`}, metadata, tcp(80), network.Allowed, []string{"b spec.egress[0].to[0]"}},
		"every rule that opens is named":                {[]string{`{egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}, {}]}`, `{egress: [{}]}`}, metadata, tcp(80), network.Allowed, []string{"a spec.egress[0].to[0]", "a spec.egress[1]", "b spec.egress[0]"}},
		"a rule for DNS to everywhere opens some port":  {[]string{`{egress: [{ports: [{port: 53, protocol: UDP}]}]}`}, metadata, anyPort, network.Allowed, []string{"a spec.egress[0]"}},
		"a rule for DNS to everywhere opens not port":   {[]string{`{egress: [{ports: [{port: 53, protocol: UDP}]}]}`}, metadata, tcp(80), network.Denied, []string{}},
		"a name is no port of what is not a pod":        {[]string{`{egress: [{ports: [{port: http}]}]}`}, metadata, tcp(8080), network.Denied, []string{}},
		"every pod of the cluster is no address":        {[]string{`{egress: [{to: [{namespaceSelector: {}}]}]}`}, metadata, tcp(80), network.Denied, []string{}},
		"an address that is mapped into IPv6 is itself": {[]string{`{egress: [{to: [{ipBlock: {cidr: 169.254.169.254/32}}]}]}`}, "::ffff:" + metadata, tcp(80), network.Allowed, []string{"a spec.egress[0].to[0]"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := network.Reaches(compile(t, test.policies...), api(), netip.MustParseAddr(test.addr), test.port)
			if paths := pathsOf(got.By); got.Verdict != test.want || !reflect.DeepEqual(paths, test.by) {
				t.Errorf("got %s by %q, want %s by %q", got.Verdict, paths, test.want, test.by)
			}
		})
	}
	if got := network.Reaches(compile(t, denyEgress), onHost(api()), netip.MustParseAddr(metadata), tcp(80)).Verdict; got != network.HostNetwork {
		t.Errorf("a pod on the host's network: got %s", got)
	}
}
