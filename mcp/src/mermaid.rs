//! Draws graphs of the API as Mermaid flowcharts.

use serde_json::Value;

use crate::untrusted::identifier;

/// The longest drawing, in bytes. It stands in an answer twice.
const LONGEST: usize = 12_000;

/// A flowchart.
pub(crate) struct Drawing {
    pub(crate) text: String,
    /// The number of steps of the graph.
    pub(crate) steps: usize,
    /// Whether steps were left out.
    pub(crate) is_cut: bool,
}

/// Draws a graph as `/graph` returns it. Names are drawn only if they look like names, so that they cannot contain Mermaid.
pub(crate) fn draw(graph: &Value) -> Drawing {
    let nodes = graph["nodes"].as_array().map_or(&[][..], Vec::as_slice);
    let edges = graph["edges"].as_array().map_or(&[][..], Vec::as_slice);
    let mut text = String::from("flowchart LR\n");
    let mut drawn: Vec<&str> = Vec::new();
    // Half for the steps, half for the lines.
    for node in nodes {
        let line = line_of(drawn.len(), node);
        if text.len() + line.len() > LONGEST / 2 {
            break;
        }
        text.push_str(&line);
        drawn.push(node["id"].as_str().unwrap_or_default());
    }
    let mut is_cut = drawn.len() < nodes.len();
    let place: std::collections::HashMap<&str, usize> =
        drawn.iter().enumerate().map(|(place, id)| (*id, place)).collect();
    let find = |id: &Value| id.as_str().and_then(|id| place.get(id).copied());
    for edge in edges {
        let (Some(from), Some(to)) = (find(&edge["from"]), find(&edge["to"])) else { continue };
        let arrow = if edge["taken"] == false { "-.->" } else { "-->" };
        let line = format!("  n{from} {arrow} n{to}\n");
        if text.len() + line.len() > LONGEST {
            is_cut = true;
            break;
        }
        text.push_str(&line);
    }
    Drawing { text, steps: nodes.len(), is_cut }
}

fn line_of(place: usize, node: &Value) -> String {
    let name = node["id"].as_str().map(identifier).unwrap_or_default();
    let mut label = name;
    if let Some(state) = node["state"].as_str() {
        label.push_str(&format!("<br/>{}", identifier(state)));
        if let Some(attempt) = node["attempt"].as_u64().filter(|attempt| *attempt > 1) {
            label.push_str(&format!(", attempt {attempt}"));
        }
    }
    if let Some(states) = node["group"]["by_state"].as_object() {
        for (state, count) in states {
            label.push_str(&format!("<br/>{count} {}", identifier(state)));
        }
    }
    format!("  n{place}[\"{label}\"]\n")
}

/// The names of a list that look like names, at most 50.
pub(crate) fn names(list: &Value) -> Vec<String> {
    let items = list.as_array().map_or(&[][..], Vec::as_slice);
    items.iter().filter_map(Value::as_str).take(50).map(identifier).collect()
}
