package judgement

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/workload"
)

// Running are the running pods of an object that are not what its templates say.
type Running struct {
	// Pods are they, those that are judged alike once.
	Pods []RunningPods
	// Picture is another once other pods differ from their template, or from another template.
	Picture string
	// Settling says that the picture changes at the moment, as in a rollout: what was found last stays until it does not.
	Settling bool
	// Unreadable says why they could not be read, and Partial why these are not all; empty otherwise.
	Unreadable, Partial string
}

// RunningPods are running pods that are judged alike.
type RunningPods struct {
	// Of is the workload of the object that they were made from; zero for one that is not judged, as it is to run no pods.
	Of workload.Ref
	// Pod is one of them, without ephemeral containers, and Facts what is known around it.
	Pod   workload.Workload
	Facts Facts
	// Count is how many there are, and Name the first of their names.
	Count int32
	Name  string
}

func (r *Running) none() bool {
	return len(r.Pods) == 0 && r.Picture == "" && !r.Settling && r.Unreadable == "" && r.Partial == ""
}

// running makes those checks of a baseline that look at the running pods of an object.
func (one *judged) running(b *baseline.Baseline, object *Object, inputs []engine.Input) {
	if object.Running.none() || !b.Needs(engine.NeedRunningPods) {
		return
	}
	in, covered := Compare(b, object, inputs)
	if !covered {
		return
	}
	for i := range b.Rules {
		in.Declared, in.Reading = b.Rules[i].Declared, b.Rules[i].Reading
		checks := slices.DeleteFunc(slices.Clone(b.Rules[i].For(workload.Pods)), func(c engine.Check) bool { return !ofRunning(&c) })
		if object.Running.Settling {
			for j := range checks {
				one.settling = append(one.settling, engine.NotEvaluated{Check: checks[j].ID, Baseline: b.Name})
			}
			continue
		}
		result := engine.Evaluate(checks, &in)
		one.Findings = append(one.Findings, result.Findings...)
		one.NotEvaluated = append(one.NotEvaluated, result.NotEvaluated...)
		one.notePods(in.Weaker, result.Findings)
	}
}

// notePods takes down of which pod each finding was made.
func (one *judged) notePods(weaker []engine.Weaker, findings []engine.Finding) {
	if len(findings) == 0 {
		return
	}
	if one.pods == nil {
		one.pods = map[engine.Identity]string{}
	}
	type place struct{ container, path string }
	byPlace := map[place][]*engine.Weaker{}
	for i := range weaker {
		at := place{weaker[i].Finding.Container, weaker[i].Finding.Path}
		byPlace[at] = append(byPlace[at], &weaker[i])
	}
	for i := range findings {
		f := &findings[i]
		for _, w := range byPlace[place{f.Container, f.Path}] {
			if strings.HasPrefix(f.Value, w.Finding.Check) {
				one.pods[engine.IdentityOf(f)] = w.Pod
				break
			}
		}
	}
}

func ofRunning(check *engine.Check) bool { return slices.Contains(check.Needs, engine.NeedRunningPods) }

// comparesPods says whether what a check finds depends on nothing but the specs of pods and who they run as. What
// NetworkPolicies make of their labels is not compared.
func comparesPods(check *engine.Check) bool {
	return !slices.ContainsFunc(check.Needs, func(need engine.Need) bool {
		return need != engine.NeedServiceAccount && need != engine.NeedRBAC
	})
}

// Compare holds the running pods of an object and its templates against all else that a baseline asks of workloads, and returns
// the input of the checks that look at the difference. It is false where the baseline covers none of the templates; inputs are
// those of the object.
func Compare(b *baseline.Baseline, object *Object, inputs []engine.Input) (engine.Input, bool) {
	c := &comparison{baseline: b, templates: map[workload.Ref]map[weakness]bool{}, missed: map[string]string{}, weaker: map[engine.Identity]*engine.Weaker{}}
	first := -1
	for i := range inputs {
		if b.Covers(inputs[i].Ref(), inputs[i].ObjectLabels(), object.Namespace) != baseline.Covered {
			continue
		}
		if first < 0 {
			first = i
		}
		if len(object.Running.Pods) > 0 && !object.Running.Settling {
			c.template(inputs[i])
		}
	}
	if first < 0 {
		return engine.Input{}, false
	}
	if !object.Running.Settling {
		for i := range object.Running.Pods {
			c.pods(&object.Running.Pods[i])
		}
	}
	in := inputs[first]
	in.Weaker = c.found()
	in.Unreadable = noted(in.Unreadable, object.Running.Unreadable)
	in.Partial = noted(in.Partial, strings.Join(c.partial(&object.Running), "; "))
	return in, true
}

