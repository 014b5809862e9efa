package tasker

// Buckets: `wasi:keyvalue`.

import (
	"errors"
	"unsafe"
)

//go:wasmimport wasi:keyvalue/store@0.2.0-draft2 open
func storeOpen(name string, result unsafe.Pointer)

//go:wasmimport wasi:keyvalue/store@0.2.0-draft2 [method]bucket.get
func bucketGet(bucket uint32, key string, result unsafe.Pointer)

//go:wasmimport wasi:keyvalue/store@0.2.0-draft2 [method]bucket.set
func bucketSet(bucket uint32, key, value string, result unsafe.Pointer)

//go:wasmimport wasi:keyvalue/store@0.2.0-draft2 [method]bucket.exists
func bucketExists(bucket uint32, key string, result unsafe.Pointer)

//go:wasmimport wasi:keyvalue/store@0.2.0-draft2 [method]bucket.list-keys
func bucketListKeys(bucket, hasCursor uint32, cursor string, result unsafe.Pointer)

//go:wasmimport wasi:keyvalue/batch@0.2.0-draft2 get-many
func batchGetMany(bucket uint32, keys unsafe.Pointer, count uint32, result unsafe.Pointer)

//go:wasmimport wasi:keyvalue/batch@0.2.0-draft2 set-many
func batchSetMany(bucket uint32, pairs unsafe.Pointer, count uint32, result unsafe.Pointer)

//go:wasmimport wasi:keyvalue/batch@0.2.0-draft2 delete-many
func batchDeleteMany(bucket uint32, keys unsafe.Pointer, count uint32, result unsafe.Pointer)

//go:wasmimport wasi:keyvalue/atomics@0.2.0-draft2 increment
func atomicsIncrement(bucket uint32, key string, delta int64, result unsafe.Pointer)

//go:wasmimport wasi:keyvalue/atomics@0.2.0-draft2 [static]cas.new
func casNew(bucket uint32, key string, result unsafe.Pointer)

//go:wasmimport wasi:keyvalue/atomics@0.2.0-draft2 [method]cas.current
func casCurrent(cas uint32, result unsafe.Pointer)

//go:wasmimport wasi:keyvalue/atomics@0.2.0-draft2 swap
func atomicsSwap(cas uint32, value string, result unsafe.Pointer)

//go:wasmimport wasi:keyvalue/atomics@0.2.0-draft2 [resource-drop]cas
func casDrop(cas uint32)

// wasiStore is the handle of a bucket, which lives as long as the execution.
type wasiStore uint32

func (wasiHost) Open(name string) (Store, error) {
	result := new(area)
	storeOpen(valid(name), result.at())
	if result.byte(0) == 0 {
		return wasiStore(result.word(4)), nil
	}
	if result.byte(4) == 1 {
		return nil, Permanent("KeyValueDenied",
			"the bucket `%s` is not granted to this step; see `grants.key_value` in the template", name)
	}
	return nil, storeError(result, 4)
}

// storeError is the variant `error` at an offset.
func storeError(result *area, offset uintptr) error {
	switch result.byte(offset) {
	case 0:
		return errors.New("the host has no key-value store")
	case 1:
		return errors.New("access was denied")
	}
	return errors.New(result.text(offset + 4))
}

// done is the error of `result<_, error>`.
func done(result *area) error {
	if result.byte(0) != 0 {
		return storeError(result, 4)
	}
	return nil
}

// optionalBytes is `result<option<list<u8>>, error>`.
func optionalBytes(result *area) ([]byte, bool, error) {
	if err := done(result); err != nil {
		return nil, false, err
	}
	if result.byte(4) == 0 {
		return nil, false, nil
	}
	return result.bytes(8), true, nil
}

func (s wasiStore) Get(key string) ([]byte, bool, error) {
	result := new(area)
	bucketGet(uint32(s), key, result.at())
	return optionalBytes(result)
}

func (s wasiStore) GetMany(keys []string) ([][]byte, error) {
	result, list := new(area), texts(keys)
	batchGetMany(uint32(s), list.at(), uint32(len(keys)), result.at())
	list.keep()
	if err := done(result); err != nil {
		return nil, err
	}
	var values [][]byte
	for _, element := range result.list(4, 5) {
		if element[0]&0xff == 0 {
			values = append(values, nil)
			continue
		}
		take(element[1], element[2])
		values = append(values, take(element[3], element[4]))
	}
	return values, nil
}

func (s wasiStore) Set(key string, value []byte) error {
	result := new(area)
	bucketSet(uint32(s), key, asText(value), result.at())
	return done(result)
}

func (s wasiStore) SetMany(pairs []Pair) error {
	result, list := new(area), &lowered{}
	for _, pair := range pairs {
		list.text(pair.Key)
		list.bytes(pair.Value)
	}
	batchSetMany(uint32(s), list.at(), uint32(len(pairs)), result.at())
	list.keep()
	return done(result)
}

func (s wasiStore) Delete(keys []string) error {
	result, list := new(area), texts(keys)
	batchDeleteMany(uint32(s), list.at(), uint32(len(keys)), result.at())
	list.keep()
	return done(result)
}

func (s wasiStore) Exists(key string) (bool, error) {
	result := new(area)
	bucketExists(uint32(s), key, result.at())
	if err := done(result); err != nil {
		return false, err
	}
	return result.byte(4) != 0, nil
}

func (s wasiStore) Keys() ([]string, error) {
	var keys []string
	for hasCursor, cursor := false, ""; ; {
		result := new(area)
		bucketListKeys(uint32(s), option(hasCursor), cursor, result.at())
		if err := done(result); err != nil {
			return nil, err
		}
		for _, element := range result.list(4, 2) {
			keys = append(keys, takeText(element[0], element[1]))
		}
		if result.byte(12) == 0 {
			return keys, nil
		}
		hasCursor, cursor = true, result.text(16)
	}
}

func (s wasiStore) Increment(key string, delta int64) (int64, error) {
	result := new(area)
	atomicsIncrement(uint32(s), key, delta, result.at())
	if result.byte(0) != 0 {
		return 0, storeError(result, 8)
	}
	return int64(result.long(8)), nil
}

func (s wasiStore) Swap(key string, change func([]byte) ([]byte, error)) error {
	result := new(area)
	casNew(uint32(s), key, result.at())
	if err := done(result); err != nil {
		return err
	}
	cas := result.word(4)
	for {
		value, err := next(cas, change)
		if err != nil {
			return err
		}
		result = new(area)
		atomicsSwap(cas, asText(value), result.at())
		if result.byte(0) == 0 {
			return nil
		}
		if result.byte(4) == 0 {
			return storeError(result, 8)
		}
		// Somebody else has written: this is what they wrote.
		cas = result.word(8)
	}
}

// next is the value to swap in. If there is none, also because of a panic, it drops the handle.
func next(cas uint32, change func([]byte) ([]byte, error)) (value []byte, err error) {
	isMade := false
	defer func() {
		if !isMade {
			casDrop(cas)
		}
	}()
	result := new(area)
	casCurrent(cas, result.at())
	old, _, err := optionalBytes(result)
	if err != nil {
		return nil, err
	}
	value, err = change(old)
	isMade = err == nil
	return value, err
}
