// Package parity_test holds what the operator reports of a cluster against what plumbline scan finds in it, and in the files that
// it was made from: every finding must be the same, and what could not be evaluated.
package parity_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/yaml"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/controllers"
	"plumbline.dev/plumbline/hack/controlplane"
	"plumbline.dev/plumbline/internal/checks"
	"plumbline.dev/plumbline/internal/manifest"
	"plumbline.dev/plumbline/internal/scan"
)

var (
	seed   = flag.Int64("seed", 1, "of the generated world")
	number = flag.Int("objects", 1000, "how many objects the generated world has, about")
)

func TestMain(m *testing.M) {
	flag.Parse()
	log.SetLogger(logr.Discard())
	klog.SetLogger(logr.Discard())
	os.Exit(m.Run())
}

func TestTheOperatorAndTheCommandLineFindTheSame(t *testing.T) {
	files := t.TempDir()
	generate(t, filepath.Join(files, "world.yaml"), *seed, *number)
	copyFile(t, "../../config/samples/shop.yaml", filepath.Join(files, "shop.yaml"))
	copyFile(t, "../../config/samples/cfostest.yaml", filepath.Join(files, "cfostest.yaml"))
	copyFile(t, "testdata/guarded.yaml", filepath.Join(files, "guarded.yaml"))
	baselines, err := filepath.Abs("baselines.yaml")
	if err != nil {
		t.Fatal(err)
	}
	objects := written(t, files)
	plane := start(t)
	operator := reported(t, plane, objects, load(t, baselines))

	ours := map[string]bool{}
	for _, obj := range objects {
		ours[obj.GetName()] = true
	}
	// What else is in a cluster, such as what the operator itself may do, is in no file.
	mine := func(line string) bool {
		return ours[strings.SplitN(line, "|", 3)[1]] || strings.HasPrefix(line, "User|parity")
	}
	operator = slices.DeleteFunc(operator, not(mine))
	checksSeen, findings := map[string]bool{}, 0
	for _, line := range operator {
		if check := strings.SplitN(line, "|", 6)[4]; check != "" {
			checksSeen[check] = true
			findings++
		}
	}
	t.Logf("seed %d: %d objects, %d findings of %d checks", *seed, len(objects), findings, len(checksSeen))
	for of, args := range map[string][]string{"the files": {files}, "the cluster": {"--cluster", "--kubeconfig", plane.Kubeconfig()}} {
		command := slices.DeleteFunc(scanned(t, append(args, "--baseline", baselines)...), not(mine))
		for i := range command {
			command[i] = assumed.ReplaceAllString(command[i], "")
		}
		slices.Sort(command)
		if diff := cmp.Diff(operator, command); diff != "" {
			t.Errorf("of %s (-operator +scan):\n%s", of, diff)
		}
	}
	if findings < len(objects)/2 || len(checksSeen) < 40 {
		t.Errorf("%d findings of %d checks show too little", findings, len(checksSeen))
	}
}

// assumed is what a scan of files adds where Pod Security admission is read in the version of an API server that it does not know.
var assumed = regexp.MustCompile(` \(read as in v1\.\d+: the version of the API server is not known\)`)

func not(is func(string) bool) func(string) bool { return func(line string) bool { return !is(line) } }

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func load(t *testing.T, path string) []client.Object {
	t.Helper()
	var objects []client.Object
	for object, problem := range manifest.New(nil, manifest.Options{}).Load(t.Context(), []string{path}) {
		if problem != nil {
			t.Fatal(problem)
		}
		objects = append(objects, whole(t, object.Object.(client.Object)))
	}
	return objects
}

// written returns the objects of the files of a directory as they are written. What the command line reads fills in what it takes
// the API server to fill in: created from that, an object would hide what it gets wrong.
func written(t *testing.T, dir string) []client.Object {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var objects []client.Object
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for document := range strings.SplitSeq(string(data), "\n---\n") {
			obj := &unstructured.Unstructured{}
			if err := yaml.Unmarshal([]byte(document), &obj.Object); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			if obj.Object != nil {
				objects = append(objects, obj)
			}
		}
	}
	return objects
}

// whole returns an object as it can be created: of policies of other engines no more than the metadata is read.
func whole(t *testing.T, obj client.Object) client.Object {
	t.Helper()
	if _, is := obj.(*metav1.PartialObjectMetadata); !is {
		return obj
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(obj)
	if err != nil {
		t.Fatal(err)
	}
	return &unstructured.Unstructured{Object: content}
}

// start starts a control plane that serves what the worlds hold.
func start(t *testing.T) *controlplane.ControlPlane {
	t.Helper()
	plane, err := controlplane.Start(t.Context(), controlplane.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := plane.Stop(); err != nil {
			t.Error(err)
		}
	})
	err = controlplane.ApplyFiles(t.Context(), plane.Config(),
		"../../config/crd/bases", "testdata/definitions.yaml", "../../config/manager/namespace.yaml", "../../config/rbac")
	if err != nil {
		t.Fatal(err)
	}
	return plane
}

