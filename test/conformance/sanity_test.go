package conformance_test

import (
	"reflect"
	"slices"
	"testing"

	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/podsecurity"
)

// enough is how many generated pods it may take to notice that something is wrong.
const enough = 2000

// A comparison that cannot fail compares nothing.
func TestTheComparisonNoticesEachCheckThatIsMissing(t *testing.T) {
	for _, control := range controls {
		for _, id := range control.ours {
			t.Run(id, func(t *testing.T) {
				s := newSubject()
				all := len(s.checks)
				s.checks = slices.DeleteFunc(s.checks, func(check engine.Check) bool { return check.ID == id })
				if len(s.checks) != all-1 {
					t.Fatal("there is no such check")
				}
				expectNoticed(t, distinct(t), s)
			})
		}
	}
}

func TestTheComparisonNoticesEachReadingThatIsWrong(t *testing.T) {
	reading := reflect.TypeFor[podsecurity.Reading]()
	for i := range reading.NumField() {
		t.Run(reading.Field(i).Name, func(t *testing.T) {
			wrong := distinct(t)
			for j := range wrong {
				field := reflect.ValueOf(&wrong[j].reading).Elem().Field(i)
				field.SetBool(!field.Bool())
			}
			expectNoticed(t, wrong, newSubject())
		})
	}
}

func TestTheComparisonNoticesAVersionThatIsTakenForTheOneBefore(t *testing.T) {
	all := distinct(t)
	for i := 1; i < len(all); i++ {
		before := all[i-1]
		if all[i].Level != before.Level {
			continue
		}
		t.Run(all[i].String(), func(t *testing.T) {
			before.LevelVersion = all[i].LevelVersion
			expectNoticed(t, []standard{before}, newSubject())
		})
	}
}

// distinct are the standards that ask for something else than in the version before.
func distinct(t *testing.T) []standard {
	t.Helper()
	var found []standard
	for _, st := range standards(t) {
		if n := len(found); n == 0 || found[n-1].Level != st.Level || !same(found[n-1], st) {
			found = append(found, st)
		}
	}
	return found
}

func same(a, b standard) bool {
	return reflect.DeepEqual(a.declared, b.declared) && a.reading == b.reading
}

// expectNoticed generates pods until the two sides disagree.
func expectNoticed(t *testing.T, standards []standard, s *subject) {
	t.Helper()
	o, err := newOracle()
	if err != nil {
		t.Fatal(err)
	}
	c := newComparison(standards, o, s)
	for i := range enough {
		if c.judge(generated(i)); c.disagreements > 0 {
			return
		}
	}
	t.Errorf("%d pods are judged alike all the same", enough)
}
