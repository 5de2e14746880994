package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"plumbline.dev/plumbline/internal/rbac/builtin"
)

// write writes the table as JSON with one rule and one binding a line, so that a diff shows what a new version changes.
func write(w io.Writer, table builtin.Table) error {
	var text bytes.Buffer
	versions, err := json.Marshal(table.Versions)
	if err != nil {
		return err
	}
	fmt.Fprintf(&text, "{\"versions\":%s,\n\"roles\":[", versions)
	for i, role := range table.Roles {
		if err := writeRole(&text, role, i > 0); err != nil {
			return err
		}
	}
	text.WriteString("\n],\n\"bindings\":[")
	if err := writeLines(&text, table.Bindings); err != nil {
		return err
	}
	text.WriteString("\n]}\n")
	_, err = w.Write(text.Bytes())
	return err
}

func writeRole(text *bytes.Buffer, role builtin.Role, more bool) error {
	rules := role.Rules
	role.Rules = nil
	head, err := json.Marshal(role)
	if err != nil {
		return err
	}
	if more {
		text.WriteByte(',')
	}
	fmt.Fprintf(text, "\n%s,\"rules\":[", bytes.TrimSuffix(head, []byte("}")))
	if err := writeLines(text, rules); err != nil {
		return err
	}
	text.WriteString("]}")
	return nil
}

func writeLines[T any](text *bytes.Buffer, items []T) error {
	for i, item := range items {
		line, err := json.Marshal(item)
		if err != nil {
			return err
		}
		if i > 0 {
			text.WriteByte(',')
		}
		fmt.Fprintf(text, "\n%s", line)
	}
	return nil
}
