package manifest

import (
	"bytes"
	"context"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	chartv2 "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
	"helm.sh/helm/v4/pkg/engine"
)

// releaseName is the name of a release that "helm template" takes where none is given.
const releaseName = "release-name"

// libraryType is the type of a chart that is there for others, and makes nothing itself.
const libraryType = "library"

// chart renders a chart, as "helm template" does, and decodes what it makes. Nothing is looked up in a cluster.
func (l *Loader) chart(ctx context.Context, d *decoder, path string) outcome {
	if hasTooMany(path) {
		return unreadable(path, "The chart has more than "+strconv.Itoa(maxDirectories)+" directories, counting each link to one: remove links.")
	}
	loaded, err := loader.Load(path)
	if err != nil {
		return unreadable(path, "The chart cannot be read: "+sentence(err))
	}
	if loaded.Metadata.Type == libraryType { // what stands in its directory is read file by file
		return outcome{unread: true}
	}
	var out outcome
	if lacks := dependenciesMissing(loaded); len(lacks) > 0 {
		out.problem(Source{File: filepath.Join(path, chartFile), Line: 1}, "The chart depends on "+strings.Join(lacks, ", ")+
			", which is not in its directory charts: run \"helm dependency build\" first.")
	}
	values, bad := l.values()
	if bad != nil {
		out.found = append(out.found, *bad)
		return out
	}
	rendered, err := render(ctx, loaded, values, l.options.Namespace)
	if err != nil {
		out.add(renderFlaw(path, err))
	}
	for _, name := range templates(rendered) {
		d.template(&out, path, loaded, name, rendered[name])
	}
	for _, crd := range loaded.CRDObjects() {
		d.installed(&out, path, loaded, crd)
	}
	return out
}

// installed decodes a file in the directory crds, which Helm installs as it is, whatever stands in it.
func (d *decoder) installed(out *outcome, chartPath string, c *chartv2.Chart, crd chartv2.CRD) {
	file, _ := templateFile(chartPath, c, filepath.ToSlash(crd.Filename))
	text, message := plainText(crd.File.Data)
	if message != "" {
		out.problem(Source{File: file, Line: 1}, message)
		return
	}
	out.join(d.documents(file, chunk{text, 1}))
}

func sentence(err error) string {
	return strings.TrimSuffix(strings.TrimSpace(err.Error()), ".") + "."
}

// dependenciesMissing returns the charts that a chart depends on and that are not there.
func dependenciesMissing(c *chartv2.Chart) []string {
	var missing []string
	for _, wanted := range c.Metadata.Dependencies {
		if !slices.ContainsFunc(c.Dependencies(), func(have *chartv2.Chart) bool { return have.Name() == wanted.Name }) {
			missing = append(missing, wanted.Name)
		}
	}
	return missing
}

// values reads the files of values, and merges them.
func (l *Loader) values() (map[string]any, *found) {
	merged := map[string]any{}
	for _, file := range l.options.Values {
		source := Source{File: file, Line: 1}
		data, message := l.read(file)
		if message != "" {
			return nil, &found{source: source, message: message}
		}
		err := checkAliases(data)
		var values map[string]any
		if err == nil {
			values, err = loader.LoadValues(bytes.NewReader(data))
		}
		if err != nil {
			return nil, &found{source: source, message: "The values cannot be read: " + sentence(err)}
		}
		merged = loader.MergeMaps(merged, values)
	}
	return merged, nil
}

func render(ctx context.Context, c *chartv2.Chart, values map[string]any, namespace string) (map[string]string, error) {
	if err := chartutil.ProcessDependencies(c, values); err != nil {
		return nil, err
	}
	release := common.ReleaseOptions{Name: releaseName, Namespace: namespace, Revision: 1, IsInstall: true}
	all, err := util.ToRenderValuesWithSchemaValidation(c, values, release, nil, true)
	if err != nil {
		return nil, err
	}
	given, err := all.Table("Values")
	if err != nil {
		return nil, err
	}
	if err := meetsSchemas(c, given); err != nil {
		return nil, err
	}
	return engine.Engine{}.RenderWithContext(ctx, c, all)
}

// templates returns the names of those that make objects, in order.
func templates(rendered map[string]string) []string {
	var names []string
	for name := range rendered {
		if base := path.Base(name); base != "NOTES.txt" && !strings.HasPrefix(base, "_") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// template decodes what a template renders. The lines of that are not those of the template.
func (d *decoder) template(out *outcome, chartPath string, c *chartv2.Chart, name, text string) {
	file, source := templateFile(chartPath, c, name)
	part := d.documents(file, chunk{[]byte(text), 1})
	count := map[string]int{}
	for i := range part.found {
		f := &part.found[i]
		if f.object == nil {
			f.message += " It stands on line " + strconv.Itoa(f.source.Line) + " of what the template renders."
			f.source.Line = 1
			continue
		}
		kind := f.object.GetObjectKind().GroupVersionKind().Kind
		f.source.Line = kindLine(source, kind, count[kind])
		count[kind]++
	}
	out.join(part)
}

// join adds what was found in a file of its own.
func (o *outcome) join(part outcome) {
	o.found = append(o.found, part.found...)
	o.documents += part.documents
	o.skipped += part.skipped
}

// templateFile returns the path of a template, and its text. Those of a chart in an archive have the archive's.
func templateFile(chartPath string, c *chartv2.Chart, name string) (file string, text []byte) {
	_, rest, _ := strings.Cut(name, "/")
	for _, raw := range c.Raw {
		if raw.Name == rest {
			text = raw.Data
		}
	}
	if strings.HasSuffix(chartPath, ".tgz") {
		return chartPath, text
	}
	return filepath.Join(chartPath, filepath.FromSlash(rest)), text
}

// kindLine returns where the object of a kind begins in a template that makes the nth of the kind; the first line where
// that cannot be told.
func kindLine(template []byte, kind string, nth int) int {
	is := regexp.MustCompile(`(?m)^\s*kind:\s*["']?` + regexp.QuoteMeta(kind) + `["']?\s*$`)
	line, seen := 1, 0
	for each := range split(chunk{withoutActions(template), 1}) {
		if !is.Match(each.data) {
			continue
		}
		line = begins(each)
		if seen == nth {
			return line
		}
		seen++
	}
	return line
}

// renderedAt finds the template and the line in an error of Helm.
var renderedAt = regexp.MustCompile(`[\w.-]+/((?:charts/[^/\s]+/)*templates/[^:()\s]+):(\d+)`)

func renderFlaw(chartPath string, err error) found {
	f := found{source: Source{File: chartPath, Line: 1}, message: "The chart cannot be rendered: " + sentence(err)}
	if at := renderedAt.FindStringSubmatch(err.Error()); at != nil {
		if line, failed := strconv.Atoi(at[2]); failed == nil && !strings.HasSuffix(chartPath, ".tgz") {
			f.source.File, f.source.Line = filepath.Join(chartPath, filepath.FromSlash(at[1])), line
		}
	}
	return f
}
