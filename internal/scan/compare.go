package scan

import (
	"slices"

	"plumbline.dev/plumbline/internal/engine"
)

// byKey returns the findings of results by what they were found on.
func byKey(results []Result) map[key][]engine.Finding {
	found := map[key][]engine.Finding{}
	for i := range results {
		found[results[i].key] = results[i].verdict
	}
	return found
}

// compare returns, of the results of two trees, only what opens and what closes from the one before to the one now. What
// closes is told with the source that it has in the tree before.
func compare(before, now []Result) []Result {
	was := byKey(before)
	is := byKey(now)
	unseen := map[key][]NotEvaluated{}
	for i := range before {
		unseen[before[i].key] = before[i].NotEvaluated
	}
	var changed []Result
	for i := range now {
		opened := now[i]
		changes := engine.Diff(was[opened.key], opened.verdict)
		opened.Findings = appendAs(nil, Opened, changes.Opened, changes.Unwaived)
		opened.NotEvaluated = without(opened.NotEvaluated, unseen[opened.key])
		changed = append(changed, opened)
	}
	for i := range before {
		closed := before[i]
		changes := engine.Diff(closed.verdict, is[closed.key])
		closed.NotEvaluated = nil
		closed.Findings = appendAs(nil, Closed, openOnes(changes.Resolved), nowWaived(closed.verdict, changes.Waived))
		if len(closed.Findings) > 0 {
			changed = append(changed, closed)
		}
	}
	return changed
}

func appendAs(to []Finding, change Change, lists ...[]engine.Finding) []Finding {
	for _, list := range lists {
		for i := range list {
			f := findingOf(&list[i])
			f.Change = change
			to = append(to, f)
		}
	}
	return to
}

// openOnes leaves out what an exception waived already: it was closed before.
func openOnes(findings []engine.Finding) []engine.Finding {
	var open []engine.Finding
	for i := range findings {
		if engine.Open(&findings[i]) {
			open = append(open, findings[i])
		}
	}
	return open
}

// nowWaived returns the findings that were open before and are waived now. Those that are new and waived open nothing.
func nowWaived(before, waived []engine.Finding) []engine.Finding {
	was := map[engine.Identity]bool{}
	for i := range before {
		was[engine.IdentityOf(&before[i])] = true
	}
	var closed []engine.Finding
	for i := range waived {
		if was[engine.IdentityOf(&waived[i])] {
			closed = append(closed, waived[i])
		}
	}
	return closed
}

// without leaves out the checks that could not be made before either.
func without(missed, before []NotEvaluated) []NotEvaluated {
	return slices.DeleteFunc(slices.Clone(missed), func(n NotEvaluated) bool {
		return slices.ContainsFunc(before, func(was NotEvaluated) bool { return was.Check == n.Check && was.Baseline == n.Baseline })
	})
}
