package tasker

import "unicode/utf8"

// checkedKeys is a store that refuses keys that are not UTF-8. The host takes only UTF-8, and a changed key could be that of another
// value.
type checkedKeys struct {
	Store
	bucket string
}

func (c checkedKeys) check(keys ...string) error {
	for _, key := range keys {
		if !utf8.ValidString(key) {
			return Permanent("InvalidValue", "the key %q in the bucket `%s`: %w", key, c.bucket, errNotUTF8)
		}
	}
	return nil
}

func (c checkedKeys) Get(key string) ([]byte, bool, error) {
	if err := c.check(key); err != nil {
		return nil, false, err
	}
	return c.Store.Get(key)
}

func (c checkedKeys) GetMany(keys []string) ([][]byte, error) {
	if err := c.check(keys...); err != nil {
		return nil, err
	}
	return c.Store.GetMany(keys)
}

func (c checkedKeys) Set(key string, value []byte) error {
	if err := c.check(key); err != nil {
		return err
	}
	return c.Store.Set(key, value)
}

func (c checkedKeys) SetMany(values []Pair) error {
	for _, pair := range values {
		if err := c.check(pair.Key); err != nil {
			return err
		}
	}
	return c.Store.SetMany(values)
}

func (c checkedKeys) Delete(keys []string) error {
	if err := c.check(keys...); err != nil {
		return err
	}
	return c.Store.Delete(keys)
}

func (c checkedKeys) Exists(key string) (bool, error) {
	if err := c.check(key); err != nil {
		return false, err
	}
	return c.Store.Exists(key)
}

func (c checkedKeys) Increment(key string, delta int64) (int64, error) {
	if err := c.check(key); err != nil {
		return 0, err
	}
	return c.Store.Increment(key, delta)
}

func (c checkedKeys) Swap(key string, change func(old []byte) ([]byte, error)) error {
	if err := c.check(key); err != nil {
		return err
	}
	return c.Store.Swap(key, change)
}
