package scan

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/url"
	"path/filepath"
	"strings"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/manifest"
)

// The form of SARIF 2.1.0, as far as it is used.
//
// Source: OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Invocations []sarifInvocation `json:"invocations"`
		Results     []sarifResult     `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		Version        string      `json:"version,omitempty"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID      string          `json:"id"`
		Short   sarifText       `json:"shortDescription"`
		Full    sarifText       `json:"fullDescription"`
		Help    sarifText       `json:"help"`
		Default sarifConfig     `json:"defaultConfiguration"`
		More    sarifProperties `json:"properties"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifConfig struct {
		Level string `json:"level"`
	}
	sarifProperties struct {
		SecuritySeverity string   `json:"security-severity"`
		Tags             []string `json:"tags"`
	}
	sarifInvocation struct {
		Successful    bool                `json:"executionSuccessful"`
		Notifications []sarifNotification `json:"toolExecutionNotifications"`
	}
	sarifNotification struct {
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations,omitempty"`
	}
	sarifResult struct {
		RuleID       string             `json:"ruleId"`
		RuleIndex    int                `json:"ruleIndex"`
		Level        string             `json:"level"`
		Message      sarifText          `json:"message"`
		Locations    []sarifLocation    `json:"locations"`
		Fingerprints map[string]string  `json:"partialFingerprints"`
		Baseline     string             `json:"baselineState,omitempty"`
		Suppressions []sarifSuppression `json:"suppressions,omitempty"`
	}
	sarifSuppression struct {
		Kind          string `json:"kind"`
		Justification string `json:"justification"`
	}
	sarifLocation struct {
		Physical *sarifPhysical `json:"physicalLocation,omitempty"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine int `json:"startLine"`
	}
	sarifLogical struct {
		Name string `json:"fullyQualifiedName"`
		Kind string `json:"kind"`
	}
)

const (
	sarifSchema  = "https://json.schemastore.org/sarif-2.1.0.json"
	sarifVersion = "2.1.0"
	homePage     = "https://plumbline.dev"
	errorLevel   = "error"
	warningLevel = "warning"
	noteLevel    = "note"
)

// levels are those of SARIF by severity, scores what code scanning of GitHub sorts by.
var (
	levels = map[v1alpha1.Severity]string{
		v1alpha1.SeverityCritical: errorLevel, v1alpha1.SeverityHigh: errorLevel,
		v1alpha1.SeverityMedium: warningLevel, v1alpha1.SeverityLow: noteLevel,
	}
	scores = map[v1alpha1.Severity]string{
		v1alpha1.SeverityCritical: "9.5", v1alpha1.SeverityHigh: "8.0", v1alpha1.SeverityMedium: "5.5", v1alpha1.SeverityLow: "3.0",
	}
)

// writeSARIF prints results as code scanning reads them.
func writeSARIF(to io.Writer, r *Results, o *Options) error {
	run := sarifRun{
		Tool:    sarifTool{sarifDriver{Name: "plumbline", Version: o.Version, InformationURI: homePage, Rules: []sarifRule{}}},
		Results: []sarifResult{},
	}
	places := map[string]int{}
	for i := range r.Results {
		one := &r.Results[i]
		for j := range one.Findings {
			f := &one.Findings[j]
			place, known := places[f.Check]
			if !known {
				place = len(run.Tool.Driver.Rules)
				places[f.Check] = place
				run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, ruleOf(f.Check, o.Checks))
			}
			run.Results = append(run.Results, one.sarif(f, place))
		}
	}
	run.Invocations = []sarifInvocation{{Successful: !r.incomplete(), Notifications: notifications(r)}}
	return encode(to, sarifLog{Schema: sarifSchema, Version: sarifVersion, Runs: []sarifRun{run}})
}

// ruleOf returns a check as a rule.
func ruleOf(id string, checks []engine.Check) sarifRule {
	for i := range checks {
		if check := &checks[i]; check.ID == id {
			return sarifRule{
				ID: id, Short: sarifText{check.Title}, Full: sarifText{check.Description}, Help: sarifText{check.Remediation},
				Default: sarifConfig{levels[check.Severity]},
				More:    sarifProperties{scores[check.Severity], []string{"security", "kubernetes"}},
			}
		}
	}
	return sarifRule{ID: id, Default: sarifConfig{warningLevel}, More: sarifProperties{scores[v1alpha1.SeverityMedium], []string{"security"}}}
}

// sarif returns a finding as a result.
func (r *Result) sarif(f *Finding, rule int) sarifResult {
	location := sarifLocation{Logical: []sarifLogical{{Name: nameOf(r.Target) + " " + f.Path, Kind: "member"}}}
	if r.Source != nil {
		location.Physical = physical(&Source{File: r.Source.File, Line: f.Line})
	}
	result := sarifResult{
		RuleID: f.Check, RuleIndex: rule, Level: levels[f.Severity],
		Message:   sarifText{nameOf(r.Target) + ": " + f.sentence() + " " + f.Remediation},
		Locations: []sarifLocation{location}, Fingerprints: map[string]string{"plumbline/v1": r.fingerprint(f)},
	}
	if f.Waiver != nil {
		result.Suppressions = []sarifSuppression{{Kind: "external", Justification: "exception " + f.Waiver.Exception + " of baseline " + f.Baseline}}
	}
	switch f.Change {
	case Opened:
		result.Baseline = "new"
	case Closed:
		result.Baseline = "absent"
	}
	return result
}

// fingerprint tells a finding from others, wherever its object stands.
func (r *Result) fingerprint(f *Finding) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{
		r.Target.APIVersion, r.Target.Kind, r.Target.Namespace, r.Target.Name, f.Baseline, f.Check, f.Container, f.Path, f.Value,
	}, "\x00")))
	return hex.EncodeToString(sum[:16])
}

func physical(at *Source) *sarifPhysical {
	return &sarifPhysical{Artifact: sarifArtifact{uriOf(at.File)}, Region: sarifRegion{max(1, at.Line)}}
}

// uriOf returns the path of a file as an address, which is relative where the path is.
func uriOf(file string) string {
	if file == manifest.Stdin {
		return "stdin"
	}
	address := url.URL{Path: filepath.ToSlash(file)}
	if filepath.IsAbs(file) {
		address.Scheme = "file"
	}
	return address.String()
}

// notifications tell what could not be read, and what could not be judged.
func notifications(r *Results) []sarifNotification {
	list := []sarifNotification{}
	for _, kind := range r.Summary.Unreadable {
		list = append(list, sarifNotification{
			Level: warningLevel, Message: sarifText{"not evaluated: " + kind.Resource + ": " + engine.Printable(kind.Reason)},
		})
	}
	for i := range r.Errors {
		level := errorLevel
		if r.Errors[i].Before {
			level = noteLevel
		}
		list = append(list, sarifNotification{
			Level: level, Message: sarifText{engine.Printable(r.Errors[i].Message)},
			Locations: []sarifLocation{{Physical: physical(&r.Errors[i].Source)}},
		})
	}
	for i := range r.Results {
		one := &r.Results[i]
		for _, n := range one.NotEvaluated {
			list = append(list, sarifNotification{Level: noteLevel, Message: sarifText{
				"not evaluated on " + nameOf(one.Target) + ": " + strings.TrimSpace(n.Check+" of baseline "+n.Baseline) + ": " + engine.Printable(n.Reason),
			}})
		}
	}
	return list
}
