package controllers

import (
	"slices"
	"strconv"
	"strings"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/report"
)

// withDeed adds to the sentence of a finding who changed what it speaks of. What was changed out of band comes first, and says
// what was done: "kubectl-edit added NET_ADMIN to container app". A guess is told as one.
func withDeed(sentence string, f *engine.Finding, target v1alpha1.TargetReference) string {
	change := f.LastChange
	switch {
	case change == nil:
		return sentence
	case change.Confidence == v1alpha1.ConfidenceLow && f.Check == undeclaredObject:
		return sentence + " Made by " + change.Manager + ", as far as can be told."
	case change.Confidence == v1alpha1.ConfidenceLow:
		return sentence + " Last changed by " + change.Manager + ", as far as can be told."
	case change.Class == v1alpha1.ManagerOutOfBand && ofTarget(f):
		return change.Manager + " " + deed(f, target) + ": " + sentence
	}
	return sentence + " Changed by " + change.Manager + "."
}

// ofTarget says whether a finding speaks of a field of the target itself: not of what it is given by others, of its pods, or of
// the NetworkPolicies around it.
func ofTarget(f *engine.Finding) bool {
	return f.Origin != v1alpha1.OriginPermissions && f.Origin != v1alpha1.OriginRunningPods && !strings.HasPrefix(f.Path, networkPolicies)
}

// deed says what was done to a field, as far as the finding tells. Where it finds that something is missing, who owns the field
// wrote it without that, but need not have removed it: then, as wherever it is unsure, all that is said is that it was changed.
func deed(f *engine.Finding, target v1alpha1.TargetReference) string {
	field, holder := fieldOf(f), holderOf(f, target)
	switch {
	case f.Value == "unset", f.Actual != "" && !slices.Contains(strings.Split(f.Actual, ", "), f.Value):
	case isList(f.Path):
		return "added " + f.Value + " to " + holder
	case f.Value == f.Actual && (isPlain(f.Value) || f.Expected != none && !isPart(f.Path)):
		return "set " + field + " to " + f.Value + " in " + holder
	case f.Expected == none:
		return "added " + f.Value + " to " + holder
	}
	return "changed " + field + " of " + holder
}

// none is what findings say of what is empty.
const none = "none"

// isPlain says whether a value is a number, or true or false.
func isPlain(value string) bool {
	_, err := strconv.ParseInt(value, 10, 64)
	return value == "true" || value == "false" || err == nil
}

// isList says whether the values of findings at a path are members of a list.
func isList(path string) bool {
	return path == "subjects" || path == "rules" || strings.HasPrefix(path, "rules.") || strings.HasSuffix(path, "capabilities.add")
}

// isPart says whether the values of findings at a path say what comes of the field, and are not what it is set to.
func isPart(path string) bool {
	return slices.ContainsFunc([]string{"spec.ingress", "spec.egress", "spec.validationActions"}, func(field string) bool {
		return strings.HasPrefix(path, field)
	})
}

// fieldOf returns the field of a finding, from its container or its pod on.
func fieldOf(f *engine.Finding) string {
	if _, field, in := strings.Cut(f.Path, "["+f.Container+"]."); in && f.Container != "" {
		return field
	}
	if _, field, in := strings.Cut(f.Path, "template.spec."); in && holdsPod(f) {
		return field
	}
	if holdsPod(f) {
		return strings.TrimPrefix(f.Path, "spec.")
	}
	return f.Path
}

// holderOf names what holds the field of a finding. A container as a whole is one of its pod.
func holderOf(f *engine.Finding, target v1alpha1.TargetReference) string {
	switch {
	case f.Container != "" && !strings.HasSuffix(f.Path, "["+f.Container+"]"):
		return "container " + f.Container
	case holdsPod(f):
		return "the pod"
	}
	return report.RefOf(target).String()
}

// holdsPod says whether a finding speaks of a pod or a template of pods, and not of what is around it in the target.
func holdsPod(f *engine.Finding) bool {
	return f.Origin == v1alpha1.OriginTemplate && !strings.HasPrefix(f.Path, "metadata.")
}
