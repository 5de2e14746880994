package judgement

import (
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/workload"
)

// ExceptionKey tells an exception from those of other baselines.
type ExceptionKey struct{ Baseline, Exception string }

// waive marks the findings of a baseline that its exceptions waive now, counts them, and notes when that changes. A
// finding that could not be judged stays as it was, which may end: what is open is not waived, because nobody knows which
// image it speaks of, and what is waived stays so only while its exception does.
func (v *Verdict) waive(b *baseline.Baseline, target workload.Ref, one judged, now time.Time) {
	for i := range one.Findings {
		f := &one.Findings[i]
		by := v.waivedBy(b, now, func(e *baseline.Exception) bool {
			if one.kept[engine.IdentityOf(f)] {
				return f.Waiver != nil && f.Waiver.Exception == e.Name && e.Concerns(target, f)
			}
			return e.Matches(target, f, one.imagesFor(f))
		})
		f.Waiver = nil
		if by != nil {
			f.Waiver = waiverOf(by)
		}
	}
}

// waivedBy returns the exception that waives a finding, and of several that match the one that ends last.
func (v *Verdict) waivedBy(b *baseline.Baseline, now time.Time, matches func(*baseline.Exception) bool) *baseline.Exception {
	var by *baseline.Exception
	for _, e := range b.Exceptions {
		if !matches(e) {
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
	return by
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

// imagesFor returns the images of the containers that a finding speaks of.
func (one *judged) imagesFor(f *engine.Finding) []string {
	if f.Origin == v1alpha1.OriginRunningPods {
		return one.podImages[f.Container]
	}
	return one.images[f.Container]
}

// imagesOf returns the images of all containers of each name.
func imagesOf(object *Object) map[string][]string {
	images := map[string][]string{}
	for i := range object.Workloads {
		addImages(images, &object.Workloads[i])
	}
	return images
}

// imagesOfPods returns the same of the running pods that are not what templates say.
func imagesOfPods(object *Object) map[string][]string {
	images := map[string][]string{}
	for i := range object.Running.Pods {
		addImages(images, &object.Running.Pods[i].Pod)
	}
	return images
}

func addImages(images map[string][]string, w *workload.Workload) {
	for c := range w.Containers() {
		if !slices.Contains(images[c.Name], c.Image) {
			images[c.Name] = append(images[c.Name], c.Image)
		}
	}
}