// reported puts objects into a cluster and returns what the operator reports of it.
func reported(t *testing.T, plane *controlplane.ControlPlane, objects, baselines []client.Object) []string {
	t.Helper()
	scheme, err := controllers.NewScheme()
	if err != nil {
		t.Fatal(err)
	}
	config := plane.Config()
	config.QPS = -1
	admin, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	for _, obj := range slices.Concat(namespacesFirst(withDefaultAccounts(objects)), baselines) {
		if err := admin.Create(t.Context(), obj.DeepCopyObject().(client.Object)); err != nil {
			t.Fatalf("create %T %s: %v", obj, obj.GetName(), err)
		}
	}
	run(t, plane)
	for _, b := range baselines {
		await(t, admin, b.GetName())
	}
	return settled(t, admin)
}

// settled returns what the reports say, once they have said so for longer than the operator waits to see whether what it found lasts:
// a policy that selects nothing yet may have been made before its workload.
func settled(t *testing.T, admin client.Client) (said []string) {
	t.Helper()
	const lasting = 8 * time.Second
	since := time.Now()
	err := wait.PollUntilContextTimeout(t.Context(), time.Second, 2*time.Minute, true, func(ctx context.Context) (bool, error) {
		var list v1alpha1.DriftReportList
		err := admin.List(ctx, &list)
		if now := lines(list.Items); !slices.Equal(said, now) {
			said, since = now, time.Now()
		}
		return time.Since(since) > lasting, err
	})
	if err != nil {
		t.Fatalf("the reports go on changing: %v", err)
	}
	return said
}

// withDefaultAccounts adds the ServiceAccounts that a controller makes in a cluster. None runs here.
func withDefaultAccounts(objects []client.Object) []client.Object {
	all := slices.Clone(objects)
	for _, obj := range objects {
		if obj.GetObjectKind().GroupVersionKind().Kind == "Namespace" {
			account := &unstructured.Unstructured{}
			account.SetAPIVersion("v1")
			account.SetKind("ServiceAccount")
			account.SetNamespace(obj.GetName())
			account.SetName("default")
			all = append(all, account)
		}
	}
	return all
}

// namespacesFirst puts first what others need to be created.
func namespacesFirst(objects []client.Object) []client.Object {
	sorted := slices.Clone(objects)
	rank := func(obj client.Object) int {
		return -slices.Index([]string{"ServiceAccount", "Namespace"}, obj.GetObjectKind().GroupVersionKind().Kind)
	}
	slices.SortStableFunc(sorted, func(a, b client.Object) int { return rank(a) - rank(b) })
	return sorted
}

// run starts the operator as its own ServiceAccount, until the test is over.
func run(t *testing.T, plane *controlplane.ControlPlane) {
	t.Helper()
	config, err := plane.ServiceAccountConfig(t.Context(), controllers.DefaultNamespace, "plumbline-manager")
	if err != nil {
		t.Fatal(err)
	}
	mgr, err := controllers.NewManager(config, controllers.ManagerOptions{
		Options:        controllers.Options{Checks: checks.All(), MaxReports: 100_000, Metrics: prometheus.NewRegistry(), SkipNameValidation: true},
		MetricsAddress: "0", ProbeAddress: "0",
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- mgr.Start(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

// await waits until a baseline is evaluated.
func await(t *testing.T, reader client.Client, name string) {
	t.Helper()
	deadline := time.After(4 * time.Minute)
	for {
		sb := &v1alpha1.SecurityBaseline{}
		if err := reader.Get(t.Context(), client.ObjectKey{Name: name}, sb); err != nil {
			t.Fatal(err)
		}
		ready := meta.FindStatusCondition(sb.Status.Conditions, v1alpha1.ConditionReady)
		if ready != nil && ready.Reason == v1alpha1.ReasonEvaluated {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("SecurityBaseline %s is not evaluated: %+v", name, sb.Status.Conditions)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// scanned returns what the command line finds.
func scanned(t *testing.T, args ...string) []string {
	t.Helper()
	command := scan.NewScanCommand(scan.Options{Checks: checks.All()})
	var out, problems bytes.Buffer
	command.SetOut(&out)
	command.SetErr(&problems)
	command.SetArgs(append(args, "-o", "yaml"))
	var code scan.ExitCode
	if err := command.Execute(); !errors.As(err, &code) || code != 1 {
		t.Fatalf("scan: %v\n%s", err, problems.String())
	}
	var reports []v1alpha1.DriftReport
	for document := range strings.SplitSeq(out.String(), "\n---\n") {
		var report v1alpha1.DriftReport
		if err := yaml.Unmarshal([]byte(document), &report); err != nil {
			t.Fatal(err)
		}
		if report.Spec.Target.Name != "" {
			reports = append(reports, report)
		}
	}
	return lines(reports)
}

// lines tells every finding of reports in a line, and of each report what could not be evaluated, in order.
func lines(reports []v1alpha1.DriftReport) []string {
	var all []string
	for i := range reports {
		target := reports[i].Spec.Target
		if evaluated := meta.FindStatusCondition(reports[i].Status.Conditions, v1alpha1.ConditionEvaluated); evaluated != nil {
			all = append(all, strings.Join([]string{target.Kind, target.Name, target.Namespace, "", "", evaluated.Message}, "|"))
		}
		for _, f := range reports[i].Status.Findings {
			waived := ""
			if f.Waiver != nil {
				waived = f.Waiver.Exception
			}
			all = append(all, strings.Join([]string{
				target.Kind, target.Name, target.Namespace, f.Baseline, f.Check, string(f.Severity), f.Container, f.Path, f.Value,
				f.Expected, f.Actual, f.Message, f.Remediation, string(f.Origin), waived,
			}, "|"))
		}
	}
	slices.Sort(all)
	return all
}
