package checks

import (
	_ "crypto/sha256" // digests of these two kinds are known when an image is named by them
	_ "crypto/sha512"
	"hash/maphash"
	"strings"
	"sync/atomic"

	"github.com/distribution/reference"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
)

// maxImage bounds what is read as the name of an image. The parts that a registry takes are shorter together: 259 bytes
// of host and port, 255 of path, 128 of tag, 135 of digest.
const maxImage = 1024

// image is the name of an image, taken apart.
type image struct {
	// name is the full name, without tag and digest: docker.io/library/nginx for nginx.
	name string
	// tag is empty where there is none.
	tag string
	// pinned says whether there is a digest.
	pinned bool
}

// imageOf takes the name of an image apart, as Kubernetes does. It is false for what names no image in a registry: what
// no runtime would pull, and IDs of images that the node happens to hold, which runtimes take for names.
func imageOf(written string) (image, bool) {
	if len(written) > maxImage {
		return image{}, false
	}
	place := &recent[maphash.String(seed, written)%uint64(len(recent))]
	known := place.Load()
	if known == nil || known.written != written {
		known = readImage(strings.Clone(written)) // which must not keep the object alive that it stands in
		place.Store(known)
	}
	return known.image, known.ok
}

// recent are images that were read before. Each is named by three checks, by many pods and over and over, and reading
// one costs more than all other checks together. The places are bounded: an image takes that of another.
var (
	recent [1024]atomic.Pointer[reading]
	seed   = maphash.MakeSeed()
)

// reading is what was read of the name of an image.
type reading struct {
	written string
	image   image
	ok      bool
}

func readImage(written string) *reading {
	if isImageID(written) {
		return &reading{written: written}
	}
	named, err := reference.ParseNormalizedNamed(written)
	if err != nil {
		return &reading{written: written}
	}
	i := image{name: named.Name()}
	if tagged, ok := named.(reference.Tagged); ok {
		i.tag = tagged.Tag()
	}
	_, i.pinned = named.(reference.Digested)
	return &reading{written, i, true}
}

// isImageID says whether a runtime looks among the images that it has for one with this ID: containerd does, also for
// the beginning of one. The name of an image has at most a tag behind such a colon.
func isImageID(written string) bool {
	return strings.HasPrefix(written, "sha256:") || strings.HasPrefix(written, "sha384:") || strings.HasPrefix(written, "sha512:")
}

// imageRule is what one check asks of all images that a pod names.
type imageRule struct {
	// allows says whether an image will do.
	allows func(*v1alpha1.SecurityBaselineSpec, image) bool
	// fault says of one that will not, what is wrong, as in "Container app <fault>, which baseline production forbids.".
	fault func(written string, i image) string
	// verb is what the baseline does about it, and demand what it asks for.
	verb, demand string
	// expected is what the baseline allows.
	expected func(*engine.Input) string
}

// judge holds the images of containers and of image volumes against the rule: both bring foreign content into the pod.
func (rule *imageRule) judge(in *engine.Input) []engine.Finding {
	var findings []engine.Finding
	for c := range in.Workload.Containers() {
		if i, ok := imageOf(c.Image); !ok || !rule.allows(in.Declared, i) {
			findings = append(findings, rule.finding(in, "Container "+c.Name, c.Image, i, ok))
			last := &findings[len(findings)-1]
			last.Container, last.Path = c.Name, c.Path("image")
		}
	}
	volumes := in.Workload.Pod.Volumes
	for v := range volumes {
		if volumes[v].Image == nil {
			continue
		}
		written := volumes[v].Image.Reference
		if i, ok := imageOf(written); !ok || !rule.allows(in.Declared, i) {
			findings = append(findings, rule.finding(in, "Volume "+volumes[v].Name, written, i, ok))
			findings[len(findings)-1].Path = in.Workload.Path("volumes[" + volumes[v].Name + "].image.reference")
		}
	}
	return findings
}

// finding is also made of an image that cannot be read: what cannot be seen does not pass.
func (rule *imageRule) finding(in *engine.Input, who, written string, i image, read bool) engine.Finding {
	f := engine.Finding{Value: written, Expected: rule.expected(in), Actual: written}
	switch {
	case written == "": // in templates, for a webhook to fill in
		f.Value, f.Actual = orEmpty(written), "unset"
		f.Message = who + " names no image, and baseline " + in.Baseline + " " + rule.demand + "."
	case !read:
		f.Message = who + " names image " + written + ", which is no name of an image in a registry, and baseline " + in.Baseline +
			" " + rule.demand + "."
	default:
		f.Message = who + " " + rule.fault(written, i) + ", which baseline " + in.Baseline + " " + rule.verb + "."
	}
	return f
}
