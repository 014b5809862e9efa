//! The form of a section: what the comments say about its keys is known to the program, too.

/// Makes the structure of a section, its defaults, and [`Keys`](super::keys) of it from one description.
macro_rules! section {
    (
        $(#[doc = $about:literal])+
        struct $name:ident { $($(#[doc = $doc:literal])+ $key:ident: $type:ty = $default:expr,)+ }
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub(crate) struct $name {
            $($(#[doc = $doc])+ pub(crate) $key: $type,)+
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($key: $default,)+ }
            }
        }

        impl $name {
            /// What the section is about.
            pub(crate) const ABOUT: &'static str = concat!($($about),+);
            /// Each key, and what it does.
            pub(crate) const KEYS: &'static [(&'static str, &'static str)] =
                &[$((stringify!($key), concat!($($doc),+)),)+];
        }
    };
}

pub(crate) use section;
