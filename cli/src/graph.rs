//! The graph of a template or a task as a picture: SVG, DOT, Mermaid.

use std::fmt::Write as _;

use clap::ValueEnum;
use tasker_orchestrator::{
    read::{DrawnEdge, DrawnGraph, DrawnNode, GraphKind},
    state::StepState,
};

/// The format of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// An image for browsers.
    Svg,
    /// The language of Graphviz.
    Dot,
    /// The language that GitHub renders in Markdown.
    Mermaid,
}

/// Draws a graph.
pub(crate) fn draw(graph: &DrawnGraph, format: Format) -> String {
    match format {
        Format::Svg => svg(graph),
        Format::Dot => dot(graph),
        Format::Mermaid => mermaid(graph),
    }
}

/// The colour of a step's border, and what its box says below the name. Of a template, nothing.
fn standing(graph: &DrawnGraph, node: &DrawnNode) -> (&'static str, String) {
    if graph.kind == GraphKind::Template {
        return (NEUTRAL, String::new());
    }
    if let Some(batch) = &node.group {
        let states: Vec<String> =
            batch.by_state.iter().map(|(state, count)| format!("{count} {}", words(state))).collect();
        let colour = if batch.by_state.contains_key(StepState::Error.as_str()) { FAILED } else { NEUTRAL };
        return (colour, states.join(", "));
    }
    match node.state {
        None => (NEUTRAL, "not created".to_owned()),
        Some(state) => (colour(state), words(state.as_str())),
    }
}

fn words(state: &str) -> String {
    state.replace('_', " ")
}

const NEUTRAL: &str = "#6b7280";
const FAILED: &str = "#b3123a";

fn colour(state: StepState) -> &'static str {
    match state {
        StepState::Enqueued
        | StepState::InProgress
        | StepState::EnqueuedForOrchestration
        | StepState::EnqueuedAsErrorForOrchestration => "#0b63c5",
        StepState::WaitingForRetry => "#9a6200",
        StepState::Complete | StepState::ResolvedManually => "#007a63",
        StepState::Error => FAILED,
        StepState::Pending | StepState::Cancelled => NEUTRAL,
    }
}

fn dot(graph: &DrawnGraph) -> String {
    let quote = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let mut text = "digraph {\n  rankdir = LR;\n  node [shape = box, style = rounded];\n".to_owned();
    for node in &graph.nodes {
        let (colour, said) = standing(graph, node);
        let label = if said.is_empty() { node.name.clone() } else { format!("{}\n{said}", node.name) };
        let _ = writeln!(
            text,
            "  {} [label = {}, color = \"{colour}\"];",
            quote(&node.id),
            quote(&label).replace('\n', "\\n")
        );
    }
    for edge in &graph.edges {
        let style = if edge.taken == Some(false) { " [style = dashed]" } else { "" };
        let _ = writeln!(text, "  {} -> {}{style};", quote(&edge.from), quote(&edge.to));
    }
    text.push('}');
    text
}

fn mermaid(graph: &DrawnGraph) -> String {
    let mut text = "flowchart LR".to_owned();
    let number = |id: &str| graph.nodes.iter().position(|node| node.id == id).unwrap_or_default();
    for (index, node) in graph.nodes.iter().enumerate() {
        let (colour, said) = standing(graph, node);
        let label = if said.is_empty() { node.name.clone() } else { format!("{}<br/>{said}", node.name) };
        let _ = write!(text, "\n  s{index}[\"{}\"]", label.replace('"', "#quot;"));
        if graph.kind == GraphKind::Task {
            let _ = write!(text, "\n  style s{index} stroke:{colour}");
        }
    }
    for edge in &graph.edges {
        let arrow = if edge.taken == Some(false) { "-.->" } else { "-->" };
        let _ = write!(text, "\n  s{} {arrow} s{}", number(&edge.from), number(&edge.to));
    }
    text
}

/// The space around an SVG, in pixels.
const MARGIN: f64 = 20.0;

fn svg(graph: &DrawnGraph) -> String {
    let (width, height) = (2.0f64.mul_add(MARGIN, graph.width), 2.0f64.mul_add(MARGIN, graph.height));
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"{0} {0} {width} {height}\" width=\"{width}\" \
         height=\"{height}\" font-family=\"ui-monospace, monospace\" font-size=\"12\">\n\
         <defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" \
         orient=\"auto\"><path d=\"M0 0 8 4 0 8z\" fill=\"#64748b\"/></marker></defs>\n",
        -MARGIN
    );
    graph.edges.iter().for_each(|edge| svg_line(&mut text, edge));
    graph.nodes.iter().for_each(|node| svg_box(&mut text, graph, node));
    text.push_str("</svg>");
    text
}

fn svg_line(text: &mut String, edge: &DrawnEdge) {
    let points: Vec<String> = edge.points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    let dashes = if edge.taken == Some(false) { " stroke-dasharray=\"4 4\"" } else { "" };
    let _ = writeln!(
        text,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"#64748b\" stroke-width=\"1.5\" stroke-linejoin=\"round\"{dashes} \
         marker-end=\"url(#arrow)\"/>",
        points.join(" ")
    );
}

fn svg_box(text: &mut String, graph: &DrawnGraph, node: &DrawnNode) {
    let (colour, said) = standing(graph, node);
    let DrawnNode { x, y, width, height, .. } = *node;
    let (middle, centre) = (x + width / 2.0, y + height / 2.0);
    let baseline = if said.is_empty() { centre + 4.0 } else { centre - 3.0 };
    let _ = writeln!(
        text,
        "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"8\" fill=\"#f8fafc\" \
         stroke=\"{colour}\" stroke-width=\"1.5\"/>\
         <text x=\"{middle:.1}\" y=\"{baseline:.1}\" text-anchor=\"middle\" fill=\"#0f172a\">{}</text>",
        escape(&node.name)
    );
    if !said.is_empty() {
        let _ = writeln!(
            text,
            "<text x=\"{middle:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"{colour}\" font-size=\"10\">{}</text>",
            centre + 12.0,
            escape(&said)
        );
    }
}

/// A text in XML.
pub(crate) fn escape(text: &str) -> String {
    // XML cannot contain control characters.
    let text = text.replace(|character: char| character.is_control(), "\u{fffd}");
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
