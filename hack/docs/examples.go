package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/baseline"
	"plumbline.dev/plumbline/internal/checks"
	"plumbline.dev/plumbline/internal/checksdoc"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/facts"
	"plumbline.dev/plumbline/internal/judgement"
)

// example is an object as the page shows it, and what the check finds in it.
type example = checksdoc.Example

// examplesOf reads the case of a check that is there for the page: a baseline that declares what the page says, an object
// that fails, one that passes, and what surrounds them.
func examplesOf(check engine.Check, declaration string) (fails, passes, around example, err error) {
	file := filepath.Join("internal", "checks", "testdata", check.ID, "example.yaml")
	data, err := os.ReadFile(file)
	if err != nil {
		return fails, passes, around, err
	}
	documents := strings.Split(string(data), "\n---\n")
	if len(documents) < 3 {
		return fails, passes, around, fmt.Errorf("%s: must hold a SecurityBaseline, an object that fails and one that passes, not %d documents", file, len(documents))
	}
	baseline, err := exampleBaseline(documents[0], declaration)
	if err != nil {
		return fails, passes, around, fmt.Errorf("%s: %w", file, err)
	}
	world, err := decodeAll(documents[1:])
	if err != nil {
		return fails, passes, around, fmt.Errorf("%s: %w", file, err)
	}
	if fails, err = judge(check, baseline, world, 0, documents[1]); err != nil {
		return fails, passes, around, fmt.Errorf("%s: the second document: %w", file, err)
	}
	if passes, err = judge(check, baseline, world, 1, documents[2]); err != nil {
		return fails, passes, around, fmt.Errorf("%s: the third document: %w", file, err)
	}
	if fails.Message == "" || passes.Message != "" {
		return fails, passes, around, fmt.Errorf("%s: the second document must fail and the third must pass", file)
	}
	around.Shown = strings.Join(documents[3:], "\n---\n")
	return fails, passes, around, nil
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

// judge runs the check on the object of a document, in the world of all. The message is empty when it passes.
func judge(check engine.Check, asks *v1alpha1.SecurityBaseline, world []client.Object, number int, document string) (example, error) {
	cluster := facts.Remembered(world)
	cluster.Weakened = facts.NewlyWeak(world)
	target, err := cluster.Itself(context.Background(), world[number])
	if err != nil {
		return example{}, err
	}
	if target == nil {
		return example{}, errors.New("is of a kind that is not judged")
	}
	inputs, compiled := target.Object.Inputs(), baseline.Compile(asks, checks.All())
	in := &inputs[0]
	judgement.Ask(compiled, &target.Object, in)
	if compared, is := judgement.Compare(compiled, &target.Object, inputs); is {
		in = &compared
	}
	in.Declared = &asks.Spec
	result := engine.Evaluate([]engine.Check{check}, in)
	if len(result.NotEvaluated) > 0 {
		return example{}, fmt.Errorf("not evaluated: %s", result.NotEvaluated[0].Reason)
	}
	shown := example{Shown: document}
	if _, pod := world[number].(*corev1.Pod); pod { // of a pod, the page shows what matters
		_, spec, found := strings.Cut(document, "\nspec:\n")
		if !found {
			return example{}, errors.New("is not a Pod whose spec comes last")
		}
		shown.Shown = "spec:\n" + spec
	}
	if len(result.Findings) > 0 {
		shown.Message = result.Findings[0].Message
	}
	return shown, nil
}

// decodeAll reads the objects of documents.
func decodeAll(documents []string) ([]client.Object, error) {
	var objects []client.Object
	for i, document := range documents {
		var head runtime.TypeMeta
		if err := yaml.Unmarshal([]byte(document), &head); err != nil {
			return nil, err
		}
		obj, err := scheme.Scheme.New(schema.FromAPIVersionAndKind(head.APIVersion, head.Kind))
		if err != nil {
			return nil, err
		}
		if err := decode(document, obj); err != nil {
			return nil, fmt.Errorf("document %d: %w", i+2, err)
		}
		object, ok := obj.(client.Object)
		if !ok {
			return nil, fmt.Errorf("%s is no object", head.Kind)
		}
		objects = append(objects, object)
	}
	return objects, nil
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
