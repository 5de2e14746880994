package command_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"plumbline.dev/plumbline/internal/snapshot/command"
)

const (
	shop = "../../../config/samples/shop.yaml"
	team = `apiVersion: v1
kind: ServiceAccount
metadata: {name: bot, namespace: team}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: bot, namespace: team}
---
apiVersion: v1
kind: Secret
metadata: {name: bot, namespace: team}
stringData: {password: open sesame}
`
)

// run runs the command as the program does.
func run(t *testing.T, stdin string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	var out, told bytes.Buffer
	cmd := command.NewCommand("test")
	cmd.SetArgs(args)
	cmd.SetIn(strings.NewReader(stdin))
	cmd.SetOut(&out)
	cmd.SetErr(&told)
	err = cmd.ExecuteContext(context.Background())
	return out.String(), told.String(), err
}

func TestFilesAreWrittenDown(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want []string
		none []string
	}{
		"of a path and of standard input": {
			args: []string{shop, "-"},
			want: []string{"\n  name: snapshot\n", "\n  name: snapshot-shop\n", "\n  name: snapshot-team\n", "name: api\n", "name: bot\n"},
			none: []string{"sesame", "kind: ConfigMap", "WebhookConfiguration"},
		},
		"of one namespace": {
			args: []string{"--namespace", "te*", "--name", "mine", shop, "-"},
			want: []string{"\n  name: mine-team\n"}, none: []string{"mine-shop", "ClusterRole"},
		},
		"of one kind": {
			args: []string{"--kinds", "serviceaccount", shop, "-"},
			want: []string{"\n  name: snapshot-shop\n"}, none: []string{"kind: Deployment", "\n  name: snapshot\n"},
		},
		"as one, without an inventory": {
			args: []string{"--split-by", "none", "--inventory=false", shop, "-"},
			want: []string{"\n  name: snapshot\n"}, none: []string{"inventory:", "---"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			text, _, err := run(t, team, c.args...)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range c.want {
				if !strings.Contains(text, want) {
					t.Errorf("it does not say %q:\n%s", want, text)
				}
			}
			for _, none := range c.none {
				if strings.Contains(text, none) {
					t.Errorf("it says %q:\n%s", none, text)
				}
			}
		})
	}
}

func TestWhatCannotBeMeantIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"nothing":                       {nil, "nothing is chosen: name namespaces with --namespace"},
		"one namespace and all":         {[]string{"-A", "-n", "shop"}, "--all-namespaces and --namespace: leave out one or the other"},
		"an unknown kind":               {[]string{"-A", "--kinds", "Secret"}, "--kinds Secret: must be some of ClusterRole, "},
		"a kind that is in no file":     {[]string{"--kinds", "ValidatingAdmissionPolicy", shop}, "it is not read from files"},
		"an unknown split":              {[]string{"--split-by", "kind", shop}, "cannot split by kind"},
		"a file that is not there":      {[]string{"nowhere.yaml"}, "nowhere.yaml"},
		"a namespace that is not there": {[]string{"-n", "shpo", shop}, "no namespace is called shpo"},
		"no cluster":                    {[]string{"-A"}, "no cluster to read"},
	} {
		t.Run(name, func(t *testing.T) {
			text, _, err := run(t, "", c.args...)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if text != "" {
				t.Errorf("it writes %s", text)
			}
		})
	}
}

func TestAFileThatCannotBeReadWholeIsNotWrittenDown(t *testing.T) {
	text, _, err := run(t, "kind: Deployment\napiVersion: apps/v1\nmetadata: {name: x}\nspec: 7\n", shop, "-")
	if err == nil || text != "" {
		t.Errorf("got error %v, and %s", err, text)
	}
}

func TestADirectoryIsWrittenAnew(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a[b]")
	args := []string{"--output-dir", dir, shop, "-"}
	if text, _, err := run(t, team, args...); err != nil || text != "" {
		t.Fatalf("got error %v, and %s", err, text)
	}
	first := read(t, dir, "snapshot-shop.yaml")
	info, err := os.Stat(filepath.Join(dir, "snapshot-shop.yaml"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got error %v, and mode %v", err, info.Mode())
	}
	if _, told, err := run(t, team, args...); err != nil || strings.Contains(told, dir) {
		t.Errorf("got error %v, and %s", err, told)
	}
	if again := read(t, dir, "snapshot-shop.yaml"); again != first {
		t.Errorf("the second time it is\n%s\nthe first\n%s", again, first)
	}
	if _, told, err := run(t, "", "--output-dir", dir, shop); err != nil || !strings.Contains(told, "snapshot-team.yaml is of an earlier snapshot") {
		t.Errorf("got error %v, and %s", err, told)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 3 {
		t.Errorf("there are %v, and error %v", entries, err)
	}
}

func TestAFileOfSomebodyElseStays(t *testing.T) {
	for name, text := range map[string]string{"of another text": "kind: SecurityBaseline\n", "that is empty": ""} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "snapshot-team.yaml"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, _, err := run(t, team, "--output-dir", dir, shop, "-")
			if err == nil || !strings.Contains(err.Error(), "snapshot-team.yaml was not written by plumbline snapshot") {
				t.Errorf("got %v", err)
			}
			if read(t, dir, "snapshot-team.yaml") != text {
				t.Error("it was overwritten")
			}
			if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
				t.Errorf("there are %v, and error %v", entries, err)
			}
		})
	}
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
