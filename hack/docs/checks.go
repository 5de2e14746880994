package main

import (
	"io"

	"plumbline.dev/plumbline/internal/checks"
	"plumbline.dev/plumbline/internal/checksdoc"
)

// writeChecks writes the page of checks.
func writeChecks(w io.Writer) error {
	page, err := checksPage()
	if err != nil {
		return err
	}
	return page.Write(w)
}

// writeShown writes what "plumbline checks" shows of checks beside what they say of themselves.
func writeShown(w io.Writer) error {
	page, err := checksPage()
	if err != nil {
		return err
	}
	return page.Encode(w)
}

// checksPage puts together how to ask for each check, and an object that fails it beside one that passes.
func checksPage() (*checksdoc.Page, error) {
	sample, err := readDeclarations()
	if err != nil {
		return nil, err
	}
	page := &checksdoc.Page{}
	for _, check := range checks.All() {
		documented := checksdoc.Check{Check: check}
		if documented.Declaration, err = declarationOf(check, sample); err != nil {
			return nil, err
		}
		if documented.Fails, documented.Passes, documented.Around, err = examplesOf(check, documented.Declaration); err != nil {
			return nil, err
		}
		page.Checks = append(page.Checks, documented)
	}
	page.Standards, err = standardRows(checks.All())
	return page, err
}
