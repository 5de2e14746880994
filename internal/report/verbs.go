package report

import (
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/rbac"
)

// held are findings that say what somebody holds, by all that tells them from others but their verbs.
type held map[heldKey]*engine.Finding

type heldKey struct {
	check, baseline, container, path, on string
}

func heldIn(findings []engine.Finding) held {
	h := held{}
	for i := range findings {
		if key, _, is := cutVerbs(&findings[i]); is {
			h[key] = &findings[i]
		}
	}
	return h
}

// counterpart returns the finding that differs from another in nothing but its verbs; nil when there is none.
func (h held) counterpart(f *engine.Finding) *engine.Finding {
	if key, _, is := cutVerbs(f); is {
		return h[key]
	}
	return nil
}

// cutVerbs splits what a finding is told by into its verbs and the rest; false for one that does not say what somebody holds.
func cutVerbs(f *engine.Finding) (key heldKey, verbs []string, is bool) {
	if f.Origin != v1alpha1.OriginPermissions || !strings.HasPrefix(f.Actual, rbac.WordsOf(f.Value)) {
		return key, nil, false
	}
	verbs, on, is := rbac.CutVerbs(f.Value)
	return heldKey{f.Check, f.Baseline, f.Container, f.Path, on}, verbs, is
}

// beyond returns the verbs of a finding that its counterpart does not have.
func beyond(f, counterpart *engine.Finding) []string {
	_, verbs, _ := cutVerbs(f)
	_, others, _ := cutVerbs(counterpart)
	return rbac.VerbsBeyond(verbs, others)
}

// byVerbs makes of changes what there is to tell of them. What a finding is told by holds all the verbs, so that one verb less is
// a finding that was resolved and another that opened; but nobody gained what is left, and only one verb was lost. Of findings
// with a counterpart only that is told in which they differ. Those that gained nothing do not appear; narrowed are what they
// were before. now are all findings there are.
func byVerbs(changes engine.Changes, now []engine.Finding) (told engine.Changes, narrowed map[engine.Identity]*engine.Finding) {
	was := heldIn(changes.Resolved)
	if len(was) == 0 {
		return changes, nil
	}
	narrowed = map[engine.Identity]*engine.Finding{}
	told = changes
	told.Opened, told.Waived, told.Resolved = nil, nil, nil
	for i := range changes.Opened {
		switch f := &changes.Opened[i]; {
		case !inherits(f, was, narrowed):
			told.Opened = append(told.Opened, gained(f, was.counterpart(f)))
		case !engine.Open(was.counterpart(f)):
			told.Unwaived = append(slices.Clip(told.Unwaived), *f)
		}
	}
	for i := range changes.Waived {
		if f := &changes.Waived[i]; !inherits(f, was, narrowed) || engine.Open(was.counterpart(f)) {
			told.Waived = append(told.Waived, *f)
		}
	}
	is := heldIn(now)
	for i := range changes.Resolved {
		f := &changes.Resolved[i]
		if left := is.counterpart(f); left == nil || len(beyond(f, left)) > 0 {
			told.Resolved = append(told.Resolved, lost(f, left))
		}
	}
	return told, narrowed
}

// inherits says whether a finding is what is left of another, and takes down of which.
func inherits(f *engine.Finding, was held, narrowed map[engine.Identity]*engine.Finding) bool {
	before := was.counterpart(f)
	if before == nil || len(beyond(f, before)) > 0 {
		return false
	}
	narrowed[engine.IdentityOf(f)] = before
	return true
}

// gained returns a finding with the verbs in its sentences that were not there before.
func gained(f, before *engine.Finding) engine.Finding {
	if before == nil {
		return *f
	}
	key, verbs, _ := cutVerbs(f)
	if slices.Contains(verbs, rbacv1.VerbAll) {
		return *f
	}
	return retold(f, rbac.JoinVerbs(beyond(f, before), key.on))
}

// lost returns a finding with the verbs in its sentences that are there no more.
func lost(f, left *engine.Finding) engine.Finding {
	if left == nil {
		return *f
	}
	key, verbs, _ := cutVerbs(f)
	if slices.Contains(verbs, rbacv1.VerbAll) {
		return retold(f, rbac.WordsOf(f.Value)+" (but for "+strings.TrimSuffix(left.Value, " "+key.on)+")")
	}
	return retold(f, rbac.JoinVerbs(beyond(f, left), key.on))
}

// retold returns a finding that says something else of what is held.
func retold(f *engine.Finding, words string) engine.Finding {
	other := *f
	other.Actual = words + strings.TrimPrefix(f.Actual, rbac.WordsOf(f.Value))
	other.Message = strings.Replace(f.Message, f.Actual, other.Actual, 1)
	return other
}

// inherit gives findings that are what is left of others what the last report knew of these.
func inherit(findings []engine.Finding, narrowed map[engine.Identity]*engine.Finding) {
	for i := range findings {
		if before := narrowed[engine.IdentityOf(&findings[i])]; before != nil {
			findings[i].FirstSeen, findings[i].LastChange = before.FirstSeen, before.LastChange
		}
	}
}
