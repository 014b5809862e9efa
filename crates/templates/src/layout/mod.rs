//! Layered drawings of graphs: levels from left to right, few crossings, straight long edges.
//!
//! The stages, each a file: `levels` assigns levels, `layers` splits long edges, `untangle` orders the levels, `place`
//! computes coordinates, `columns` draws lines.

mod adjacency;
mod align;
mod columns;
mod compact;
mod drawing;
mod layers;
mod levels;
mod order;
mod place;
mod transpose;
mod untangle;

pub use drawing::{Layout, Mode, Place, Point, Size};

use columns::{Columns, stacked, straight_line};
use layers::{Layers, bends};
use levels::longest_paths;
use place::placed;
use untangle::untangled;

/// The most nodes, edges, and levels that edges pass, of a graph that is laid out with few crossings: within a second.
const MAX_NODES: usize = 2_000;
const MAX_EDGES: usize = 20_000;
const MAX_BENDS: usize = 20_000;

/// Lays out a directed acyclic graph.
///
/// `nodes` has the size of each node, `edges` the indexes of source and target of each edge. The same graph is always laid out
/// in the same way. Levels are 64 apart; in a level, nodes are 24 apart, lines 12, and a line is 18 apart from a node.
///
/// Graphs with more than 2,000 nodes or 20,000 edges, or whose edges pass more than 20,000 levels between their ends in
/// total, are laid out in [`Mode::Levels`].
///
/// Duplicates of edges get the same line. Edges that close a cycle are allowed, but do not influence the places of nodes; which
/// edge of a cycle closes it depends on the order of the nodes. Edges of nodes that do not exist are ignored.
///
/// ```
/// use tasker_templates::layout::{Mode, Size, lay_out};
///
/// let layout = lay_out(&[Size { width: 160.0, height: 40.0 }; 2], &[(0, 1)]);
/// assert_eq!((layout.width, layout.height, layout.mode), (384.0, 40.0, Mode::Layered));
/// assert_eq!(layout.lines, [[(160.0, 20.0), (224.0, 20.0)]]);
/// ```
pub fn lay_out(nodes: &[Size], edges: &[(usize, usize)]) -> Layout {
    let sizes: Vec<Size> = nodes.iter().map(|size| size.drawable()).collect();
    let exists = |&(source, target): &(usize, usize)| source < sizes.len() && target < sizes.len();
    let mut unique: Vec<(usize, usize)> = edges.iter().copied().filter(exists).collect();
    unique.sort_unstable();
    unique.dedup();
    let levels = longest_paths(sizes.len(), &unique);
    let is_large = sizes.len() > MAX_NODES || unique.len() > MAX_EDGES || bends(&levels, &unique) > MAX_BENDS;

    let layers = Layers::new(&levels, if is_large { &[] } else { &unique });
    let mut centres =
        if is_large { stacked(&sizes, &levels) } else { placed(&layers, &untangled(&layers), &sizes) };
    let height = move_to_zero(&mut centres, &sizes);

    let columns = Columns::new(&sizes, &levels);
    let node = |index: usize| {
        let (size, level): (Size, usize) = (sizes[index], levels[index]);
        (Place { level, x: columns.left(level), y: centres[index] - size.height / 2.0 }, size)
    };
    let line = |&(source, target): &(usize, usize)| {
        let (from, to) = (node(source), node(target));
        match layers.bends_of((source, target)) {
            Some(bends) => columns.bent_line(from, to, bends.map(|bend| centres[bend])),
            None => {
                let (start, end) = straight_line(from, to);
                vec![start, end]
            }
        }
    };
    Layout {
        places: (0..sizes.len()).map(|index| node(index).0).collect(),
        lines: edges.iter().map(|edge| if exists(edge) { line(edge) } else { Vec::new() }).collect(),
        width: columns.width(),
        height,
        mode: if is_large { Mode::Levels } else { Mode::Layered },
    }
}

/// Moves centres so that the uppermost node or line is at 0. Returns where the lowest ends.
fn move_to_zero(centres: &mut [f64], sizes: &[Size]) -> f64 {
    let half = |vertex: usize| sizes.get(vertex).map_or(0.0, |size| size.height / 2.0);
    let top = (0..centres.len()).map(|vertex| centres[vertex] - half(vertex)).fold(f64::INFINITY, f64::min);
    let mut height = 0.0_f64;
    for (vertex, centre) in centres.iter_mut().enumerate() {
        *centre -= top;
        height = height.max(*centre + half(vertex));
    }
    height
}

#[cfg(test)]
mod tests;
