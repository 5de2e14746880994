package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// write writes Deployments into one file, and into a file each.
func write(dir string, n int) (one string, many []string, err error) {
	below := filepath.Join(dir, "many")
	if err := os.Mkdir(below, 0o755); err != nil {
		return "", nil, err
	}
	var all bytes.Buffer
	for i := range n {
		data, err := yaml.Marshal(deployment(i))
		if err != nil {
			return "", nil, err
		}
		fmt.Fprintf(&all, "---\n%s", data)
		file := filepath.Join(below, fmt.Sprintf("%04d.yaml", i))
		if err := os.WriteFile(file, data, 0o600); err != nil {
			return "", nil, err
		}
		many = append(many, file)
	}
	one = filepath.Join(dir, "one.yaml")
	return one, many, os.WriteFile(one, all.Bytes(), 0o600)
}

// deployment returns a Deployment of two containers; every other has drifted.
func deployment(i int) *appsv1.Deployment {
	labels := map[string]string{"app.kubernetes.io/name": fmt.Sprintf("app-%04d", i), "app.kubernetes.io/part-of": "bench"}
	drifted := i%2 == 1
	replicas, no := int32(2), false
	return &appsv1.Deployment{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"},
		ObjectMeta: metav1.ObjectMeta{Namespace: fmt.Sprintf("team-%02d", i%20), Name: labels["app.kubernetes.io/name"], Labels: labels},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{
					AutomountServiceAccountToken: &no,
					SecurityContext:              &corev1.PodSecurityContext{SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault}},
					Containers:                   []corev1.Container{container("app", i, drifted), container("proxy", i, drifted)},
					Volumes:                      []corev1.Volume{{Name: "tmp", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}}},
				},
			},
		},
	}
}

func container(name string, i int, drifted bool) corev1.Container {
	yes, no, user := true, false, int64(10001)
	one := corev1.Container{
		Name:         name,
		Image:        fmt.Sprintf("registry.example.com/bench/%s-%d@sha256:%064x", name, i, i),
		Ports:        []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}},
		VolumeMounts: []corev1.VolumeMount{{Name: "tmp", MountPath: "/tmp"}},
		Env:          []corev1.EnvVar{{Name: "LOG_LEVEL", Value: "info"}, {Name: "REGION", Value: "eu-central"}},
		Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m"), corev1.ResourceMemory: resource.MustParse("64Mi")},
			Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("128Mi")},
		},
		SecurityContext: &corev1.SecurityContext{
			RunAsNonRoot: &yes, RunAsUser: &user, RunAsGroup: &user, ReadOnlyRootFilesystem: &yes, AllowPrivilegeEscalation: &no,
			Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		},
	}
	if drifted {
		one.SecurityContext = nil
		one.Image = fmt.Sprintf("registry.example.com/bench/%s-%d:latest", name, i)
	}
	return one
}
