package scan

import (
	"encoding/xml"
	"io"
	"strings"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/report"
)

// The form of JUnit, as far as it is used: an object is a test.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Skipped  int          `xml:"skipped,attr,omitempty"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Skipped  int         `xml:"skipped,attr,omitempty"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name      string      `xml:"name,attr"`
		ClassName string      `xml:"classname,attr"`
		Failure   *junitFault `xml:"failure"`
		Error     *junitFault `xml:"error"`
		Skipped   *junitFault `xml:"skipped"`
		Out       string      `xml:"system-out,omitempty"`
	}
	junitFault struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// clusterSuite holds what stands in no file.
const clusterSuite = "cluster"

// add adds a test to the suite of a name, of which places says where it is.
func (all *junitSuites) add(places map[string]int, name string, one junitCase) {
	place, known := places[name]
	if !known {
		place = len(all.Suites)
		places[name], all.Suites = place, append(all.Suites, junitSuite{Name: name})
	}
	suite := &all.Suites[place]
	suite.Cases = append(suite.Cases, one)
	suite.Tests, all.Tests = suite.Tests+1, all.Tests+1
	if one.Failure != nil {
		suite.Failures, all.Failures = suite.Failures+1, all.Failures+1
	}
	if one.Error != nil {
		suite.Errors, all.Errors = suite.Errors+1, all.Errors+1
	}
	if one.Skipped != nil {
		suite.Skipped, all.Skipped = suite.Skipped+1, all.Skipped+1
	}
}

// writeJUnit prints a suite for each file and a test for each object, which fails where the scan does.
func writeJUnit(to io.Writer, r *Results, failOn v1alpha1.Severity) error {
	all := junitSuites{Name: "plumbline scan"}
	places := map[string]int{}
	add := func(name string, one junitCase) { all.add(places, name, one) }
	for i := range r.Errors {
		file, text := engine.Printable(r.Errors[i].Source.File), engine.Printable(r.Errors[i].Message)
		one, fault := junitCase{Name: "read " + r.Errors[i].Source.String(), ClassName: file}, &junitFault{Message: text, Type: "unreadable"}
		if r.Errors[i].Before {
			one.Skipped = fault
		} else {
			one.Error = fault
		}
		add(file, one)
	}
	for _, kind := range r.Summary.Unreadable {
		why := &junitFault{Message: engine.Printable(kind.Reason), Type: "unreadable"}
		add(clusterSuite, junitCase{Name: "list " + kind.Resource, ClassName: clusterSuite, Skipped: why})
	}
	for _, results := range [][]Result{r.Results, r.clean} {
		for i := range results {
			name, one := results[i].junit(failOn)
			add(name, one)
		}
	}
	if _, err := io.WriteString(to, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(to)
	encoder.Indent("", "  ")
	if err := encoder.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(to, "\n")
	return err
}

// junit returns the suite and the test of an object.
func (r *Result) junit(failOn v1alpha1.Severity) (suite string, one junitCase) {
	suite = clusterSuite
	if r.Source != nil {
		suite = engine.Printable(r.Source.File)
	}
	one = junitCase{Name: nameOf(r.Target), ClassName: suite}
	var failed, other []string
	for i := range r.Findings {
		f := &r.Findings[i]
		line := string(f.Severity) + " " + f.Check + ": " + f.sentence()
		if f.open() && engine.Rank(f.Severity) <= engine.Rank(failOn) {
			failed = append(failed, line)
		} else {
			other = append(other, line)
		}
	}
	for _, n := range r.NotEvaluated {
		other = append(other, "not evaluated: "+n.Check+" of baseline "+n.Baseline+": "+engine.Printable(n.Reason))
	}
	one.Out = strings.Join(other, "\n")
	if len(failed) > 0 {
		one.Failure = &junitFault{
			Message: report.Plural(len(failed), "finding", "findings"), Type: string(r.worst()), Text: strings.Join(failed, "\n"),
		}
	}
	return suite, one
}
