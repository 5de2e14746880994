package engine

import (
	"cmp"
	"slices"

	"plumbline.dev/plumbline/api/v1alpha1"
)

// Identity tells a finding from others. Nothing else about a finding does.
type Identity struct {
	Baseline, Check, Container, Path, Value string
}

// IdentityOf returns the identity of a finding.
func IdentityOf(f *Finding) Identity {
	return Identity{f.Baseline, f.Check, f.Container, f.Path, f.Value}
}

// Rank orders severities, the worst first: 0 for Critical, 3 for Low, more for anything else.
func Rank(s v1alpha1.Severity) int {
	switch s {
	case v1alpha1.SeverityCritical:
		return 0
	case v1alpha1.SeverityHigh:
		return 1
	case v1alpha1.SeverityMedium:
		return 2
	case v1alpha1.SeverityLow:
		return 3
	}
	return 4
}

// Compare orders findings: open ones before waived ones, the worst first, then by check, container, path, value and
// baseline.
func Compare(a, b *Finding) int {
	return cmp.Or(compareUrgency(a, b), compareIdentity(a, b))
}

func compareUrgency(a, b *Finding) int {
	switch {
	case Open(a) && !Open(b):
		return -1
	case Open(b) && !Open(a):
		return 1
	}
	return cmp.Compare(Rank(a.Severity), Rank(b.Severity))
}

// Open says whether no exception waives the finding.
func Open(f *Finding) bool { return f.Waiver == nil }

func compareIdentity(a, b *Finding) int {
	return cmp.Or(
		cmp.Compare(a.Check, b.Check),
		cmp.Compare(a.Container, b.Container),
		cmp.Compare(a.Path, b.Path),
		cmp.Compare(a.Value, b.Value),
		cmp.Compare(a.Baseline, b.Baseline),
	)
}

// Sort puts findings in the order of Compare, and drops those that have the identity of another: the revisions of one
// workload may all say the same. Which of them stays depends on what they say, never on the order they came in, because
// caches give revisions in any. It changes the slice it is given.
func Sort(findings []Finding) []Finding {
	if len(findings) == 0 {
		return findings
	}
	slices.SortFunc(findings, func(a, b Finding) int {
		return cmp.Or(
			compareIdentity(&a, &b),
			cmp.Compare(Rank(a.Severity), Rank(b.Severity)),
			cmp.Compare(a.Expected, b.Expected),
			cmp.Compare(a.Actual, b.Actual),
			cmp.Compare(a.Message, b.Message),
			cmp.Compare(a.Remediation, b.Remediation),
		)
	})
	findings = slices.CompactFunc(findings, func(a, b Finding) bool { return IdentityOf(&a) == IdentityOf(&b) })
	slices.SortStableFunc(findings, func(a, b Finding) int { return compareUrgency(&a, &b) })
	return findings
}
