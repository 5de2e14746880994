package snapshot

import (
	"bytes"
	"maps"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"plumbline.dev/plumbline/internal/engine"
)

// width is where lines of comments end.
const width = 120

// comment says what is not in a baseline, and why. The first part of several says it for all.
func (p *part) comment(out *bytes.Buffer) {
	g := p.group
	if p.number > 1 {
		wrap(out, "# ", "What is not in it, the first part says.")
		return
	}
	wrap(out, "# ", "What is not in it:")
	say := func(text string) { wrap(out, "# - ", text) }
	say("Fields that are not judged, such as status, most annotations, commands and the values of variables. Secrets are never read.")
	if anew := g.kindsThat(madeAnew); len(anew) > 0 {
		say(listed(anew) + " that a controller made: it makes them anew.")
	}
	g.commentBuiltin(say)
	if gathered := g.gathered(); len(gathered) > 0 {
		say("The rules of ClusterRoles that a controller gathers from others, and that have none so far: " + namesOf(gathered) + ".")
	}
	for _, left := range g.leftOut {
		say(printable(left.ref) + ": " + engine.Printable(left.why) + ".")
	}
	for _, gk := range g.kinds {
		if why := g.unread(gk); why != "" {
			say(plural(gk.Kind) + ": " + engine.Printable(why) + ".")
		}
	}
	for _, list := range g.open {
		say(list)
	}
	if g.snapshot.options.Inventory {
		wrap(out, "# ", "The inventory ignores the objects that are left out.")
	}
}

// commentBuiltin says what becomes of what Kubernetes makes.
func (g *group) commentBuiltin(say func(string)) {
	for _, gk := range g.kinds {
		if items := g.builtin[gk]; len(items) > 0 {
			text := strconv.Itoa(len(items)) + " " + plural(gk.Kind) + " that Kubernetes makes, and that are as it makes them"
			if g.closes[gk] {
				say(text + ": the inventory ignores them by their names.")
			} else {
				say(text + ": " + namesOf(items) + ".")
			}
		}
	}
	if g.watchesBuiltin() {
		say("What Kubernetes makes is not declared, because upgrades change it: rbac.builtinRoles finds what others change in it.")
	}
	if len(g.surplus) > 0 {
		say("Not left out, because the inventory has no room to ignore them: " + namesOf(g.surplus) + ".")
	}
	for _, one := range g.modified {
		say("Not left out: " + printable(one.ref) + " is not as Kubernetes makes it. It " + engine.Printable(one.modified) + ".")
	}
}

// kindsThat returns the kinds of the group that are written and of some sort.
func (g *group) kindsThat(are func(schema.GroupKind) bool) []string {
	var all []string
	for _, gk := range g.kinds {
		if are(gk) && g.unread(gk) == "" {
			all = append(all, plural(gk.Kind))
		}
	}
	return all
}

// gathered returns what is declared without rules, whatever it will gather.
func (g *group) gathered() []*item {
	var all []*item
	for _, gk := range slices.SortedFunc(maps.Keys(g.items), func(a, b schema.GroupKind) int { return strings.Compare(a.Kind, b.Kind) }) {
		for _, one := range g.items[gk] {
			if one.gathered {
				all = append(all, one)
			}
		}
	}
	return all
}

// namesOf lists names, with their namespaces where they have any.
func namesOf(items []*item) string {
	names := make([]string, len(items))
	for i, one := range items {
		names[i] = engine.Printable(strings.TrimPrefix(one.ref.Namespace+"/"+one.ref.Name, "/"))
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

func plural(kind string) string {
	if stem, isPolicy := strings.CutSuffix(kind, "y"); isPolicy {
		return stem + "ies"
	}
	return kind + "s"
}

func listed(words []string) string {
	if len(words) == 1 {
		return words[0]
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

// wrap writes a text as lines of a comment.
func wrap(out *bytes.Buffer, first, text string) {
	line := first
	indent := "#" + strings.Repeat(" ", len(first)-1)
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
			line += word
		case len(line)+1+len(word) > width:
			out.WriteString(line + "\n")
			line = indent + word
		default:
			line += " " + word
		}
	}
	out.WriteString(line + "\n")
}
