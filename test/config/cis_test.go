package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/checks"
	"plumbline.dev/plumbline/internal/judgement"
	"plumbline.dev/plumbline/internal/workload"
)

const cisSample = "cis-section-5"

// leanedOn is the one check of the sample that no control asks for: what all of 5.1 takes for granted.
const leanedOn = "builtin-role-modified"

// cisControls are the numbers of the controls of sections 5.1 to 5.3 that can be decided. Whether the network plugin holds to
// NetworkPolicies, which 5.3.1 asks for, nobody can see.
func cisControls() []string {
	numbers := []string{"5.3.2"}
	for section, controls := range map[string]int{"5.1": 13, "5.2": 12} {
		for i := range controls {
			numbers = append(numbers, fmt.Sprintf("%s.%d", section, i+1))
		}
	}
	return numbers
}

// cisChecks returns the checks that the sample switches on, by the control that they answer to, as "5.1.1 Ensure that ...".
func cisChecks(t *testing.T) map[string][]string {
	t.Helper()
	sample := all[v1alpha1.SecurityBaseline](t, renderFile(t, "samples/"+cisSample+".yaml"), "SecurityBaseline")[0]
	answering := map[string][]string{}
	for _, check := range checks.All() {
		answers := false
		for _, control := range check.Controls {
			if check.Declared(&sample.Spec) && strings.HasPrefix(control.Standard, "CIS ") {
				answering[control.Rule] = append(answering[control.Rule], check.ID)
				answers = true
			}
		}
		if check.Declared(&sample.Spec) && !answers && check.ID != leanedOn {
			t.Errorf("the sample switches on %s, which no control asks for", check.ID)
		}
	}
	return answering
}

func TestEveryControlOfTheSectionIsAnswered(t *testing.T) {
	answering := cisChecks(t)
	for _, number := range cisControls() {
		found := 0
		for rule := range answering {
			if strings.HasPrefix(rule, number+" ") {
				found++
			}
		}
		if found != 1 {
			t.Errorf("control %s is cited in %d wordings by the checks that the sample switches on", number, found)
		}
	}
	if want := len(cisControls()); len(answering) != want {
		t.Errorf("%d controls are cited, want %d", len(answering), want)
	}
}

func TestEveryControlIsNamedInTheSample(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(configDir, "samples", cisSample+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, number := range append(cisControls(), "5.3.1") {
		if comment := "# " + number + " "; !strings.Contains(string(text), comment) {
			t.Errorf("no line of the sample says %q", comment)
		}
	}
}

// The table of docs/cis.md has a row for each control, and names the checks that answer to it, if any can.
func TestThePageOfTheSectionTellsTheTruth(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(configDir, "..", "docs", "cis.md"))
	if err != nil {
		t.Fatal(err)
	}
	told := map[string][]string{}
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(line, " | ")
		if rule, row := strings.CutPrefix(cells[0], "| 5."); row && len(cells) == 3 {
			named := strings.FieldsFunc(cells[2], func(r rune) bool { return strings.ContainsRune("`|, \n", r) })
			told["5."+rule] = named
		}
	}
	if diff := cmp.Diff(cisChecks(t), told); diff != "" {
		t.Errorf("docs/cis.md (-checks +page):\n%s", diff)
	}
}

func TestTheSampleOfTheSectionFindsAndWaivesTokens(t *testing.T) {
	list := all[v1alpha1.SecurityBaseline](t, renderFile(t, "samples/"+cisSample+".yaml"), "SecurityBaseline")
	var set *baseline.Set
	set = set.Update(list, checks.All())
	for namespace, want := range map[string][]string{
		"shop":        {"default-service-account", "service-account-token"},
		"kube-system": {"default-service-account", "service-account-token (waived)"},
	} {
		shop := inNamespace(sample(t, "shop.yaml", nil), namespace)
		shop.Spec.Template.Spec.AutomountServiceAccountToken, shop.Spec.Template.Spec.ServiceAccountName = nil, ""
		w, _ := workload.Of(&shop)
		result := judgement.Judge(set, &judgement.Object{Target: w.Ref, Workloads: []workload.Workload{w}}, nil, time.Now())
		var found []string
		for _, f := range result.Findings {
			if f.Waiver != nil {
				f.Check += " (waived)"
			}
			found = append(found, f.Check)
		}
		slices.Sort(found)
		if diff := cmp.Diff(want, found); diff != "" {
			t.Errorf("%s (-want +got):\n%s", namespace, diff)
		}
		if len(result.NotEvaluated) > 0 {
			t.Errorf("%s: not evaluated: %v", namespace, result.NotEvaluated)
		}
	}
}

func TestTheSampleOfTheSectionAppliesWithoutAWarning(t *testing.T) {
	install(t)
	file := filepath.Join(configDir, "samples", cisSample+".yaml")
	out := onServer(t, "apply", "--server-side", "--validate=strict", "-f", file)
	if want := "securitybaseline.plumbline.dev/" + cisSample + " serverside-applied\n"; out != want {
		t.Errorf("kubectl apply prints %q, want %q", out, want)
	}
}
