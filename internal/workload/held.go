package workload

import (
	"cmp"
	"iter"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// held are the fields that name what volumes hold, by type: which one it is, and by which Secret it is reached. Not among them
// are how it is mounted, and types that hold nothing with a name outside of the pod. Paths of the node, images, projections and
// claims are kept by themselves.
var held = map[string][]string{
	"awsElasticBlockStore":  {"volumeID"},
	"azureDisk":             {"diskName", "diskURI"},
	"azureFile":             {"secretName", "shareName"},
	"cephfs":                {"monitors", "path", "secretFile", "secretRef", "user"},
	"cinder":                {"secretRef", "volumeID"},
	"configMap":             {"name"},
	"csi":                   {"driver", "nodePublishSecretRef", "volumeAttributes"},
	"fc":                    {"lun", "targetWWNs", "wwids"},
	"flexVolume":            {"driver", "options", "secretRef"},
	"flocker":               {"datasetName", "datasetUUID"},
	"gcePersistentDisk":     {"partition", "pdName"},
	"gitRepo":               {"repository", "revision"},
	"glusterfs":             {"endpoints", "path"},
	"iscsi":                 {"iqn", "lun", "portals", "secretRef", "targetPortal"},
	"nfs":                   {"path", "server"},
	"persistentVolumeClaim": {"claimName"},
	"photonPersistentDisk":  {"pdID"},
	"portworxVolume":        {"volumeID"},
	"quobyte":               {"group", "registry", "tenant", "user", "volume"},
	"rbd":                   {"image", "keyring", "monitors", "pool", "secretRef", "user"},
	"scaleIO":               {"gateway", "protectionDomain", "secretRef", "storagePool", "system", "volumeName"},
	"secret":                {"secretName"},
	"storageos":             {"secretRef", "volumeName", "volumeNamespace"},
	"vsphereVolume":         {"volumePath"},
}

// nameField is a field that names what a volume holds.
type nameField struct {
	index []int
	name  string
}

// nameFields finds fields by the names that they have in JSON.
func nameFields(in reflect.Type, names []string) []nameField {
	var fields []nameField
	for _, field := range reflect.VisibleFields(in) {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); slices.Contains(names, name) {
			fields = append(fields, nameField{field.Index, name})
		}
	}
	return fields
}

// HeldBy returns the fields that name what volumes of a type hold.
func HeldBy(volumeType string) []string {
	var names []string
	for i := range volumeFields {
		for _, field := range volumeFields[i].names {
			if volumeFields[i].name == volumeType {
				names = append(names, field.name)
			}
		}
	}
	return names
}

// Held goes over the names by which a volume holds what it does: the path of each below the volume, such as
// "secret.secretName", and its value, such as "db". It passes over what says nothing, and over what is a list of its own: the
// keys of a Secret, the sources of a projection, and what a claim is filled with.
func Held(volume *corev1.Volume) iter.Seq2[string, string] {
	return func(yield func(path, value string) bool) {
		source := reflect.ValueOf(&volume.VolumeSource).Elem()
		for i := range volumeFields {
			field := &volumeFields[i]
			if at := source.Field(field.index); at.IsNil() || namesIn(field, at.Elem(), yield) {
				continue
			}
			return
		}
	}
}

// namesIn is false when no more is asked for.
func namesIn(field *volumeField, source reflect.Value, yield func(path, value string) bool) bool {
	for i := range field.names {
		at, value := field.name+"."+field.names[i].name, source.FieldByIndex(field.names[i].index)
		if attributes, is := value.Interface().(map[string]string); is {
			for _, name := range slices.Sorted(maps.Keys(attributes)) {
				if !yield(at+"["+name+"]", cmp.Or(attributes[name], `""`)) {
					return false
				}
			}
			continue
		}
		if words := nameIn(value.Interface()); words != "" && !yield(at, words) {
			return false
		}
	}
	return true
}

