//! The columns of a drawing, which are as wide as their widest node, and the lines between and through them.

use super::drawing::{LEVEL_GAP, NODE_GAP, Place, Point, Size};

/// How far two coordinates are apart at most that count as the same.
const TOLERANCE: f64 = 1e-6;

/// The columns of all levels.
pub(super) struct Columns {
    /// The left and the right border of each.
    borders: Vec<(f64, f64)>,
}

impl Columns {
    pub(super) fn new(sizes: &[Size], levels: &[usize]) -> Self {
        let mut widths = vec![0.0_f64; levels.iter().max().map_or(0, |last| last + 1)];
        for (size, &level) in sizes.iter().zip(levels) {
            widths[level] = widths[level].max(size.width);
        }
        let mut left = 0.0;
        let borders = widths.into_iter().map(|width| {
            let right = left + width;
            (std::mem::replace(&mut left, right + LEVEL_GAP), right)
        });
        Self { borders: borders.collect() }
    }

    /// The left border of a level.
    pub(super) fn left(&self, level: usize) -> f64 {
        self.borders[level].0
    }

    /// The right border of the last level.
    pub(super) fn width(&self) -> f64 {
        self.borders.last().map_or(0.0, |(_, right)| *right)
    }

    /// A line that crosses the columns between two nodes horizontally, at the given heights, so that it passes over no node.
    pub(super) fn bent_line(
        &self,
        source: (Place, Size),
        target: (Place, Size),
        heights: impl Iterator<Item = f64>,
    ) -> Vec<Point> {
        let (start, end) = straight_line(source, target);
        let mut line = vec![start];
        // A node that is narrower than its column has wider ones above and below it.
        extend(&mut line, (self.borders[source.0.level].1, start.1));
        for (level, height) in (source.0.level + 1..target.0.level).zip(heights) {
            let (left, right) = self.borders[level];
            extend(&mut line, (left, height));
            extend(&mut line, (right, height));
        }
        extend(&mut line, end);
        line
    }
}

/// Adds a point to a line, unless the line has reached its x. Points within a horizontal stretch are left out.
fn extend(line: &mut Vec<Point>, (x, y): Point) {
    let is_level = |point: &Point| (point.1 - y).abs() < TOLERANCE;
    if line.last().is_some_and(|last| x <= last.0) {
        return;
    }
    if line.len() > 1 && line[line.len() - 2..].iter().all(is_level) {
        line.pop();
    }
    line.push((x, y));
}

/// The ends of a line between two nodes: from the right border to the left one, or, if the target is further left, from the
/// left border to the right one.
pub(super) fn straight_line(source: (Place, Size), target: (Place, Size)) -> (Point, Point) {
    let left = |(place, size): (Place, Size)| (place.x, place.y + size.height / 2.0);
    let right = |(place, size): (Place, Size)| (place.x + size.width, place.y + size.height / 2.0);
    if target.0.level < source.0.level {
        (left(source), right(target))
    } else {
        (right(source), left(target))
    }
}

/// Stacks the nodes of each level in the order of their indexes, the levels centred on a line. Returns the y coordinates of
/// their centres.
pub(super) fn stacked(sizes: &[Size], levels: &[usize]) -> Vec<f64> {
    let mut heights = vec![0.0; levels.iter().max().map_or(0, |last| last + 1)];
    for (size, &level) in sizes.iter().zip(levels) {
        heights[level] += size.height + NODE_GAP;
    }
    let mut tops: Vec<f64> = heights.into_iter().map(|height| -height / 2.0).collect();
    let centres = sizes.iter().zip(levels).map(|(size, &level)| {
        let top = tops[level];
        tops[level] += size.height + NODE_GAP;
        top + f64::midpoint(size.height, NODE_GAP)
    });
    centres.collect()
}
