package scan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"sigs.k8s.io/yaml"
)

// writeJSON prints results in the form that docs/scan.md documents, object by object: all of them at once may be large.
func writeJSON(to io.Writer, r *Results) error {
	summary := r.Summary
	summary.Baselines = nonNil(summary.Baselines)
	s := &sink{to: to}
	s.printf("{\n  \"summary\": %s,\n  \"results\": ", s.json(summary, "  "))
	s.list(len(r.Results), func(i int) any {
		one := r.Results[i]
		one.Findings, one.NotEvaluated = nonNil(one.Findings), nonNil(one.NotEvaluated)
		return one
	})
	s.printf(",\n  \"errors\": ")
	s.list(len(r.Errors), func(i int) any { return r.Errors[i] })
	s.printf("\n}\n")
	return s.err
}

// list prints a list as the value of a field.
func (s *sink) list(n int, item func(int) any) {
	s.printf("[")
	for i := range n {
		if i > 0 {
			s.printf(",")
		}
		s.printf("\n    %s", s.json(item(i), "    "))
	}
	if n > 0 {
		s.printf("\n  ")
	}
	s.printf("]")
}

// json returns a value as it stands below a prefix.
func (s *sink) json(value any, prefix string) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent(prefix, "  ")
	if err := encoder.Encode(value); err != nil && s.err == nil {
		s.err = err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// nonNil makes an empty list of none, so that every list is printed as one.
func nonNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func encode(to io.Writer, value any) error {
	encoder := json.NewEncoder(to)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// writeYAML prints the DriftReports that the operator would write. What could not be judged or read is in none of them, or
// in part: see writeErrors.
func writeYAML(to io.Writer, r *Results) error {
	for i := range r.Results {
		if r.Results[i].report == nil {
			continue
		}
		data, err := yaml.Marshal(r.Results[i].report)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(to, "---\n%s", data); err != nil {
			return err
		}
	}
	return nil
}
