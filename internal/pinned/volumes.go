package pinned

import (
	"cmp"
	"path"
	"slices"
	"strings"

	// Digests of these two kinds are known when an image is named by them.
	_ "crypto/sha256"
	_ "crypto/sha512"

	"github.com/distribution/reference"
	corev1 "k8s.io/api/core/v1"

	"plumbline.dev/plumbline/internal/workload"
)

const (
	hostPath = "hostPath"
	emptyDir = "emptyDir"
)

func volumePath(p *pod, name, field string) string { return p.Path("volumes[" + name + "]" + field) }

func (p *pod) readVolumes() {
	for i := range p.Pod.Volumes {
		volume := &p.Pod.Volumes[i]
		if p.Kind == podKind && workload.IsTokenVolume(p.Pod, volume) {
			continue // it says what automountServiceAccountToken does
		}
		types := slices.Sorted(workload.VolumeTypes(volume))
		whole := key{path: volumePath(p, volume.Name, "")}
		p.add(fact{key: whole, value: cmp.Or(strings.Join(types, ", "), emptyDir), own: true, rule: adds})
		if volume.HostPath != nil {
			p.add(fact{
				key: key{path: volumePath(p, volume.Name, ".hostPath.path")}, value: nodePath(volume.HostPath.Path), own: true,
				rule: reaches, under: []key{whole},
			})
		}
		if volume.Image != nil {
			f := imageFact(volumePath(p, volume.Name, ".image.reference"), volume.Image.Reference)
			f.under = []key{whole}
			p.add(f)
		}
		p.readHeld(volume, whole)
	}
	claims := strings.TrimSuffix(p.PodPath, "template.spec") + "volumeClaimTemplates["
	for i := range p.Claims {
		whole := key{path: claims + p.Claims[i].Name + "]"}
		p.add(fact{key: whole, value: "persistentVolumeClaim", own: true, rule: adds})
		p.readClaim(whole.path+".spec", &p.Claims[i].Spec, whole)
	}
}

// nodePath returns a path of a node without slashes that lead nowhere. Where .. leads only the node knows.
func nodePath(p string) string {
	if p == "" || stepsBack(p) {
		return p
	}
	return path.Clean(p)
}

func stepsBack(p string) bool { return slices.Contains(strings.FieldsFunc(p, isSlash), "..") }

func isSlash(r rune) bool { return r == '/' || r == '\\' }

// reaches is for paths of the node: one below the declared one shows less of it. What is below /proc may lead anywhere.
func reaches(declared, live *fact) bool {
	if declared == nil || live == nil {
		return live != nil
	}
	below := strings.HasPrefix(live.value, strings.TrimSuffix(declared.value, "/")+"/")
	return !below || stepsBack(live.value) || live.value == "/proc" || strings.HasPrefix(live.value, "/proc/")
}

// readMounts reads how a container mounts paths of the node: of other volumes caches keep no mounts.
func (p *pod) readMounts(c *workload.Container) {
	if len(c.VolumeMounts) == 0 {
		return
	}
	onHost := map[string]bool{}
	for i := range p.Pod.Volumes {
		onHost[p.Pod.Volumes[i].Name] = p.Pod.Volumes[i].HostPath != nil
	}
	for i := range c.VolumeMounts {
		if onHost[c.VolumeMounts[i].Name] {
			p.readMount(c, &c.VolumeMounts[i])
		}
	}
}

func (p *pod) readMount(c *workload.Container, mount *corev1.VolumeMount) {
	at := c.Path("volumeMounts[" + path.Clean(mount.MountPath) + "]")
	volume := []key{{path: volumePath(p, mount.Name, "")}}
	value := "volume " + mount.Name
	if below := mount.SubPath + mount.SubPathExpr; below != "" {
		value += ", path " + below
	}
	p.addOwn(c, fact{key: key{path: at}, value: value, own: true, rule: adds, under: volume})

	within := []key{{path: at}}
	add := func(f fact) {
		f.under = within
		p.addOwn(c, f)
	}
	add(flag(at+".readOnly", mount.ReadOnly, false, mount.ReadOnly))
	recursive := fact{key: key{path: at + ".recursiveReadOnly"}, value: string(corev1.RecursiveReadOnlyDisabled), rank: 2, rule: weaker}
	if mount.RecursiveReadOnly != nil {
		recursive.value, recursive.own = string(*mount.RecursiveReadOnly), true
		recursive.rank = rankOf(recursive.value, string(corev1.RecursiveReadOnlyEnabled), string(corev1.RecursiveReadOnlyIfPossible))
	}
	add(recursive)
	propagation := fact{key: key{path: at + ".mountPropagation"}, value: string(corev1.MountPropagationNone), rule: weaker}
	if mount.MountPropagation != nil {
		propagation.value, propagation.own = string(*mount.MountPropagation), true
		propagation.rank = rankOf(propagation.value, string(corev1.MountPropagationNone), string(corev1.MountPropagationHostToContainer))
	}
	add(propagation)
}

// rankOf returns the place of a value among those that are known, the strictest first; the last place if it is none.
func rankOf(value string, known ...string) int {
	if place := slices.Index(known, value); place >= 0 {
		return place
	}
	return len(known)
}

// imageFact is the name of an image. A tag or a digest says nothing of how weak what it names is.
func imageFact(at, image string) fact {
	f := text(at, image, true)
	f.same = sameImage
	return f
}

// sameImage says whether two names mean the same content: "nginx" is docker.io/library/nginx:latest, and a tag beside a
// digest says nothing.
func sameImage(declared, live string) bool {
	d, ok := readImage(declared)
	if !ok {
		return false
	}
	l, ok := readImage(live)
	if !ok || d.name != l.name || d.digest != l.digest {
		return false
	}
	return d.digest != "" || d.tag == l.tag
}

// image is the name of an image, taken apart.
type image struct{ name, tag, digest string }

// maxImage bounds what is read as the name of an image: see the check image-tag.
const maxImage = 1024

func readImage(written string) (image, bool) {
	if len(written) > maxImage {
		return image{}, false
	}
	named, err := reference.ParseNormalizedNamed(written)
	if err != nil {
		return image{}, false
	}
	i := image{name: named.Name(), tag: "latest"}
	if tagged, ok := named.(reference.Tagged); ok {
		i.tag = tagged.Tag()
	}
	if digested, ok := named.(reference.Digested); ok {
		i.digest = digested.Digest().String()
	}
	return i, true
}
