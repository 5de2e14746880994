package network_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline.dev/plumbline/internal/network"
	"plumbline.dev/plumbline/internal/workload"
)

var targetRef = deployment("shop", "db")

func deployment(namespace, name string) workload.Ref {
	return workload.Ref{Group: "apps", Kind: "Deployment", Namespace: namespace, Name: name}
}

func sources() *network.Sources {
	s := network.NewSources()
	for _, ref := range []workload.Ref{
		targetRef, deployment("shop", "api"), deployment("shop", "web"), deployment("jobs", "report"), deployment("jobs", "api"),
	} {
		s.Put(ref, ref, *pod(ref.Namespace, "app", ref.Name))
	}
	s.Put(deployment("shop", "agent"), deployment("shop", "agent"), *onHost(pod("shop", "app", "agent")))
	return s
}

func senders(t *testing.T, namespaces, app, cidr string) network.Senders {
	t.Helper()
	selector := func(key, value string) *metav1.LabelSelector {
		if value == "" {
			return nil
		}
		return &metav1.LabelSelector{MatchLabels: map[string]string{key: value}}
	}
	made, err := network.Pods(selector("team", namespaces), selector("app", app))
	if cidr != "" {
		made, err = network.Addresses(cidr)
	}
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestExposed(t *testing.T) {
	apis := senders(t, "", "api", "")
	shopAPI := senders(t, "shop", "api", "")
	fromPods := func(peers string) string { return `{ingress: [{from: [` + peers + `], ports: [{port: 5432}]}]}` }
	for name, test := range map[string]struct {
		policies []string
		ports    []network.Port
		allowed  []network.Senders
		want     network.Verdict
		leaks    []string
	}{
		"nobody isolates the target":                         {[]string{denyEgress}, nil, nil, network.Unisolated, []string{}},
		"a default deny lets nobody in":                      {[]string{denyIngress}, nil, nil, network.Denied, []string{}},
		"who is allowed may be let in":                       {[]string{fromPods(`{podSelector: {matchLabels: {app: api}}}`)}, nil, []network.Senders{shopAPI}, network.Denied, []string{}},
		"who is let in and not allowed is named":             {[]string{fromPods(`{podSelector: {}}`)}, nil, []network.Senders{shopAPI}, network.Allowed, []string{"Deployment shop/web a spec.ingress[0].from[0] any port"}},
		"where nobody is allowed all but the target are":     {[]string{fromPods(`{podSelector: {}}`)}, nil, nil, network.Allowed, []string{"Deployment shop/api a spec.ingress[0].from[0] any port", "Deployment shop/web a spec.ingress[0].from[0] any port"}},
		"other namespaces are looked at":                     {[]string{fromPods(`{namespaceSelector: {}}`)}, nil, []network.Senders{apis}, network.Allowed, []string{"Deployment jobs/report a spec.ingress[0].from[0] any port", "Deployment shop/web a spec.ingress[0].from[0] any port"}},
		"the same labels elsewhere are somebody else":        {[]string{fromPods(`{namespaceSelector: {}, podSelector: {matchLabels: {app: api}}}`)}, nil, []network.Senders{shopAPI}, network.Allowed, []string{"Deployment jobs/api a spec.ingress[0].from[0] any port"}},
		"an allowed namespace is one":                        {[]string{fromPods(`{namespaceSelector: {}}`)}, nil, []network.Senders{senders(t, "shop", "", ""), senders(t, "jobs", "", "")}, network.Denied, []string{}},
		"a port that is not asked for does not count":        {[]string{fromPods(`{podSelector: {}}`)}, []network.Port{tcp(80)}, nil, network.Denied, []string{}},
		"the first port that is open is named":               {[]string{fromPods(`{podSelector: {matchLabels: {app: web}}}`)}, []network.Port{tcp(80), tcp(5432)}, nil, network.Allowed, []string{"Deployment shop/web a spec.ingress[0].from[0] 5432/TCP"}},
		"of several policies the first is named":             {[]string{fromPods(`{podSelector: {matchLabels: {app: web}}}`), fromPods(`{podSelector: {}}`)}, nil, []network.Senders{apis}, network.Allowed, []string{"Deployment shop/web a spec.ingress[0].from[0] any port"}},
		"addresses beyond the allowed ones are named":        {[]string{fromPods(`{ipBlock: {cidr: 10.0.0.0/8}}`)}, nil, []network.Senders{senders(t, "", "", "10.0.0.0/9")}, network.Allowed, []string{"[10.128.0.0/9] a spec.ingress[0].from[0] any port"}},
		"addresses that are allowed may be let in":           {[]string{fromPods(`{ipBlock: {cidr: 10.0.0.0/8}}`)}, nil, []network.Senders{senders(t, "", "", "10.0.0.0/9"), senders(t, "", "", "10.128.0.0/9")}, network.Denied, []string{}},
		"what a block leaves out is not let in":              {[]string{fromPods(`{ipBlock: {cidr: 10.0.0.0/8, except: [10.128.0.0/9]}}`)}, nil, []network.Senders{senders(t, "", "", "10.0.0.0/9")}, network.Denied, []string{}},
		"a rule without peers lets in every address":         {[]string{`{ingress: [{}]}`}, nil, []network.Senders{apis}, network.Allowed, []string{"[0.0.0.0/0 ::/0] a spec.ingress[0] any port"}},
		"a rule without peers lets in both families":         {[]string{`{ingress: [{}]}`}, nil, []network.Senders{senders(t, "", "", "0.0.0.0/0")}, network.Allowed, []string{"[::/0] a spec.ingress[0] any port"}},
		"where both families are allowed all may be":         {[]string{`{ingress: [{}]}`}, nil, []network.Senders{senders(t, "", "", "0.0.0.0/0"), senders(t, "", "", "::/0")}, network.Denied, []string{}},
		"every pod has an address":                           {[]string{fromPods(`{namespaceSelector: {}}`)}, nil, []network.Senders{senders(t, "", "", "0.0.0.0/0")}, network.Denied, []string{}},
		"who has which address nobody knows":                 {[]string{fromPods(`{podSelector: {matchLabels: {app: web}}}`)}, nil, []network.Senders{senders(t, "", "", "10.0.0.0/8")}, network.Allowed, []string{"Deployment shop/web a spec.ingress[0].from[0] any port"}},
		"a rule without peers says nothing about pods":       {[]string{fromPods(`{podSelector: {matchLabels: {app: web}}}`), `{ingress: [{}]}`}, nil, nil, network.Allowed, []string{"[0.0.0.0/0 ::/0] b spec.ingress[0] any port", "Deployment shop/web a spec.ingress[0].from[0] any port"}},
		"a policy for other pods does not count":             {[]string{denyIngress, `{podSelector: {matchLabels: {app: web}}, ingress: [{}]}`}, nil, nil, network.Denied, []string{}},
		"of many addresses some are named":                   {[]string{fromPods(`{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/32]}}`)}, nil, nil, network.Allowed, []string{"[10.0.0.1/32 10.0.0.2/31 10.0.0.4/30 10.0.0.8/29] a spec.ingress[0].from[0] any port"}},
		"a peer that selects nobody lets nobody in":          {[]string{fromPods(`{podSelector: {matchLabels: {app: gone}}}`)}, nil, nil, network.Denied, []string{}},
		"a namespace that is not there lets nobody in":       {[]string{fromPods(`{namespaceSelector: {matchLabels: {team: gone}}}`)}, nil, nil, network.Denied, []string{}},
		"a rule of which the ports have no name is not open": {[]string{`{ingress: [{ports: [{port: sql}]}]}`}, nil, nil, network.Denied, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			got := network.Exposed(compile(t, test.policies...), targetRef, pod("shop", "app", "db"), test.ports, test.allowed, sources(), 10)
			if leaks := said(got); got.Verdict != test.want || got.More != 0 || !reflect.DeepEqual(leaks, test.leaks) {
				t.Errorf("got %s %q and %d more, want %s %q", got.Verdict, leaks, got.More, test.want, test.leaks)
			}
		})
	}
}