// noted adds to what is known of facts why running pods are not known.
func noted(known map[engine.Need]string, why string) map[engine.Need]string {
	if why == "" {
		return known
	}
	all := map[engine.Need]string{engine.NeedRunningPods: why}
	maps.Copy(all, known)
	return all
}

// weakness is a finding but for where it stands: pods have other paths than templates.
type weakness struct{ check, container, value, place string }

// weaknessOf tells findings on the pod itself from each other by their place too: a second volume is another weakness.
func weaknessOf(f *engine.Finding, podPath string) weakness {
	w := weakness{check: f.Check, container: f.Container, value: f.Value}
	if f.Container != "" || f.Origin != v1alpha1.OriginTemplate {
		return w
	}
	w.place = f.Path
	if rest, within := strings.CutPrefix(f.Path, podPath+"."); within {
		w.place = rest
	} else if _, claim, is := strings.Cut(f.Path, "volumeClaimTemplates["); is {
		w.place = "volumes[" + claim
	} else if _, rest, is := strings.Cut(f.Path, "metadata."); is {
		w.place = "metadata." + rest
	}
	return w
}

// comparison is the comparison of running pods with templates under one baseline.
type comparison struct {
	baseline  *baseline.Baseline
	templates map[workload.Ref]map[weakness]bool
	missed    map[string]string // why a check could not be made, by its ID
	crowded   string            // a pod of which not every container is judged
	weaker    map[engine.Identity]*engine.Weaker
}

// template takes down what is found in a template.
func (c *comparison) template(in engine.Input) {
	found := map[weakness]bool{}
	for _, f := range c.judge(&in) {
		found[weaknessOf(&f, in.Workload.PodPath)] = true
	}
	c.templates[in.Workload.Ref] = found
}

// pods takes down what is found in running pods and not in their template.
func (c *comparison) pods(running *RunningPods) {
	if _, judged := c.templates[running.Of]; running.Of != (workload.Ref{}) && !judged {
		return // the baseline does not cover it
	}
	in := engine.Input{
		Workload: running.Pod, ServiceAccount: running.Facts.ServiceAccount, Grants: running.Facts.Grants,
		Unreadable: running.Facts.Unreadable, Partial: running.Facts.Partial,
	}
	if in.Workload.Unjudged() > 0 {
		c.crowded = running.Name
	}
	for _, f := range c.judge(&in) {
		if c.missed[f.Check] != "" || c.inTemplate(running.Of, weaknessOf(&f, in.Workload.PodPath)) {
			continue
		}
		id := engine.IdentityOf(&f)
		known := c.weaker[id]
		if known == nil {
			known = &engine.Weaker{Finding: f, Pod: running.Name}
			c.weaker[id] = known
		}
		known.Pods += running.Count
		known.Pod = min(known.Pod, running.Name)
	}
}

// inTemplate says whether a template has a weakness, or any where it is not known which one it must be.
func (c *comparison) inTemplate(of workload.Ref, w weakness) bool {
	if of != (workload.Ref{}) {
		return c.templates[of][w]
	}
	for _, found := range c.templates {
		if found[w] {
			return true
		}
	}
	return false
}

// judge returns what all checks that compare pods of the baseline find, each finding once.
func (c *comparison) judge(in *engine.Input) []engine.Finding {
	c.baseline.Ask(in)
	var findings []engine.Finding
	for i := range c.baseline.Rules {
		rules := &c.baseline.Rules[i]
		in.Declared, in.Reading = rules.Declared, rules.Reading
		checks := slices.DeleteFunc(slices.Clone(rules.For(workload.Pods)), func(check engine.Check) bool { return !comparesPods(&check) })
		result := engine.Evaluate(checks, in)
		findings = append(findings, result.Findings...)
		for _, n := range result.NotEvaluated {
			c.missed[n.Check] = n.Reason
		}
	}
	return engine.Sort(findings)
}

// found returns what was found, in the order of the findings.
func (c *comparison) found() []engine.Weaker {
	found := make([]engine.Weaker, 0, len(c.weaker))
	for _, w := range c.weaker {
		found = append(found, *w)
	}
	slices.SortFunc(found, func(a, b engine.Weaker) int { return engine.Compare(&a.Finding, &b.Finding) })
	return found
}

// partial says why not all that there is was found; nothing when it was.
func (c *comparison) partial(running *Running) []string {
	var why []string
	if running.Partial != "" {
		why = append(why, running.Partial)
	}
	if c.crowded != "" {
		why = append(why, fmt.Sprintf("of the containers of pod %s the first %d are judged", c.crowded, workload.MaxContainers))
	}
	for _, check := range slices.Sorted(maps.Keys(c.missed)) {
		why = append(why, check+" is not evaluated")
	}
	return why
}
