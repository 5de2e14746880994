package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	corev1 "k8s.io/api/core/v1"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/workload"
)

// example is a pod as the page shows it, and what the check finds in it.
type example struct {
	Spec    string
	Message string
}

// examplesOf reads the case of a check that is there for the page: a baseline that declares what the page says, a pod
// that fails and a pod that passes.
func examplesOf(check engine.Check, declaration string) (fails, passes example, err error) {
	file := filepath.Join("internal", "checks", "testdata", check.ID, "example.yaml")
	data, err := os.ReadFile(file)
	if err != nil {
		return fails, passes, err
	}
	documents := strings.Split(string(data), "\n---\n")
	if len(documents) != 3 {
		return fails, passes, fmt.Errorf("%s: must hold a SecurityBaseline, a pod that fails and a pod that passes, not %d documents", file, len(documents))
	}
	baseline, err := exampleBaseline(documents[0], declaration)
	if err != nil {
		return fails, passes, fmt.Errorf("%s: %w", file, err)
	}
	if fails, err = judge(check, baseline, documents[1]); err != nil {
		return fails, passes, fmt.Errorf("%s: the second document: %w", file, err)
	}
	if passes, err = judge(check, baseline, documents[2]); err != nil {
		return fails, passes, fmt.Errorf("%s: the third document: %w", file, err)
	}
	if fails.Message == "" || passes.Message != "" {
		return fails, passes, fmt.Errorf("%s: the second document must fail and the third must pass", file)
	}
	return fails, passes, nil
}

// exampleBaseline reads the baseline of an example. A reader takes the examples for judged by what is declared above them.
func exampleBaseline(document, declaration string) (*v1alpha1.SecurityBaseline, error) {
	declared, err := specOf(declaration)
	if err != nil {
		return nil, err
	}
	baseline := &v1alpha1.SecurityBaseline{}
	if err := decode(document, baseline); err != nil {
		return nil, fmt.Errorf("the first document is not a SecurityBaseline: %w", err)
	}
	if !reflect.DeepEqual(*declared, baseline.Spec) {
		return nil, fmt.Errorf("the baseline must declare what %s says and nothing else:\n%s", sampleFile, declaration)
	}
	return baseline, nil
}

// judge runs the check on the pod in the document. The message is empty when it passes.
func judge(check engine.Check, baseline *v1alpha1.SecurityBaseline, document string) (example, error) {
	pod := &corev1.Pod{}
	if err := decode(document, pod); err != nil {
		return example{}, err
	}
	_, spec, found := strings.Cut(document, "\nspec:\n")
	judged, ok := workload.Of(pod)
	if !found || !ok || pod.Kind != "Pod" {
		return example{}, errors.New("is not a Pod whose spec comes last")
	}
	result := engine.Evaluate([]engine.Check{check}, &engine.Input{Workload: judged, Baseline: baseline.Name, Declared: &baseline.Spec})
	if len(result.NotEvaluated) > 0 {
		return example{}, fmt.Errorf("not evaluated: %s", result.NotEvaluated[0].Reason)
	}
	shown := example{Spec: "spec:\n" + spec}
	if len(result.Findings) > 0 {
		shown.Message = result.Findings[0].Message
	}
	return shown, nil
}

// decode refuses fields that there are not, also when only their case is wrong: people copy what the page shows.
func decode(document string, into any) error {
	data, err := yaml.YAMLToJSONStrict([]byte(document))
	if err != nil {
		return err
	}
	unknown, err := kjson.UnmarshalStrict(data, into)
	return errors.Join(append(unknown, err)...)
}
