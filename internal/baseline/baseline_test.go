package baseline_test

import (
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/workload"
)

func compiled(change func(*v1alpha1.SecurityBaselineSpec)) *baseline.Baseline {
	sb := &v1alpha1.SecurityBaseline{ObjectMeta: metav1.ObjectMeta{Name: "production", UID: "1", Generation: 3}}
	change(&sb.Spec)
	return baseline.Compile(sb, []engine.Check{
		madeUp("added-capability", func(s *v1alpha1.SecurityBaselineSpec) bool { return s.Workloads.Capabilities.AllowedAdd != nil }),
		madeUp("host-port", func(s *v1alpha1.SecurityBaselineSpec) bool { return s.Workloads.HostPorts.AllowedRanges != nil }),
		madeUp("run-as-user", func(s *v1alpha1.SecurityBaselineSpec) bool { return len(s.Workloads.RunAsUser.Ranges) > 0 }),
	})
}

func madeUp(id string, declared func(*v1alpha1.SecurityBaselineSpec) bool) engine.Check {
	return engine.Check{ID: id, Declared: declared}
}

func deployment(namespace string, labels map[string]string) workload.Workload {
	w, _ := workload.Of(&appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "api", Labels: labels}})
	return w
}

func TestScope(t *testing.T) {
	prod := baseline.Namespace{Known: true, Labels: map[string]string{"env": "prod"}}
	for name, test := range map[string]struct {
		scope     v1alpha1.Scope
		namespace baseline.Namespace
		want      baseline.Coverage
	}{
		"an absent scope covers everything":     {want: baseline.Covered},
		"an included name is covered":           {scope: names([]string{"shop"}, nil), want: baseline.Covered},
		"an included glob is covered":           {scope: names([]string{"sh*"}, nil), want: baseline.Covered},
		"a name that is not included is not":    {scope: names([]string{"other"}, nil), want: baseline.NotCovered},
		"exclude wins over include":             {scope: names([]string{"*"}, []string{"s*"}), want: baseline.NotCovered},
		"exclude alone leaves the others":       {scope: names(nil, []string{"kube-*"}), want: baseline.Covered},
		"a kind that is listed is covered":      {scope: v1alpha1.Scope{Kinds: []v1alpha1.JudgedKind{"Deployment"}}, want: baseline.Covered},
		"a kind that is not listed is not":      {scope: v1alpha1.Scope{Kinds: []v1alpha1.JudgedKind{"Pod"}}, want: baseline.NotCovered},
		"the object's labels decide":            {scope: v1alpha1.Scope{ObjectSelector: selector("tier", "db")}, want: baseline.NotCovered},
		"the object's labels can match":         {scope: v1alpha1.Scope{ObjectSelector: selector("tier", "web")}, want: baseline.Covered},
		"the namespace's labels can match":      {scope: v1alpha1.Scope{NamespaceSelector: selector("env", "prod")}, namespace: prod, want: baseline.Covered},
		"the namespace's labels decide":         {scope: v1alpha1.Scope{NamespaceSelector: selector("env", "test")}, namespace: prod, want: baseline.NotCovered},
		"unknown labels leave it undecided":     {scope: v1alpha1.Scope{NamespaceSelector: selector("env", "prod")}, want: baseline.Undecided},
		"unknown labels matter only when asked": {scope: names([]string{"shop"}, nil), want: baseline.Covered},
		"another condition decides before unknown labels": {
			scope: v1alpha1.Scope{NamespaceSelector: selector("env", "prod"), Kinds: []v1alpha1.JudgedKind{"Pod"}}, want: baseline.NotCovered,
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := compiled(func(s *v1alpha1.SecurityBaselineSpec) { s.Scope = test.scope })
			w := deployment("shop", map[string]string{"tier": "web"})
			if got := b.Covers(w.Ref, w.Meta.Labels, test.namespace); got != test.want {
				t.Errorf("Covers = %v, want %v", got, test.want)
			}
		})
	}
}

// Guardrails are in no namespace: their kind decides, and whether what belongs to the cluster is judged.
func TestTheScopeOfGuardrails(t *testing.T) {
	no := false
	watch := engine.Check{
		ID: "made-up-guardrail", Judges: workload.Guardrails,
		Declared: func(s *v1alpha1.SecurityBaselineSpec) bool { return s.Guardrails == v1alpha1.RuleWatch },
	}
	policy := workload.Ref{Group: "admissionregistration.k8s.io", Kind: "MutatingAdmissionPolicy", Name: "drop-all"}
	for name, test := range map[string]struct {
		scope v1alpha1.Scope
		watch v1alpha1.WatchRule
		want  baseline.Coverage
	}{
		"an absent scope covers them":           {watch: v1alpha1.RuleWatch, want: baseline.Covered},
		"a kind that is listed is covered":      {scope: v1alpha1.Scope{Kinds: []v1alpha1.JudgedKind{"MutatingAdmissionPolicy"}}, watch: v1alpha1.RuleWatch, want: baseline.Covered},
		"a kind that is not listed is not":      {scope: v1alpha1.Scope{Kinds: []v1alpha1.JudgedKind{"ValidatingAdmissionPolicy"}}, watch: v1alpha1.RuleWatch, want: baseline.NotCovered},
		"nor without what is in no namespace":   {scope: v1alpha1.Scope{ClusterScoped: &no}, watch: v1alpha1.RuleWatch, want: baseline.NotCovered},
		"nor where nobody watches over them":    {want: baseline.NotCovered},
		"names of namespaces do not leave them": {scope: names([]string{"shop"}, nil), watch: v1alpha1.RuleWatch, want: baseline.Covered},
	} {
		t.Run(name, func(t *testing.T) {
			sb := &v1alpha1.SecurityBaseline{Spec: v1alpha1.SecurityBaselineSpec{Scope: test.scope, Guardrails: test.watch}}
			if got := baseline.Compile(sb, []engine.Check{watch}).Covers(policy, nil, baseline.Namespace{}); got != test.want {
				t.Errorf("Covers = %v, want %v", got, test.want)
			}
		})
	}
}

