//! The form of an analysis that is a table.

/// Makes the type of a table of rows. A generic one would have no name in the clients.
macro_rules! table {
    ($(#[doc = $about:literal])+ $name:ident of $row:ident) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        pub struct $name {
            /// Everything before is counted.
            pub as_of: chrono::DateTime<chrono::Utc>,
            /// How long ago that is, in seconds.
            pub lag_seconds: f64,
            /// The period.
            pub period: $crate::analytics::period::AnalyticsPeriod,
            /// The rows.
            pub items: Vec<$row>,
        }

        impl $name {
            fn new(window: &$crate::analytics::period::Window, items: Vec<$row>) -> Self {
                Self { as_of: window.as_of, lag_seconds: window.lag_seconds, period: window.period, items }
            }
        }
    };
}
pub(super) use table;
