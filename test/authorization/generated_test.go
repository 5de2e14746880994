package authorization_test

import (
	"reflect"
	"testing"
)

func TestASeedMakesTheSameWorldAndQuestions(t *testing.T) {
	once, again, other := generate(1), generate(1), generate(2)
	if !reflect.DeepEqual(once, again) {
		t.Error("a seed makes two worlds")
	}
	if reflect.DeepEqual(once, other) {
		t.Error("two seeds make one world")
	}
	different := 0
	for i := range uint64(200) {
		if a, b := ask(1, i, once), ask(1, i, again); a != b {
			t.Errorf("question %d is %s, and then %s", i, a, b)
		}
		if ask(1, i, once) != ask(2, i, once) {
			different++
		}
	}
	if different == 0 {
		t.Error("two seeds ask the same questions")
	}
}

func TestAWorldIsAsLargeAsItShouldBe(t *testing.T) {
	w := generate(1)
	if n := len(w.roles) + len(w.clusterRoles); n < 110 {
		t.Errorf("there are %d roles, about 120 were to be made", n)
	}
	if n := len(w.bindings) + len(w.clusterBindings); n < 190 {
		t.Errorf("there are %d bindings, about 200 were to be made", n)
	}
}
