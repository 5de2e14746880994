package baseline_test

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/workload"
)

var now = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

func at(moment time.Time) *metav1.Time {
	t := metav1.NewTime(moment)
	return &t
}

func cfos(change func(*v1alpha1.Exception)) v1alpha1.Exception {
	e := v1alpha1.Exception{Name: "cfos", Reason: "raw sockets", Checks: []v1alpha1.CheckID{"added-capability"}}
	if change != nil {
		change(&e)
	}
	return e
}

func exception(policy v1alpha1.ExceptionPolicy, e v1alpha1.Exception) *baseline.Exception {
	return compiled(func(s *v1alpha1.SecurityBaselineSpec) {
		s.ExceptionPolicy, s.Exceptions = policy, []v1alpha1.Exception{e}
	}).Exceptions[0]
}

func TestAnExceptionMatchesWhatItSaysAndNothingElse(t *testing.T) {
	target := workload.Ref{Group: "apps", Kind: "Deployment", Namespace: "cfostest", Name: "cfos-7"}
	finding := v1alpha1.Finding{Check: "added-capability", Container: "cfos", Value: "NET_RAW"}
	images := []string{"registry.example.com/cfos:7.2"}
	for name, test := range map[string]struct {
		exception func(*v1alpha1.Exception)
		finding   func(*v1alpha1.Finding)
		images    []string
		want      bool
	}{
		"a check alone matches all its findings": {want: true},
		"another check does not match":           {finding: func(f *v1alpha1.Finding) { f.Check = "run-as-user" }},
		"a value that is listed matches":         {exception: func(e *v1alpha1.Exception) { e.Values = []string{"NET_RAW"} }, want: true},
		"a value beyond the ceiling does not":    {exception: func(e *v1alpha1.Exception) { e.Values = []string{"NET_ADMIN"} }},
		"values are no globs":                    {exception: func(e *v1alpha1.Exception) { e.Values = []string{"*"} }},
		"a permission with fewer verbs matches":  {exception: values("get,list secrets"), finding: value("get secrets"), want: true},
		"one with more verbs does not":           {exception: values("get,list secrets"), finding: value("get,list,watch secrets")},
		"nor one on something else":              {exception: values("get,list secrets"), finding: value("get pods")},
		"nor one on other names":                 {exception: values("get,list secrets[a]"), finding: value("get secrets")},
		"any verbs match where all do":           {exception: values("* secrets"), finding: value("get,list secrets"), want: true},
		"not the other way round":                {exception: values("get secrets"), finding: value("* secrets")},
		"all of a target must match": {
			exception: target1([]string{"cfos*"}, []string{"Deployment"}, []string{"cfos*"}), want: true},
		"the namespace must match":             {exception: target1([]string{"shop"}, nil, []string{"cfos*"})},
		"the kind must match":                  {exception: target1(nil, []string{"DaemonSet"}, []string{"cfos*"})},
		"the name must match":                  {exception: target1([]string{"cfostest"}, nil, []string{"cfos"})},
		"name and image of one container do":   {exception: container("cfos*", "registry.example.com/cfos:*"), want: true},
		"the name alone does not do":           {exception: container("cfos*", "registry.example.com/other:*")},
		"the image alone does not do":          {exception: container("other", "registry.example.com/cfos:*")},
		"an image elsewhere does not do":       {exception: container("", "registry.example.com/cfos:*"), images: []string{"evil.example.com/registry.example.com/cfos:1"}},
		"every image of the name must match":   {exception: container("cfos", "registry.example.com/cfos:*"), images: append([]string{"evil"}, images...)},
		"a container that cannot be seen":      {exception: container("cfos", ""), images: []string{}},
		"a finding on the pod is no container": {exception: container("*", ""), finding: func(f *v1alpha1.Finding) { f.Container = "" }},
		"another target in the list may match": {exception: func(e *v1alpha1.Exception) {
			e.Targets = []v1alpha1.ExceptionTarget{{Names: []string{"other"}}, {Names: []string{"cfos-*"}}}
		}, want: true},
		"an unknown check matches nothing": {exception: func(e *v1alpha1.Exception) { e.Checks = append(e.Checks, "added-capabilty") }},
	} {
		t.Run(name, func(t *testing.T) {
			f := finding
			if test.finding != nil {
				test.finding(&f)
			}
			if test.images == nil {
				test.images = images
			}
			if got := exception(v1alpha1.ExceptionPolicy{}, cfos(test.exception)).Matches(target, &f, test.images); got != test.want {
				t.Errorf("Matches = %v, want %v", got, test.want)
			}
		})
	}
}

