package main

// Buckets.

import (
	"encoding/json"
	"fmt"
	"strings"

	"tasker-handler"
)

func init() {
	tasker.Handle("store", store).Doc("Runs the operations of its input, and returns what each returns; null if it returns nothing.")
}

// operations are those on a bucket, in this order. Each is an object with one member, its name.
type operations struct {
	Bucket     string                       `json:"bucket"`
	Operations []map[string]json.RawMessage `json:"operations"`
}

func store(ctx *tasker.Context, wanted operations) ([]any, error) {
	bucket, err := ctx.Bucket(wanted.Bucket)
	if err != nil {
		return nil, err
	}
	var results []any
	for _, operation := range wanted.Operations {
		for name, argument := range operation {
			result, err := run(bucket, name, argument)
			if err != nil {
				return nil, err
			}
			results = append(results, result)
		}
	}
	return results, nil
}

func run(bucket *tasker.Bucket, name string, argument json.RawMessage) (any, error) {
	var key string
	var keys []string
	switch name {
	case "get":
		_ = json.Unmarshal(argument, &key)
		return tasker.Get[any](bucket, key)
	case "get_bytes":
		_ = json.Unmarshal(argument, &key)
		value, err := bucket.GetBytes(key)
		return numbers(value), err
	case "exists":
		_ = json.Unmarshal(argument, &key)
		return bucket.Exists(key)
	case "refuse":
		_ = json.Unmarshal(argument, &key)
		return tasker.Update(bucket, key, func(*any) (any, error) {
			return nil, tasker.Permanent("Refused", "the update is refused")
		})
	case "get_many":
		_ = json.Unmarshal(argument, &keys)
		return tasker.GetMany[any](bucket, keys...)
	case "delete":
		_ = json.Unmarshal(argument, &keys)
		return nil, bucket.Delete(keys...)
	case "keys":
		return bucket.Keys()
	case "set_many":
		var pairs [][]json.RawMessage
		_ = json.Unmarshal(argument, &pairs)
		values := map[string]any{}
		for _, pair := range pairs {
			_ = json.Unmarshal(pair[0], &key)
			values[key] = pair[1]
		}
		return nil, bucket.SetMany(values)
	}
	var pair []json.RawMessage
	_ = json.Unmarshal(argument, &pair)
	_ = json.Unmarshal(pair[0], &key)
	return runPair(bucket, name, key, pair[1])
}

// runPair runs an operation on a key with a value.
func runPair(bucket *tasker.Bucket, name, key string, value json.RawMessage) (any, error) {
	switch name {
	case "set":
		return nil, bucket.Set(key, value)
	case "set_bytes":
		var list []int
		_ = json.Unmarshal(value, &list)
		bytes := []byte{}
		for _, number := range list {
			bytes = append(bytes, byte(number))
		}
		return nil, bucket.SetBytes(key, bytes)
	case "set_large":
		var letters int
		_ = json.Unmarshal(value, &letters)
		return nil, bucket.Set(key, strings.Repeat("x", letters))
	case "increment":
		var delta int64
		_ = json.Unmarshal(value, &delta)
		return bucket.Increment(key, delta)
	case "append":
		return tasker.Update(bucket, key, func(known *[]any) ([]any, error) {
			if known == nil {
				return []any{value}, nil
			}
			return append(*known, value), nil
		})
	}
	return nil, fmt.Errorf("there is no operation %s", name)
}

// numbers are those of bytes: encoding/json would write a text.
func numbers(bytes []byte) []int {
	if bytes == nil {
		return nil
	}
	list := []int{}
	for _, letter := range bytes {
		list = append(list, int(letter))
	}
	return list
}
