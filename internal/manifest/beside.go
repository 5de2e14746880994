package manifest

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"

	chartutil "helm.sh/helm/v4/pkg/chart/v2/util"
)

// role is what a directory is to the chart that it stands in.
type role int

const (
	noRole role = iota
	// dependencies is the directory charts of a chart, and dependency a chart in it, which is rendered with the other one.
	dependencies
	dependency
	// application is the directory of a chart whose templates and CRDs are read as the chart says.
	application
)

// ofChart are the names in the directory of a chart that Helm reads itself.
var ofChart = []string{"templates", "crds", chartFile, "values.yaml", "values.schema.json", "requirements.yaml"}

// chart takes a chart. Helm makes nothing of what stands beside its templates, nor of a library: there all files are looked
// through for objects.
func (w *walker) chart(d *directory) {
	if d.role != dependency {
		w.add(entry{path: d.path, real: d.real, form: chart})
	}
	d.beside, d.role = true, application
	if metadata, err := chartutil.LoadChartfile(filepath.Join(d.path, chartFile)); err == nil && metadata.Type == libraryType {
		d.role = noRole
	}
}

// isOfChart says whether what is called so in a directory is read by Helm.
func (d *directory) isOfChart(name string) bool {
	return d.role == application && slices.Contains(ofChart, name)
}

// roleOf returns the role of a directory within another one.
func (d *directory) roleOf(name string) role {
	switch {
	case d.role == application && name == "charts":
		return dependencies
	case d.role == dependencies && !strings.HasPrefix(name, "_"): // Helm leaves those out
		return dependency
	}
	return noRole
}

// besides reads a file that need not hold objects: it stands beside a chart, or is data for a kustomization. What is an
// object is judged as anywhere. Values, settings and templates are none.
func (l *Loader) besides(d *decoder, path string) outcome {
	data, message := l.read(path)
	if message != "" {
		return unreadable(path, message)
	}
	var out outcome
	for each := range split(chunk{data, 1}) {
		isTemplate := bytes.Contains(each.data, []byte("{{"))
		part := d.documents(path, each)
		for _, f := range part.found {
			if f.object != nil || !f.noObject && !isTemplate {
				f.source.Document += out.documents
				out.add(f)
			}
		}
		out.documents += part.documents
		out.skipped += part.skipped
	}
	if len(out.found) == 0 { // as if it were not there
		return outcome{unread: true}
	}
	return out
}

// maxDirectories is how many directories a chart may have.
const maxDirectories = 5_000

// hasTooMany says whether a chart has more directories than that. Helm follows all links, and links that lead to
// directories with links make any number.
func hasTooMany(chartPath string) bool {
	left := maxDirectories
	var walk func(path string)
	walk = func(path string) {
		names, err := os.ReadDir(path)
		if left--; left < 0 || err != nil { // Helm will say why
			return
		}
		for _, name := range names {
			below := filepath.Join(path, name.Name())
			if info, err := os.Stat(below); err == nil && info.IsDir() && left >= 0 {
				walk(below)
			}
		}
	}
	walk(chartPath)
	return left < 0
}
