package judgement_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/judgement"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

// named are made-up checks of what a baseline declares and closes, and one of roles that finds each.
func named() []engine.Check {
	declared := func(s *v1alpha1.SecurityBaselineSpec) bool { return len(s.Declared)+len(s.Inventory) > 0 }
	return []engine.Check{{
		ID: "declared", Judges: workload.Any, Needs: []engine.Need{engine.NeedLive}, Declared: declared,
		Run: func(in *engine.Input) []engine.Finding {
			if in.Pin == nil {
				return nil
			}
			found := make([]engine.Finding, 0, 1)
			for _, d := range in.Pin.Differences(in.Live) {
				found = append(found, engine.Finding{Value: d.Value})
			}
			return found
		},
	}, {
		ID: "undeclared", Judges: workload.Any, Declared: declared,
		Run: func(in *engine.Input) []engine.Finding {
			if !in.Closed || in.Pin != nil {
				return nil
			}
			return []engine.Finding{{Value: in.Ref().Name}}
		},
	}, {
		ID: "role", Judges: workload.Roles, Declared: func(s *v1alpha1.SecurityBaselineSpec) bool { return s.RBAC.Wildcards != "" },
		Run: func(*engine.Input) []engine.Finding { return []engine.Finding{{Value: "rule"}} },
	}}
}

func pins(sb *v1alpha1.SecurityBaseline) {
	sb.Spec.Declared = []v1alpha1.DeclaredObject{{Object: runtime.RawExtension{Raw: []byte(
		`{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"namespace": "shop", "name": "api"}}`)}}}
}

func closes(sb *v1alpha1.SecurityBaseline) {
	sb.Spec.Inventory = []v1alpha1.Inventory{{Kinds: []v1alpha1.InventoryKind{"Role"}}}
}

func all(changes ...func(*v1alpha1.SecurityBaseline)) func(*v1alpha1.SecurityBaseline) {
	return func(sb *v1alpha1.SecurityBaseline) {
		for _, change := range changes {
			change(sb)
		}
	}
}

func wildcards(sb *v1alpha1.SecurityBaseline) { sb.Spec.RBAC.Wildcards = v1alpha1.RuleForbidden }

// roleNamed is a Role that allows something.
func roleNamed(name string) *judgement.Object {
	live := &rbacv1.Role{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name},
		Rules:      []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"get"}}},
	}
	role, _ := rbac.RoleOf(live)
	return &judgement.Object{Target: role.Ref, Other: engine.Other{Role: &engine.Role{Role: role}, Live: live}}
}

// absent is the declared Role, which is not there.
func absent(unreadable map[engine.Need]string) *judgement.Object {
	ref := roleNamed("api").Target
	return &judgement.Object{Target: ref, Other: engine.Other{Absent: &ref, Unreadable: unreadable}}
}

func TestWhatIsDeclaredAndClosed(t *testing.T) {
	for name, test := range map[string]struct {
		baseline func(*v1alpha1.SecurityBaseline)
		object   *judgement.Object
		want     []string
		covered  bool
	}{
		"a declared object is held against that":                     {pins, roleNamed("api"), []string{"declared: get pods"}, true},
		"a declared object is judged beyond the scope too":           {all(pins, elsewhere), roleNamed("api"), []string{"declared: get pods"}, true},
		"beyond the scope no other rule is made":                     {all(pins, elsewhere, wildcards), roleNamed("api"), []string{"declared: get pods"}, true},
		"in the scope every rule is made":                            {all(pins, wildcards), roleNamed("api"), []string{"declared: get pods", "role: rule"}, true},
		"an object that is not declared is not covered by that":      {pins, roleNamed("web"), nil, false},
		"an object on a closed list that is not declared is found":   {all(pins, closes), roleNamed("web"), []string{"undeclared: web"}, true},
		"an object on a closed list that is declared is not":         {all(pins, closes), roleNamed("api"), []string{"declared: get pods"}, true},
		"a closed list ends with the scope":                          {all(closes, elsewhere), roleNamed("web"), nil, false},
		"a declared object that is missing is found":                 {pins, absent(nil), []string{"declared: missing"}, true},
		"one that is missing is found beyond the scope":              {all(pins, elsewhere), absent(nil), []string{"declared: missing"}, true},
		"no rule is made of what is missing":                         {all(pins, closes, wildcards), absent(nil), []string{"declared: missing"}, true},
		"what cannot be read is not missing":                         {pins, absent(map[engine.Need]string{engine.NeedLive: "forbidden"}), nil, true},
		"a suspended baseline finds nothing missing":                 {all(pins, suspend), absent(nil), nil, false},
		"an object that another baseline declares is not covered by": {closes, absent(nil), nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			verdict := judgement.Judge(setOf(named(), test.baseline), test.object, nil, now)
			var got []string
			for _, f := range verdict.Findings {
				got = append(got, f.Check+": "+f.Value)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			if covered := len(verdict.Covering) > 0; covered != test.covered {
				t.Errorf("covered = %v", covered)
			}
		})
	}
}

func TestWhatCannotBeReadStaysAsItWas(t *testing.T) {
	last := &v1alpha1.DriftReport{Status: v1alpha1.DriftReportStatus{
		Baselines: []string{"production"}, Findings: []engine.Finding{{Check: "declared", Baseline: "production", Value: "get pods"}},
	}}
	verdict := judgement.Judge(setOf(named(), pins), absent(map[engine.Need]string{engine.NeedLive: "forbidden"}), last, now)
	if len(verdict.Findings) != 1 || len(verdict.NotEvaluated) != 1 {
		t.Errorf("%v, not evaluated %v", verdict.Findings, verdict.NotEvaluated)
	}
}