func said(e network.Exposure) []string {
	all := []string{}
	for _, leak := range e.Leaks {
		source := leak.Source.String()
		if len(leak.Beyond) > 0 {
			source = fmt.Sprint(leak.Beyond)
		}
		all = append(all, fmt.Sprintf("%s %s %s %s", source, leak.By.Policy.Ref.Name, leak.By.Path(), leak.Port))
	}
	return all
}

func TestLeaksAreBounded(t *testing.T) {
	policies := compile(t, `{ingress: [{from: [{namespaceSelector: {}}]}, {}]}`)
	got := network.Exposed(policies, targetRef, pod("shop", "app", "db"), nil, nil, sources(), 2)
	if leaks := said(got); len(leaks) != 2 || got.More != 3 || leaks[0] != "[0.0.0.0/0 ::/0] a spec.ingress[1] any port" {
		t.Errorf("got %q and %d more", leaks, got.More)
	}
}

func TestATargetOnTheHostsNetworkIsNotCovered(t *testing.T) {
	got := network.Exposed(compile(t, denyIngress), targetRef, onHost(pod("shop")), nil, nil, sources(), 2)
	if got.Verdict != network.HostNetwork {
		t.Errorf("got %s", got.Verdict)
	}
}

func TestSourcesFollowTheCluster(t *testing.T) {
	policies := compile(t, `{ingress: [{from: [{namespaceSelector: {matchLabels: {team: jobs}}}, {podSelector: {matchLabels: {app: web}}}]}]}`)
	s := network.NewSources()
	expect := func(step string, want ...string) {
		t.Helper()
		got := []string{}
		for _, leak := range network.Exposed(policies, targetRef, pod("shop", "app", "db"), nil, nil, s, 10).Leaks {
			got = append(got, leak.Source.Namespace+"/"+leak.Source.Name)
		}
		if !reflect.DeepEqual(got, append([]string{}, want...)) {
			t.Errorf("%s: got %v, want %v", step, got, want)
		}
	}
	expect("nobody is there")
	s.Put(deployment("jobs", "a"), deployment("jobs", "a"), *pod("jobs", "app", "a"))
	expect("a workload comes", "jobs/a")
	s.Put(deployment("jobs", "b"), deployment("jobs", "b"), *pod("jobs", "app", "a"))
	expect("another comes of the same labels", "jobs/a", "jobs/b")
	s.Put(deployment("shop", "a"), deployment("shop", "a"), *pod("shop", "app", "a"))
	expect("another comes that is not let in", "jobs/a", "jobs/b")
	s.Put(deployment("shop", "a"), deployment("shop", "a"), *pod("shop", "app", "web"))
	expect("its labels change", "jobs/a", "jobs/b", "shop/a")
	s.Delete(deployment("jobs", "a"))
	expect("a workload goes", "jobs/b", "shop/a")
	s.Relabel("jobs", map[string]string{"team": "other"})
	expect("its namespace gets another label", "shop/a")
	s.Relabel("jobs", map[string]string{"team": "jobs"})
	expect("its namespace gets the label back", "jobs/b", "shop/a")
	s.Put(deployment("jobs", "b"), deployment("jobs", "b"), *onHost(pod("jobs", "app", "a")))
	expect("it moves to the host's network", "shop/a")
	s.Relabel("jobs", nil)
	s.Delete(deployment("jobs", "b"))
	s.Delete(deployment("shop", "a"))
	expect("the last goes")
}

