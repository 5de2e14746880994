package v1alpha1_test

import (
	"strings"
	"testing"
)

const (
	ignoreMessage = `must set name, selector or owned`
	tooLong       = `Too long: may not be more than`
)

// One entry of declared. What only the operator can tell, such as a kind that cannot be declared, it says in a condition.
var refusedDeclared = []refused{
	{name: "that declares nothing", is: `{}`, wants: []string{`spec.declared[0].object: Required value`}},
	{name: "an object that is null", is: `{object: null}`, wants: []string{`spec.declared[0].object`}},
	{
		name:  "an object that is a text",
		is:    `{object: "kind: Role"}`,
		wants: []string{`spec.declared[0].object: Invalid value: "string"`, `must be of type object`},
	},
	{
		name:  "an object that is a list of objects",
		is:    `{object: [` + declaredRole + `]}`,
		wants: []string{`spec.declared[0].object: Invalid value: "array"`, `must be of type object`},
	},
	{
		name:  "an object without a kind",
		is:    `{object: {apiVersion: v1, metadata: {namespace: shop, name: api}}}`,
		wants: []string{`spec.declared[0].object.kind: Required value`},
	},
	{
		name:  "an object without a version",
		is:    `{object: {kind: ServiceAccount, metadata: {namespace: shop, name: api}}}`,
		wants: []string{`spec.declared[0].object.apiVersion: Required value`},
	},
	{
		name:  "an object whose version is none",
		is:    `{object: {apiVersion: a/b/c, kind: Role, metadata: {namespace: shop, name: api}}}`,
		wants: []string{`spec.declared[0].object.apiVersion: Invalid value: "a/b/c"`},
	},
	{
		name:  "an object whose metadata are none",
		is:    `{object: {apiVersion: v1, kind: ServiceAccount, metadata: {namespace: shop, name: 1}}}`,
		wants: []string{`spec.declared[0].object.metadata: Invalid value`},
	},
	{
		name:  "a match that there is not",
		is:    `{match: Like, object: ` + declaredRole + `}`,
		wants: []string{`spec.declared[0].match: Unsupported value: "Like": supported values: "Exact", "Contains"`},
	},
	{
		name:  "a tightening that is forbidden",
		is:    `{onTightening: Forbidden, object: ` + declaredRole + `}`,
		wants: []string{`spec.declared[0].onTightening: Unsupported value: "Forbidden": supported values: "Ignore", "Report"`},
	},
	{
		name:  "a field that does not exist beside the object",
		is:    `{object: ` + declaredRole + `, matches: Exact}`,
		wants: []string{`unknown field "spec.declared[0].matches"`},
	},
}

// One entry of inventory.
var refusedInventories = []refused{
	{name: "of no kind", is: `{}`, wants: []string{`spec.inventory[0].kinds: Required value`}},
	{name: "of an empty list of kinds", is: `{kinds: []}`, wants: []string{`spec.inventory[0].kinds`, atLeastOneItem}},
	{name: "of a kind twice", is: `{kinds: [Role, Role]}`, wants: []string{`spec.inventory[0].kinds[1]: Duplicate value: "Role"`}},
	{
		name:  "of a kind that is no object",
		is:    `{kinds: [User]}`,
		wants: []string{`spec.inventory[0].kinds[0]: Unsupported value: "User": supported values: "Deployment", "StatefulSet"`},
	},
	{
		name:  "of a kind that is not watched",
		is:    `{kinds: [Secret]}`,
		wants: []string{`spec.inventory[0].kinds[0]: Unsupported value: "Secret"`},
	},
	{
		name:  "of a resource in place of its kind",
		is:    `{kinds: [clusterrolebindings]}`,
		wants: []string{`spec.inventory[0].kinds[0]: Unsupported value: "clusterrolebindings"`},
	},
	{
		name:  "of namespaces that are not named",
		is:    `{kinds: [Role], namespaces: {include: []}}`,
		wants: []string{`spec.inventory[0].namespaces.include`, atLeastOneItem},
	},
	{name: "that ignores an empty list", is: `{kinds: [Role], ignore: []}`, wants: []string{`spec.inventory[0].ignore`, atLeastOneItem}},
	{
		name:  "that ignores everything by saying nothing",
		is:    `{kinds: [Role], ignore: [{}]}`,
		wants: []string{`spec.inventory[0].ignore[0]: Invalid value`, ignoreMessage},
	},
	{
		name:  "that ignores what has no name",
		is:    `{kinds: [Role], ignore: [{name: ""}]}`,
		wants: []string{`spec.inventory[0].ignore[0].name: Invalid value: ""`, `should be at least 1 chars long`},
	},
	{
		name:  "that ignores a name no object can have",
		is:    `{kinds: [Role], ignore: [{name: ` + strings.Repeat("a", 254) + `}]}`,
		wants: []string{`spec.inventory[0].ignore[0].name: ` + tooLong + ` 253`},
	},
	{
		name:  "that ignores more than there may be",
		is:    `{kinds: [Role], ignore: [` + numbered(`{name: a%d}`, 65) + `]}`,
		wants: []string{`spec.inventory[0].ignore: Too many: 65: must have at most 64 items`},
	},
	{
		name:  "that ignores names in the plural",
		is:    `{kinds: [Role], ignore: [{names: [api]}]}`,
		wants: []string{`unknown field "spec.inventory[0].ignore[0].names"`},
	},
}

// Lists as a whole, and the rule beside them.
var refusedNamed = []refused{
	{
		name:  "more objects than there may be",
		is:    `{declared: [` + numbered(`{object: {apiVersion: v1, kind: ServiceAccount, metadata: {namespace: shop, name: a%d}}}`, 2049) + `]}`,
		wants: []string{`spec.declared: Too many: 2049: must have at most 2048 items`},
	},
	{
		name:  "more inventories than there may be",
		is:    `{inventory: [` + strings.Repeat(`{kinds: [Role]}, `, 17) + `]}`,
		wants: []string{`spec.inventory: Too many: 17: must have at most 16 items`},
	},
	{
		name:  "guardrails that are required",
		is:    `{guardrails: Required}`,
		wants: []string{`spec.guardrails: Unsupported value: "Required": supported values: "Watch"`},
	},
}

func TestADeclaredObjectIsRefused(t *testing.T) {
	expectPartRefused(t, "{declared: [%s]}", refusedDeclared)
}

func TestAnInventoryIsRefused(t *testing.T) {
	expectPartRefused(t, "{inventory: [%s]}", refusedInventories)
}

func TestWhatIsDeclaredAndClosedIsBounded(t *testing.T) { expectPartRefused(t, "%s", refusedNamed) }
