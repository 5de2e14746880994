package checks

import (
	"regexp"
	"strings"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/pinned"
	"plumbline.dev/plumbline/internal/workload"
)

// wholePath is the path of what stands for more than one field.
const wholePath = "metadata.name"

// place is where the differences of an object stand.
type place struct {
	origin v1alpha1.Origin
	// pods is where the spec of its pods stands; empty where it has none.
	pods string
	// under begins the paths where a target of another kind stands for the object.
	under string
}

func placeOf(in *engine.Input) place {
	p := place{origin: v1alpha1.OriginObject}
	if w, is := workload.Of(in.Live); is {
		p.origin, p.pods = v1alpha1.OriginTemplate, w.PodPath
		p.under = strings.TrimSuffix(in.Workload.PodPath, w.PodPath)
	}
	return p
}

// short returns the field of a difference as people call it, who know the container and that pods have a template; empty
// where it is the container as a whole.
func (p place) short(d pinned.Difference) string {
	field := d.Path
	if d.Container != "" && strings.HasSuffix(field, "["+d.Container+"]") {
		return ""
	}
	if _, inContainer, found := strings.Cut(field, "["+d.Container+"]."); found && d.Container != "" {
		return inContainer
	}
	if p.pods != "" {
		field = strings.TrimPrefix(field, p.pods+".")
	}
	return field
}

// plain are names that a shell takes as they are.
var plain = regexp.MustCompile(`^[a-z0-9][a-z0-9.:-]{0,62}$`)

// by shows how to change an object with kubectl, such as " (kubectl edit role api -n shop)"; nothing where its name is too long
// for a hint, or means something to a shell.
func by(verb string, ref workload.Ref) string {
	if _, watched := workload.ClassOf(ref.GroupKind()); !watched || !plain.MatchString(ref.Name) {
		return ""
	}
	command := " (kubectl " + verb + " " + strings.ToLower(ref.Kind) + " " + ref.Name
	if ref.Namespace != "" {
		command += " -n " + ref.Namespace
	}
	return command + ")"
}

// putBack says how to make an object what is declared. What is in pods cannot be changed, and neither can what a binding binds.
func putBack(ref workload.Ref, path string) string {
	if ref.Kind == "Pod" || ref.Kind == "Job" || path == "roleRef" {
		return "Delete it" + by("delete", ref) + " and create it as it is declared"
	}
	return "Put it back to what is declared" + by("edit", ref)
}

func or(text, empty string) string {
	if text == "" {
		return empty
	}
	return text
}
