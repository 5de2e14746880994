package checksdoc_test

import (
	"bytes"
	"strings"
	"testing"

	"plumbline.dev/plumbline/internal/checks"
	"plumbline.dev/plumbline/internal/checksdoc"
)

func TestThePageKnowsEveryCheck(t *testing.T) {
	page, err := checksdoc.Load(checks.All())
	if err != nil {
		t.Fatal(err)
	}
	var whole bytes.Buffer
	if err := page.Write(&whole); err != nil {
		t.Fatal(err)
	}
	for i := range page.Checks {
		if page.Checks[i].Declaration == "" {
			t.Errorf("nothing is known to be shown of the check %s: run make generate", page.Checks[i].ID)
		}
		var part bytes.Buffer
		if err := page.Checks[i].Write(&part); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(part.String(), "## "+page.Checks[i].ID+"\n") || !strings.Contains(whole.String(), part.String()) {
			t.Errorf("%s is not part of the page as it is printed alone", page.Checks[i].ID)
		}
	}
}
