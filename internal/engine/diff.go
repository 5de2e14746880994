package engine

import "slices"

// Changes are the differences between two sets of findings.
type Changes struct {
	// Opened are new and open, Resolved are gone, be it that they were open or waived.
	Opened, Resolved []Finding
	// Waived are those that an exception waives from now on, be they new or known; Unwaived those that were waived, and
	// are open now.
	Waived, Unwaived []Finding
	// Changed are still there, but what is expected, or how bad it is, is not what it was. That the whole of a field
	// reads differently because another finding came or went is no change of this one.
	Changed []Finding
}

// None says whether nothing changed.
func (c Changes) None() bool {
	return len(c.Opened)+len(c.Resolved)+len(c.Waived)+len(c.Unwaived)+len(c.Changed) == 0
}

// Appeared returns the findings that may not have been there before.
func (c Changes) Appeared() []Finding {
	return slices.Concat(c.Opened, c.Waived)
}

// Diff compares what was found last with what is found now, in the order of the findings.
func Diff(last, now []Finding) Changes {
	before := index(last)
	var changes Changes
	for i := range now {
		old, known := before[IdentityOf(&now[i])]
		switch {
		case !Open(&now[i]) && (!known || Open(old)):
			changes.Waived = append(changes.Waived, now[i])
		case !known:
			changes.Opened = append(changes.Opened, now[i])
		case Open(&now[i]) && !Open(old):
			changes.Unwaived = append(changes.Unwaived, now[i])
		case old.Severity != now[i].Severity || old.Expected != now[i].Expected:
			changes.Changed = append(changes.Changed, now[i])
		}
	}
	changes.Resolved = gone(last, now)
	return changes
}

// gone returns the findings that are there no more.
func gone(last, now []Finding) []Finding {
	after := index(now)
	var resolved []Finding
	for i := range last {
		if _, still := after[IdentityOf(&last[i])]; !still {
			resolved = append(resolved, last[i])
		}
	}
	return resolved
}

func index(findings []Finding) map[Identity]*Finding {
	byIdentity := make(map[Identity]*Finding, len(findings))
	for i := range findings {
		byIdentity[IdentityOf(&findings[i])] = &findings[i]
	}
	return byIdentity
}
