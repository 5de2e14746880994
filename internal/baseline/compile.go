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
	// Frozen says why the baseline judges nothing at present, and the findings it made stay as they are; empty when
	// it judges. FrozenReason is the same as a condition reason.
	Frozen, FrozenReason string
	// Retention is how long a resolved report stays.
	Retention time.Duration
	// Events says whether Events are sent.
	Events bool

	namespaces, objects labels.Selector
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
	for i := range b.Declared.Exceptions {
		b.Exceptions = append(b.Exceptions, compileException(&b.Declared.Exceptions[i], b.Declared.ExceptionPolicy, known))
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

// Namespace is what a scope looks at of a namespace. Known is false when its labels could not be read.
type Namespace struct {
	Labels map[string]string
	Known  bool
}

// Covers says whether the baseline covers the workload in its namespace.
func (b *Baseline) Covers(w workload.Workload, ns Namespace) Coverage {
	if !b.Watches(w.Kind) || !b.coversNamespaceName(w.Namespace) {
		return NotCovered
	}
	if b.objects != nil && !b.objects.Matches(labels.Set(w.Meta.Labels)) {
		return NotCovered
	}
	if b.namespaces == nil || b.namespaces.Empty() {
		return Covered
	}
	if !ns.Known {
		return Undecided
	}
	if !b.namespaces.Matches(labels.Set(ns.Labels)) {
		return NotCovered
	}
	return Covered
}

// ReadsNamespaces says whether the scope depends on the labels of namespaces.
func (b *Baseline) ReadsNamespaces() bool {
	return b.namespaces != nil && !b.namespaces.Empty()
}

// ReadsServiceAccounts says whether what is declared depends on ServiceAccounts.
func (b *Baseline) ReadsServiceAccounts() bool {
	return b.Declared.Workloads.ServiceAccountToken != ""
}

// Watches says whether objects of the kind can be in the scope of the baseline.
func (b *Baseline) Watches(kind string) bool {
	kinds := b.Declared.Scope.Kinds
	return len(kinds) == 0 || slices.Contains(kinds, v1alpha1.WorkloadKind(kind))
}

func (b *Baseline) coversNamespaceName(name string) bool {
	names := b.Declared.Scope.Namespaces
	if glob.MatchAny(names.Exclude, name) {
		return false
	}
	return len(names.Include) == 0 || glob.MatchAny(names.Include, name)
}
