//! Crossing reduction: sweeps over the levels with the weighted median heuristic, each followed by transposition
//! (Gansner, Koutsofios, North and Vo, 1993).

use std::{cmp::Reverse, collections::VecDeque};

use super::{adjacency::Adjacency, layers::Layers, order::Order, transpose::transpose};

/// The number of sweeps from each first order, in turn in both directions.
const SWEEPS: usize = 8;

/// Returns the order with the fewest crossings that was found, starting once from the first level and once from the last.
pub(super) fn untangled(layers: &Layers) -> Order {
    let mut best = first_order(layers, false);
    let mut fewest = best.crossings(layers);
    for starts_last in [false, true] {
        let mut order = first_order(layers, starts_last);
        for sweep in 0..SWEEPS {
            if fewest == 0 {
                return best;
            }
            // Which way to break ties is better differs between graphs.
            let is_reversed = sweep % 4 >= 2;
            if (sweep % 2 == 0) == starts_last {
                let levels = (0..layers.count - 1).rev();
                levels.for_each(|level| sort_level(&mut order, level, &layers.after, is_reversed));
            } else {
                let levels = 1..layers.count;
                levels.for_each(|level| sort_level(&mut order, level, &layers.before, is_reversed));
            }
            transpose(&mut order, layers);
            let crossings = order.crossings(layers);
            if crossings < fewest {
                fewest = crossings;
                best.clone_from(&order);
            }
        }
    }
    best
}

/// The order in which a breadth-first search along edges in both directions finds the vertices, so that connected ones are
/// together. It starts at the first level or at the last one, and at the lowest index there.
fn first_order(layers: &Layers, starts_last: bool) -> Order {
    let (ahead, behind) =
        if starts_last { (&layers.before, &layers.after) } else { (&layers.after, &layers.before) };
    let mut starts: Vec<usize> = (0..layers.vertices()).collect();
    if starts_last {
        starts.sort_by_key(|&vertex| Reverse(layers.level_of(vertex)));
    } else {
        starts.sort_by_key(|&vertex| layers.level_of(vertex));
    }
    let mut levels = vec![Vec::new(); layers.count];
    let mut is_found = vec![false; layers.vertices()];
    let mut open = VecDeque::new();
    for start in starts {
        open.push_back(start);
        while let Some(vertex) = open.pop_front() {
            if !is_found[vertex] {
                is_found[vertex] = true;
                levels[layers.level_of(vertex)].push(vertex);
                open.extend(ahead.of(vertex).iter().chain(behind.of(vertex)).map(|next| next.vertex));
            }
        }
    }
    Order::new(levels, layers.vertices())
}

/// Sorts a level by the medians of the vertices' neighbours in one direction. Vertices with the same median keep their order, or
/// reverse it; a vertex without neighbours keeps its position.
fn sort_level(order: &mut Order, level: usize, neighbours: &Adjacency, is_reversed: bool) {
    let mut medians = Vec::new();
    let mut slots = Vec::new();
    let mut positions = Vec::new();
    for (slot, &vertex) in order.levels[level].iter().enumerate() {
        positions.clear();
        positions.extend(neighbours.of(vertex).iter().map(|next| order.position[next.vertex]));
        positions.sort_unstable();
        if let Some(median) = weighted_median(&positions) {
            medians.push((median, vertex));
            slots.push(slot);
        }
    }
    if is_reversed {
        medians.reverse();
    }
    medians.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    for (slot, (_, vertex)) in slots.into_iter().zip(medians) {
        order.levels[level][slot] = vertex;
    }
    order.number(level);
}

/// The median of sorted positions. Of an even number of them, it is nearer to the side on which they are closer together.
fn weighted_median(positions: &[usize]) -> Option<f64> {
    let (first, last) = (*positions.first()?, *positions.last()?);
    let middle = positions.len() / 2;
    let upper = positions[middle] as f64;
    if positions.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = positions[middle - 1] as f64;
    let (spread_below, spread_above) = (lower - first as f64, last as f64 - upper);
    if spread_below + spread_above > 0.0 {
        Some((lower * spread_above + upper * spread_below) / (spread_below + spread_above))
    } else {
        Some(f64::midpoint(lower, upper))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::levels::longest_paths, *};

    #[test]
    fn medians_lean_to_the_denser_side() {
        assert_eq!(weighted_median(&[]), None);
        assert_eq!(weighted_median(&[4]), Some(4.0));
        assert_eq!(weighted_median(&[1, 4]), Some(2.5));
        assert_eq!(weighted_median(&[1, 4, 9]), Some(4.0));
        assert_eq!(weighted_median(&[0, 1, 5, 8]), Some(2.0));
    }

    #[test]
    fn a_level_is_sorted_by_medians() {
        let layers = Layers::new(&[0, 0, 0, 1, 1, 1, 1], &[(0, 6), (1, 4), (1, 5), (2, 3)]);
        let order = Order::new(vec![vec![0, 1, 2], vec![3, 4, 5, 6]], 7);
        for (is_reversed, expected) in [(false, [6, 4, 5, 3]), (true, [6, 5, 4, 3])] {
            let mut order = order.clone();
            sort_level(&mut order, 1, &layers.before, is_reversed);
            assert_eq!(order.levels[1], expected);
        }
    }

    #[test]
    fn sweeps_remove_crossings_of_the_first_order() {
        let edges = [(0, 2), (1, 3), (1, 4), (2, 3), (2, 5), (3, 5), (3, 6), (6, 7)];
        let layers = Layers::new(&longest_paths(8, &edges), &edges);
        assert!(first_order(&layers, false).crossings(&layers) > 0);
        assert!(first_order(&layers, true).crossings(&layers) > 0);
        assert_eq!(untangled(&layers).crossings(&layers), 0);
    }
}
