package tasker

import (
	"errors"
	"sort"
)

// MaxValueBytes is the size of the largest value.
const MaxValueBytes = 400_000

// Bucket holds values that outlive an execution. It belongs to the template's namespace, and is shared by all steps there that are
// granted it under `grants.key_value`. A step may run more than once, so prefer writes that can be repeated.
//
// Values are JSON, or bytes in the methods named so. Keys have 1 to 1,024 bytes of UTF-8; one call returns up to 4 MiB. The failures
// are a retryable KeyValueFailed if the store is unavailable, and a permanent InvalidValue for a value that does not have the type,
// is no JSON, or is too large, and for a key that is not in UTF-8.
type Bucket struct {
	name  string
	store Store
}

// Bucket opens a bucket, once in a run. The failure is a permanent KeyValueDenied if the template does not grant it.
func (c *Context) Bucket(name string) (*Bucket, error) {
	if open, ok := c.buckets.Load(name); ok {
		return open.(*Bucket), nil
	}
	store, err := c.host.Open(name)
	if err != nil {
		return nil, (&Bucket{name: name}).failing(err)
	}
	open, _ := c.buckets.LoadOrStore(name, &Bucket{name, checkedKeys{store, name}})
	return open.(*Bucket), nil
}

// Get reads the value of a key, nil if it has none.
func Get[T any](b *Bucket, key string) (*T, error) {
	value, found, err := b.store.Get(key)
	if err != nil || !found {
		return nil, b.failing(err)
	}
	return valueOf[T](b, key, value)
}

// GetMany reads the values of several keys, in their order, in one call. Nil for a key without a value.
func GetMany[T any](b *Bucket, keys ...string) ([]*T, error) {
	values, err := b.store.GetMany(keys)
	if err != nil {
		return nil, b.failing(err)
	}
	read := make([]*T, len(values))
	for index, value := range values {
		if value == nil {
			continue
		}
		if read[index], err = valueOf[T](b, keys[index], value); err != nil {
			return nil, err
		}
	}
	return read, nil
}

// Update replaces the value by the change of the old value, which is nil if there is none, and returns the new value. It calls
// change again if the value was written in between, so no write is lost. An error of change writes nothing.
func Update[T any](b *Bucket, key string, change func(old *T) (T, error)) (T, error) {
	var value T
	err := b.store.Swap(key, func(old []byte) ([]byte, error) {
		var known *T
		if old != nil {
			read, err := valueOf[T](b, key, old)
			if err != nil {
				return nil, err
			}
			known = read
		}
		var err error
		if value, err = change(known); err != nil {
			return nil, &changeError{err}
		}
		return b.written(key, value)
	})
	var refused *changeError
	if errors.As(err, &refused) {
		return value, refused.error
	}
	return value, b.failing(err)
}

// changeError is an error of the user's own function, which is passed on.
type changeError struct{ error }

// Set sets the value of a key.
func (b *Bucket) Set(key string, value any) error {
	text, err := b.written(key, value)
	if err != nil {
		return err
	}
	return b.failing(b.store.Set(key, text))
}

// SetMany sets the values of several keys in one call. On error, some may have been set.
func (b *Bucket) SetMany(values map[string]any) error {
	keys := make([]string, 0, len(values))
	for key := range values {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	pairs := make([]Pair, 0, len(values))
	for _, key := range keys {
		text, err := b.written(key, values[key])
		if err != nil {
			return err
		}
		pairs = append(pairs, Pair{key, text})
	}
	return b.failing(b.store.SetMany(pairs))
}

// GetBytes returns the bytes of a key's value, nil if it has none.
func (b *Bucket) GetBytes(key string) ([]byte, error) {
	value, found, err := b.store.Get(key)
	if err != nil || !found {
		return nil, b.failing(err)
	}
	if value == nil {
		value = []byte{}
	}
	return value, nil
}

// SetBytes sets the bytes of a key's value.
func (b *Bucket) SetBytes(key string, value []byte) error {
	if err := b.checkSize(key, value); err != nil {
		return err
	}
	return b.failing(b.store.Set(key, value))
}

// Delete deletes the values of keys.
func (b *Bucket) Delete(keys ...string) error { return b.failing(b.store.Delete(keys)) }

// Exists is whether a key has a value.
func (b *Bucket) Exists(key string) (bool, error) {
	exists, err := b.store.Exists(key)
	return exists, b.failing(err)
}

// Keys are all keys that have a value. It reads the whole bucket, page by page.
func (b *Bucket) Keys() ([]string, error) {
	keys, err := b.store.Keys()
	return keys, b.failing(err)
}

// Increment adds to a number atomically and returns the sum. A key without a value counts as 0.
func (b *Bucket) Increment(key string, delta int64) (int64, error) {
	sum, err := b.store.Increment(key, delta)
	return sum, b.failing(err)
}

func valueOf[T any](b *Bucket, key string, text []byte) (*T, error) {
	value, err := read[T](string(text))
	if err != nil {
		return nil, b.invalid(key, err)
	}
	return &value, nil
}

func (b *Bucket) written(key string, value any) ([]byte, error) {
	text, err := marshal(value)
	if err != nil {
		return nil, b.invalid(key, err)
	}
	return []byte(text), b.checkSize(key, []byte(text))
}

func (b *Bucket) checkSize(key string, value []byte) error {
	if len(value) <= MaxValueBytes {
		return nil
	}
	return Permanent("InvalidValue", "the value for `%s` in the bucket `%s` has %d bytes, more than the limit of %d",
		key, b.name, len(value), MaxValueBytes)
}

func (b *Bucket) invalid(key string, err error) error {
	return Permanent("InvalidValue", "`%s` in the bucket `%s` does not have the expected form: %w", key, b.name, err)
}

// failing makes an error of the store a retryable failure.
func (b *Bucket) failing(err error) error {
	var failed *Failure
	if err == nil || errors.As(err, &failed) {
		return err
	}
	return Retryable("KeyValueFailed", "bucket `%s`: %w", b.name, err)
}
