package controllers

import (
	"strconv"
	"strings"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
)

// withDeed adds to the sentence of a finding who changed what it speaks of. What was changed out of band comes first, and says
// what was done: "kubectl-edit added NET_ADMIN to container app".
func withDeed(sentence string, f *engine.Finding) string {
	change := f.LastChange
	switch {
	case change == nil:
		return sentence
	case change.Class == v1alpha1.ManagerOutOfBand && change.Confidence == v1alpha1.ConfidenceHigh && f.Origin == v1alpha1.OriginTemplate:
		return change.Manager + " " + deed(f) + ": " + sentence
	}
	return sentence + " Changed by " + change.Manager + "."
}

// deed says what was done to a field, as far as its value tells.
func deed(f *engine.Finding) string {
	field := f.Path[strings.LastIndexAny(f.Path, ".")+1:]
	_, number := strconv.ParseInt(f.Value, 10, 64)
	switch {
	case f.Value == "unset":
		return "removed " + field + " from " + holderOfField(f)
	case f.Value == "true" || f.Value == "false" || number == nil:
		return "set " + field + " to " + f.Value + " in " + holderOfField(f)
	}
	return "added " + f.Value + " to " + holderOfField(f)
}

func holderOfField(f *engine.Finding) string {
	if f.Container == "" {
		return "the pod"
	}
	return "container " + f.Container
}