func values(listed ...string) func(*v1alpha1.Exception) {
	return func(e *v1alpha1.Exception) { e.Values = listed }
}

func value(is string) func(*v1alpha1.Finding) { return func(f *v1alpha1.Finding) { f.Value = is } }

func target1(namespaces, kinds, names []string) func(*v1alpha1.Exception) {
	return func(e *v1alpha1.Exception) {
		e.Targets = []v1alpha1.ExceptionTarget{{Namespaces: namespaces, Kinds: kinds, Names: names}}
	}
}

func container(name, image string) func(*v1alpha1.Exception) {
	return func(e *v1alpha1.Exception) {
		e.Containers = []v1alpha1.ExceptionContainer{{Name: name, Image: image}}
	}
}

func TestAnExceptionWaivesToTheSecond(t *testing.T) {
	const day = 24 * time.Hour
	end := now.Add(90 * day)
	ends := func(e *v1alpha1.Exception) { e.Expires = at(end) }
	policy := v1alpha1.ExceptionPolicy{MaxDuration: &metav1.Duration{Duration: 30 * day}}
	for name, test := range map[string]struct {
		policy  v1alpha1.ExceptionPolicy
		expires func(*v1alpha1.Exception)
		now     time.Time
		matched int32
		unsure  bool
		state   v1alpha1.ExceptionState
		applies bool
		turns   time.Time
	}{
		"one without an end applies":            {now: now, matched: 1, state: "Active", applies: true},
		"one that ends far ahead is active":     {expires: ends, now: now, matched: 1, state: "Active", applies: true, turns: end.Add(-7 * day)},
		"a second before the last week":         {expires: ends, now: end.Add(-7*day - time.Second), matched: 1, state: "Active", applies: true, turns: end.Add(-7 * day)},
		"the last week is a warning":            {expires: ends, now: end.Add(-7 * day), matched: 1, state: "Expiring", applies: true, turns: end},
		"the last second still applies":         {expires: ends, now: end.Add(-time.Second), matched: 1, state: "Expiring", applies: true, turns: end},
		"the second of its end does not":        {expires: ends, now: end, matched: 1, state: "Expired"},
		"one that ended before it was made":     {expires: ends, now: end.Add(day), state: "Expired"},
		"one that matches nothing is unused":    {expires: ends, now: now, state: "Unused", applies: true, turns: end.Add(-7 * day)},
		"unless not everything could be judged": {expires: ends, now: now, unsure: true, state: "Active", applies: true, turns: end.Add(-7 * day)},
		"too far ahead it does not apply":       {policy: policy, expires: ends, now: now, matched: 1, state: "Invalid", turns: end.Add(-30 * day)},
		"near enough it does":                   {policy: policy, expires: ends, now: end.Add(-30 * day), matched: 1, state: "Active", applies: true, turns: end.Add(-7 * day)},
		"a longest duration wants an end":       {policy: policy, now: now, matched: 1, state: "Invalid"},
		"an end can be required":                {policy: v1alpha1.ExceptionPolicy{RequireExpiry: true}, now: now, matched: 1, state: "Invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			e := exception(test.policy, cfos(test.expires))
			status := e.Status(test.matched, !test.unsure, test.now)
			if status.State != test.state || e.Applies(test.now) != test.applies || !e.Turns(test.now).Equal(test.turns) {
				t.Errorf("state %s, applies %v, turns %v; want %s, %v, %v",
					status.State, e.Applies(test.now), e.Turns(test.now), test.state, test.applies, test.turns)
			}
			if says := strings.HasPrefix(status.Message, "spec.exceptions[cfos].expires: "); says != (test.state == "Invalid") {
				t.Errorf("message %q: one that is invalid names the field", status.Message)
			}
		})
	}
}

