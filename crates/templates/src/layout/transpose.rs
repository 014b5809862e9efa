//! Transposition: swaps neighbours in a level as long as that removes crossings.

use std::mem;

use super::{adjacency::Adjacency, layers::Layers, order::Order};

/// How often all levels are visited, and each level's pairs at each visit. Gains after that are rare.
const MAX_ROUNDS: usize = 4;
const MAX_PASSES: usize = 16;

/// Swaps vertices with the one below them, in all levels, where the edges to both sides then cross less.
pub(super) fn transpose(order: &mut Order, layers: &Layers) {
    // A level can only gain if it or a level beside it has changed.
    let mut is_due = vec![true; layers.count];
    for _ in 0..MAX_ROUNDS {
        let has_changed: Vec<bool> =
            (0..layers.count).map(|level| is_due[level] && transpose_level(order, level, layers)).collect();
        if !has_changed.contains(&true) {
            return;
        }
        let is_around = |level: usize| {
            let around = level.saturating_sub(1)..layers.count.min(level + 2);
            has_changed[around].contains(&true)
        };
        is_due = (0..layers.count).map(is_around).collect();
    }
}

/// Returns whether it has changed the level.
fn transpose_level(order: &mut Order, level: usize, layers: &Layers) -> bool {
    let sides = [Side::new(order, level, &layers.before), Side::new(order, level, &layers.after)];
    // The former positions of the vertices, in their new order.
    let mut row: Vec<usize> = (0..order.levels[level].len()).collect();
    // A pair can only gain if one of its vertices is new in it.
    let mut is_due = vec![true; row.len() + 1];
    let mut has_changed = false;
    for _ in 0..MAX_PASSES {
        let mut has_swapped = false;
        for lower in 1..row.len() {
            if !mem::take(&mut is_due[lower]) {
                continue;
            }
            let (mut crossings, mut swapped) = (0, 0);
            for side in &sides {
                let (upper, lower) = (side.of(row[lower - 1]), side.of(row[lower]));
                crossings += pairs_in_order(lower, upper);
                swapped += pairs_in_order(upper, lower);
            }
            if swapped < crossings {
                row.swap(lower - 1, lower);
                (is_due[lower - 1], is_due[lower + 1]) = (true, true);
                has_swapped = true;
            }
        }
        has_changed |= has_swapped;
        if !has_swapped {
            break;
        }
    }
    if has_changed {
        order.levels[level] = row.into_iter().map(|former| order.levels[level][former]).collect();
        order.number(level);
    }
    has_changed
}

/// The sorted positions of the neighbours on one side of a level, which does not change with the order of the level.
struct Side {
    starts: Vec<usize>,
    positions: Vec<usize>,
}

impl Side {
    fn new(order: &Order, level: usize, neighbours: &Adjacency) -> Self {
        let mut side = Self { starts: vec![0], positions: Vec::new() };
        for &vertex in &order.levels[level] {
            let first = side.positions.len();
            side.positions.extend(neighbours.of(vertex).iter().map(|next| order.position[next.vertex]));
            side.positions[first..].sort_unstable();
            side.starts.push(side.positions.len());
        }
        side
    }

    /// The positions of the neighbours of the vertex that was at a position of the level.
    fn of(&self, former: usize) -> &[usize] {
        &self.positions[self.starts[former]..self.starts[former + 1]]
    }
}

/// Counts the pairs of one of `ones` and a greater one of `others`; both are sorted.
fn pairs_in_order(ones: &[usize], others: &[usize]) -> usize {
    let mut smaller = 0;
    let mut count = 0;
    for other in others {
        while ones.get(smaller).is_some_and(|one| one < other) {
            smaller += 1;
        }
        count += smaller;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crossing_that_one_swap_removes_is_removed() {
        let layers = Layers::new(&[0, 0, 0, 1, 1, 1], &[(0, 3), (1, 5), (2, 4)]);
        let mut order = Order::new(vec![vec![0, 1, 2], vec![3, 4, 5]], 6);
        transpose(&mut order, &layers);
        assert_eq!(order.levels, [[0, 2, 1], [3, 4, 5]]);
        assert_eq!(order.crossings(&layers), 0);
    }

    #[test]
    fn pairs_of_equal_positions_do_not_count() {
        assert_eq!(pairs_in_order(&[0, 2, 5], &[1, 2, 6]), 1 + 1 + 3);
        assert_eq!(pairs_in_order(&[], &[1]), 0);
        assert_eq!(pairs_in_order(&[1], &[]), 0);
    }
}
