package manifest

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
)

var errElsewhere = errors.New("nothing is fetched from elsewhere: build the kustomization yourself, and scan what it makes")

// offline builds with kustomize, which fetches over HTTP and runs git as soon as a name looks like a place elsewhere, takes
// such names from fields in any spelling, and may put them together itself. There is no option against it. So while it
// builds, the transport that its client takes refuses, and no program is found. Nothing else of a scan needs either while
// files are read.
func offline[T any](build func() (T, error)) (made T, err error) {
	path, isSet := os.LookupEnv("PATH")
	if err := os.Setenv("PATH", ""); err != nil {
		return made, err
	}
	defer func() {
		if !isSet {
			_ = os.Unsetenv("PATH")
			return
		}
		_ = os.Setenv("PATH", path)
	}()
	transport := http.DefaultTransport
	http.DefaultTransport = refusing{}
	defer func() { http.DefaultTransport = transport }()
	if made, err = build(); err != nil && strings.Contains(err.Error(), exec.ErrNotFound.Error()) { // kustomize keeps but the text
		err = fmt.Errorf("%w: %w", errElsewhere, err) // or somebody would go and install git
	}
	return made, err
}

// refusing is a transport that carries nothing.
type refusing struct{}

func (refusing) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errElsewhere
}
