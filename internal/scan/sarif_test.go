package scan_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// The schema is that of OASIS: docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json.
func TestSARIFIsValid(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile(filepath.Join("testdata", "sarif-schema-2.1.0.json"))
	if err != nil {
		t.Fatal(err)
	}
	for name, args := range map[string][]string{
		"with findings, waivers and errors": {"-b", "testdata/baseline.yaml", "testdata/shop", "testdata/bad"},
		"of a comparison":                   {"-b", "testdata/baseline.yaml", "--compare", "testdata/before", "testdata/after"},
		"of what is clean":                  {"--preset", "pss-baseline", "testdata/bad/good.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			got := scanned(t, "", append(args, "-o", "sarif")...)
			log, err := jsonschema.UnmarshalJSON(strings.NewReader(got.stdout))
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(log); err != nil {
				t.Errorf("%v\n%s", err, got.stdout)
			}
		})
	}
}

func TestSARIFNamesTheLineOfTheField(t *testing.T) {
	got := scanned(t, "", "-b", "testdata/baseline.yaml", "-o", "sarif", "testdata/shop/api.yaml")
	var log struct {
		Runs []struct {
			Results []struct {
				RuleID    string
				Locations []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           struct{ StartLine int }
					}
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(got.stdout), &log); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile("testdata/shop/api.yaml")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(data), "\n")
	for _, result := range log.Runs[0].Results {
		at := result.Locations[0].PhysicalLocation
		want := map[string]string{"privileged": "privileged: true", "added-capability": "add: [NET_ADMIN]"}[result.RuleID]
		if at.ArtifactLocation.URI != "testdata/shop/api.yaml" || !strings.Contains(lines[at.Region.StartLine-1], want) {
			t.Errorf("%s at %+v, which is %q", result.RuleID, at, lines[at.Region.StartLine-1])
		}
	}
	if len(log.Runs[0].Results) != 2 {
		t.Errorf("%d results, want 2", len(log.Runs[0].Results))
	}
}