func TestSendersNameTheSelectorThatIsWrong(t *testing.T) {
	wrong := &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "a", Operator: "Near"}}}
	_, inNamespaces := network.Pods(wrong, nil)
	_, inPods := network.Pods(nil, wrong)
	_, inCIDR := network.Addresses("10.0.0.0")
	for want, err := range map[string]error{
		`namespaceSelector: "Near" is not a valid label selector operator`:                 inNamespaces,
		`podSelector: "Near" is not a valid label selector operator`:                       inPods,
		`cidr: "10.0.0.0" is not a range of addresses such as 10.0.0.0/8 or 2001:db8::/32`: inCIDR,
	} {
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestSendersSelectPodsByTheirLabelsAlone(t *testing.T) {
	for name, test := range map[string]struct {
		senders network.Senders
		pod     *network.Pod
		want    bool
	}{
		"labels of both":               {senders(t, "shop", "api", ""), pod("shop", "app", "api"), true},
		"another namespace":            {senders(t, "shop", "api", ""), pod("bank", "app", "api"), false},
		"another pod":                  {senders(t, "shop", "api", ""), pod("shop", "app", "web"), false},
		"no selectors":                 {senders(t, "", "", ""), pod("shop"), true},
		"a pod on the host's network":  {senders(t, "shop", "api", ""), onHost(pod("shop", "app", "api")), true},
		"addresses, which are no pods": {senders(t, "", "", "0.0.0.0/0"), pod("shop"), false},
	} {
		if got := test.senders.Select(test.pod); got != test.want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}

// What a peer selects must not be taken for what another selects that reads the same when it is written down.
func TestPeersThatReadAlikeAreNotTheSame(t *testing.T) {
	first := `{ingress: [{from: [{namespaceSelector: {matchExpressions: [{key: team/acme, operator: Exists}]}, podSelector: {matchExpressions: [{key: web, operator: Exists}]}}]}]}`
	second := `{ingress: [{from: [{namespaceSelector: {matchExpressions: [{key: team, operator: Exists}]}, podSelector: {matchExpressions: [{key: acme/web, operator: Exists}]}}]}]}`
	s := network.NewSources()
	s.Put(deployment("shop", "a"), deployment("shop", "a"), *pod("shop", "acme/web", "x"))
	for _, test := range []struct {
		policy string
		want   network.Verdict
	}{{first, network.Denied}, {second, network.Allowed}, {first, network.Denied}} {
		got := network.Exposed(compile(t, test.policy), targetRef, pod("shop", "app", "db"), nil, nil, s, 10)
		if got.Verdict != test.want {
			t.Errorf("got %s, want %s by %s", got.Verdict, test.want, test.policy)
		}
	}
}

// An exception names the block: nothing wider may go by the same name, and nothing else that is let in beside it.
func TestABlockIsAllThatIsLetIn(t *testing.T) {
	of := map[string]string{}
	for peer, want := range map[string]string{
		`{ipBlock: {cidr: 10.0.0.0/12}}`:                                                                             "10.0.0.0/12",
		`{ipBlock: {cidr: 10.0.0.0/8}}`:                                                                              "10.0.0.0/8",
		`{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.2.0/24]}}`:                                                       "10.0.0.0/8", // which is allowed
		`{ipBlock: {cidr: 10.0.0.0/7}}`:                                                                              "10.0.0.0/7",
		`{ipBlock: {cidr: 10.0.0.0/7, except: [11.0.0.0/8]}}`:                                                        "10.0.0.0/7 without 11.0.0.0/8",
		`{ipBlock: {cidr: 10.0.0.0/7, except: [11.0.0.0/9, 11.128.0.0/9]}}`:                                          "10.0.0.0/7 without 11.0.0.0/8",
		`{ipBlock: {cidr: 10.0.0.0/7, except: [11.4.0.0/16, 10.9.0.0/16]}}`:                                          "10.0.0.0/7 without 10.9.0.0/16, 11.4.0.0/16",
		`{ipBlock: {cidr: 11.0.0.0/28, except: [11.0.0.0/32, 11.0.0.2/32, 11.0.0.4/32, 11.0.0.6/32, 11.0.0.8/32]}}`:  "",
		`{ipBlock: {cidr: 11.0.0.0/28, except: [11.0.0.0/32, 11.0.0.2/32, 11.0.0.4/32, 11.0.0.6/32, 11.0.0.10/32]}}`: "",
	} {
		got := network.Exposed(compile(t, `{ingress: [{from: [`+peer+`]}]}`), targetRef, pod("shop", "app", "db"), nil,
			[]network.Senders{senders(t, "", "", "10.1.0.0/16")}, sources(), 10)
		if len(got.Leaks) != 1 || want != "" && got.Leaks[0].Block != want {
			t.Errorf("%s: got %+v, want %s", peer, got.Leaks, want)
			continue
		}
		if block := got.Leaks[0].Block; want == "" {
			if other, known := of[block]; known || len(block) > 200 {
				t.Errorf("%s goes by the name of %s: %s", peer, other, block)
			}
			of[block] = peer
		}
	}
}

func TestWhatIsLetInDoesNotDependOnTheOrderOfRules(t *testing.T) {
	rules := []string{`{from: [{ipBlock: {cidr: 11.0.0.0/8}}]}`, `{from: [{ipBlock: {cidr: 10.0.0.0/8}}, {podSelector: {}}]}`, `{}`, `{}`}
	want := []string{"10.0.0.0/8", "11.0.0.0/8", network.Everybody, "Deployment shop/api", "Deployment shop/web"}
	for range rules {
		rules = append(rules[1:], rules[0])
		got := []string{}
		for _, leak := range network.Exposed(compile(t, `{ingress: [`+strings.Join(rules, ", ")+`]}`), targetRef, pod("shop", "app", "db"), nil, nil, sources(), 10).Leaks {
			if leak.Block != "" {
				got = append(got, leak.Block)
			} else {
				got = append(got, leak.Source.String())
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%v: got %q, want %q", rules, got, want)
		}
	}
}
