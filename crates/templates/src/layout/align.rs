//! Vertical alignment (Brandes and Köpf, 2002): which vertices of consecutive levels get the same coordinate.

use super::{adjacency::Adjacency, layers::Layers, order::Order};

/// The vertices in blocks, each on consecutive levels.
#[derive(Debug)]
pub(super) struct Blocks {
    /// The first vertex of each vertex's block.
    pub(super) root: Vec<usize>,
    /// The next vertex of the block; after the last, the first.
    pub(super) next: Vec<usize>,
}

impl Blocks {
    /// The vertices of a block, from its first level on.
    pub(super) fn of(&self, root: usize) -> impl Iterator<Item = usize> {
        let mut following = Some(root);
        std::iter::from_fn(move || {
            let vertex = following?;
            following = Some(self.next[vertex]).filter(|&next| next != root);
            Some(vertex)
        })
    }
}

/// Marks the edges that cross an edge between two bends: a long edge is to be straight, so the other one gives way (conflicts
/// of type 1). Of two edges between bends that cross (type 2), one may be marked; alignment never takes both.
pub(super) fn conflicts(order: &Order, layers: &Layers) -> Vec<bool> {
    let mut is_marked = vec![false; layers.edges];
    for level in 1..order.levels.len() {
        // Between two edges of bends, other edges have to stay between the ends of these.
        let (mut first, mut unchecked) = (0, 0);
        let vertices = &order.levels[level];
        for (position, &vertex) in vertices.iter().enumerate() {
            let last = bend_before(vertex, layers).map(|bend| order.position[bend]);
            if last.is_none() && position + 1 < vertices.len() {
                continue;
            }
            let last = last.unwrap_or(order.levels[level - 1].len() - 1);
            for &vertex in &vertices[unchecked..=position] {
                for neighbour in layers.before.of(vertex) {
                    let end = order.position[neighbour.vertex];
                    if end < first || end > last {
                        is_marked[neighbour.edge] = true;
                    }
                }
            }
            (first, unchecked) = (last, position + 1);
        }
    }
    is_marked
}

/// The other end of an edge between two bends.
fn bend_before(vertex: usize, layers: &Layers) -> Option<usize> {
    let neighbour = layers.before.of(vertex).first().filter(|_| layers.is_bend(vertex))?;
    layers.is_bend(neighbour.vertex).then_some(neighbour.vertex)
}

/// Aligns each vertex with the median of its neighbours before it, or with the lower one of two medians, if no marked edge
/// leads there and no alignment is crossed.
pub(super) fn aligned(order: &Order, before: &Adjacency, is_marked: &[bool]) -> Blocks {
    let vertices = order.position.len();
    let mut blocks = Blocks { root: (0..vertices).collect(), next: (0..vertices).collect() };
    let mut neighbours = Vec::new();
    for level in &order.levels {
        // The first position that no alignment has used or passed.
        let mut free = 0;
        for &vertex in level {
            neighbours.clear();
            neighbours.extend_from_slice(before.of(vertex));
            neighbours.sort_unstable_by_key(|neighbour| order.position[neighbour.vertex]);
            let Some(last) = neighbours.len().checked_sub(1) else { continue };
            let medians = &neighbours[last / 2..=neighbours.len() / 2];
            let median = medians
                .iter()
                .find(|median| !is_marked[median.edge] && order.position[median.vertex] >= free)
                .map(|median| median.vertex);
            if let Some(median) = median {
                let root = blocks.root[median];
                blocks.root[vertex] = root;
                blocks.next[median] = vertex;
                blocks.next[vertex] = root;
                free = order.position[median] + 1;
            }
        }
    }
    blocks
}
