//! Compaction (Brandes and Köpf, 2002, with the corrections of Brandes, Walter and Zink, 2020): the coordinates of blocks, as
//! small as the distances between vertices allow.

use super::{align::Blocks, order::Order};

/// Returns the coordinate of each vertex's centre. The extent of a vertex is its size and the gaps around it: centres of
/// neighbours are at least half of both extents apart.
pub(super) fn compacted(order: &Order, blocks: &Blocks, extents: &[f64]) -> Vec<f64> {
    let classes = Classes::new(order, blocks, extents);
    let shifts = classes.shifts(order, extents);
    (0..extents.len()).map(|vertex| classes.offset[vertex] + shifts[classes.of[vertex]]).collect()
}

fn distance(extents: &[f64], one: usize, other: usize) -> f64 {
    f64::midpoint(extents[one], extents[other])
}

/// The blocks in classes: those that are placed relative to the same one, which is at the upper end of all its levels.
struct Classes {
    /// The class of each vertex: the first level of the block at its upper end. A level is the first of one such block at most.
    of: Vec<usize>,
    /// The coordinate of each vertex in its class.
    offset: Vec<f64>,
}

impl Classes {
    fn new(order: &Order, blocks: &Blocks, extents: &[f64]) -> Self {
        let vertices = extents.len();
        let mut level_of = vec![0; vertices];
        for (level, row) in order.levels.iter().enumerate() {
            for &vertex in row {
                level_of[vertex] = level;
            }
        }
        let mut classes = Self { of: vec![0; vertices], offset: vec![0.0; vertices] };
        // Each block after all blocks above it. The paper recurses, with a depth that grows with the graph.
        let mut missing = vec![0_usize; vertices];
        for row in &order.levels {
            for &vertex in row.iter().skip(1) {
                missing[blocks.root[vertex]] += 1;
            }
        }
        let mut ready: Vec<usize> =
            (0..vertices).filter(|&root| blocks.root[root] == root && missing[root] == 0).collect();
        while let Some(root) = ready.pop() {
            classes.place(root, blocks, order, &level_of, extents);
            for below in blocks.of(root).filter_map(|vertex| order.below(level_of[vertex], vertex)) {
                let root = blocks.root[below];
                missing[root] -= 1;
                if missing[root] == 0 {
                    ready.push(root);
                }
            }
        }
        classes
    }

    /// Places a block under its neighbours above it that are of the class of the first of these.
    fn place(&mut self, root: usize, blocks: &Blocks, order: &Order, level_of: &[usize], extents: &[f64]) {
        let above =
            |vertex: usize| order.above(level_of[vertex], vertex).map(|neighbour| (vertex, neighbour));
        let class =
            blocks.of(root).find_map(above).map_or(level_of[root], |(_, neighbour)| self.of[neighbour]);
        let offset = blocks
            .of(root)
            .filter_map(above)
            .filter(|&(_, neighbour)| self.of[neighbour] == class)
            .map(|(vertex, neighbour)| self.offset[neighbour] + distance(extents, vertex, neighbour))
            .fold(0.0, f64::max);
        for vertex in blocks.of(root) {
            self.of[vertex] = class;
            self.offset[vertex] = offset;
        }
    }

    /// How far each class is moved, so that it is above those that it has neighbours in: these begin on earlier levels, so
    /// that they have been moved before it.
    fn shifts(&self, order: &Order, extents: &[f64]) -> Vec<f64> {
        let mut bounds = vec![Vec::new(); order.levels.len()];
        for pair in order.levels.iter().flat_map(|row| row.windows(2)) {
            let (above, below) = (pair[0], pair[1]);
            if self.of[above] != self.of[below] {
                let room = self.offset[below] - self.offset[above] - distance(extents, above, below);
                bounds[self.of[below]].push((self.of[above], room));
            }
        }
        let mut shifts = vec![f64::INFINITY; order.levels.len()];
        for (class, bounds) in bounds.into_iter().enumerate() {
            if shifts[class].is_infinite() {
                shifts[class] = 0.0;
            }
            for (above, room) in bounds {
                shifts[above] = shifts[above].min(shifts[class] + room);
            }
        }
        shifts
    }
}
