// Package baseline compiles SecurityBaselines: what the API server cannot refuse is refused here, with the field's
// name, and what is left answers quickly which objects it covers.
package baseline

import (
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/glob"
	"plumbline.dev/plumbline/internal/pinned"
	"plumbline.dev/plumbline/internal/workload"
)

// DefaultRetention is how long a resolved report stays when no baseline says otherwise.
const DefaultRetention = 24 * time.Hour

// Baseline is one generation of a SecurityBaseline, ready to be used by many workers at once. Nobody changes it.
type Baseline struct {
	Name       string
	UID        types.UID
	Generation int64
	// Declared is the spec. It must not be changed.
	Declared *v1alpha1.SecurityBaselineSpec
	// Rules are what its checks go by.
	Rules []Rules
	// Severities are those of the findings of checks, where they are not the check's own.
	Severities map[string]v1alpha1.Severity
	// Exceptions are its exceptions, in the order of the spec.
	Exceptions []*Exception
	// Reachability is what it says of who may reach workloads.
	Reachability []engine.Reachability
	// Frozen says why the baseline judges nothing at present, and the findings it made stay as they are; empty when
	// it judges. FrozenReason is the same as a condition reason.
	Frozen, FrozenReason string
	// Retention is how long a resolved report stays.
	Retention time.Duration
	// Events says whether Events are sent.
	Events bool

	namespaces, objects labels.Selector
	pins                map[workload.Ref]*pinned.Pin
	inventories         []*pinned.Inventory
}

// Compile makes a Baseline from a SecurityBaseline; checks are all that there are. An invalid one is
// frozen, and Frozen names the field and says what is wrong with it. An invalid exception makes no baseline invalid: it
// waives nothing.
func Compile(sb *v1alpha1.SecurityBaseline, checks []engine.Check) *Baseline {
	b := &Baseline{
		Name: sb.Name, UID: sb.UID, Generation: sb.Generation,
		Declared:  sb.Spec.DeepCopy(),
		Retention: DefaultRetention,
		Events:    sb.Spec.Reporting.Events == nil || *sb.Spec.Reporting.Events,
	}
	if r := sb.Spec.Reporting.ResolvedRetention; r != nil {
		b.Retention = r.Duration
	}
	if sb.Spec.Suspend {
		b.freeze(v1alpha1.ReasonSuspended, "spec.suspend is true: reports stay as they are, and nothing is judged.")
	}
	if wrong := b.compile(checks); len(wrong) > 0 {
		b.freeze(v1alpha1.ReasonInvalidBaseline, strings.Join(wrong, "; ")+".")
	}
	return b
}

// compile makes ready what is declared, and says all that is wrong with it.
func (b *Baseline) compile(checks []engine.Check) []string {
	var wrong []string
	note := func(field string, err error) {
		if err != nil {
			wrong = append(wrong, field+": "+err.Error())
		}
	}
	known := engine.IDs(checks)
	var err error
	b.namespaces, err = selector(b.Declared.Scope.NamespaceSelector)
	note("spec.scope.namespaceSelector", err)
	b.objects, err = selector(b.Declared.Scope.ObjectSelector)
	note("spec.scope.objectSelector", err)
	b.Rules, err = rulesOf(b.Declared, checks)
	note("spec.workloads.podSecurityStandard.version", err)
	for _, check := range b.Declared.DisabledChecks {
		note("spec.disabledChecks", mustBeKnown(check, known))
	}
	for _, override := range b.Declared.Severities {
		note("spec.severities", mustBeKnown(override.Check, known))
	}
	b.Severities = severitiesOf(b.Declared)
	b.Reachability, err = compileReachability(b.Declared.NetworkPolicies.Reachability)
	note("spec.networkPolicies.reachability", err)
	wrong = append(wrong, b.compileNamed()...)
	for i := range b.Declared.Exceptions {
		b.Exceptions = append(b.Exceptions, compileException(&b.Declared.Exceptions[i], b.Declared.ExceptionPolicy, known))
	}
	return wrong
}

// compileNamed makes ready what the baseline declares and closes, and says all that is wrong with it.
func (b *Baseline) compileNamed() []string {
	var wrong []string
	pins, unusable := compileDeclared(b.Declared.Declared)
	for _, err := range unusable {
		wrong = append(wrong, "spec.declared"+err.Error())
	}
	lists, unusable := compileInventory(b.Declared.Inventory)
	for _, err := range unusable {
		wrong = append(wrong, "spec.inventory"+err.Error())
	}
	b.pins, b.inventories = pins, lists
	for i := range b.Declared.Declared { // the text is not looked at again
		b.Declared.Declared[i].Object.Raw = nil
	}
	return wrong
}

