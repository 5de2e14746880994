package manifest

import (
	"runtime"
	"slices"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// decoder decodes documents. Each worker has its own, and its memory is used again.
type decoder struct {
	namespace string
	values    reader
}

// documents decodes all documents of a part of a file.
func (d *decoder) documents(path string, text chunk) outcome {
	var out outcome
	for each := range split(text) {
		if len(each.data) > wholeFile {
			d.large(&out, path, each)
			continue
		}
		for v, bad := range d.values.read(path, out.documents, each) {
			d.readable(&out, v, bad)
		}
		out.documents += d.values.documents
	}
	return out
}

func (d *decoder) readable(out *outcome, v *value, bad *flaw) {
	if bad != nil {
		out.add(bad.at(v.source))
		return
	}
	d.value(out, v)
}

// large decodes the items of a large List side by side: often all there is is one.
func (d *decoder) large(out *outcome, path string, text chunk) {
	var decode []func(*outcome)
	for v, bad := range d.values.read(path, out.documents, text) {
		decode = append(decode, func(out *outcome) { d.readable(out, v, bad) })
	}
	out.documents += d.values.documents
	if len(decode) == 0 {
		return
	}
	share := (len(decode) + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0)
	var outs []*outcome
	var group sync.WaitGroup
	for some := range slices.Chunk(decode, share) {
		own := &outcome{}
		outs = append(outs, own)
		group.Go(func() {
			for _, one := range some {
				one(own)
			}
		})
	}
	group.Wait()
	for _, own := range outs {
		out.found = append(out.found, own.found...)
		out.skipped += own.skipped
	}
}

// value decodes an object, if it is one of a kind that is read.
func (d *decoder) value(out *outcome, v *value) {
	h := &v.head
	switch {
	case v.json[0] != '{':
		out.noObject(v.source, "The document is no object but a list or a text: if it is a patch, scan the kustomization that uses it.")
	case h.twice != "":
		out.add(standsTwice(h.twice, v.tree().follow(h.twice).line).at(v.source))
	case h.odd != "":
		out.problem(v.lineOf(h.odd), "The field "+h.odd+" is not of the type that it must be.")
	case h.kind == "" || h.apiVersion == "":
		out.noObject(v.source, "The document has no "+lacking(h)+
			", so that it is no object: if it is a patch, scan the kustomization that uses it.")
	default:
		d.object(out, v)
	}
}

func lacking(h *head) string {
	switch {
	case h.kind != "":
		return "apiVersion"
	case h.apiVersion != "":
		return "kind"
	}
	return "apiVersion and kind"
}

// object decodes an object of a kind that is read.
func (d *decoder) object(out *outcome, v *value) {
	k, isRead, wrong := kindOf(&v.head)
	if wrong != "" {
		out.problem(v.source, wrong)
		return
	}
	if !isRead {
		out.skipped++
		return
	}
	obj := k.new()
	strict, err := k.decode(v.json, obj)
	if err != nil {
		out.add(v.mistyped(k, err).at(v.source))
		return
	}
	if len(strict) > 0 {
		obj = v.lenient(out, k, strict)
	}
	if v.lossy {
		v.tree().twice("", func(path string, line int) { out.add(standsTwice(path, line).at(v.source)) })
	}
	if path := missing(obj); path != "" {
		out.add(flawf(v.tree().follow(path).line, "%s has no %s, which the API server requires: "+
			"if it is a patch, scan the kustomization that uses it.", k.Kind, v.tree().named(path)).at(v.source))
		return
	}
	obj.GetObjectKind().SetGroupVersionKind(k.GroupVersionKind)
	if meta, ok := obj.(metav1.Object); ok {
		d.place(meta, k.clusterScoped)
	}
	setDefaults(obj)
	out.add(found{source: v.source, object: obj})
}

// place puts an object into its namespace, as kubectl and the API server do, and gives it a name for one that is still to
// be made up.
func (d *decoder) place(obj metav1.Object, clusterScoped bool) {
	switch {
	case clusterScoped:
		obj.SetNamespace("")
	case obj.GetNamespace() == "":
		obj.SetNamespace(d.namespace)
	}
	if obj.GetName() == "" {
		obj.SetName(obj.GetGenerateName())
	}
}

func (o *outcome) add(f found) {
	o.found = append(o.found, f)
}

func (o *outcome) problem(source Source, message string) {
	o.add(found{source: source, message: message})
}

func (o *outcome) noObject(source Source, message string) {
	o.add(found{source: source, message: message, noObject: true})
}
