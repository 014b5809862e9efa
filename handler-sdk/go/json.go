package tasker

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDepth is how many levels a document has at most.
const maxDepth = 1000

var errNotUTF8 = errors.New("it is not in UTF-8")

// read parses a document as T. Values in an any keep every digit: numbers are json.Number.
func read[T any](text string) (T, error) {
	var value T
	err := unmarshal([]byte(text), &value)
	return value, err
}

// unmarshal parses a document, and refuses what encoding/json would change silently: bytes that are not UTF-8, halves of characters,
// numbers beyond every double, and missing fields.
func unmarshal(text []byte, target any) error {
	if err := check(text); err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(target); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
			return errors.New("the document is not complete")
		}
		return err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return fmt.Errorf("there is more after the document, at byte %d", decoder.InputOffset())
	}
	return required(text, reflect.TypeOf(target).Elem())
}

// marshal writes a value as JSON.
func marshal(value any) (string, error) {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return "", err
	}
	// A value that writes itself may write any bytes.
	if !utf8.ValidString(text.String()) {
		return "", errNotUTF8
	}
	return strings.TrimSuffix(text.String(), "\n"), nil
}

// check finds what encoding/json accepts and would not keep. Other mistakes are left to it.
func check(text []byte) error {
	if !utf8.Valid(text) {
		return errNotUTF8
	}
	depth := 0
	for at := 0; at < len(text); {
		switch letter := text[at]; {
		case letter == '"':
			end, err := checkString(text, at+1)
			if err != nil {
				return err
			}
			at = end
		case letter == '-' || '0' <= letter && letter <= '9':
			end := at
			for end < len(text) && strings.IndexByte("+-.eE0123456789", text[end]) >= 0 {
				end++
			}
			number, _ := strconv.ParseFloat(string(text[at:end]), 64)
			if math.IsInf(number, 0) {
				return fmt.Errorf("the number at byte %d is too large", at)
			}
			at = end
		default:
			if letter == '[' || letter == '{' {
				depth++
			} else if letter == ']' || letter == '}' {
				depth--
			}
			if depth > maxDepth {
				return fmt.Errorf("it has more than %d levels", maxDepth)
			}
			at++
		}
	}
	return nil
}

// checkString returns the place after the string that begins at a place.
func checkString(text []byte, at int) (int, error) {
	for at < len(text) && text[at] != '"' {
		if text[at] != '\\' {
			at++
			continue
		}
		unit, isUnit := escape(text, at)
		switch {
		case !isUnit:
			at += 2
		case 0xd800 <= unit && unit < 0xdc00:
			if low, ok := escape(text, at+6); !ok || low < 0xdc00 || low > 0xdfff {
				return 0, fmt.Errorf("half a character at byte %d", at)
			}
			at += 12
		case 0xdc00 <= unit && unit <= 0xdfff:
			return 0, fmt.Errorf("half a character at byte %d", at)
		default:
			at += 6
		}
	}
	return at + 1, nil
}

// escape is the code unit of an escape such as \u00e9.
func escape(text []byte, at int) (uint64, bool) {
	if at+6 > len(text) || text[at] != '\\' || text[at+1] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(string(text[at+2:at+6]), 16, 16)
	return unit, err == nil
}

// required checks that the fields that a type needs are there: those that are neither pointers nor marked as optional
// (`omitempty`, `omitzero`).
func required(text []byte, kind reflect.Type) error {
	if !needsFields(kind, map[reflect.Type]bool{}) {
		return nil
	}
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		return err
	}
	return missing(value, kind, "")
}

// missing finds a field that is missing in a value, which encoding/json could read as this type.
func missing(value any, kind reflect.Type, place string) error {
	for kind.Kind() == reflect.Pointer {
		kind = kind.Elem()
	}
	if value == nil || readsItself(kind) {
		return nil
	}
	switch kind.Kind() {
	case reflect.Struct:
		object, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		for _, field := range fieldsOf(kind) {
			inner, ok := member(object, field.name)
			if !ok || inner == nil && !field.nullable {
				if field.required {
					return fmt.Errorf("the field `%s%s` is missing", place, field.name)
				}
				continue
			}
			if err := missing(inner, field.kind, place+field.name+"."); err != nil {
				return err
			}
		}
	case reflect.Slice, reflect.Array:
		list, _ := value.([]any)
		for index, item := range list {
			if err := missing(item, kind.Elem(), fmt.Sprintf("%s%d.", place, index)); err != nil {
				return err
			}
		}
	case reflect.Map:
		object, _ := value.(map[string]any)
		for key, item := range object {
			if err := missing(item, kind.Elem(), place+key+"."); err != nil {
				return err
			}
		}
	}
	return nil
}

// member finds a member as encoding/json does, whatever the case of its letters.
func member(object map[string]any, name string) (any, bool) {
	if value, ok := object[name]; ok {
		return value, true
	}
	for key, value := range object {
		if strings.EqualFold(key, name) {
			return value, true
		}
	}
	return nil, false
}

// needsFields is whether a type, or one inside of it, has fields that may be missing.
func needsFields(kind reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[kind] || readsItself(kind) {
		return false
	}
	seen[kind] = true
	switch kind.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return needsFields(kind.Elem(), seen)
	case reflect.Struct:
		for _, field := range fieldsOf(kind) {
			if field.required || needsFields(field.kind, seen) {
				return true
			}
		}
	}
	return false
}
