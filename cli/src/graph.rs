//! A template's DAG as a picture: SVG, DOT, Mermaid.

use clap::ValueEnum;
use tasker_templates::template::{Graph, Template};

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

/// Draws a template.
pub(crate) fn draw(template: &Template, graph: &Graph, format: Format) -> String {
    match format {
        Format::Svg => svg(template, graph),
        Format::Dot => dot(template, graph),
        Format::Mermaid => mermaid(template, graph),
    }
}

fn dot(template: &Template, graph: &Graph) -> String {
    let quote = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let mut text = format!(
        "digraph {} {{\n  rankdir = TB;\n  node [shape = box, style = rounded];\n",
        quote(&template.name)
    );
    for step in &template.steps {
        text.push_str(&format!("  {};\n", quote(&step.name)));
    }
    for (child, parents) in graph.parents.iter().enumerate() {
        for &parent in parents {
            let (from, to) = (quote(&template.steps[parent].name), quote(&template.steps[child].name));
            text.push_str(&format!("  {from} -> {to};\n"));
        }
    }
    text.push('}');
    text
}

fn mermaid(template: &Template, graph: &Graph) -> String {
    let mut text = "flowchart TD".to_owned();
    for (index, step) in template.steps.iter().enumerate() {
        text.push_str(&format!("\n  s{index}[\"{}\"]", step.name.replace('"', "#quot;")));
    }
    for (child, parents) in graph.parents.iter().enumerate() {
        for parent in parents {
            text.push_str(&format!("\n  s{parent} --> s{child}"));
        }
    }
    text
}

/// Dimensions of the SVG, in pixels.
const BOX_HEIGHT: usize = 36;
const GAP_X: usize = 28;
const GAP_Y: usize = 44;
const MARGIN: usize = 20;
const CHARACTER: usize = 8;

/// Draws one centred row per depth of the DAG.
fn svg(template: &Template, graph: &Graph) -> String {
    let depths = graph.depths();
    let rows = depths.iter().max().map_or(0, |deepest| deepest + 1);
    let widths: Vec<usize> =
        template.steps.iter().map(|step| step.name.chars().count() * CHARACTER + 24).collect();
    let row_width = |row: usize| {
        let boxes = (0..depths.len()).filter(|&step| depths[step] == row);
        boxes.map(|step| widths[step] + GAP_X).sum::<usize>().saturating_sub(GAP_X)
    };
    let width = (0..rows).map(row_width).max().unwrap_or(0) + 2 * MARGIN;
    let height = (rows * (BOX_HEIGHT + GAP_Y)).saturating_sub(GAP_Y) + 2 * MARGIN;
    let mut places = vec![(0, 0); depths.len()];
    for row in 0..rows {
        let mut x = (width - row_width(row)) / 2;
        for step in (0..depths.len()).filter(|&step| depths[step] == row) {
            places[step] = (x, MARGIN + row * (BOX_HEIGHT + GAP_Y));
            x += widths[step] + GAP_X;
        }
    }
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" font-family=\"ui-monospace, monospace\" font-size=\"13\">\n\
         <defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" \
         orient=\"auto\"><path d=\"M0 0 8 4 0 8z\" fill=\"#64748b\"/></marker></defs>\n"
    );
    for (child, parents) in graph.parents.iter().enumerate() {
        for &parent in parents {
            let (from_x, from_y) = (places[parent].0 + widths[parent] / 2, places[parent].1 + BOX_HEIGHT);
            let (to_x, to_y) = (places[child].0 + widths[child] / 2, places[child].1);
            let middle = usize::midpoint(from_y, to_y);
            text.push_str(&format!(
                "<path d=\"M{from_x} {from_y}C{from_x} {middle} {to_x} {middle} {to_x} {to_y}\" fill=\"none\" \
                 stroke=\"#64748b\" stroke-width=\"1.5\" marker-end=\"url(#arrow)\"/>\n"
            ));
        }
    }
    for (step, &(x, y)) in template.steps.iter().zip(&places) {
        let width = step.name.chars().count() * CHARACTER + 24;
        let (middle, baseline) = (x + width / 2, y + BOX_HEIGHT / 2 + 5);
        text.push_str(&format!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{BOX_HEIGHT}\" rx=\"8\" fill=\"#f1f5f9\" \
             stroke=\"#334155\"/><text x=\"{middle}\" y=\"{baseline}\" text-anchor=\"middle\" \
             fill=\"#0f172a\">{}</text>\n",
            escape(&step.name)
        ));
    }
    text.push_str("</svg>");
    text
}

fn escape(text: &str) -> String {
    // XML cannot contain control characters.
    let text = text.replace(|character: char| character.is_control(), "\u{fffd}");
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
