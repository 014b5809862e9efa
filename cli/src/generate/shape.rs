//! What a schema describes, without a language.

use serde_json::Value;

/// A type.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    /// Anything, or what cannot be said in a type.
    Unknown,
    Null,
    Boolean,
    Integer,
    Number,
    Text,
    List(Box<Shape>),
    /// An object with any keys.
    Map(Box<Shape>),
    /// One of these values. The name is for languages that have no such type in place.
    Literals {
        name: String,
        values: Vec<Value>,
    },
    /// One of several, at least two, none of them null.
    Union {
        name: String,
        of: Vec<Shape>,
    },
    /// This, or null.
    Nullable(Box<Shape>),
    /// A declaration.
    Named {
        name: String,
        /// Whether it leads back to where it is used.
        is_recursive: bool,
    },
}

/// A type with a name.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Declaration {
    pub(super) name: String,
    pub(super) about: Option<String>,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Object(Vec<Field>),
    /// Another name of a type.
    Alias(Shape),
}

/// A property of an object.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) about: Option<String>,
    pub(super) shape: Shape,
    pub(super) is_required: bool,
}

impl Shape {
    /// This or null, said once.
    pub(super) fn nullable(self) -> Self {
        match self {
            // Of these, null is a part.
            Self::Unknown | Self::Null | Self::Nullable(_) => self,
            shape => Self::Nullable(Box::new(shape)),
        }
    }

    /// One of these values has the type of all. None: they have several.
    pub(super) fn of_values(values: &[Value]) -> Option<Self> {
        let all = |is: fn(&Value) -> bool| values.iter().all(is);
        if all(Value::is_string) {
            Some(Self::Text)
        } else if all(Value::is_boolean) {
            Some(Self::Boolean)
        } else if all(|value| value.is_i64() || value.is_u64()) {
            Some(Self::Integer)
        } else if all(Value::is_number) {
            Some(Self::Number)
        } else {
            None
        }
    }
}
