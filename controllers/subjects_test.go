package controllers_test

import (
	"fmt"
	"testing"

	"github.com/onsi/gomega"
)

func TestWhoeverNamesOthersBeforeAUserHidesNothing(t *testing.T) {
	s := newStory(t)
	s.declare(forbidExec)
	s.create(s.role("debug", execRule()))
	jane, joe := rbacUser(s.namespace+":jane"), rbacUser(s.namespace+":joe")
	binding := s.binding("debug", "debug", jane)
	s.create(binding)
	state := func() string { return s.inOperator(s.namespace + ":")["User jane"] }
	s.Eventually(state).Should(gomega.Equal("Drifted High"))
	s.change(binding, "test", func() {
		binding.Subjects = nil
		for i := range 64 {
			binding.Subjects = append(binding.Subjects, rbacUser(fmt.Sprintf("%s:%02d", s.namespace, i)))
		}
		binding.Subjects = append(binding.Subjects, jane, joe)
	})
	s.Eventually(func() int { return len(s.inOperator(s.namespace + ":")) }).Should(gomega.Equal(65))
	s.Consistently(state).Should(gomega.Equal("Drifted High"))
	restart(t)
	s.settle()
	s.Consistently(state).Should(gomega.Equal("Drifted High"))
}
