package command

import (
	"context"
	"errors"
	"fmt"

	clientgoscheme "k8s.io/client-go/kubernetes/scheme"

	"plumbline.dev/plumbline/internal/manifest"
	"plumbline.dev/plumbline/internal/snapshot"
)

// maxTold is how many problems of files are told.
const maxTold = 20

// readFiles takes in the objects of files. What cannot be read would be missing: it is an error.
func (q *request) readFiles(ctx context.Context, s *snapshot.Snapshot) error {
	var wrong []error
	note := func(err error) {
		if len(wrong) < maxTold {
			wrong = append(wrong, err)
		}
	}
	for object, problem := range manifest.New(q.stdin, q.manifest).Load(ctx, q.paths) {
		if problem != nil {
			note(problem)
			continue
		}
		q.progress.step()
		gvks, _, err := clientgoscheme.Scheme.ObjectKinds(object.Object)
		if err != nil { // a SecurityBaseline, which is not written down
			continue
		}
		if err := s.Add(gvks[0], object.Object); err != nil {
			note(fmt.Errorf("%s: %w", object.Source, err))
		}
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("reading was ended: %w", err)
	}
	return errors.Join(wrong...)
}
