package pinned

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"plumbline.dev/plumbline/internal/workload"
)

// heldByDefault is what the API server fills in.
//
// Source: pkg/apis/core/v1/defaults.go of Kubernetes.
var heldByDefault = map[string]string{"rbd.keyring": "/etc/ceph/keyring", "rbd.pool": "rbd", "rbd.user": "admin"}

// readHeld reads what a volume holds, as far as it has a name: another Secret or another disk is never the one that was declared.
func (p *pod) readHeld(volume *corev1.Volume, whole key) {
	for at, value := range workload.Held(volume) {
		p.add(fact{
			key: key{path: whole.path + "." + at}, value: value, own: true, byDefault: heldByDefault[at], rule: always, under: []key{whole},
		})
	}
	if volume.Secret != nil {
		p.readKeys(volume.Secret, whole)
	}
	if volume.Projected != nil {
		p.readProjected(volume.Projected, whole)
	}
	if volume.Ephemeral != nil && volume.Ephemeral.VolumeClaimTemplate != nil {
		p.readClaim(whole.path+".ephemeral.volumeClaimTemplate.spec", &volume.Ephemeral.VolumeClaimTemplate.Spec, whole)
	}
}

// everyKey is what a volume holds of a Secret that names none. No key has such a name.
const everyKey = "every key"

// readKeys reads which keys of its Secret a volume shows.
func (p *pod) readKeys(secret *corev1.SecretVolumeSource, whole key) {
	at := whole.path + ".secret.items"
	under := []key{whole, {path: whole.path + ".secret.secretName"}}
	if secret.SecretName == "" {
		under = under[:1]
	}
	showsAll := func(_, by *fact) bool { return by.member == everyKey }
	if len(secret.Items) == 0 {
		p.add(fact{key: item(at, everyKey), rule: adds, covered: showsAll, under: under})
	}
	for i := range secret.Items {
		p.add(fact{key: item(at, secret.Items[i].Key), own: true, rule: adds, covered: showsAll, under: under})
	}
}

// readProjected reads what a projection takes together.
func (p *pod) readProjected(projected *corev1.ProjectedVolumeSource, whole key) {
	for i := range projected.Sources {
		for _, words := range sourceWords(&projected.Sources[i]) {
			p.add(fact{
				key: item(whole.path+".projected.sources", words), own: true, rule: adds, covered: isKeyOf, under: []key{whole},
			})
		}
	}
}

// keyOf stands between a key and what it is one of. Neither holds a space.
const keyOf = " of "

func isKeyOf(f, by *fact) bool {
	_, of, is := strings.Cut(f.member, keyOf)
	return is && strings.HasPrefix(f.member, "key ") && of == by.member
}

// sourceWords says what a source of a projection is: the first word tells the type, so that none reads like another.
func sourceWords(source *corev1.VolumeProjection) []string {
	var words []string
	if s := source.Secret; s != nil {
		secret := "Secret " + s.Name
		if len(s.Items) == 0 {
			words = append(words, secret)
		}
		for i := range s.Items {
			words = append(words, "key "+s.Items[i].Key+keyOf+secret)
		}
	}
	if source.ConfigMap != nil {
		words = append(words, "ConfigMap "+source.ConfigMap.Name)
	}
	if t := source.ServiceAccountToken; t != nil {
		token := "serviceAccountToken"
		if t.Audience != "" {
			token += " for " + t.Audience
		}
		words = append(words, token)
	}
	if b := source.ClusterTrustBundle; b != nil {
		words = append(words, bundleWords(b))
	}
	if source.PodCertificate != nil {
		words = append(words, "podCertificate of "+source.PodCertificate.SignerName)
	}
	if source.DownwardAPI != nil {
		words = append(words, "downwardAPI")
	}
	return words
}

// bundleWords says which certificates a bundle holds: the one of a name, or those of a signer with labels; none without labels.
func bundleWords(bundle *corev1.ClusterTrustBundleProjection) string {
	words := "clusterTrustBundle"
	if bundle.Name != nil {
		words += " " + *bundle.Name
	}
	if bundle.SignerName != nil {
		words += " of signer " + *bundle.SignerName
	}
	if bundle.LabelSelector != nil {
		words += " with labels " + selectorWords(requirementsOf(bundle.LabelSelector))
	}
	return words
}

// readClaim reads what a claim is filled with: a volume that is there, or a copy of something.
func (p *pod) readClaim(at string, spec *corev1.PersistentVolumeClaimSpec, whole key) {
	source := ""
	switch ref := spec.DataSourceRef; {
	case ref != nil:
		source = sourceName(ref.APIGroup, ref.Kind, ref.Name)
		if ref.Namespace != nil && *ref.Namespace != "" {
			source += " in " + *ref.Namespace
		}
	case spec.DataSource != nil:
		source = sourceName(spec.DataSource.APIGroup, spec.DataSource.Kind, spec.DataSource.Name)
	}
	for _, each := range [...]struct{ field, value string }{{"volumeName", spec.VolumeName}, {"dataSource", source}} {
		if each.value != "" {
			p.add(fact{key: key{path: at + "." + each.field}, value: each.value, own: true, rule: always, under: []key{whole}})
		}
	}
}

func sourceName(group *string, kind, name string) string {
	if group != nil && *group != "" {
		kind += "." + *group
	}
	return strings.Join(slices.DeleteFunc([]string{kind, name}, func(word string) bool { return word == "" }), " ")
}
