package checks

import (
	"cmp"

	"plumbline.dev/plumbline/api/v1alpha1"
	"plumbline.dev/plumbline/internal/engine"
	"plumbline.dev/plumbline/internal/workload"
)

var _ = register(engine.Check{
	ID:    "secret-in-environment",
	Title: "Secret in the environment",
	Description: "Environment variables leak: into logs and crash reports, to every program that the container starts, and to whoever may " +
		"read /proc or inspect the container on its node. They also keep their value when the Secret is changed. A file that " +
		"is mounted from the Secret can be protected, and follows it.",
	Remediation: "Mount the Secret as a volume, have the program read the file, and remove the variable.",
	Severity:    v1alpha1.SeverityLow,
	Controls: []engine.Control{
		cis("5.4.1 Prefer using Secrets as files over Secrets as environment variables"),
	},
	Declared: func(declared *v1alpha1.SecurityBaselineSpec) bool {
		return declared.Workloads.SecretsInEnvironment == v1alpha1.RuleForbidden
	},
	Run: runSecretInEnvironment,
})

// maxVariables bounds the findings of one container: the API server accepts tens of thousands of variables.
const maxVariables = 256

func runSecretInEnvironment(in *engine.Input) []engine.Finding {
	var findings []engine.Finding
	for container := range in.Workload.Containers() {
		found := 0
		for i := range container.Env {
			source := container.Env[i].ValueFrom
			if source == nil || source.SecretKeyRef == nil {
				continue
			}
			if found++; found <= maxVariables {
				findings = append(findings, secretVariable(in, container, container.Env[i].Name, source.SecretKeyRef.Name))
			}
		}
		for i := range container.EnvFrom {
			secret := container.EnvFrom[i].SecretRef
			if secret == nil {
				continue
			}
			if found++; found <= maxVariables {
				findings = append(findings, secretVariables(in, container, secret.Name))
			}
		}
		if found > maxVariables {
			findings = append(findings, moreVariables(in, container))
		}
	}
	return findings
}

// secretVariable is told from others by variable and Secret: an exception for a Secret waives all its keys.
func secretVariable(in *engine.Input, container workload.Container, variable, secret string) engine.Finding {
	f := fromSecret(in, container, "a key of "+calledSecret(secret), "has variable "+variable+" from "+calledSecret(secret))
	f.Path, f.Value = container.Path("env["+variable+"].valueFrom.secretKeyRef"), cmp.Or(secret, "unset")
	f.Remediation = "Mount " + calledSecret(secret) + " as a volume, have the program read the file, and remove variable " + variable + "."
	return f
}

func secretVariables(in *engine.Input, container workload.Container, secret string) engine.Finding {
	f := fromSecret(in, container, "every key of "+calledSecret(secret), "has a variable for every key of "+calledSecret(secret))
	f.Path, f.Value = container.Path("envFrom"), cmp.Or(secret, "unset")
	f.Remediation = "Mount " + calledSecret(secret) + " as a volume, have the program read the files, and remove the Secret from envFrom."
	return f
}

func moreVariables(in *engine.Input, container workload.Container) engine.Finding {
	f := fromSecret(in, container, "more variables than are listed", "has more variables from Secrets than are listed")
	f.Path, f.Value = container.Path("env"), furtherOnes
	return f
}

func fromSecret(in *engine.Input, container workload.Container, actual, does string) engine.Finding {
	return engine.Finding{
		Container: container.Name,
		Expected:  "no variable from a Secret",
		Actual:    actual,
		Message:   "Container " + container.Name + " " + does + ", which baseline " + in.Baseline + " forbids.",
	}
}

// calledSecret names a Secret. Files may hold references that name none.
func calledSecret(name string) string {
	if name == "" {
		return "a Secret without a name"
	}
	return "Secret " + name
}