// nameIn returns a name as text: a list in order, because what serves a volume is a set.
func nameIn(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case []string:
		return strings.Join(slices.Sorted(slices.Values(value)), ", ")
	case int32:
		if value != 0 {
			return strconv.Itoa(int(value))
		}
	case *int32:
		if value != nil {
			return strconv.Itoa(int(*value))
		}
	case *corev1.LocalObjectReference:
		if value != nil {
			return value.Name
		}
	}
	return ""
}

// keepHeld keeps by what names a volume holds what it does in one of its types; false where that has none.
func keepHeld(field *volumeField, from, to *corev1.Volume) bool {
	switch field.name {
	case "projected":
		to.Projected = trimProjected(from.Projected)
		return true
	case "ephemeral":
		if from.Ephemeral.VolumeClaimTemplate == nil {
			return false
		}
		to.Ephemeral = &corev1.EphemeralVolumeSource{VolumeClaimTemplate: &corev1.PersistentVolumeClaimTemplate{
			Spec: trimClaim(&from.Ephemeral.VolumeClaimTemplate.Spec),
		}}
		return true
	}
	if len(field.names) == 0 {
		return false
	}
	whole := reflect.ValueOf(&from.VolumeSource).Elem().Field(field.index).Elem()
	kept := reflect.New(whole.Type())
	for i := range field.names {
		kept.Elem().FieldByIndex(field.names[i].index).Set(whole.FieldByIndex(field.names[i].index))
	}
	reflect.ValueOf(&to.VolumeSource).Elem().Field(field.index).Set(kept)
	if from.Secret != nil && to.Secret != nil {
		to.Secret.Items = trimKeys(from.Secret.Items)
	}
	return true
}

// trimClaim keeps what a claim is filled with: a volume that is there, or a copy of something.
func trimClaim(spec *corev1.PersistentVolumeClaimSpec) corev1.PersistentVolumeClaimSpec {
	return corev1.PersistentVolumeClaimSpec{VolumeName: spec.VolumeName, DataSource: spec.DataSource, DataSourceRef: spec.DataSourceRef}
}

// trimProjected keeps which Secrets, ConfigMaps, tokens and certificates are projected.
func trimProjected(projected *corev1.ProjectedVolumeSource) *corev1.ProjectedVolumeSource {
	if len(projected.Sources) == 0 {
		return &noProjection
	}
	sources := make([]corev1.VolumeProjection, len(projected.Sources))
	for i := range sources {
		from, to := &projected.Sources[i], &sources[i]
		if s := from.Secret; s != nil {
			to.Secret = &corev1.SecretProjection{LocalObjectReference: s.LocalObjectReference, Items: trimKeys(s.Items)}
		}
		if from.DownwardAPI != nil {
			to.DownwardAPI = &noDownwardAPI
		}
		if c := from.ConfigMap; c != nil {
			to.ConfigMap = &corev1.ConfigMapProjection{LocalObjectReference: c.LocalObjectReference}
		}
		if t := from.ServiceAccountToken; t != nil {
			to.ServiceAccountToken = &corev1.ServiceAccountTokenProjection{Audience: t.Audience}
		}
		if b := from.ClusterTrustBundle; b != nil {
			to.ClusterTrustBundle = &corev1.ClusterTrustBundleProjection{
				Name: b.Name, SignerName: b.SignerName, LabelSelector: b.LabelSelector,
			}
		}
		if c := from.PodCertificate; c != nil {
			to.PodCertificate = &corev1.PodCertificateProjection{SignerName: c.SignerName}
		}
	}
	return &corev1.ProjectedVolumeSource{Sources: sources}
}

// What says nothing is shared by all trimmed volumes.
var (
	noProjection  corev1.ProjectedVolumeSource
	noDownwardAPI corev1.DownwardAPIProjection
)

// trimKeys keeps which keys of a Secret there are in a volume, not under which path.
func trimKeys(items []corev1.KeyToPath) []corev1.KeyToPath {
	if len(items) == 0 {
		return nil
	}
	keys := make([]corev1.KeyToPath, len(items))
	for i := range items {
		keys[i].Key = items[i].Key
	}
	return keys
}
