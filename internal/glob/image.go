package glob

import "strings"

// MatchImage says whether the pattern matches the name of an image. The registry, which stands before the first slash,
// and the rest are matched each for itself: a * in a registry does not reach into the names of another, and a pattern
// without a slash matches only a name without one. "*" alone matches every name.
func MatchImage(pattern, image string) bool {
	if pattern == "*" {
		return true
	}
	registry, name, both := strings.Cut(pattern, "/")
	host, path, has := strings.Cut(image, "/")
	return both == has && Match(registry, host) && Match(name, path)
}
