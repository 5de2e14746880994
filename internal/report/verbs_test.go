package report_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/report"
)

// may is the finding of what ServiceAccount api may do through a RoleBinding.
func may(permission, binding string) engine.Finding {
	words := permission
	if permission == "* *.*" {
		words = "do everything"
	}
	actual := words + " in namespace shop, through RoleBinding " + binding + " and Role reader"
	return engine.Finding{
		Check: "rbac-secrets", Baseline: "production", Severity: v1alpha1.SeverityHigh, Origin: v1alpha1.OriginPermissions,
		Path: "rolebindings[" + binding + "]", Value: permission, Actual: actual,
		Message: "ServiceAccount shop/api may " + actual + "; baseline production forbids it.",
	}
}

func waivedOf(f engine.Finding) engine.Finding {
	f.Waiver = &v1alpha1.Waiver{Exception: "known"}
	return f
}

// entries returns what a history says, the newest first: the type, and of permissions until where they are held.
func entries(history []v1alpha1.HistoryEntry) []string {
	var said []string
	for _, e := range history {
		what, _, _ := strings.Cut(e.Message, " in namespace")
		if what == "" {
			what = e.Value
		}
		said = append(said, string(e.Type)+" "+what)
	}
	return said
}

func TestOfAPermissionOnlyTheVerbsAreToldThatChanged(t *testing.T) {
	of := func(findings ...engine.Finding) []engine.Finding { return findings }
	object := func(f engine.Finding) engine.Finding {
		f.Origin = v1alpha1.OriginObject
		return f
	}
	for name, test := range map[string]struct {
		before, after []engine.Finding
		want          []string
	}{
		"verbs less are lost, and none is gained": {of(may("get,list,watch secrets", "a")), of(may("get secrets", "a")), []string{"Lost list,watch secrets"}},
		"verbs more are gained, and none is lost": {of(may("get secrets", "a")), of(may("get,list secrets", "a")), []string{"Gained list secrets"}},
		"other verbs are gained and lost":         {of(may("get,list secrets", "a")), of(may("get,watch secrets", "a")), []string{"Gained watch secrets", "Lost list secrets"}},
		"a wildcard is gained":                    {of(may("get secrets", "a")), of(may("* secrets", "a")), []string{"Gained * secrets"}},
		"a wildcard is lost but for what is left": {of(may("* secrets", "a")), of(may("get,list secrets", "a")), []string{"Lost * secrets (but for get,list)"}},
		"so is everything":                        {of(may("* *.*", "a")), of(may("get *.*", "a")), []string{"Lost do everything (but for get)"}},
		"another resource is another permission":  {of(may("get,list secrets", "a")), of(may("get pods", "a")), []string{"Gained get pods", "Lost get,list secrets"}},
		"another name, too":                       {of(may("get,list secrets[a]", "a")), of(may("get secrets[b]", "a")), []string{"Gained get secrets[b]", "Lost get,list secrets[a]"}},
		"and another binding":                     {of(may("get,list secrets", "a")), of(may("get secrets", "b")), []string{"Gained get secrets", "Lost get,list secrets"}},
		"what is found on an object is as it is":  {of(object(may("get,list secrets", "a"))), of(object(may("get secrets", "a"))), []string{"Opened get secrets", "Resolved get,list secrets"}},
		"what is waived stays so": {
			of(waivedOf(may("get,list secrets", "a"))), of(waivedOf(may("get secrets", "a"))), []string{"Lost list secrets"},
		},
		"what is waived from now on is told so": {
			of(may("get,list secrets", "a")), of(waivedOf(may("get secrets", "a"))), []string{"Waived get secrets", "Lost list secrets"},
		},
		"what is waived no more is not gained": {
			of(waivedOf(may("get,list secrets", "a"))), of(may("get secrets", "a")), []string{"WaiverEnded get secrets", "Lost list secrets"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			first := w.judge(test.before...).Report.Status.History
			w.now = start.Add(time.Hour)
			history := w.judge(test.after...).Report.Status.History
			if diff := cmp.Diff(test.want, entries(history[:len(history)-len(first)])); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A baseline that asks for something else gives nobody anything, and takes nothing away.
func TestWhatNobodyWasGrantedIsNotGained(t *testing.T) {
	exec, secrets := may("create pods/exec", "a"), may("get,list secrets", "a")
	other := may("create pods/exec", "b")
	steps := []struct {
		name    string
		granted []string
		now     []engine.Finding
		want    []string
	}{
		{"the baseline asks for more", nil, []engine.Finding{exec, secrets}, []string{"Opened create pods/exec", "Opened get,list secrets"}},
		{"then for less", nil, []engine.Finding{may("get secrets", "a")}, []string{"Resolved create pods/exec", "Resolved list secrets"}},
		{"then for more again", nil, []engine.Finding{exec, may("get secrets", "a")}, []string{"Reopened create pods/exec"}},
		{"another binding gives it too", []string{"production"}, []engine.Finding{exec, other, may("get secrets", "a")}, []string{"Gained create pods/exec"}},
		{"both bindings go", []string{"production"}, nil, []string{"Lost create pods/exec", "Lost get secrets", "Lost create pods/exec"}},
		{"one is back, and nobody watched", []string{"another"}, []engine.Finding{other}, []string{"Reopened create pods/exec"}},
		{"and goes, unwatched", nil, nil, []string{"Resolved create pods/exec"}},
	}
	w := newWorld()
	for i, step := range steps {
		known := 0
		if w.last != nil {
			known = len(w.last.Status.History)
		}
		w.now, w.granted = start.Add(time.Duration(i)*time.Hour), step.granted
		outcome := w.judge(step.now...)
		report.Attribute(outcome, func(*engine.Finding) *v1alpha1.Change { return &v1alpha1.Change{Manager: "kubectl-create"} })
		history := outcome.Report.Status.History
		added := history[:len(history)-known]
		if diff := cmp.Diff(step.want, entries(added)); diff != "" {
			t.Errorf("%s: %s", step.name, diff)
		}
		for _, e := range added {
			if gained := e.Type == v1alpha1.HistoryGained; gained != (e.Manager != "") {
				t.Errorf("%s: %s says it was changed by %q", step.name, e.Type, e.Manager)
			}
		}
		for _, f := range outcome.Report.Status.Findings {
			if f.LastChange == nil || f.LastChange.Manager != "kubectl-create" {
				t.Errorf("%s: who granted %s is not said: %v", step.name, f.Value, f.LastChange)
			}
		}
	}
}

func TestWhatIsLeftOfAPermissionIsNoNewFinding(t *testing.T) {
	w := newWorld()
	outcome := w.judge(may("get,list secrets", "a"))
	report.Attribute(outcome, func(*engine.Finding) *v1alpha1.Change { return &v1alpha1.Change{Manager: "kubectl-create"} })
	w.now = start.Add(time.Hour)
	outcome = w.judge(may("get secrets", "a"))
	if f := outcome.Report.Status.Findings[0]; f.FirstSeen == nil || !f.FirstSeen.Time.Equal(start) || f.LastChange == nil || report.Unattributed(outcome) {
		t.Errorf("first seen %v, changed by %v", f.FirstSeen, f.LastChange)
	}
	if len(outcome.Changes.Opened) > 0 || len(outcome.Changes.Resolved) != 1 {
		t.Errorf("changes = %+v", outcome.Changes)
	}
	const want = "ServiceAccount shop/api may list secrets in namespace shop, through RoleBinding a and Role reader; baseline production forbids it."
	if got := outcome.Changes.Resolved[0].Message; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if again := w.judge(may("get secrets", "a")); !again.Changes.None() {
		t.Errorf("a second look finds changes: %+v", again.Changes)
	}
}

func TestEachPathHasItsOwnManagerInTheHistory(t *testing.T) {
	outcome := newWorld().judge(may("get secrets", "a"), may("get secrets", "b"))
	report.Attribute(outcome, func(f *engine.Finding) *v1alpha1.Change { return &v1alpha1.Change{Manager: "of " + f.Path} })
	var managers []string
	for _, e := range outcome.Report.Status.History {
		managers = append(managers, e.Manager)
	}
	if want := []string{"of rolebindings[a]", "of rolebindings[b]"}; !slices.Equal(managers, want) {
		t.Errorf("managers are %q, want %q", managers, want)
	}
}
