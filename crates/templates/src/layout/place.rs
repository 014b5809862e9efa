//! The vertical places of vertices (Brandes and Köpf, 2002): the mean of four placements, each aligned to one corner.

use super::{
    align::{aligned, conflicts},
    compact::compacted,
    drawing::{LINE_GAP, NODE_GAP, Size},
    layers::Layers,
    order::Order,
};

/// Returns the y coordinate of each vertex's centre.
pub(super) fn placed(layers: &Layers, order: &Order, sizes: &[Size]) -> Vec<f64> {
    balanced(&corners(layers, order, &extents(layers, sizes)))
}

/// How much of its level each vertex takes, with half of the gap on either side.
fn extents(layers: &Layers, sizes: &[Size]) -> Vec<f64> {
    let mut extents: Vec<f64> = sizes.iter().map(|size| size.height + NODE_GAP).collect();
    extents.resize(layers.vertices(), LINE_GAP);
    extents
}

fn corners(layers: &Layers, order: &Order, extents: &[f64]) -> [Corner; 4] {
    let is_marked = conflicts(order, layers);
    [(false, false), (false, true), (true, false), (true, true)].map(|(is_right, is_bottom)| {
        let seen = order.mirrored(is_right, is_bottom);
        let before = if is_right { &layers.after } else { &layers.before };
        let mut centres = compacted(&seen, &aligned(&seen, before, &is_marked), extents);
        if is_bottom {
            for centre in &mut centres {
                *centre = -*centre;
            }
        }
        Corner { bounds: bounds(&centres, extents), is_bottom, centres }
    })
}

/// A placement that is aligned to a corner.
struct Corner {
    centres: Vec<f64>,
    /// The upper and the lower end.
    bounds: (f64, f64),
    is_bottom: bool,
}

/// Moves all placements to the lowest one's upper or lower end, to which they are aligned, and takes the mean of the two
/// middle values: it keeps all distances that the four keep.
fn balanced(corners: &[Corner; 4]) -> Vec<f64> {
    let height = |corner: &Corner| corner.bounds.1 - corner.bounds.0;
    let (top, bottom) = corners[1..]
        .iter()
        .fold(&corners[0], |lowest, corner| if height(corner) < height(lowest) { corner } else { lowest })
        .bounds;
    let moves = corners
        .each_ref()
        .map(|corner| if corner.is_bottom { bottom - corner.bounds.1 } else { top - corner.bounds.0 });
    (0..corners[0].centres.len())
        .map(|vertex| {
            let mut values = [0, 1, 2, 3].map(|corner| corners[corner].centres[vertex] + moves[corner]);
            values.sort_unstable_by(f64::total_cmp);
            f64::midpoint(values[1], values[2])
        })
        .collect()
}

/// The least and the greatest coordinate that vertices reach.
fn bounds(centres: &[f64], extents: &[f64]) -> (f64, f64) {
    centres.iter().zip(extents).fold((f64::INFINITY, f64::NEG_INFINITY), |(top, bottom), (centre, extent)| {
        (top.min(centre - extent / 2.0), bottom.max(centre + extent / 2.0))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::levels::longest_paths, *};

    /// Forward edges between 20 nodes, their heights, and a random order of their levels with many crossings.
    fn any_order() -> impl Strategy<Value = (Vec<Size>, Layers, Order)> {
        let edge = (0..19_usize, 1..8_usize).prop_map(|(node, span)| (node, (node + span).min(19)));
        let heights = prop::collection::vec(0.0..200.0, 20);
        (heights, prop::collection::btree_set(edge, 0..40), prop::collection::vec(any::<u64>(), 400))
            .prop_map(|(heights, edges, keys)| {
                let sizes = heights.into_iter().map(|height| Size { width: 10.0, height }).collect();
                let edges: Vec<_> = edges.into_iter().collect();
                let layers = Layers::new(&longest_paths(20, &edges), &edges);
                let mut levels = vec![Vec::new(); layers.count];
                for vertex in 0..layers.vertices() {
                    levels[layers.level_of(vertex)].push(vertex);
                }
                for level in &mut levels {
                    level.sort_by_key(|vertex| keys[*vertex % keys.len()]);
                }
                let order = Order::new(levels, layers.vertices());
                (sizes, layers, order)
            })
    }

    proptest! {
        #[test]
        fn all_corners_and_their_mean_keep_distances((sizes, layers, order) in any_order()) {
            let extents = extents(&layers, &sizes);
            let corners = corners(&layers, &order, &extents);
            let mean = balanced(&corners);
            for centres in corners.iter().map(|corner| &corner.centres).chain([&mean]) {
                for pair in order.levels.iter().flat_map(|level| level.windows(2)) {
                    let distance = f64::midpoint(extents[pair[0]], extents[pair[1]]);
                    prop_assert!(centres[pair[1]] - centres[pair[0]] > distance - 1e-6, "{:?}", pair);
                }
            }
        }

        #[test]
        fn long_edges_are_straight_unless_they_cross_each_other((sizes, layers, order) in any_order()) {
            let centres = placed(&layers, &order, &sizes);
            for row in &order.levels {
                let between_bends: Vec<(usize, usize)> = row
                    .iter()
                    .filter(|&&vertex| layers.is_bend(vertex))
                    .map(|&vertex| (layers.before.of(vertex)[0].vertex, vertex))
                    .filter(|&(before, _)| layers.is_bend(before))
                    .collect();
                let ends = |&(before, vertex): &(usize, usize)| (order.position[before], order.position[vertex]);
                for edge in &between_bends {
                    let (from, to) = ends(edge);
                    let is_crossed = between_bends.iter().map(ends).any(|(other, end)| (other < from) != (end < to));
                    let height = centres[edge.0] - centres[edge.1];
                    prop_assert!(is_crossed || height.abs() < 1e-6, "{:?} has a height of {}", edge, height);
                }
            }
        }
    }
}
