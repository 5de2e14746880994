package baseline

import (
	"fmt"
	"slices"
	"time"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/glob"
	"plumbline.dev/plumbline/internal/rbac"
	"plumbline.dev/plumbline/internal/workload"
)

// Warning is how long before its end an exception is Expiring.
const Warning = 7 * 24 * time.Hour

// Exception is an exception of a baseline, ready to be matched. Nobody changes it.
type Exception struct {
	Name string
	// Invalid says why the exception never waives anything, with the name of the field; empty when it may.
	Invalid string
	// From and Until are when it waives: from the second From on, and no more at Until. Zero: always, and without end.
	From, Until time.Time

	spec *v1alpha1.Exception
}

func compileException(spec *v1alpha1.Exception, policy v1alpha1.ExceptionPolicy, known []string) *Exception {
	e := &Exception{Name: spec.Name, spec: spec}
	field := "spec.exceptions[" + spec.Name + "]"
	if spec.Expires != nil {
		e.Until = spec.Expires.Truncate(time.Second).UTC() // the precision in which the API keeps times
	}
	for _, check := range spec.Checks {
		if err := mustBeKnown(check, known); err != nil {
			e.Invalid = field + ".checks: " + err.Error()
			return e
		}
	}
	switch {
	case spec.Expires == nil && policy.RequireExpiry:
		e.Invalid = field + ".expires: must be set, as spec.exceptionPolicy.requireExpiry is true"
	case spec.Expires == nil && policy.MaxDuration != nil:
		e.Invalid = fmt.Sprintf("%s.expires: must be set, as spec.exceptionPolicy.maxDuration is %s", field, policy.MaxDuration.Duration)
	case policy.MaxDuration != nil:
		e.From = e.Until.Add(-policy.MaxDuration.Duration)
	}
	return e
}

// Applies says whether the exception waives what it matches at the moment.
func (e *Exception) Applies(now time.Time) bool {
	return e.Invalid == "" && !now.Before(e.From) && (e.Until.IsZero() || now.Before(e.Until))
}

// Turns returns the next moment after now at which what the exception does, or its state, changes; zero when there is none.
func (e *Exception) Turns(now time.Time) time.Time {
	if e.Invalid != "" {
		return time.Time{}
	}
	moments := []time.Time{e.From}
	if !e.Until.IsZero() {
		moments = append(moments, e.Until.Add(-Warning), e.Until)
	}
	var next time.Time
	for _, moment := range moments {
		if moment.After(now) && (next.IsZero() || moment.Before(next)) {
			next = moment
		}
	}
	return next
}

// Turns returns the next moment after now at which the state of an exception changes; zero when there is none.
func (b *Baseline) Turns(now time.Time) time.Time {
	var next time.Time
	for _, e := range b.Exceptions {
		if moment := e.Turns(now); next.IsZero() || (!moment.IsZero() && moment.Before(next)) {
			next = moment
		}
	}
	return next
}

// Status says what has become of the exception. matched is how many findings it waives; sure says whether everything in
// the baseline's scope has been judged, without which nothing is called unused.
func (e *Exception) Status(matched int32, sure bool, now time.Time) v1alpha1.ExceptionStatus {
	status := v1alpha1.ExceptionStatus{Name: e.Name, State: v1alpha1.ExceptionActive, Matched: matched}
	switch {
	case e.Invalid != "":
		status.State, status.Message, status.Matched = v1alpha1.ExceptionInvalid, e.Invalid, 0
	case now.Before(e.From):
		status.State, status.Matched = v1alpha1.ExceptionInvalid, 0
		status.Message = fmt.Sprintf("spec.exceptions[%s].expires: is further ahead than spec.exceptionPolicy.maxDuration (%s) allows; "+
			"nothing is waived before %s", e.Name, e.Until.Sub(e.From), e.From.Format(time.RFC3339))
	case !e.Until.IsZero() && !now.Before(e.Until):
		status.State, status.Matched = v1alpha1.ExceptionExpired, 0
	case matched == 0 && sure:
		status.State = v1alpha1.ExceptionUnused
	case !e.Until.IsZero() && !now.Before(e.Until.Add(-Warning)):
		status.State = v1alpha1.ExceptionExpiring
	}
	return status
}

// Matches says whether a finding on a target is one that the exception speaks of, whatever the time. images are those of
// the containers that bear the name of the finding's container.
func (e *Exception) Matches(target workload.Ref, f *v1alpha1.Finding, images []string) bool {
	return e.Concerns(target, f) && e.matchesContainer(f.Container, images)
}

// Concerns says the same but for containers, of a finding whose containers cannot be seen.
func (e *Exception) Concerns(target workload.Ref, f *v1alpha1.Finding) bool {
	return e.Invalid == "" && slices.Contains(e.spec.Checks, v1alpha1.CheckID(f.Check)) &&
		e.matchesValue(f.Value) && e.matchesTarget(target)
}

// matchesValue takes a permission for a ceiling of itself: what waives "get,list secrets" waives "get secrets", too.
func (e *Exception) matchesValue(value string) bool {
	return len(e.spec.Values) == 0 || slices.ContainsFunc(e.spec.Values, func(waived string) bool {
		return waived == value || rbac.Within(value, waived)
	})
}

func (e *Exception) matchesTarget(target workload.Ref) bool {
	if len(e.spec.Targets) == 0 {
		return true
	}
	for i := range e.spec.Targets {
		t := &e.spec.Targets[i]
		if anyOf(t.Namespaces, workload.Home(target)) && matchesKind(t.Kinds, target) && anyOf(t.Names, target.Name) {
			return true
		}
	}
	return false
}

// matchesKind takes the name of a kind that is watched for that kind alone: whoever may create pods could name an owner
// of a kind that is called Deployment too, in a group that nobody knows.
func matchesKind(kinds []string, target workload.Ref) bool {
	if len(kinds) == 0 {
		return true
	}
	return glob.MatchAny(kinds, target.Kind) && (workload.Watched(target) || !workload.IsKind(target.Kind))
}

func (e *Exception) matchesContainer(name string, images []string) bool {
	if len(e.spec.Containers) == 0 {
		return true
	}
	if name == "" || len(images) == 0 { // a finding on the pod, or on a container that cannot be seen
		return false
	}
	for i := range e.spec.Containers {
		c := &e.spec.Containers[i]
		if (c.Name == "" || glob.Match(c.Name, name)) && (c.Image == "" || allMatch(c.Image, images)) {
			return true
		}
	}
	return false
}

// anyOf says whether one of the patterns matches. No patterns match everything.
func anyOf(patterns []string, s string) bool {
	return len(patterns) == 0 || glob.MatchAny(patterns, s)
}

// allMatch is strict about containers of one name, of which there may be several: in the revisions of one target, say.
func allMatch(pattern string, images []string) bool {
	for _, image := range images {
		if !glob.MatchImage(pattern, image) {
			return false
		}
	}
	return true
}
