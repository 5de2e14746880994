// Package conformance_test holds the Pod Security Standards as Plumbline judges them against Pod Security admission, which
// is their reference: every pod must be judged alike at every level, in every version.
//
// go test judges a sample; with -args -whole (make conformance) it judges all.
package conformance_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"

	kruntime "k8s.io/apimachinery/pkg/runtime"
)

var (
	whole = flag.Bool("whole", false, "judge every fixture and 100,000 generated pods, and not a sample of them")
	seed  = flag.Uint64("seed", 1, "from what pods are generated, and the sample is taken")
	only  = flag.Int64("pod", -1, "judge only the generated pod of this number")
)

const (
	wholePods       = 100_000
	sampledPods     = 400
	sampledFixtures = 20 // one of so many
)

func TestFixturesAreJudgedAsByPodSecurityAdmission(t *testing.T) {
	all := fixtures(t)
	files := sampled(all)
	c := compare(t, len(files), func(i int) (kruntime.Object, string, error) {
		pod, err := readPod(files[i])
		return pod, files[i], err
	})
	t.Logf("%d of %d fixtures, %s", len(files), len(all), c)
}

// sampled returns some of the files, or all where all are to be judged.
func sampled(files []string) []string {
	if *whole {
		return files
	}
	some := slices.Clone(files)
	rand.New(rand.NewPCG(*seed, 0)).Shuffle(len(some), func(i, j int) { some[i], some[j] = some[j], some[i] })
	return some[:len(some)/sampledFixtures]
}

func TestGeneratedPodsAreJudgedAsByPodSecurityAdmission(t *testing.T) {
	if *only >= 0 {
		c := compare(t, 1, func(int) (kruntime.Object, string, error) { return generated(int(*only)) })
		t.Logf("the generated pod %d, %s", *only, c)
		return
	}
	pods := sampledPods
	if *whole {
		pods = wholePods
	}
	c := compare(t, pods, generated)
	t.Logf("%d generated pods of seed %d, %s", pods, *seed, c)
	if *whole {
		expectEveryCheckBothWays(t, c)
		expectEveryChangeSeen(t, c)
	}
}

// generated returns a generated pod, and how to get it again.
func generated(i int) (kruntime.Object, string, error) {
	again := fmt.Sprintf("go test ./test/conformance -run Generated -v -args -seed %d -pod %d", *seed, i)
	return generate(*seed, uint64(i)), again, nil
}

// A check that allows all pods, or none, is not compared with anything.
func expectEveryCheckBothWays(t *testing.T, c *comparison) {
	t.Helper()
	for name := range c.oracle.versions {
		if c.allowed[name] == 0 || c.forbidden[name] == 0 {
			t.Errorf("%s allowed %d times and forbade %d times: the generator must make pods of both sorts",
				name, c.allowed[name], c.forbidden[name])
		}
	}
}

// overlaid are changes that make no difference at the level of their check.
var overlaid = map[string]string{
	"procMount_restricted since v1.35": "restricted goes on to ask for what baseline no longer does",
}

// A new version of a check that judges every pod as the one before is not compared either.
func expectEveryChangeSeen(t *testing.T, c *comparison) {
	t.Helper()
	for name, version := range c.oracle.versions {
		if version.since == 0 || overlaid[name] != "" {
			continue
		}
		newer := slices.IndexFunc(c.standards, func(st standard) bool {
			return st.Level == version.level && !st.Latest() && st.Minor() == version.since
		})
		if newer < 0 {
			t.Errorf("%s: there is no such version among those that are compared", name)
		} else if c.changed[change{newer, version.control}] == 0 {
			t.Errorf("%s makes no difference to any pod: the generator must make one", name)
		}
	}
}

// shown bounds how many disagreements are printed.
const shown = 3

// compare judges n objects on both sides, and fails where they disagree.
func compare(t *testing.T, n int, object func(int) (kruntime.Object, string, error)) *comparison {
	t.Helper()
	o, err := newOracle()
	if err != nil {
		t.Fatal(err)
	}
	total := newComparison(standards(t), o, newSubject())
	var (
		lock    sync.Mutex
		workers sync.WaitGroup
		wrong   []string
	)
	numbers := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			c := newComparison(total.standards, total.oracle, total.subject)
			var said []string
			for i := range numbers {
				said = append(said, c.judge(object(i))...)
			}
			lock.Lock()
			defer lock.Unlock()
			total.add(c)
			wrong = append(wrong, said...)
		})
	}
	for i := range n {
		numbers <- i
	}
	close(numbers)
	workers.Wait()
	for _, said := range wrong[:min(len(wrong), shown)] {
		t.Error(said)
	}
	if more := len(wrong) - shown; more > 0 {
		t.Errorf("and %d objects more; in all, by control: %v", more, total.differing)
	}
	return total
}

func (c *comparison) judge(obj kruntime.Object, again string, err error) []string {
	if err != nil {
		return []string{err.Error()}
	}
	if said := c.hold(obj, again); said != "" {
		return []string{said}
	}
	return nil
}

func (c *comparison) String() string {
	return fmt.Sprintf("%d levels and versions, whole and trimmed: %d verdicts, disagreements %d", len(c.standards), c.verdicts, c.disagreements)
}
