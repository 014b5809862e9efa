//! The account of a task's time as a waterfall, an image for browsers: a row a step, in the order in which they began.

use std::fmt::Write as _;

use chrono::TimeDelta;

use super::{
    account::{Explanation, StepAccount},
    kind::{Kind, Micros},
};
use crate::{graph::escape, view::duration};

/// Lengths, in pixels.
const ROW: f64 = 20.0;
const BAR: f64 = 12.0;
const LABELS: f64 = 220.0;
const CHART: f64 = 960.0;
const TOP: f64 = 92.0;
/// The longest name, in characters.
const MAX_NAME: usize = 30;
/// How many lines divide the time.
const TICKS: u8 = 8;

/// Draws the steps that an explanation lists.
pub(crate) fn svg(explained: &Explanation) -> String {
    let whole = explained.duration_us.max(1);
    let x = |at: Micros| LABELS + CHART * at as f64 / whole as f64;
    let mut steps: Vec<&StepAccount> = explained.steps.iter().collect();
    let begun = |step: &StepAccount| {
        step.spans.iter().find(|(kind, ..)| *kind != Kind::Dependencies).map_or(whole, |(_, from, _)| *from)
    };
    steps.sort_by_key(|step| (begun(step), step.step_index));
    let (width, height) = (LABELS + CHART + 60.0, TOP + ROW * steps.len() as f64 + 40.0);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"ui-sans-serif, system-ui, sans-serif\" font-size=\"11\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"12\" y=\"22\" font-size=\"14\" font-weight=\"600\" fill=\"#0f172a\">{}</text>\n",
        escape(&title(explained))
    );
    legend(&mut text, explained);
    for tick in 0..=TICKS {
        let at = whole * Micros::from(tick) / Micros::from(TICKS);
        let _ = writeln!(
            text,
            "<path d=\"M{0:.1} {1:.1}V{2:.1}\" stroke=\"#e2e8f0\"/><text x=\"{0:.1}\" y=\"{3:.1}\" text-anchor=\"middle\" \
             fill=\"#475569\">{4}</text>",
            x(at),
            TOP - 8.0,
            height - 30.0,
            TOP - 14.0,
            escape(&time(at))
        );
    }
    for (place, step) in steps.iter().enumerate() {
        row(&mut text, step, TOP + ROW * place as f64, x);
    }
    if explained.omitted_steps > 0 {
        let _ = writeln!(
            text,
            "<text x=\"12\" y=\"{:.1}\" fill=\"#475569\">{} more steps took less</text>",
            height - 12.0,
            explained.omitted_steps
        );
    }
    text.push_str("</svg>\n");
    text
}

fn title(explained: &Explanation) -> String {
    let Explanation { task_id, namespace, name, version, status, duration_us, .. } = explained;
    format!("{namespace}/{name} {version}, {task_id}: {status}, {}", time(*duration_us))
}

fn time(micros: Micros) -> String {
    duration(TimeDelta::microseconds(micros))
}

fn legend(text: &mut String, explained: &Explanation) {
    let mut x = 12.0;
    let there = Kind::ALL.into_iter().filter(|kind| explained.all_steps.parts_us.of(*kind) > 0);
    for kind in there {
        let words = kind.words();
        let _ = writeln!(
            text,
            "<rect x=\"{x:.1}\" y=\"38\" width=\"12\" height=\"12\" fill=\"{}\"/>\
             <text x=\"{:.1}\" y=\"48\" fill=\"#0f172a\">{words}</text>",
            kind.colour(),
            x + 16.0
        );
        x += 34.0 + 6.2 * words.len() as f64;
    }
    let _ = writeln!(
        text,
        "<path d=\"M{x:.1} 44h14\" stroke=\"#0f172a\" stroke-width=\"2\"/>\
         <text x=\"{:.1}\" y=\"48\" fill=\"#0f172a\">critical path</text>",
        x + 18.0
    );
}

fn row(text: &mut String, step: &StepAccount, y: f64, x: impl Fn(Micros) -> f64) {
    let name: String = match step.step.chars().count() {
        ..=MAX_NAME => step.step.clone(),
        _ => step.step.chars().take(MAX_NAME - 1).chain(['…']).collect(),
    };
    let weight = if step.is_on_critical_path { "600" } else { "400" };
    let _ = writeln!(
        text,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" font-weight=\"{weight}\" fill=\"#0f172a\">{}<title>{}</title></text>",
        LABELS - 8.0,
        y + 10.0,
        escape(&name),
        escape(&step.step)
    );
    for (kind, from, to) in &step.spans {
        let height = if *kind == Kind::Dependencies { 2.0 } else { BAR };
        // What is too short to be seen is still there.
        let width = (x(*to) - x(*from)).max(0.5);
        let _ = writeln!(
            text,
            "<rect x=\"{:.2}\" y=\"{:.1}\" width=\"{width:.2}\" height=\"{height}\" fill=\"{}\"><title>{}: {} {}, from +{}\
             </title></rect>",
            x(*from),
            y + (BAR - height) / 2.0,
            kind.colour(),
            escape(&step.step),
            kind.words(),
            escape(&time(to - from)),
            escape(&time(*from))
        );
    }
    for (from, to) in &step.critical {
        let _ = writeln!(
            text,
            "<path d=\"M{:.2} {:.1}H{:.2}\" stroke=\"#0f172a\" stroke-width=\"2\"/>",
            x(*from),
            y + BAR + 2.5,
            x(*to)
        );
    }
}
