package facts

import (
	"container/list"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// maxChanges bounds the bytes of managedFields that wait for their object to be judged.
const maxChanges = 8 << 20

// Changes holds who changed what in objects that have arrived and are not judged yet. The cache keeps no managedFields,
// and asking for them again costs a request each; so they wait here, in a bounded space, from which the oldest go first.
type Changes struct {
	mu    sync.Mutex
	byUID map[types.UID]*list.Element
	order *list.List // of *waiting, the oldest first
	bytes int
}

type waiting struct {
	uid     types.UID
	managed []metav1.ManagedFieldsEntry
	bytes   int
}

// NewChanges returns an empty Changes.
func NewChanges() *Changes {
	return &Changes{byUID: map[types.UID]*list.Element{}, order: list.New()}
}

// Put keeps the managedFields of an object, in place of older ones.
func (c *Changes) Put(uid types.UID, managed []metav1.ManagedFieldsEntry) {
	entry := &waiting{uid: uid, managed: managed, bytes: bytesOf(managed)}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(uid)
	c.byUID[uid] = c.order.PushBack(entry)
	c.bytes += entry.bytes
	for c.bytes > maxChanges {
		if oldest, ok := c.order.Front().Value.(*waiting); ok {
			c.drop(oldest.uid)
		}
	}
}

// Take returns the managedFields of an object, and forgets them; nil when they are not here.
func (c *Changes) Take(uid types.UID) []metav1.ManagedFieldsEntry {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.drop(uid)
}

func (c *Changes) drop(uid types.UID) []metav1.ManagedFieldsEntry {
	element := c.byUID[uid]
	if element == nil {
		return nil
	}
	delete(c.byUID, uid)
	entry, ok := c.order.Remove(element).(*waiting)
	if !ok {
		return nil
	}
	c.bytes -= entry.bytes
	return entry.managed
}

func bytesOf(managed []metav1.ManagedFieldsEntry) int {
	const each = 200 // of the entry itself
	n := 0
	for i := range managed {
		n += each
		if managed[i].FieldsV1 != nil {
			n += len(managed[i].FieldsV1.GetRawString())
		}
	}
	return n
}
