package checks

import (
	"path"
	"strings"
)

// step takes the first element off a path of a node, and returns what is left. Slashes in a row and "." lead nowhere. It
// allocates nothing, unlike path.Clean: nearly every path that is judged is fine.
func step(p string) (element, rest string) {
	for p != "" {
		element, p, _ = strings.Cut(p, "/")
		if element != "" && element != "." {
			return element, p
		}
	}
	return "", ""
}

// within says whether a path is that of the directory or of what is below it. Whatever leads elsewhere on the way is not,
// except below the root, below which everything is.
func within(directory, p string) bool {
	want, directory := step(directory)
	if want == "" {
		return p != ""
	}
	if !strings.HasPrefix(p, "/") || stepsBack(p) { // without a slash it begins where the runtime happens to stand
		return false
	}
	if _, elsewhere := pastProc(p); elsewhere {
		return false
	}
	for want != "" {
		got, rest := step(p)
		if got != want {
			return false
		}
		p = rest
		want, directory = step(directory)
	}
	return true
}

// stepsBack says whether a path has an element "..". Where that leads only the node knows: what stands before it may be a
// link. The API server refuses it, but not between backslashes, which Windows takes for slashes.
func stepsBack(p string) bool {
	for p != "" {
		end := strings.IndexAny(p, `/\`)
		if end < 0 {
			return p == ".."
		}
		if p[:end] == ".." {
			return true
		}
		p = p[end+1:]
	}
	return false
}

// pastProc follows the links that /proc holds for each process, and says whether there was one: /proc/1/root/etc is /etc.
func pastProc(p string) (rest string, linked bool) {
	for {
		first, below := step(p)
		after, found := pastLink(below)
		if first != "proc" || !found {
			return p, linked
		}
		p, linked = after, true
	}
}

func pastLink(p string) (rest string, found bool) {
	for p != "" {
		element, after := step(p)
		switch element {
		case "root", "cwd", "fd":
			return after, true
		}
		p = after
	}
	return "", false
}

// nodePath returns a path of a node as findings spell it: one path, one value. What may be another path than it looks like
// stays as it is.
func nodePath(p string) string {
	switch {
	case p == "":
		return "unset"
	case !strings.HasPrefix(p, "/") || strings.HasPrefix(p, "//") || stepsBack(p):
		return p
	}
	return path.Clean(p)
}
