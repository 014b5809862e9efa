//! The level of each node: the length of the longest path to it.

use super::adjacency::Adjacency;

/// Computes the levels. An edge does not count if it closes a cycle: its target is not on a higher level than its source,
/// whereas the target of every other edge is.
pub(super) fn longest_paths(nodes: usize, edges: &[(usize, usize)]) -> Vec<usize> {
    let after = Adjacency::new(nodes, edges.iter().copied());
    let order = topological_order(nodes, &after);
    let mut rank = vec![0; nodes];
    for (index, &node) in order.iter().enumerate() {
        rank[node] = index;
    }
    let mut levels = vec![0; nodes];
    for &node in &order {
        for next in after.of(node) {
            if rank[next.vertex] > rank[node] {
                levels[next.vertex] = levels[next.vertex].max(levels[node] + 1);
            }
        }
    }
    levels
}

/// The nodes, each before the targets of its edges, those edges left out that lead back to a node on the way to their source:
/// a depth-first search, and the reverse of the order in which it leaves the nodes.
fn topological_order(nodes: usize, after: &Adjacency) -> Vec<usize> {
    let mut is_found = vec![false; nodes];
    let mut order = Vec::with_capacity(nodes);
    // The nodes on the way, each with the number of its edges that were followed.
    let mut way: Vec<(usize, usize)> = Vec::new();
    for start in 0..nodes {
        if !is_found[start] {
            is_found[start] = true;
            way.push((start, 0));
        }
        while let Some((node, followed)) = way.last_mut() {
            if let Some(next) = after.of(*node).get(*followed) {
                *followed += 1;
                if !is_found[next.vertex] {
                    is_found[next.vertex] = true;
                    way.push((next.vertex, 0));
                }
            } else {
                order.push(*node);
                way.pop();
            }
        }
    }
    order.reverse();
    order
}
