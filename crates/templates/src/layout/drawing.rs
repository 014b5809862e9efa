//! What a drawing consists of: the sizes of nodes on the way in, places and lines on the way out.

/// The horizontal distance between a level and the next.
pub(super) const LEVEL_GAP: f64 = 64.0;
/// The vertical distance between two nodes of a level.
pub(super) const NODE_GAP: f64 = 24.0;
/// The vertical distance between two lines that pass a level. A line and a node are kept apart by the mean of both gaps.
pub(super) const LINE_GAP: f64 = 12.0;

/// A point of a line: x grows to the right, y downwards.
pub type Point = (f64, f64);

/// The size of a node, in the unit of the drawing: CSS pixels in the console. What is negative or not finite counts as 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Size {
    /// From left to right.
    pub width: f64,
    /// From top to bottom.
    pub height: f64,
}

impl Size {
    /// The size without numbers that nothing can be computed with.
    pub(super) fn drawable(self) -> Self {
        let length = |length: f64| if length.is_finite() { length.max(0.0) } else { 0.0 };
        Self { width: length(self.width), height: length(self.height) }
    }
}

/// Where a node is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// Its column, from 0 on the left: the length of the longest path to the node.
    pub level: usize,
    /// Its left border. Nodes of a level are aligned on the left.
    pub x: f64,
    /// Its upper border.
    pub y: f64,
}

/// How a graph was laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Few crossings; lines pass between the nodes of the levels that they span.
    Layered,
    /// Each level in the order of the nodes' indexes; lines are straight and pass over nodes. For large graphs.
    Levels,
}

/// A drawing. It begins at (0, 0).
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    /// The place of each node, in the order of the nodes.
    pub places: Vec<Place>,
    /// The points of each edge, in the order of the edges: from the middle of the source's right border to the middle of
    /// the target's left border, and always rightwards. An edge that closes a cycle goes straight from the source's left
    /// border to the target's right border, over what is between them; one from a node to itself lies behind the node.
    /// Empty for an edge of a node that does not exist.
    pub lines: Vec<Vec<Point>>,
    /// The right end of everything drawn.
    pub width: f64,
    /// The lower end of everything drawn.
    pub height: f64,
    /// How it was laid out.
    pub mode: Mode,
}
