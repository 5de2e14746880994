package controlplane

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// auditPolicy records writes and nothing else. Questions to the API server travel as creations but write nothing, so
// they are left out: who am I, may I, give me a token.
//
// RequestReceived is recorded before the request is worked on, and ResponseComplete sometimes after the client has its
// answer: the first makes the count exact, the second has the result and a generated name.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [ResponseStarted]
rules:
- level: None
  resources:
  - group: authentication.k8s.io
  - group: authorization.k8s.io
  - group: ""
    resources: [serviceaccounts/token]
- level: Metadata
  verbs: [create, update, patch, delete, deletecollection]
`

// answerTimeout is how long Writes waits for the results of requests that are still being answered.
const answerTimeout = 5 * time.Second

// Write is a request to the API server to change something, whether or not it succeeded or made a difference.
type Write struct {
	Time        time.Time // when the API server received it
	User        string    // such as system:serviceaccount:plumbline-system:plumbline-manager
	Verb        string    // create, update, patch, delete or deletecollection
	Group       string    // empty for the core group
	Resource    string    // the plural, such as driftreports
	Subresource string    // such as status, or empty
	Namespace   string    // empty for what is in none
	Name        string    // empty for deletecollection, and for a refused creation
	Code        int       // the HTTP status of the answer; 0 if none was given yet or ever
}

// String returns the write in one line, such as for a test that expected none.
func (w Write) String() string {
	resource := strings.TrimSuffix(w.Resource+"/"+w.Subresource, "/")
	if w.Group != "" {
		resource += "." + w.Group
	}
	return fmt.Sprintf("%s %s %s %s %s/%s: %d", w.Time.Format("15:04:05.000"), w.User, w.Verb, resource, w.Namespace, w.Name, w.Code)
}

// Writes returns the writes for which keep is true, all if it is nil, in the order in which the API server received
// them. The writes of a client that has its answers are all among them; dry runs are not. For requests that are being
// answered it waits a little, so that their Code is known. It needs Options.Audit.
func (c *ControlPlane) Writes(ctx context.Context, keep func(Write) bool) ([]Write, error) {
	if c.audit == nil {
		return nil, errors.New("writes are not recorded: start the control plane with Options.Audit")
	}
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	for {
		writes, unanswered, err := c.audit.read(keep)
		if err != nil || unanswered == 0 {
			return writes, err
		}
		select {
		case <-ctx.Done():
			return writes, nil
		case <-time.After(pollInterval):
		}
	}
}

// auditLog is what the API server recorded. It is read as it grows.
type auditLog struct {
	file, policyFile string

	mu         sync.Mutex
	offset     int64          // up to which file was read
	writes     []Write        // read so far
	unanswered map[string]int // the audit ID of a request that has no answer yet, to its place in writes
}

func newAuditLog(dir string) (*auditLog, error) {
	a := &auditLog{
		file:       filepath.Join(dir, "audit.log"),
		policyFile: filepath.Join(dir, "audit-policy.yaml"),
		unanswered: map[string]int{},
	}
	return a, os.WriteFile(a.policyFile, []byte(auditPolicy), 0o600)
}

func (a *auditLog) flags() []string {
	return []string{
		"--audit-policy-file=" + a.policyFile,
		"--audit-log-path=" + a.file,
		"--audit-log-mode=blocking",  // an event is in the file before the request goes on
		"--audit-log-maxsize=100000", // MB: one file, however long
	}
}

// read returns the writes so far for which keep is true, and the number of all requests without an answer.
func (a *auditLog) read(keep func(Write) bool) ([]Write, int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.catchUp(); err != nil {
		return nil, 0, fmt.Errorf("reading the audit log %s: %w", a.file, err)
	}
	var kept []Write
	for _, write := range a.writes {
		if keep == nil || keep(write) {
			kept = append(kept, write)
		}
	}
	return kept, len(a.unanswered), nil
}

// serverStopped gives up on the answers that the API server did not record before it stopped.
func (a *auditLog) serverStopped() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	err := a.catchUp()
	clear(a.unanswered)
	return err
}

// catchUp reads the whole lines that were added to the file.
func (a *auditLog) catchUp() error {
	file, err := os.Open(a.file)
	if errors.Is(err, os.ErrNotExist) { // nothing was written yet
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := file.Seek(a.offset, io.SeekStart); err != nil {
		return err
	}
	data, err := io.ReadAll(file)
	if err != nil {
		return err
	}
	for {
		line, rest, whole := bytes.Cut(data, []byte("\n"))
		if !whole {
			return nil
		}
		var event auditEvent
		if err := json.Unmarshal(line, &event); err != nil {
			return fmt.Errorf("at byte %d: %w", a.offset, err)
		}
		a.add(event)
		a.offset += int64(len(line)) + 1
		data = rest
	}
}

// auditEvent is the part of an audit.k8s.io/v1 Event that is used here.
type auditEvent struct {
	AuditID    string    `json:"auditID"`
	Stage      string    `json:"stage"`
	RequestURI string    `json:"requestURI"`
	Verb       string    `json:"verb"`
	Received   time.Time `json:"requestReceivedTimestamp"`
	User       struct {
		Username string `json:"username"`
	} `json:"user"`
	Object struct {
		Group       string `json:"apiGroup"`
		Resource    string `json:"resource"`
		Subresource string `json:"subresource"`
		Namespace   string `json:"namespace"`
		Name        string `json:"name"`
	} `json:"objectRef"`
	Response struct {
		Code int `json:"code"`
	} `json:"responseStatus"`
}

func (a *auditLog) add(event auditEvent) {
	if strings.Contains(event.RequestURI, "dryRun=All") {
		return
	}
	write := Write{
		Time: event.Received, User: event.User.Username, Verb: event.Verb,
		Group: event.Object.Group, Resource: event.Object.Resource, Subresource: event.Object.Subresource,
		Namespace: event.Object.Namespace, Name: event.Object.Name, Code: event.Response.Code,
	}
	if event.Stage == "RequestReceived" {
		a.unanswered[event.AuditID] = len(a.writes)
		a.writes = append(a.writes, write)
		return
	}
	if place, ok := a.unanswered[event.AuditID]; ok {
		a.writes[place] = write
		delete(a.unanswered, event.AuditID)
	}
}
