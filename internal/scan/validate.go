package scan

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"sync"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"

	"plumbline.dev/plumbline/config/crd"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/manifest"
)

// costs bounds what the rules of the definition may cost: more than an API server allows them.
const costs = 100_000_000

// definition is the CustomResourceDefinition as it is asked.
type definition struct {
	fields     validation.SchemaValidator
	structural *schema.Structural
}

// define reads the definition when it is first asked.
var define = sync.OnceValues(func() (*definition, error) {
	var crdv1 apiextensionsv1.CustomResourceDefinition
	if err := yaml.Unmarshal(crd.SecurityBaseline, &crdv1); err != nil {
		return nil, err
	}
	var props apiextensions.JSONSchemaProps
	given := crdv1.Spec.Versions[0].Schema.OpenAPIV3Schema
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(given, &props, nil); err != nil {
		return nil, err
	}
	var d definition
	var err error
	if d.fields, _, err = validation.NewSchemaValidator(&props); err != nil {
		return nil, err
	}
	d.structural, err = schema.NewStructural(&props)
	return &d, err
})

// refusals says why an API server would refuse a SecurityBaseline. What it refuses could mean anything: a misspelled word
// switches a check off.
func refusals(ctx context.Context, one declared, loader *manifest.Loader) []error {
	d, err := define()
	if err != nil {
		return []error{err}
	}
	content, err := contentOf(one)
	if err != nil {
		return []error{fmt.Errorf("%s: %w", one.source, err)}
	}
	refused := validation.ValidateCustomResource(nil, content, d.fields)
	if len(refused) == 0 {
		asked := withRulesOf(d.structural, content)
		refused, _ = cel.NewValidator(asked, true, costs).Validate(ctx, nil, asked, content, nil, costs)
	}
	wrong := make([]error, len(refused))
	for i, why := range refused {
		source := one.source
		if loader != nil {
			source.Line = loader.Line(source, why.Field)
		}
		wrong[i] = fmt.Errorf("%s: SecurityBaseline %s: %s", source, engine.Printable(one.baseline.Name), engine.Printable(textOf(why)))
	}
	return wrong
}

func textOf(why *field.Error) string {
	if why.Field == "" || why.Field == "<nil>" {
		return why.ErrorBody()
	}
	return why.Error()
}

// contentOf returns a baseline as the API server would see it, but for its status, which it makes itself.
func contentOf(one declared) (map[string]any, error) {
	data, err := json.Marshal(one.baseline)
	if err != nil {
		return nil, err
	}
	content := map[string]any{}
	if err := utiljson.Unmarshal(data, &content); err != nil {
		return nil, err
	}
	delete(content, "status")
	return content, nil
}

// withRulesOf returns a schema without the rules for what is not in an object: compiling all takes longer than judging a
// thousand objects.
func withRulesOf(s *schema.Structural, value any) *schema.Structural {
	kept := *s
	switch v := value.(type) {
	case map[string]any:
		kept.Properties = maps.Clone(s.Properties)
		for name := range s.Properties {
			below := s.Properties[name]
			kept.Properties[name] = *withRulesOf(&below, v[name])
		}
	case []any:
		if s.Items != nil && len(v) == 0 {
			kept.Items = withRulesOf(s.Items, nil)
		}
	case nil:
		kept.XValidations = nil
		if s.Items != nil {
			kept.Items = withRulesOf(s.Items, nil)
		}
		kept.Properties = maps.Clone(s.Properties)
		for name := range s.Properties {
			below := s.Properties[name]
			kept.Properties[name] = *withRulesOf(&below, nil)
		}
	}
	return &kept
}
