package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"plumbline.dev/plumbline/internal/rbac/builtin"
	"plumbline.dev/plumbline/internal/workload"
)

// readFixtures returns what the tests of Kubernetes say that the version makes with its default gates.
func readFixtures(module string) (policy, error) {
	var p policy
	files, err := filepath.Glob(filepath.Join(module, policyDir, "testdata", "*.yaml"))
	if err != nil {
		return p, err
	}
	for _, file := range files {
		if filepath.Base(file) == "cluster-roles-featuregates.yaml" {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return p, err
		}
		if err := p.addFixture(data); err != nil {
			return p, fmt.Errorf("%s: %w", file, err)
		}
	}
	return p, nil
}

func (p *policy) addFixture(data []byte) error {
	var list struct{ Items []runtime.RawExtension }
	if err := yaml.Unmarshal(data, &list); err != nil {
		return err
	}
	for _, item := range list.Items {
		var object metav1.TypeMeta
		if err := json.Unmarshal(item.Raw, &object); err != nil {
			return err
		}
		var err error
		switch object.Kind {
		case kindRole:
			err = appendTo(&p.Roles, item.Raw)
		case kindClusterRole:
			err = appendTo(&p.ClusterRoles, item.Raw)
		case kindRoleBinding:
			err = appendTo(&p.RoleBindings, item.Raw)
		case kindClusterRoleBinding:
			err = appendTo(&p.ClusterRoleBindings, item.Raw)
		default:
			err = fmt.Errorf("the kind %q is not known here", object.Kind)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func appendTo[T any](list *[]T, data []byte) error {
	var object T
	err := json.Unmarshal(data, &object)
	*list = append(*list, object)
	return err
}

// verify holds what was collected against the fixtures: what a version makes with its default gates lies between what it
// makes with other choices of them. It also says where the choices are not enough to tell.
func (s source) verify(fixtures policy) error {
	if len(fixtures.ClusterRoles) == 0 {
		return errors.New("there are no fixtures to hold the roles against")
	}
	found := map[workload.Ref]*bounds{}
	for _, p := range s.policies[:len(s.policies)-1] {
		for ref, form := range p.allowed() {
			if found[ref] == nil {
				found[ref] = &bounds{}
			}
			found[ref].widen(form)
		}
	}
	wanted, all := fixtures.allowed(), s.policies[len(s.policies)-1].allowed()
	var errs []error
	for ref, form := range wanted {
		if found[ref] == nil || !subset(found[ref].least, form) || !subset(form, all[ref]) {
			errs = append(errs, fmt.Errorf("what the tests of Kubernetes say of %s is not what it is with some of the gates", ref))
		}
	}
	for ref := range s.policies[0].allowed() {
		if wanted[ref] == nil {
			errs = append(errs, fmt.Errorf("the tests of Kubernetes say nothing of %s", ref))
		}
	}
	for ref, form := range all {
		if found[ref] == nil || !subset(found[ref].most, form) {
			errs = append(errs, fmt.Errorf("%s is there only with three gates, or a gate takes something from it", ref))
		}
	}
	return errors.Join(errs...)
}

// allowed is what each role allows. A binding allows its subjects the role.
func (p policy) allowed() map[workload.Ref]atoms {
	all := map[workload.Ref]atoms{}
	for _, r := range p.roles() {
		object := builtin.Object{Kind: r.Kind, Namespace: r.Namespace, Name: r.Name}
		all[object.Ref()] = breakDown(r.Rules)
	}
	for _, b := range p.bindings() {
		object := builtin.Object{Kind: b.Kind, Namespace: b.Namespace, Name: b.Name}
		all[object.Ref()] = atoms{}
		for _, subject := range b.Subjects {
			all[object.Ref()][atom{verb: key(b.RoleRef, subject)}] = true
		}
	}
	return all
}

func subset(part, whole atoms) bool {
	for a := range part {
		if !whole[a] {
			return false
		}
	}
	return true
}
