package conformance_test

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"

	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/workload"
)

// comparison holds pods against the standards on both sides. One is used by one goroutine.
type comparison struct {
	standards []standard
	oracle    *oracle
	subject   *subject

	verdicts, disagreements int
	differing               map[string]int // disagreements by control
	forbidden, allowed      map[string]int // by checkVersion
	// changed are the levels, controls and versions at which a pod was judged otherwise than in the version before.
	changed map[change]int
}

// view is an object as we see it.
type view struct {
	how string
	workload.Workload
}

type change struct {
	standard int // index of the newer one
	control  verdict
}

func newComparison(standards []standard, o *oracle, s *subject) *comparison {
	return &comparison{
		standards: standards, oracle: o, subject: s,
		differing: map[string]int{}, forbidden: map[string]int{}, allowed: map[string]int{}, changed: map[change]int{},
	}
}

// hold judges an object at every level and version on both sides, whole and as caches hold it, and returns the first
// disagreement in words. How to get the object again stands in it.
func (c *comparison) hold(obj runtime.Object, again string) string {
	whole, _ := workload.Of(obj)
	kept := obj.DeepCopyObject()
	workload.Trim(kept)
	trimmed, _ := workload.Of(kept)
	views := []view{{"whole", whole}, {"trimmed", trimmed}}

	var first string
	var before verdict
	for i := range c.standards {
		st := &c.standards[i]
		results, theirs := c.oracle.judge(st.LevelVersion, whole.PodMeta, whole.Pod)
		c.count(i, results, theirs, before)
		before = theirs
		for _, view := range views {
			found, ours := c.subject.judge(st, view.Workload)
			c.verdicts++
			if ours == theirs {
				continue
			}
			c.disagreements++
			for _, name := range (ours ^ theirs).names() {
				c.differing[name]++
			}
			if first == "" {
				first = disagreement{st, view.how, again, obj, results, theirs, found, ours}.String()
			}
		}
	}
	return first
}

func (c *comparison) count(i int, results []policy.CheckResult, theirs, before verdict) {
	for _, result := range results {
		if result.Allowed {
			c.allowed[result.ForbiddenReason]++
		} else {
			c.forbidden[result.ForbiddenReason]++
		}
	}
	if i == 0 || c.standards[i-1].Level != c.standards[i].Level {
		return
	}
	for bit := range controls {
		if control := verdict(1 << bit); theirs&control != before&control {
			c.changed[change{i, control}]++
		}
	}
}

// add takes in what another comparison counted.
func (c *comparison) add(other *comparison) {
	c.verdicts += other.verdicts
	c.disagreements += other.disagreements
	for key, n := range other.differing {
		c.differing[key] += n
	}
	for key, n := range other.forbidden {
		c.forbidden[key] += n
	}
	for key, n := range other.allowed {
		c.allowed[key] += n
	}
	for key, n := range other.changed {
		c.changed[key] += n
	}
}

// disagreement is a pod that the two sides judge differently.
type disagreement struct {
	standard *standard
	how      string
	again    string
	object   runtime.Object
	results  []policy.CheckResult
	theirs   verdict
	found    engine.Result
	ours     verdict
}

func (d disagreement) String() string {
	var b strings.Builder
	differ := d.theirs ^ d.ours
	fmt.Fprintf(&b, "%s, %s: Pod Security admission and Plumbline disagree about %s\nagain with: %s\n",
		d.standard.String(), d.how, strings.Join(differ.names(), ", "), d.again)
	fmt.Fprintf(&b, "Pod Security admission %s:\n", word(d.theirs))
	for _, result := range d.results {
		if !result.Allowed {
			fmt.Fprintf(&b, "  %s: %s\n", result.ForbiddenReason, result.ForbiddenDetail)
		}
	}
	fmt.Fprintf(&b, "Plumbline %s:\n", word(d.ours))
	for _, f := range d.found.Findings {
		fmt.Fprintf(&b, "  %s: %s %s\n", f.Check, f.Path, f.Message)
	}
	for _, n := range d.found.NotEvaluated {
		fmt.Fprintf(&b, "  %s was not evaluated: %s\n", n.Check, n.Reason)
	}
	text, err := yaml.Marshal(podOf(d.object))
	if err != nil {
		text = []byte(err.Error())
	}
	return b.String() + string(text)
}

func word(v verdict) string {
	if v == 0 {
		return "allows it"
	}
	return "forbids it"
}

func podOf(obj runtime.Object) *corev1.Pod {
	w, _ := workload.Of(obj)
	return &corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: *w.PodMeta,
		Spec:       *w.Pod,
	}
}
