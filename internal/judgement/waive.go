package judgement

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/engine"
)

// ExceptionKey tells an exception from those of other baselines.
type ExceptionKey struct{ Baseline, Exception string }

// waive marks the findings of a baseline that its exceptions waive now, counts them, and notes when that changes.
func (v *Verdict) waive(b *baseline.Baseline, subject Subject, findings []engine.Finding, now time.Time) {
	for i := range findings {
		f := &findings[i]
		f.Waiver = nil // a finding that was kept may have one that has ended
		var images []string
		if len(b.Exceptions) > 0 {
			images = imagesOf(subject, f.Container)
		}
		var by *baseline.Exception
		for _, e := range b.Exceptions {
			if !e.Matches(subject.Target, f, images) {
				continue
			}
			v.turnsAt(e.Turns(now))
			if !e.Applies(now) {
				continue
			}
			v.count(ExceptionKey{b.Name, e.Name})
			if by == nil || outlasts(e, by) {
				by = e
			}
		}
		if by != nil {
			f.Waiver = waiverOf(by)
		}
	}
}

func waiverOf(e *baseline.Exception) *v1alpha1.Waiver {
	waiver := &v1alpha1.Waiver{Exception: e.Name}
	if !e.Until.IsZero() {
		until := metav1.NewTime(e.Until)
		waiver.Expires = &until
	}
	return waiver
}

// outlasts says whether an exception ends later than another, so that a finding names what waives it longest.
func outlasts(e, other *baseline.Exception) bool {
	return !other.Until.IsZero() && (e.Until.IsZero() || e.Until.After(other.Until))
}

func (v *Verdict) turnsAt(moment time.Time) {
	if !moment.IsZero() && (v.Turns.IsZero() || moment.Before(v.Turns)) {
		v.Turns = moment
	}
}

func (v *Verdict) count(key ExceptionKey) {
	if v.Matched == nil {
		v.Matched = map[ExceptionKey]int32{}
	}
	v.Matched[key]++
}

// imagesOf returns the images of all containers of the name.
func imagesOf(subject Subject, container string) []string {
	var images []string
	for i := range subject.Workloads {
		for c := range subject.Workloads[i].Containers() {
			if c.Name == container && !slices.Contains(images, c.Image) {
				images = append(images, c.Image)
			}
		}
	}
	return images
}