// The API keeps whole seconds: an end that is finer would read differently every time.
func TestAnEndIsAWholeSecond(t *testing.T) {
	e := exception(v1alpha1.ExceptionPolicy{}, cfos(func(e *v1alpha1.Exception) { e.Expires = at(now.Add(1500 * time.Millisecond)) }))
	if !e.Until.Equal(now.Add(time.Second)) {
		t.Errorf("ends at %v", e.Until)
	}
}

func TestABaselineTurnsWithTheFirstOfItsExceptions(t *testing.T) {
	b := compiled(func(s *v1alpha1.SecurityBaselineSpec) {
		for i, hours := range []int{72, 2, 48} {
			s.Exceptions = append(s.Exceptions, cfos(func(e *v1alpha1.Exception) {
				e.Name, e.Expires = string(rune('a'+i)), at(now.Add(time.Duration(hours)*time.Hour))
			}))
		}
		s.Exceptions = append(s.Exceptions, cfos(nil))
	})
	if got := b.Turns(now); !got.Equal(now.Add(2 * time.Hour)) {
		t.Errorf("turns %v", got)
	}
	if got := b.Turns(now.Add(100 * time.Hour)); !got.IsZero() {
		t.Errorf("turns %v after all have ended", got)
	}
}

func TestAnUnknownCheckIsRefusedWithTheNearestOne(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*v1alpha1.SecurityBaselineSpec)
		want   string
	}{
		"in disabledChecks": {
			change: func(s *v1alpha1.SecurityBaselineSpec) { s.DisabledChecks = []v1alpha1.CheckID{"host-prot"} },
			want:   `spec.disabledChecks: there is no check "host-prot"; the nearest is "host-port".`,
		},
		"in severities": {
			change: func(s *v1alpha1.SecurityBaselineSpec) {
				s.Severities = []v1alpha1.SeverityOverride{{Check: "runasuser", Severity: "Low"}}
			},
			want: `spec.severities: there is no check "runasuser"; the nearest is "run-as-user".`,
		},
		"a version of the standards that nobody knows": {
			change: func(s *v1alpha1.SecurityBaselineSpec) {
				s.Workloads.PodSecurityStandard = v1alpha1.PodSecurityStandard{Level: "restricted", Version: "v1.99"}
			},
			want: `spec.workloads.podSecurityStandard.version: "v1.99" is not a version`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if b := compiled(test.change); !b.Invalid() || !strings.HasPrefix(b.Frozen, test.want) {
				t.Errorf("%q, want %q", b.Frozen, test.want)
			}
		})
	}
	e := exception(v1alpha1.ExceptionPolicy{}, cfos(func(e *v1alpha1.Exception) { e.Checks = []v1alpha1.CheckID{"added-capabilities"} }))
	if want := `spec.exceptions[cfos].checks: there is no check "added-capabilities"; the nearest is "added-capability"`; e.Invalid != want {
		t.Errorf("%q, want %q", e.Invalid, want)
	}
}

func TestAnInvalidExceptionLeavesTheBaselineValid(t *testing.T) {
	b := compiled(func(s *v1alpha1.SecurityBaselineSpec) {
		s.Exceptions = []v1alpha1.Exception{cfos(func(e *v1alpha1.Exception) { e.Checks = []v1alpha1.CheckID{"none"} })}
	})
	if b.Frozen != "" {
		t.Error(b.Frozen)
	}
}
