package checks

import (
	"strconv"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/podsecurity"
	"plumbline.dev/plumbline/internal/workload"
)

func TestEveryLevelCanBeEnforcedInEveryVersion(t *testing.T) {
	for i := range standards {
		for minor := range standards[i] {
			if made := standards[i][minor](); made == nil || len(made.checks) == 0 {
				t.Errorf("level %d in v1.%d asks for nothing", i, minor)
			}
		}
	}
}

func TestEnforcedStandard(t *testing.T) {
	newest := podsecurity.Newest
	for name, test := range map[string]struct {
		level, version string
		want           *standard
		server         int
	}{
		"baseline":                              {"baseline", "v1.30", standards[0][30](), 0},
		"restricted":                            {"restricted", "v1.0", standards[1][0](), 0},
		"privileged asks for nothing":           {"privileged", "v1.30", nil, 0},
		"latest is the newest":                  {"restricted", "latest", standards[1][newest](), 0},
		"so is a newer one":                     {"restricted", "v1.999", standards[1][newest](), 0},
		"so is one beyond all numbers":          {"restricted", "v1.99999999999999999999", standards[1][newest](), 0},
		"so is what is no version":              {"restricted", "1.30", standards[1][newest](), 0},
		"so is one with a leading zero":         {"restricted", "v1.030", standards[1][newest](), 0},
		"so is a negative one":                  {"restricted", "v1.-1", standards[1][newest](), 0},
		"latest is the API server's":            {"baseline", "latest", standards[0][33](), 33},
		"so is one newer than it":               {"baseline", "v1.34", standards[0][33](), 33},
		"one that it knows is itself":           {"baseline", "v1.32", standards[0][32](), 33},
		"of a newer server the newest is known": {"baseline", "latest", standards[0][newest](), newest + 1},
		"what is no level is restricted":        {"Baseline", "v1.30", standards[1][30](), 0},
		"so is an empty one":                    {"", "v1.30", standards[1][30](), 0},
	} {
		t.Run(name, func(t *testing.T) {
			in := &engine.Namespace{Labels: map[string]string{enforceLabel: test.level, enforceVersionLabel: test.version}, Server: test.server}
			if got := enforcedStandard(in); got != test.want {
				t.Errorf("got %+v", got)
			}
		})
	}
	if got := enforcedStandard(&engine.Namespace{Labels: map[string]string{enforceVersionLabel: "v1.30"}}); got != nil {
		t.Errorf("without a level: got %+v", got)
	}
	if got := enforcedStandard(&engine.Namespace{Labels: map[string]string{enforceLabel: "restricted"}}); got != standards[1][newest]() {
		t.Errorf("without a version: got %+v", got)
	}
}

func TestMinorVersion(t *testing.T) {
	type version struct {
		minor      int
		latest, ok bool
	}
	for text, want := range map[string]version{
		"latest": {0, true, true}, "v1.0": {0, false, true}, "v1.36": {36, false, true}, "v1.100": {100, false, true},
		"": {}, "v1": {}, "v1.": {}, "1.36": {}, "v2.1": {}, "v1.036": {}, "v1.00": {}, "v1.+1": {}, "v1.-1": {}, "v1.1.1": {}, "Latest": {}, "v1.x": {},
	} {
		if minor, latest, ok := minorVersion(text); (version{minor, latest, ok}) != want {
			t.Errorf("%q: got %d, %t, %t", text, minor, latest, ok)
		}
	}
}

func TestTheVersionThatIsAssumedIsSaid(t *testing.T) {
	for name, test := range map[string]struct {
		version string
		server  int
		want    string
	}{
		"a label that names none, without a cluster":      {"", 0, " (read as in v1.37: the version of the API server is not known)"},
		"one that names a version":                        {"v1.30", 0, ""},
		"one that names none, with a cluster":             {"latest", 33, ""},
		"one that names none, with a cluster that is new": {"latest", 38, " (read as in v1.37, the newest version that is known)"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := assumedVersion(&engine.Namespace{Labels: map[string]string{enforceVersionLabel: test.version}, Server: test.server}); got != test.want {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestEachWorkloadThatWouldBeRefusedIsAFinding(t *testing.T) {
	refused := func(names ...string) []engine.Finding {
		in := &engine.Input{Baseline: "production"}
		in.Namespace = &engine.Namespace{Ref: workload.Ref{Kind: "Namespace", Name: "shop"}, Labels: map[string]string{enforceLabel: "baseline"}}
		for _, name := range names {
			d := &appsv1.Deployment{}
			d.Name, d.Spec.Template.Spec = name, corev1.PodSpec{HostPID: true, Containers: []corev1.Container{{Name: "app"}}}
			w, _ := workload.Of(d)
			in.Namespace.Workloads = append(in.Namespace.Workloads, w)
		}
		return runPodSecurityRefusal(in)
	}
	changes := engine.Diff(refused("legacy"), refused("legacy", "miner"))
	if len(changes.Opened) != 1 || changes.Opened[0].Value != "Deployment miner" || len(changes.Resolved) > 0 {
		t.Errorf("a second one: %+v", changes)
	}
	var many []string
	for i := range maxFound + 2 {
		many = append(many, "w"+strconv.Itoa(i))
	}
	if all := refused(many...); len(all) != maxFound+1 || all[maxFound].Value != furtherOnes {
		t.Errorf("of %d there are %d findings, the last is %v", len(many), len(all), all[len(all)-1])
	}
}
