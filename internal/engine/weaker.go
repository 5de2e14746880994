package engine

// Weaker is what a check finds in running pods, and not in the template that they were made from.
type Weaker struct {
	// Finding is what the check finds in one of them.
	Finding Finding
	// Pods is how many of them have it, and Pod the first of these by name.
	Pods int32
	Pod  string
}
