package workload

import (
	"iter"
	"reflect"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// volumeField is a field of the pod spec that makes a volume of one type.
type volumeField struct {
	index int
	name  string
	empty reflect.Value // a source of the type that says nothing, shared by all trimmed volumes
	names []nameField
}

// volumeFields are read off the API's own type, so that a new type of volume is known as soon as the API is.
var volumeFields = func() []volumeField {
	var fields []volumeField
	source := reflect.TypeFor[corev1.VolumeSource]()
	for i := range source.NumField() {
		name, _, _ := strings.Cut(source.Field(i).Tag.Get("json"), ",")
		inside := source.Field(i).Type.Elem()
		fields = append(fields, volumeField{i, name, reflect.New(inside), nameFields(inside, held[name])})
	}
	return fields
}()

// VolumeTypes goes over the types of a volume, by the names of their fields, such as "hostPath". The API server lets a
// volume have exactly one: without any, it is an emptyDir. Files may hold others.
func VolumeTypes(volume *corev1.Volume) iter.Seq[string] {
	return func(yield func(string) bool) {
		source := reflect.ValueOf(&volume.VolumeSource).Elem()
		for i := range volumeFields {
			if !source.Field(volumeFields[i].index).IsNil() && !yield(volumeFields[i].name) {
				return
			}
		}
	}
}

// AllVolumeTypes returns the names of all types of volumes that there are.
func AllVolumeTypes() []string {
	var names []string
	for _, field := range volumeFields {
		names = append(names, field.name)
	}
	return names
}

// volumeTypes keeps the names and the types of volumes, the paths of the node, and the names of images: what is judged of a
// volume by itself.
func volumeTypes(volumes []corev1.Volume) []corev1.Volume {
	return trimVolumes(volumes, func(_ *volumeField, _, _ *corev1.Volume) bool { return false })
}

// volumesHeld keeps besides by what names volumes hold what they do, by which they are held against how they are declared.
func volumesHeld(volumes []corev1.Volume) []corev1.Volume { return trimVolumes(volumes, keepHeld) }

// trimVolumes keeps of volumes what is judged. Sources of which keep keeps nothing are shared.
func trimVolumes(volumes []corev1.Volume, keep func(*volumeField, *corev1.Volume, *corev1.Volume) bool) []corev1.Volume {
	if len(volumes) == 0 {
		return nil
	}
	trimmed := make([]corev1.Volume, len(volumes))
	for i := range volumes {
		trimmed[i].Name = volumes[i].Name
		from, to := reflect.ValueOf(&volumes[i].VolumeSource).Elem(), reflect.ValueOf(&trimmed[i].VolumeSource).Elem()
		for j := range volumeFields {
			field := &volumeFields[j]
			if !from.Field(field.index).IsNil() && !keep(field, &volumes[i], &trimmed[i]) {
				to.Field(field.index).Set(field.empty)
			}
		}
		trimmed[i].HostPath = volumes[i].HostPath
		if image := volumes[i].Image; image != nil {
			trimmed[i].Image = &corev1.ImageVolumeSource{Reference: image.Reference}
		}
	}
	return trimmed
}
