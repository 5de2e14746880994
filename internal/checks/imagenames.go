package checks

import "strings"

// plainImage takes apart, without a single allocation, what nearly all images are named like: lower case, single
// separators, a sha256 digest or none. It is false for all others, be they good or not. Where it is true, it agrees with
// the library that Kubernetes reads the names of images by.
func plainImage(written string) (image, bool) {
	var i image
	rest, digest, hasDigest := strings.Cut(written, "@")
	if hasDigest {
		if !plainDigest(digest) {
			return image{}, false
		}
		i.pinned = true
	}
	slash := strings.LastIndexByte(rest, '/')
	if colon := strings.IndexByte(rest[slash+1:], ':'); colon >= 0 {
		rest, i.tag = rest[:slash+1+colon], rest[slash+1+colon+1:]
		if !plainTag(i.tag) {
			return image{}, false
		}
	}
	return i.named(rest)
}

// named fills in the full name, from one that may lack the registry.
func (i image) named(name string) (image, bool) {
	const (
		maxPath = 200 // well below the 255 that the path may have
		hash    = 64  // so many hexadecimal digits are no name
	)
	i.name = name
	first, path, hasSlash := strings.Cut(name, "/")
	switch {
	case !hasSlash:
		i.hub, path = dockerRoot, name
	case first == "docker.io" && strings.IndexByte(path, '/') < 0:
		i.hub, i.name = dockerRoot, path
	case first == "index.docker.io": // another name of Docker Hub
		return image{}, false
	case first == "localhost" || strings.ContainsAny(first, ".:"):
		if !plainHost(first) {
			return image{}, false
		}
	default:
		i.hub, path = dockerHub, name
	}
	return i, plainPath(path) && len(path) <= maxPath && len(name) != hash
}

// plainPath says whether lower case letters and digits stand between single separators.
func plainPath(path string) bool {
	inside := false // behind a letter or a digit
	for i := range len(path) {
		switch c := path[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
			inside = true
		case inside && (c == '/' || c == '.' || c == '_' || c == '-'):
			inside = false
		default:
			return false
		}
	}
	return inside
}

func plainHost(host string) bool {
	name, port, hasPort := strings.Cut(host, ":")
	return plainPath(name) && strings.IndexByte(name, '_') < 0 && (!hasPort || digits.makeUp(port))
}

func plainTag(tag string) bool {
	const maxTag = 128
	return len(tag) <= maxTag && tagCharacters.makeUp(tag) && tag[0] != '.' && tag[0] != '-'
}

func plainDigest(digest string) bool {
	hash, ok := strings.CutPrefix(digest, "sha256:")
	return ok && len(hash) == 64 && hexDigits.makeUp(hash)
}

// characters are a set that is quicker to ask than a string: every image of every pod is read three times.
type characters [256]bool

var (
	digits        = setOf("0123456789")
	hexDigits     = setOf("0123456789abcdef")
	tagCharacters = setOf("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-")
)

func setOf(s string) *characters {
	var set characters
	for i := range len(s) {
		set[s[i]] = true
	}
	return &set
}

// makeUp says whether there is at least one character, and none but those of the set.
func (set *characters) makeUp(s string) bool {
	for i := range len(s) {
		if !set[s[i]] {
			return false
		}
	}
	return s != ""
}
