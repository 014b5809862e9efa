package tasker

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
	"time"
)

// field is a member of the object that a struct is in JSON.
type field struct {
	name, doc          string
	kind               reflect.Type
	required, nullable bool
}

var (
	timeType        = reflect.TypeFor[time.Time]()
	unmarshalerType = reflect.TypeFor[json.Unmarshaler]()
	marshalerType   = reflect.TypeFor[json.Marshaler]()
	textType        = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// readsItself is whether a type has its own form in JSON.
func readsItself(kind reflect.Type) bool {
	pointer := reflect.PointerTo(kind)
	return pointer.Implements(unmarshalerType) || pointer.Implements(marshalerType) || pointer.Implements(textType)
}

// fieldsOf lists the members of a struct, with those of the structs that are embedded in it.
func fieldsOf(kind reflect.Type) []field {
	var fields []field
	for index := range kind.NumField() {
		member := kind.Field(index)
		name, options, _ := strings.Cut(member.Tag.Get("json"), ",")
		if name == "-" && options == "" {
			continue
		}
		if member.Anonymous && name == "" {
			inner := member.Type
			if inner.Kind() == reflect.Pointer {
				inner = inner.Elem()
			}
			if inner.Kind() == reflect.Struct {
				fields = append(fields, fieldsOf(inner)...)
				continue
			}
		}
		if !member.IsExported() {
			continue
		}
		if name == "" {
			name = member.Name
		}
		kind := member.Type.Kind()
		nullable := kind == reflect.Pointer || kind == reflect.Interface || kind == reflect.Slice || kind == reflect.Map ||
			readsItself(member.Type)
		optional := kind == reflect.Pointer || strings.Contains(options, "omit")
		fields = append(fields, field{name, member.Tag.Get("doc"), member.Type, !optional, nullable})
	}
	return fields
}

// schemaText is the JSON Schema of a type, empty if the type says nothing.
func schemaText(kind reflect.Type) string {
	if kind == reflect.TypeFor[None]() {
		return ""
	}
	made := schema(kind, map[reflect.Type]bool{})
	if len(made) == 0 {
		return ""
	}
	text, err := marshal(made)
	if err != nil {
		return ""
	}
	return text
}

// schema describes a type. A type inside of itself is described as anything.
func schema(kind reflect.Type, inside map[reflect.Type]bool) map[string]any {
	if kind == timeType {
		return map[string]any{"type": "string", "format": "date-time"}
	}
	if kind.Kind() == reflect.Pointer {
		inner := schema(kind.Elem(), inside)
		if name, ok := inner["type"].(string); ok {
			inner["type"] = []string{name, "null"}
		}
		return inner
	}
	if readsItself(kind) || inside[kind] {
		return map[string]any{}
	}
	switch kind.Kind() {
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return map[string]any{"type": "integer"}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return map[string]any{"type": "integer", "minimum": 0}
	case reflect.Float32, reflect.Float64:
		return map[string]any{"type": "number"}
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Slice, reflect.Array:
		if kind.Elem().Kind() == reflect.Uint8 {
			return map[string]any{"type": "string", "contentEncoding": "base64"}
		}
		return map[string]any{"type": "array", "items": schema(kind.Elem(), inside)}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": schema(kind.Elem(), inside)}
	case reflect.Struct:
		inside[kind] = true
		defer delete(inside, kind)
		properties, names := map[string]any{}, []string{}
		for _, field := range fieldsOf(kind) {
			property := schema(field.kind, inside)
			if field.doc != "" {
				property["description"] = field.doc
			}
			properties[field.name] = property
			if field.required {
				names = append(names, field.name)
			}
		}
		return map[string]any{"type": "object", "properties": properties, "required": names}
	}
	return map[string]any{}
}