func (b *Baseline) freeze(reason, why string) {
	b.FrozenReason, b.Frozen = reason, why
}

// Invalid says whether somebody must change the baseline before it can judge.
func (b *Baseline) Invalid() bool {
	return b.FrozenReason == v1alpha1.ReasonInvalidBaseline
}

func selector(s *metav1.LabelSelector) (labels.Selector, error) {
	if s == nil {
		return labels.Everything(), nil
	}
	return metav1.LabelSelectorAsSelector(s)
}

// Coverage says whether a baseline covers an object.
type Coverage int

const (
	// NotCovered means that the object is outside the baseline's scope.
	NotCovered Coverage = iota
	// Covered means that the object is judged.
	Covered
	// Undecided means that the baseline chooses by the namespace's labels, and these could not be read.
	Undecided
)

// Namespace is what a scope looks at of a namespace. Known is false when its labels could not be read, and Terminating says that
// it was deleted and what is in it goes.
type Namespace struct {
	Labels      map[string]string
	Known       bool
	Terminating bool
}

// Covers says whether the baseline covers an object with these labels, which belongs to a namespace or to the cluster. One
// that it declares nothing for is not covered.
func (b *Baseline) Covers(ref workload.Ref, own map[string]string, ns Namespace) Coverage {
	class, known := workload.ClassOf(ref.GroupKind())
	if !known || !b.Watches(ref.Kind) || (!b.Judges(class) && !b.closesKind(ref.GroupKind())) {
		return NotCovered
	}
	if b.objects != nil && !b.objects.Matches(labels.Set(own)) {
		return NotCovered
	}
	home := workload.Home(ref)
	if home == "" {
		return b.coversCluster()
	}
	if !b.coversNamespaceName(home) {
		return NotCovered
	}
	return b.coversNamespaceLabels(ns)
}

func (b *Baseline) coversCluster() Coverage {
	if scoped := b.Declared.Scope.ClusterScoped; scoped != nil && !*scoped {
		return NotCovered
	}
	return Covered
}

func (b *Baseline) coversNamespaceLabels(ns Namespace) Coverage {
	switch {
	case b.namespaces == nil || b.namespaces.Empty():
		return Covered
	case !ns.Known:
		return Undecided
	case !b.namespaces.Matches(labels.Set(ns.Labels)):
		return NotCovered
	}
	return Covered
}

// CoversNamespace says whether the scope of the baseline holds a namespace.
func (b *Baseline) CoversNamespace(name string, ns Namespace) bool {
	return b.coversNamespaceName(name) && b.coversNamespaceLabels(ns) == Covered
}

// Judges says whether the baseline declares anything for objects of a class. One that declares nothing at all covers
// workloads: it says that there are so many, none of which has drifted.
func (b *Baseline) Judges(class workload.Class) bool {
	nothing := true
	for i := range b.Rules {
		if len(b.Rules[i].For(class)) > 0 {
			return true
		}
		nothing = nothing && len(b.Rules[i].Checks) == 0
	}
	return nothing && class == workload.Pods
}

// ReadsNamespaces says whether the scope depends on the labels of namespaces.
func (b *Baseline) ReadsNamespaces() bool {
	return b.namespaces != nil && !b.namespaces.Empty()
}

// Needs says whether a check that the baseline declares looks at a fact.
func (b *Baseline) Needs(need engine.Need) bool {
	for i := range b.Rules {
		for j := range b.Rules[i].Checks {
			if slices.Contains(b.Rules[i].Checks[j].Needs, need) {
				return true
			}
		}
	}
	return false
}

// Watches says whether objects of the kind can be in the scope of the baseline.
func (b *Baseline) Watches(kind string) bool {
	kinds := b.Declared.Scope.Kinds
	return len(kinds) == 0 || slices.Contains(kinds, v1alpha1.JudgedKind(kind))
}

func (b *Baseline) coversNamespaceName(name string) bool {
	names := b.Declared.Scope.Namespaces
	if glob.MatchAny(names.Exclude, name) {
		return false
	}
	return len(names.Include) == 0 || glob.MatchAny(names.Include, name)
}

// Ask puts into an input who asks: the baseline, and what of it is made ready for checks.
func (b *Baseline) Ask(in *engine.Input) {
	in.Baseline, in.Severities, in.Reachability = b.Name, b.Severities, b.Reachability
	ref := in.Ref()
	in.Pin, in.Closed = b.Pin(ref), b.closed(ref, in.ObjectLabels(), in.Owned)
}
