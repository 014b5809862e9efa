//! The order of the vertices in each level, from top to bottom, and the number of crossings that it leads to.

use super::layers::Layers;

/// The order of all levels.
#[derive(Debug, Clone)]
pub(super) struct Order {
    /// The vertices of each level.
    pub(super) levels: Vec<Vec<usize>>,
    /// The position of each vertex in its level.
    pub(super) position: Vec<usize>,
}

impl Order {
    pub(super) fn new(levels: Vec<Vec<usize>>, vertices: usize) -> Self {
        let mut order = Self { levels, position: vec![0; vertices] };
        for level in 0..order.levels.len() {
            order.number(level);
        }
        order
    }

    /// Numbers the vertices of a level after their order has changed.
    pub(super) fn number(&mut self, level: usize) {
        for (position, &vertex) in self.levels[level].iter().enumerate() {
            self.position[vertex] = position;
        }
    }

    /// The vertex above one in its level.
    pub(super) fn above(&self, level: usize, vertex: usize) -> Option<usize> {
        self.position[vertex].checked_sub(1).map(|position| self.levels[level][position])
    }

    /// The vertex below one in its level.
    pub(super) fn below(&self, level: usize, vertex: usize) -> Option<usize> {
        self.levels[level].get(self.position[vertex] + 1).copied()
    }

    /// The order in the mirror: with the last level first, with the last vertex of each level first, or both.
    pub(super) fn mirrored(&self, is_last_level_first: bool, is_last_vertex_first: bool) -> Self {
        let mut levels = self.levels.clone();
        if is_last_level_first {
            levels.reverse();
        }
        if is_last_vertex_first {
            for vertices in &mut levels {
                vertices.reverse();
            }
        }
        Self::new(levels, self.position.len())
    }

    /// Counts the pairs of edges that cross, in O(E log V).
    pub(super) fn crossings(&self, layers: &Layers) -> usize {
        let mut tree = Vec::new();
        let mut ends = Vec::new();
        let mut count = 0;
        for (level, vertices) in self.levels.iter().enumerate().skip(1) {
            ends.clear();
            for &vertex in &self.levels[level - 1] {
                let first = ends.len();
                ends.extend(layers.after.of(vertex).iter().map(|next| self.position[next.vertex]));
                ends[first..].sort_unstable();
            }
            count += inversions(&ends, vertices.len(), &mut tree);
        }
        count
    }
}

/// Counts the pairs in which a greater number, all below `limit`, comes first: an accumulator tree (Barth, Jünger and
/// Mutzel, 2002), whose memory is reused.
fn inversions(numbers: &[usize], limit: usize, tree: &mut Vec<usize>) -> usize {
    let leaves = limit.next_power_of_two();
    tree.clear();
    tree.resize(2 * leaves, 0);
    let mut count = 0;
    for number in numbers {
        // Each vertex of the tree counts the numbers under it; those under a right sibling are greater.
        let mut vertex = leaves + number;
        tree[vertex] += 1;
        while vertex > 1 {
            if vertex.is_multiple_of(2) {
                count += tree[vertex + 1];
            }
            vertex /= 2;
            tree[vertex] += 1;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::inversions;

    proptest! {
        #[test]
        fn inversions_are_counted(numbers in prop::collection::vec(0..9_usize, 0..30)) {
            let later = |index: usize| numbers[index..].iter();
            let expected: usize = (0..numbers.len())
                .map(|index| later(index).filter(|&&number| number < numbers[index]).count())
                .sum();
            prop_assert_eq!(inversions(&numbers, 9, &mut Vec::new()), expected);
        }
    }
}
