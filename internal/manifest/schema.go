package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	chartv2 "helm.sh/helm/v4/pkg/chart/v2"
)

// meetsSchemas holds the values of a chart and of those it depends on against their schemas, as Helm does. But Helm reads
// whatever a schema refers to, from the network and from this machine; here a schema has only itself.
func meetsSchemas(c *chartv2.Chart, values map[string]any) error {
	var wrong []error
	if c.Schema != nil {
		if err := meetsSchema(c.Schema, values); err != nil {
			wrong = append(wrong, fmt.Errorf("values.schema.json of the chart %s: %w", c.Name(), err))
		}
	}
	for _, below := range c.Dependencies() {
		given, ok := values[below.Name()].(map[string]any)
		if !ok && values[below.Name()] != nil {
			wrong = append(wrong, fmt.Errorf("the values of the chart %s are no object", below.Name()))
		}
		if ok {
			wrong = append(wrong, meetsSchemas(below, given))
		}
	}
	return errors.Join(wrong...)
}

// schemaURL is what Helm calls a schema. Nothing is read from there.
const schemaURL = "file:///values.schema.json"

func meetsSchema(text []byte, values map[string]any) (err error) {
	defer func() { // the compiler meets some mistakes with a panic
		if failure := recover(); failure != nil {
			err = fmt.Errorf("the schema cannot be read: %v", failure)
		}
	}()
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(nothingElse{})
	if err := compiler.AddResource(schemaURL, schema); err != nil {
		return err
	}
	compiled, err := compiler.Compile(schemaURL)
	if err != nil {
		return err
	}
	if err := compiled.Validate(values); err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "jsonschema validation failed with '"+schemaURL+"#'\n"))
	}
	return nil
}

// nothingElse is asked for whatever a schema refers to and does not hold, however it is written. The drafts of JSON Schema
// come with the compiler.
type nothingElse struct{}

// Load refuses, but for names that Helm cannot read either: it lets them allow everything.
func (nothingElse) Load(url string) (any, error) {
	if strings.HasPrefix(url, "urn:") {
		return true, nil
	}
	return nil, errors.New("nothing is fetched from elsewhere: write out in the schema what it refers to")
}
