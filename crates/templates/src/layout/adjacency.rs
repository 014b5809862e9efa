//! The neighbours of each vertex of a graph, in one allocation.

/// A neighbour, and the index of the edge to it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Neighbour {
    pub(super) vertex: usize,
    pub(super) edge: usize,
}

/// The neighbours of all vertices in one direction.
#[derive(Debug)]
pub(super) struct Adjacency {
    /// Where the neighbours of each vertex start, and the end of the last.
    starts: Vec<usize>,
    neighbours: Vec<Neighbour>,
}

impl Adjacency {
    /// Takes pairs of a vertex and its neighbour, in the order of the edges, which the neighbours of a vertex keep.
    pub(super) fn new(vertices: usize, pairs: impl Iterator<Item = (usize, usize)> + Clone) -> Self {
        let mut starts = vec![0; vertices + 1];
        for (vertex, _) in pairs.clone() {
            starts[vertex + 1] += 1;
        }
        for vertex in 0..vertices {
            starts[vertex + 1] += starts[vertex];
        }
        let mut free = starts.clone();
        let mut neighbours = vec![Neighbour::default(); starts[vertices]];
        for (edge, (vertex, neighbour)) in pairs.enumerate() {
            neighbours[free[vertex]] = Neighbour { vertex: neighbour, edge };
            free[vertex] += 1;
        }
        Self { starts, neighbours }
    }

    pub(super) fn of(&self, vertex: usize) -> &[Neighbour] {
        &self.neighbours[self.starts[vertex]..self.starts[vertex + 1]]
    }
}
