//! The name of this build's set of SQL functions, and its substitution in statements.
//!
//! The functions are in `.sql` files beside the Rust that calls them. `build.rs` gathers them into one set, whose
//! schema is named by the set's hash. A database can therefore contain the sets of several releases, and each process
//! calls its own.

/// The schema of this build's functions: `tasker_f_` and 16 hexadecimal digits.
pub const FUNCTION_SET: &str = env!("TASKER_FUNCTION_SET");
/// The placeholder for it in statements and `.sql` files.
const PLACEHOLDER: &str = "tasker_f";
/// Replaces `tasker_f` in a statement with this build's schema, at compile time.
macro_rules! sql {
    ($statement:expr) => {{
        const STATEMENT: &str = $statement;
        const LENGTH: usize = $crate::database::set::expanded_length(STATEMENT);
        const BYTES: [u8; LENGTH] = $crate::database::set::expand::<LENGTH>(STATEMENT);
        const EXPANDED: &str = match std::str::from_utf8(&BYTES) {
            Ok(text) => text,
            Err(_) => panic!("a statement is UTF-8"),
        };
        EXPANDED
    }};
}
pub(crate) use sql;

/// Lets a struct, and a list of it, stand for a composite type of the set: names its fields in that type's order. sqlx
/// derives the same, with macros that build sqlx, its TLS and tokio a second time.
macro_rules! composite {
    ($type:ty, $name:literal, { $($field:ident),+ $(,)? }) => {
        impl sqlx::Encode<'_, sqlx::Postgres> for $type {
            fn encode_by_ref(
                &self,
                buffer: &mut sqlx::postgres::PgArgumentBuffer,
            ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
                // All fields, or this does not compile.
                let Self { $($field),+ } = self;
                let mut record = sqlx::postgres::types::PgRecordEncoder::new(buffer);
                $(record.encode($field)?;)+
                record.finish();
                Ok(sqlx::encode::IsNull::No)
            }
        }

        impl sqlx::Type<sqlx::Postgres> for $type {
            fn type_info() -> sqlx::postgres::PgTypeInfo {
                sqlx::postgres::PgTypeInfo::with_name($crate::database::set::sql!($name))
            }
        }

        impl sqlx::postgres::PgHasArrayType for $type {
            fn array_type_info() -> sqlx::postgres::PgTypeInfo {
                sqlx::postgres::PgTypeInfo::array_of($crate::database::set::sql!($name))
            }
        }
    };
}
pub(crate) use composite;

/// Returns the length in bytes of a statement after [`expand`].
pub(crate) const fn expanded_length(statement: &str) -> usize {
    let bytes = statement.as_bytes();
    let (mut at, mut length) = (0, 0);
    while at < bytes.len() {
        if is_placeholder(bytes, at) {
            at += PLACEHOLDER.len();
            length += FUNCTION_SET.len();
        } else {
            at += 1;
            length += 1;
        }
    }
    length
}

/// Returns the bytes of a statement with every placeholder replaced.
pub(crate) const fn expand<const LENGTH: usize>(statement: &str) -> [u8; LENGTH] {
    let (bytes, name) = (statement.as_bytes(), FUNCTION_SET.as_bytes());
    let (mut at, mut written, mut expanded) = (0, 0, [0; LENGTH]);
    while at < bytes.len() {
        if is_placeholder(bytes, at) {
            let mut letter = 0;
            while letter < name.len() {
                expanded[written] = name[letter];
                written += 1;
                letter += 1;
            }
            at += PLACEHOLDER.len();
        } else {
            expanded[written] = bytes[at];
            written += 1;
            at += 1;
        }
    }
    expanded
}

const fn is_placeholder(bytes: &[u8], at: usize) -> bool {
    let wanted = PLACEHOLDER.as_bytes();
    if at + wanted.len() > bytes.len() {
        return false;
    }
    let mut letter = 0;
    while letter < wanted.len() {
        if bytes[at + letter] != wanted[letter] {
            return false;
        }
        letter += 1;
    }
    // A longer name that starts with the placeholder does not match.
    let after = at + wanted.len();
    after == bytes.len() || !(bytes[after].is_ascii_alphanumeric() || bytes[after] == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_calls_the_functions_of_this_build() {
        assert_eq!(sql!("SELECT 1"), "SELECT 1");
        let expected =
            format!("SELECT {FUNCTION_SET}.now(), '{FUNCTION_SET}', tasker_functions, tasker.x, tasker_");
        assert_eq!(sql!("SELECT tasker_f.now(), 'tasker_f', tasker_functions, tasker.x, tasker_"), expected);
    }

    #[test]
    fn the_name_fits_what_the_database_accepts() {
        let hash = FUNCTION_SET.strip_prefix("tasker_f_").expect("the prefix");
        assert!(hash.len() == 16 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{FUNCTION_SET}");
    }
}
