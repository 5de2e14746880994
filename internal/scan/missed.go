package scan

import (
	"cmp"
	"slices"

	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/report"
)

// missed is what could not be judged: a check on some objects with an example of why, or a kind of which a cluster shows nothing.
type missed struct {
	what, reason string
	objects      int // 0 for a kind
}

// String returns it as a line, safe to print.
func (m *missed) String() string {
	what := m.what
	if m.objects > 0 {
		what += " on " + report.Plural(m.objects, "object", "objects")
	}
	return what + ": " + engine.Printable(m.reason)
}

// missed returns the kinds that may not be listed, and then the checks that could not be made, by name.
func (r *Results) missed() []missed {
	type id struct{ check, baseline string }
	places := map[id]int{}
	var ids []id
	var found []missed
	for i := range r.Results {
		counted := map[id]bool{}
		for _, n := range r.Results[i].NotEvaluated {
			of := id{n.Check, n.Baseline}
			if _, known := places[of]; !known {
				places[of], ids = len(found), append(ids, of)
				found = append(found, missed{what: cmp.Or(n.Check, "baseline "+n.Baseline), reason: n.Reason})
			}
			if !counted[of] {
				counted[of] = true
				found[places[of]].objects++
			}
		}
	}
	slices.SortFunc(ids, func(a, b id) int { return cmp.Or(cmp.Compare(a.check, b.check), cmp.Compare(a.baseline, b.baseline)) })
	var all []missed
	for _, kind := range r.Summary.Unreadable {
		all = append(all, missed{what: kind.Resource, reason: kind.Reason})
	}
	for _, of := range ids {
		all = append(all, found[places[of]])
	}
	return all
}
