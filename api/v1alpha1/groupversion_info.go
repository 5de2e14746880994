// Package v1alpha1 holds the two kinds of the plumbline.dev API group: SecurityBaseline, in which a team
// declares its security baseline, and DriftReport, in which the operator says what has drifted from it.
//
// The package imports apimachinery only, so that everything that judges can use it.
//
// +kubebuilder:object:generate=true
// +groupName=plumbline.dev
package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion is the API group and version of this package.
var GroupVersion = schema.GroupVersion{Group: "plumbline.dev", Version: "v1alpha1"}

var schemeBuilder = runtime.NewSchemeBuilder(addKnownTypes)

// AddToScheme registers the kinds of this package with a scheme.
var AddToScheme = schemeBuilder.AddToScheme

func addKnownTypes(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion,
		&SecurityBaseline{}, &SecurityBaselineList{},
		&DriftReport{}, &DriftReportList{},
	)
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
