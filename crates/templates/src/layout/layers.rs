//! A graph whose edges all lead from a level to the next: an edge that spans several levels becomes a chain of bends, one on
//! each level between its ends.

use std::ops::Range;

use super::adjacency::Adjacency;

/// The layered graph. Its vertices are the nodes, by their indexes, and after them the bends.
#[derive(Debug)]
pub(super) struct Layers {
    nodes: usize,
    /// The level of each vertex.
    level_of: Vec<usize>,
    /// The number of levels.
    pub(super) count: usize,
    /// The number of edges between vertices.
    pub(super) edges: usize,
    /// The neighbours on the level before.
    pub(super) before: Adjacency,
    /// The neighbours on the level after.
    pub(super) after: Adjacency,
    /// The edges between nodes, sorted, each with its bends from left to right.
    chains: Vec<((usize, usize), Range<usize>)>,
}

impl Layers {
    /// Takes the levels of the nodes, and the edges between them, sorted and without duplicates. Edges that do not lead to a
    /// higher level are left out.
    pub(super) fn new(levels: &[usize], edges: &[(usize, usize)]) -> Self {
        let mut level_of = levels.to_vec();
        let mut chains = Vec::with_capacity(edges.len());
        let mut pairs = Vec::with_capacity(edges.len() + bends(levels, edges));
        for &(source, target) in edges.iter().filter(|&&edge| is_forward(levels, edge)) {
            let first = level_of.len();
            level_of.extend(levels[source] + 1..levels[target]);
            let chain = first..level_of.len();
            let mut last = source;
            for vertex in chain.clone().chain([target]) {
                pairs.push((last, vertex));
                last = vertex;
            }
            chains.push(((source, target), chain));
        }
        Self {
            nodes: levels.len(),
            count: levels.iter().max().map_or(0, |last| last + 1),
            edges: pairs.len(),
            before: Adjacency::new(level_of.len(), pairs.iter().map(|&(source, target)| (target, source))),
            after: Adjacency::new(level_of.len(), pairs.iter().copied()),
            level_of,
            chains,
        }
    }

    /// The number of nodes and bends.
    pub(super) fn vertices(&self) -> usize {
        self.level_of.len()
    }

    pub(super) fn level_of(&self, vertex: usize) -> usize {
        self.level_of[vertex]
    }

    pub(super) fn is_bend(&self, vertex: usize) -> bool {
        vertex >= self.nodes
    }

    /// The bends of an edge between nodes; None if it was left out.
    pub(super) fn bends_of(&self, edge: (usize, usize)) -> Option<Range<usize>> {
        let index = self.chains.binary_search_by_key(&edge, |(edge, _)| *edge).ok()?;
        Some(self.chains[index].1.clone())
    }
}

/// The number of bends that a layered graph has.
pub(super) fn bends(levels: &[usize], edges: &[(usize, usize)]) -> usize {
    edges.iter().map(|&(source, target)| levels[target].saturating_sub(levels[source] + 1)).sum()
}

/// Whether an edge leads to a higher level. If not, it closes a cycle.
pub(super) fn is_forward(levels: &[usize], (source, target): (usize, usize)) -> bool {
    levels[source] < levels[target]
}