func names(include, exclude []string) v1alpha1.Scope {
	var scope v1alpha1.Scope
	for _, name := range include {
		scope.Namespaces.Include = append(scope.Namespaces.Include, v1alpha1.NameGlob(name))
	}
	for _, name := range exclude {
		scope.Namespaces.Exclude = append(scope.Namespaces.Exclude, v1alpha1.NameGlob(name))
	}
	return scope
}

func selector(key, value string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{key: value}}
}

func TestInvalidBaselinesNameTheField(t *testing.T) {
	bad := &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "env", Operator: "Inn", Values: []string{"prod"}}}}
	for field, change := range map[string]func(*v1alpha1.SecurityBaselineSpec){
		"spec.scope.namespaceSelector": func(s *v1alpha1.SecurityBaselineSpec) { s.Scope.NamespaceSelector = bad },
		"spec.scope.objectSelector":    func(s *v1alpha1.SecurityBaselineSpec) { s.Scope.ObjectSelector = bad },
	} {
		t.Run(field, func(t *testing.T) {
			b := compiled(change)
			if !b.Invalid() || !strings.HasPrefix(b.Frozen, field+": ") || !strings.Contains(b.Frozen, "Inn") {
				t.Errorf("Invalid = %v, Frozen = %q; want the field and the bad value named", b.Invalid(), b.Frozen)
			}
		})
	}
}

func TestAnInvalidSelectorCountsMoreThanSuspension(t *testing.T) {
	b := compiled(func(s *v1alpha1.SecurityBaselineSpec) {
		s.Suspend = true
		s.Scope.ObjectSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"a": "not a label value!"}}
	})
	if !b.Invalid() {
		t.Errorf("FrozenReason = %q, want InvalidBaseline: whoever resumes it should know before", b.FrozenReason)
	}
}

func TestSuspendFreezesWithoutBeingInvalid(t *testing.T) {
	b := compiled(func(s *v1alpha1.SecurityBaselineSpec) { s.Suspend = true })
	if b.Frozen == "" || b.Invalid() {
		t.Errorf("Frozen = %q, Invalid = %v; want frozen and valid", b.Frozen, b.Invalid())
	}
}

func TestReportingDefaults(t *testing.T) {
	b := compiled(func(*v1alpha1.SecurityBaselineSpec) {})
	if b.Retention != 24*time.Hour || !b.Events {
		t.Errorf("Retention = %v, Events = %v; want 24h and Events", b.Retention, b.Events)
	}
	off := false
	b = compiled(func(s *v1alpha1.SecurityBaselineSpec) {
		s.Reporting = v1alpha1.Reporting{ResolvedRetention: &metav1.Duration{}, Events: &off}
	})
	if b.Retention != 0 || b.Events {
		t.Errorf("Retention = %v, Events = %v; want 0 and none: an explicit zero is no default", b.Retention, b.Events)
	}
}

func TestSetKeepsWhatDidNotChange(t *testing.T) {
	one := v1alpha1.SecurityBaseline{ObjectMeta: metav1.ObjectMeta{Name: "one", UID: "1", Generation: 1}}
	two := v1alpha1.SecurityBaseline{ObjectMeta: metav1.ObjectMeta{Name: "two", UID: "2", Generation: 1}}
	var none *baseline.Set
	first := none.Update([]v1alpha1.SecurityBaseline{two, one}, nil)
	if got := first.All(); len(got) != 2 || got[0].Name != "one" {
		t.Fatalf("All = %v, want one and two in order", got)
	}
	if again := first.Update([]v1alpha1.SecurityBaseline{one, two}, nil); again != first {
		t.Error("an unchanged list made another set")
	}
	one.Generation = 2
	second := first.Update([]v1alpha1.SecurityBaseline{one, two}, nil)
	if second == first || second.Get("one") == first.Get("one") || second.Get("two") != first.Get("two") {
		t.Error("want one compiled anew and two kept")
	}
	two.UID = "3"
	if third := second.Update([]v1alpha1.SecurityBaseline{one, two}, nil); third.Get("two") == second.Get("two") {
		t.Error("a baseline that was deleted and made again was not compiled anew")
	}
	if fourth := second.Update([]v1alpha1.SecurityBaseline{one}, nil); fourth == second || fourth.Get("two") != nil {
		t.Error("a deleted baseline is still there")
	}
	if none.Update(nil, nil) == nil {
		t.Error("no baselines are a set too")
	}
}
