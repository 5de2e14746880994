package controllers

import (
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"plumbline.dev/plumbline/api/v1alpha1"
)

// maxNamed is how many exceptions a condition names for each thing that is wrong with them.
const maxNamed = 5

// exceptionEvents are the Events that tell that an exception has come into a state.
var exceptionEvents = map[v1alpha1.ExceptionState]string{
	v1alpha1.ExceptionExpired:  v1alpha1.EventExceptionExpired,
	v1alpha1.ExceptionExpiring: v1alpha1.EventExceptionExpiring,
	v1alpha1.ExceptionUnused:   v1alpha1.EventExceptionUnused,
	v1alpha1.ExceptionInvalid:  v1alpha1.EventExceptionInvalid,
}

// eventFor returns the Event that tells what has become of an exception, and nothing when there is nothing to tell. One
// that has never waived anything may be there before what it is for: its status says so, without an Event.
func eventFor(was, is v1alpha1.ExceptionStatus) string {
	if was.State == is.State && was.Message == is.Message || was.Matched == 0 && is.State == v1alpha1.ExceptionUnused {
		return ""
	}
	return exceptionEvents[is.State]
}

// unhealthy are the states of exceptions that somebody should look at, the most urgent first, with the reason of the
// condition and what it says.
var unhealthy = []struct {
	state        v1alpha1.ExceptionState
	reason, says string
}{
	{v1alpha1.ExceptionInvalid, v1alpha1.ReasonExceptionsInvalid, "invalid, so that they waive nothing"},
	{v1alpha1.ExceptionExpired, v1alpha1.ReasonExceptionsExpired, "expired"},
	{v1alpha1.ExceptionExpiring, v1alpha1.ReasonExceptionsExpiring, "expiring within seven days"},
	{v1alpha1.ExceptionUnused, v1alpha1.ReasonExceptionsUnused, "unused"},
}

// exceptions says what has become of each exception.
func (v statusView) exceptions(status *v1alpha1.SecurityBaselineStatus) {
	before := status.Exceptions
	status.Exceptions = nil
	byState := map[v1alpha1.ExceptionState][]string{}
	for _, e := range v.baseline.Exceptions {
		was := exceptionOf(before, e.Name).State == v1alpha1.ExceptionUnused
		one := e.Status(v.tally.matched[e.Name], was || !v.incomplete(), v.now)
		status.Exceptions = append(status.Exceptions, one)
		words := "spec.exceptions[" + one.Name + "]"
		if one.Message != "" {
			words = one.Message // it begins with the field
		} else if !e.Until.IsZero() && one.State != v1alpha1.ExceptionUnused {
			words += ".expires " + e.Until.Format(time.RFC3339)
		}
		byState[one.State] = append(byState[one.State], words)
	}
	healthy, reason, says := metav1.ConditionTrue, v1alpha1.ReasonAllActive, []string{"No exception needs attention"}
	for _, u := range unhealthy {
		named := byState[u.state]
		if len(named) == 0 {
			continue
		}
		if healthy == metav1.ConditionTrue {
			healthy, reason, says = metav1.ConditionFalse, u.reason, nil
		}
		says = append(says, fmt.Sprintf("%s: %s", u.says, atMost(maxNamed, named)))
	}
	v.set(status, v1alpha1.ConditionExceptionsHealthy, healthy, reason, strings.Join(says, "; ")+".")
}

func atMost(n int, named []string) string {
	if len(named) <= n {
		return strings.Join(named, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(named[:n], ", "), len(named)-n)
}

// exceptionOf returns what is said of an exception, and an empty status where nothing is.
func exceptionOf(exceptions []v1alpha1.ExceptionStatus, name string) v1alpha1.ExceptionStatus {
	for _, e := range exceptions {
		if e.Name == name {
			return e
		}
	}
	return v1alpha1.ExceptionStatus{}
}

// noteOf tells of an exception what its owner needs to know.
func noteOf(sb *v1alpha1.SecurityBaseline, status v1alpha1.ExceptionStatus) string {
	var spec v1alpha1.Exception
	for i := range sb.Spec.Exceptions {
		if sb.Spec.Exceptions[i].Name == status.Name {
			spec = sb.Spec.Exceptions[i]
		}
	}
	expires := ""
	if spec.Expires != nil {
		expires = spec.Expires.UTC().Format(time.RFC3339)
	}
	note := map[v1alpha1.ExceptionState]string{
		v1alpha1.ExceptionExpired:  "has ended at " + expires + ": what it waived is open",
		v1alpha1.ExceptionExpiring: "ends at " + expires + ": then what it waives is open",
		v1alpha1.ExceptionUnused:   "matches no finding: it can be removed",
		v1alpha1.ExceptionInvalid:  "waives nothing: " + status.Message,
	}[status.State]
	return fmt.Sprintf("Exception %s%s%s %s.", status.Name, in(" (", spec.Ticket, ")"), in(" of ", spec.Owner, ""), note)
}

// in puts words around a text, if there is one.
func in(before, text, after string) string {
	if text == "" {
		return ""
	}
	return before + text + after
}

// toldOnce remembers, by baseline, which Events of the exceptions of its generation were sent. Where the objects that an
// exception is for come and go, as Jobs do, it is used and unused over and over, which is told once.
type toldOnce map[string]toldOf

type toldOf struct {
	uid        types.UID
	generation int64
	events     map[string]bool
}

// first says whether an Event is the first of its sort for an exception in this generation, and remembers it.
func (t toldOnce) first(sb *v1alpha1.SecurityBaseline, event string, e v1alpha1.ExceptionStatus) bool {
	told := t[sb.Name]
	if told.uid != sb.UID || told.generation != sb.Generation {
		told = toldOf{sb.UID, sb.Generation, map[string]bool{}}
		t[sb.Name] = told
	}
	key := event + " " + e.Name + " " + e.Message
	before := told.events[key]
	told.events[key] = true
	return !before
}
