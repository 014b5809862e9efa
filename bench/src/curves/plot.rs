//! Draws a line plot as SVG: no script, no background, and colours that can be read on white and on black.

use std::fmt::Write;

use super::table::grouped;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 300.0;
/// The space for labels on each side of the plot: left, right, top, bottom.
const MARGINS: (f64, f64, f64, f64) = (70.0, 40.0, 36.0, 52.0);
/// The distance of the first and the last point from the ends, for their labels.
const INSET: f64 = 25.0;
const LINE: &str = "#2f81f7";
const TEXT: &str = "#7d8590";
const GRID: &str = "#7d859055";
/// Values that differ by more than this factor are drawn on a logarithmic axis.
const LINEAR: f64 = 30.0;

/// The rise to the next point, in pixels, from which a line would cross a label above its point.
const STEEP: f64 = 40.0;

/// A line through labelled points.
pub(crate) struct Plot<'a> {
    pub(crate) title: String,
    pub(crate) x_title: &'a str,
    pub(crate) y_title: &'a str,
    /// Whether points are spread by the logarithm of their x; else evenly.
    pub(crate) logarithmic: bool,
    /// The digits of a y value after the decimal point.
    pub(crate) digits: usize,
    pub(crate) points: Vec<PlotPoint<'a>>,
}

/// A point and its label on the x axis.
pub(crate) struct PlotPoint<'a> {
    pub(crate) label: &'a str,
    pub(crate) x: f64,
    pub(crate) y: f64,
}

/// The values of the y axis: how they are placed, and those that have a line.
struct Axis {
    logarithmic: bool,
    low: f64,
    high: f64,
    ticks: Vec<f64>,
}

impl Axis {
    fn of(values: &[f64]) -> Self {
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let most = values.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
        if least > 0.0 && most / least > LINEAR {
            let (low, high) = (least.log10().floor(), most.log10().ceil());
            let ticks = (low as i32..=high as i32).map(|power| 10_f64.powi(power)).collect();
            return Self { logarithmic: true, low, high, ticks };
        }
        // The smallest of 1, 2, 5, 10, 20, … that makes at most five steps.
        let power = 10_f64.powf((most / 5.0).log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
        let step = step.into_iter().find(|step| most / step <= 5.0).unwrap_or(most);
        let steps = (most / step).ceil() as usize;
        let ticks = (0..=steps).map(|tick| tick as f64 * step).collect();
        Self { logarithmic: false, low: 0.0, high: steps as f64 * step, ticks }
    }

    /// The place of a value, from 0 at the bottom to 1 at the top.
    fn place(&self, value: f64) -> f64 {
        let value = if self.logarithmic { value.log10() } else { value };
        (value - self.low) / (self.high - self.low)
    }
}

impl Plot<'_> {
    /// The plot as the text of an SVG file.
    pub(crate) fn svg(&self) -> String {
        let (left, right, top, bottom) = MARGINS;
        let (width, height) = (WIDTH - left - right, HEIGHT - top - bottom);
        let axis = Axis::of(&self.points.iter().map(|point| point.y).collect::<Vec<_>>());
        let y = |value: f64| top + height * (1.0 - axis.place(value));
        let positions = self.positions();
        let x = |index: usize| left + INSET + (width - 2.0 * INSET) * positions[index];
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" \
             font-family=\"system-ui, sans-serif\" font-size=\"12\" fill=\"{TEXT}\">\n<title>{}</title>\n",
            escape(&self.title)
        );
        let mut text = |x: f64, y: f64, anchor: &str, text: &str| {
            let text = escape(text);
            let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>");
        };
        // Fractions only where the distance of the lines has some.
        let digits = if axis.ticks.iter().all(|tick| tick.fract() == 0.0) { 0 } else { self.digits.max(1) };
        for tick in &axis.ticks {
            text(left - 8.0, y(*tick) + 4.0, "end", &grouped(*tick, digits));
        }
        for (index, point) in self.points.iter().enumerate() {
            text(x(index), HEIGHT - bottom + 20.0, "middle", point.label);
            let rise = |other: Option<&PlotPoint>| other.map_or(0.0, |other| y(point.y) - y(other.y));
            let next = self.points.get(index + 1);
            // Beside the line, where it comes or goes steeply.
            let (aside, anchor) = match index.checked_sub(1).map(|before| &self.points[before]) {
                before if rise(before) > STEEP => (5.0, "start"),
                Some(_) if rise(next) > STEEP => (-5.0, "end"),
                _ => (0.0, "middle"),
            };
            text(x(index) + aside, y(point.y) - 10.0, anchor, &grouped(point.y, self.digits));
        }
        text(left + width / 2.0, HEIGHT - 10.0, "middle", self.x_title);
        text(8.0, 16.0, "start", self.y_title);
        for tick in &axis.ticks {
            let y = y(*tick);
            let end = WIDTH - right;
            let _ = writeln!(svg, "<path d=\"M{left} {y:.1}H{end}\" stroke=\"{GRID}\"/>");
        }
        let line: Vec<String> = self
            .points
            .iter()
            .enumerate()
            .map(|(index, point)| format!("{:.1},{:.1}", x(index), y(point.y)))
            .collect();
        let line = line.join(" ");
        let _ =
            writeln!(svg, "<polyline points=\"{line}\" fill=\"none\" stroke=\"{LINE}\" stroke-width=\"2\"/>");
        for (index, point) in self.points.iter().enumerate() {
            let _ = writeln!(
                svg,
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3.5\" fill=\"{LINE}\"/>",
                x(index),
                y(point.y)
            );
        }
        svg + "</svg>\n"
    }

    /// The places of the points, from 0 at the left to 1 at the right.
    fn positions(&self) -> Vec<f64> {
        let value = |(index, point): (usize, &PlotPoint)| {
            if self.logarithmic { point.x.max(1.0).log10() } else { index as f64 }
        };
        let values: Vec<f64> = self.points.iter().enumerate().map(value).collect();
        let (first, last) = (values.first().copied().unwrap_or(0.0), values.last().copied().unwrap_or(0.0));
        // A single point is in the middle.
        let place = |value: &f64| if last > first { (value - first) / (last - first) } else { 0.5 };
        values.iter().map(place).collect()
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot(points: &[(&'static str, f64, f64)]) -> String {
        let points = points.iter().map(|&(label, x, y)| PlotPoint { label, x, y }).collect();
        let (x_title, y_title) = ("steps", "<ms>");
        Plot { title: "A & B".into(), x_title, y_title, logarithmic: true, digits: 0, points }.svg()
    }

    #[test]
    fn points_stand_at_the_logarithm_of_x_and_in_proportion_to_y() {
        let svg = plot(&[("1", 1.0, 10.0), ("10", 10.0, 5.0), ("1,000", 1000.0, 20.0)]);
        assert!(svg.contains("points=\"95.0,142.0 255.0,195.0 575.0,36.0\""), "{svg}");
        assert!(svg.contains("A &amp; B") && svg.contains("&lt;ms&gt;"), "{svg}");
    }

    #[test]
    fn values_far_apart_are_on_a_logarithmic_axis() {
        let svg = plot(&[("1", 1.0, 1.0), ("10", 10.0, 1000.0)]);
        assert!(svg.contains("points=\"95.0,248.0 575.0,36.0\""), "{svg}");
    }
}
