package checks

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

const (
	aDigest   = "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	longName  = "abcdefghijklmnopqrstuvwxyz0123456789/abcdefghijklmnopqrstuvwxyz"
	hashNamed = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
)

func TestImagesAreReadAsKubernetesReadsThem(t *testing.T) {
	for written, want := range map[string]struct {
		full, tag string
		pinned    bool
	}{
		"nginx":                                  {full: "docker.io/library/nginx"},
		"nginx:1.27":                             {full: "docker.io/library/nginx", tag: "1.27"},
		"docker.io/nginx":                        {full: "docker.io/library/nginx"},
		"docker.io/library/nginx":                {full: "docker.io/library/nginx"},
		"index.docker.io/nginx:1":                {full: "docker.io/library/nginx", tag: "1"},
		"bitnami/redis":                          {full: "docker.io/bitnami/redis"},
		"docker.io/bitnami/redis:7":              {full: "docker.io/bitnami/redis", tag: "7"},
		"registry.example.com/app":               {full: "registry.example.com/app"},
		"registry.example.com:5000/app":          {full: "registry.example.com:5000/app"},
		"registry.example.com:5000/team/app:v1":  {full: "registry.example.com:5000/team/app", tag: "v1"},
		"registry:5000/app":                      {full: "registry:5000/app"},
		"registry/app":                           {full: "docker.io/registry/app"},
		"localhost/app":                          {full: "localhost/app"},
		"[::1]:5000/app":                         {full: "[::1]:5000/app"},
		"Registry/app":                           {full: "Registry/app"},
		"app" + aDigest:                          {full: "docker.io/library/app", pinned: true},
		"app:latest" + aDigest:                   {full: "docker.io/library/app", tag: "latest", pinned: true},
		"registry:5000/app:1" + aDigest:          {full: "registry:5000/app", tag: "1", pinned: true},
		"app@sha512:" + strings.Repeat("0a", 64): {full: "docker.io/library/app", pinned: true},
		"auto":                                   {full: "docker.io/library/auto"},
		"a__b/c--d":                              {full: "docker.io/a__b/c--d"},
		"app:A_.-":                               {full: "docker.io/library/app", tag: "A_.-"},
		longName + ":1":                          {full: "docker.io/" + longName, tag: "1"},
		hashNamed + "/a":                         {full: "docker.io/" + hashNamed + "/a"},
	} {
		t.Run(written, func(t *testing.T) {
			i, ok := imageOf(written)
			if !ok || i.name != want.full || i.tag != want.tag || i.pinned != want.pinned {
				t.Errorf("got %+v, %v", i, ok)
			}
		})
	}
}

func TestWhatNamesNoImageIsNotRead(t *testing.T) {
	for name, written := range map[string]string{
		"nothing":                            "",
		"a space":                            "my app",
		"upper case":                         "registry.example.com/App",
		"no name behind the registry":        "registry.example.com/",
		"no tag behind the colon":            "app:",
		"no digest behind the sign":          "app@",
		"a digest that is too short":         "app@sha256:0123",
		"a digest in upper case":             "app" + strings.ToUpper(aDigest),
		"a digest of an unknown kind":        "app@md5:0123456789abcdef0123456789abcdef",
		"a hash alone":                       hashNamed,
		"the ID of an image":                 "sha256:" + hashNamed,
		"the beginning of the ID of one":     "sha256:0123",
		"a URL":                              "https://registry.example.com/app",
		"a registry that ends in a dot":      "registry.example.com./app",
		"a tag of more characters than fit":  "app:" + strings.Repeat("a", 129),
		"a name of more characters than fit": strings.Repeat("a", 256),
		"a registry of any length":           strings.Repeat("a.", 1000) + "a/app",
	} {
		t.Run(name, func(t *testing.T) {
			if i, ok := imageOf(written); ok {
				t.Errorf("%q was read as %+v", written, i)
			}
		})
	}
}

// Two images that fall on one place must not be taken for each other.
func TestAnImageThatTakesThePlaceOfAnotherIsReadItself(t *testing.T) {
	for round := range 2 {
		for n := range 3 * len(recent) {
			if i, ok := imageOf(fmt.Sprintf("app-%d:%d", n, n)); !ok || i.tag != strconv.Itoa(n) {
				t.Fatalf("round %d, image %d: %+v, %v", round, n, i, ok)
			}
		}
	}
}

func TestReadingAnImageAgainCostsNoAllocation(t *testing.T) {
	for _, written := range []string{"nginx", "registry.example.com:5000/team/app:v1.2.3", "registry.example.com/app:1" + aDigest, "no image"} {
		if allocations := testing.AllocsPerRun(100, func() { imageOf(written) }); allocations != 0 {
			t.Errorf("%s costs %v allocations", written, allocations)
		}
	}
}
