package checks

import (
	"strings"
	"testing"

	"github.com/distribution/reference"
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
			if !ok || i.hub+i.name != want.full || i.tag != want.tag || i.pinned != want.pinned {
				t.Errorf("got %+v, %v", i, ok)
			}
			if !i.comesFrom([]string{want.full}) || i.comesFrom([]string{want.full + "?", "x" + want.full}) {
				t.Error("a pattern is not held against the full name")
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

func FuzzThePlainReadingOfImagesAgreesWithThatOfTheLibrary(f *testing.F) {
	for _, seed := range []string{
		"", "nginx", "nginx:latest", "docker.io/nginx", "docker.io/", "index.docker.io/a", "docker.io/a/b", "a/b/c:1.0", "a.b/c", "a:1/b",
		"a:1/b:2", "a:b/c", "localhost/a", "localhost:1/a", "a-/b", "a..b/c", "a_b.c/d", "-a", "a-", "a__b", "a:", "a@", "a:-b", "a:" + strings.Repeat("b", 128),
		"a" + aDigest, "a:1" + aDigest, "a" + aDigest + aDigest, hashNamed, hashNamed + ":1", hashNamed + aDigest, "a/" + hashNamed,
		strings.Repeat("a", 200), strings.Repeat("a/", 100) + "a", "a@sha512:" + hashNamed + hashNamed, "A/b", "a/B", "a b", "é", "a\n", "sha256:" + hashNamed,
		"docker.io/" + strings.Repeat("a", 54), "a//b", "/a", "a/", "a.b/", ".a/b", "a.b:/c", "a.b:1a/c", "a.-b/c", "a.b@c/d", "a@b:c/d", "a@sha256:b/c",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, written string) {
		plain, ok := plainImage(written)
		if !ok {
			return
		}
		named, err := reference.ParseNormalizedNamed(written)
		if err != nil {
			t.Fatalf("%q was read as %+v, but: %v", written, plain, err)
		}
		var tag string
		if tagged, ok := named.(reference.Tagged); ok {
			tag = tagged.Tag()
		}
		_, pinned := named.(reference.Digested)
		if plain.hub+plain.name != named.Name() || plain.tag != tag || plain.pinned != pinned {
			t.Errorf("%q was read as %+v, but it is %v", written, plain, named)
		}
	})
}

func TestReadingWhatMostImagesAreNamedLikeCostsNoAllocation(t *testing.T) {
	patterns := []string{"registry.example.com/*", "docker.io/library/*"}
	for _, written := range []string{
		"nginx", "nginx:1.27", "docker.io/nginx:1.27", "registry.example.com:5000/team/app:v1.2.3", "registry.example.com/app:1" + aDigest,
	} {
		if allocations := testing.AllocsPerRun(100, func() {
			if i, ok := imageOf(written); !ok || !i.comesFrom(patterns) && i.hub == dockerRoot {
				t.Errorf("%s: %+v, %v", written, i, ok)
			}
		}); allocations != 0 {
			t.Errorf("%s costs %v allocations", written, allocations)
		}
	}
}
