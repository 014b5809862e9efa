//! Hints for unknown names.

/// The maximum number of options in a hint.
const MAX_OPTIONS: usize = 20;

/// A hint for an unknown name: `; did you mean ...?` if an option is similar, else the list of options.
pub fn did_you_mean(given: &str, options: &[String]) -> String {
    let scored = options.iter().map(|option| (strsim::jaro_winkler(option, given), option));
    match scored.max_by(|(left, _), (right, _)| left.total_cmp(right)) {
        Some((score, nearest)) if score > 0.8 => format!("; did you mean `{nearest}`?"),
        None => String::new(),
        Some(_) => {
            let told = options.iter().take(MAX_OPTIONS).map(String::as_str).collect::<Vec<_>>().join(", ");
            let more = options.len().saturating_sub(MAX_OPTIONS);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("; the options are {told}{more}")
        }
    }
}
