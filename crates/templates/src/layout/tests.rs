use proptest::prelude::*;

use super::{
    drawing::{LEVEL_GAP, NODE_GAP},
    *,
};

/// The coordinates of a test are less than 1e6, of which f64 keeps more digits than these.
const TOLERANCE: f64 = 1e-6;

fn sizes(nodes: usize) -> Vec<Size> {
    vec![Size { width: 160.0, height: 40.0 }; nodes]
}

/// The y coordinates of the nodes' centres.
fn centres(layout: &Layout, sizes: &[Size]) -> Vec<f64> {
    layout.places.iter().zip(sizes).map(|(place, size)| place.y + size.height / 2.0).collect()
}

fn is_near(one: f64, other: f64) -> bool {
    (one - other).abs() < TOLERANCE
}

/// The crossings of the order that is drawn.
fn crossings(nodes: usize, edges: &[(usize, usize)]) -> usize {
    let mut edges = edges.to_vec();
    edges.sort_unstable();
    let layers = Layers::new(&longest_paths(nodes, &edges), &edges);
    untangled(&layers).crossings(&layers)
}

#[test]
fn nothing_is_drawn_as_nothing() {
    let layout = lay_out(&[], &[(0, 1)]);
    let expected =
        Layout { places: vec![], lines: vec![vec![]], width: 0.0, height: 0.0, mode: Mode::Layered };
    assert_eq!(layout, expected);
}

#[test]
fn a_chain_is_a_straight_line() {
    let mut sizes = sizes(5);
    sizes[2].height = 90.0;
    let edges = [(0, 1), (1, 2), (2, 3), (3, 4)];
    let layout = lay_out(&sizes, &edges);
    assert!(centres(&layout, &sizes).into_iter().all(|y| is_near(y, 45.0)), "{layout:?}");
    assert_eq!(layout.lines[1], [(384.0, 45.0), (448.0, 45.0)]);
    assert_eq!((layout.width, layout.height), (5.0 * 160.0 + 4.0 * LEVEL_GAP, 90.0));
    assert_eq!(layout.places.iter().map(|place| place.level).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
}

#[test]
fn a_diamond_is_symmetric() {
    let sizes = sizes(4);
    let layout = lay_out(&sizes, &[(0, 1), (0, 2), (1, 3), (2, 3)]);
    assert_eq!(centres(&layout, &sizes), [52.0, 20.0, 84.0, 52.0]);
    assert_eq!(layout.places[1].level, layout.places[2].level);
}

#[test]
fn a_fan_keeps_the_order_of_the_nodes() {
    let sizes = sizes(7);
    let edges: Vec<_> = (1..6).flat_map(|node| [(0, node), (node, 6)]).collect();
    let y = centres(&lay_out(&sizes, &edges), &sizes);
    assert!(y[1..6].is_sorted());
    assert!(is_near(y[0], y[3]) && is_near(y[6], y[3]), "{y:?}");
}

#[test]
fn a_long_edge_is_straight_between_its_ends() {
    let layout = lay_out(&sizes(6), &[(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (0, 5)]);
    let line = &layout.lines[5];
    assert!(line.len() <= 4, "{line:?}");
    assert!(is_near(line[1].1, line[2].1), "{line:?}");
}

#[test]
fn graphs_that_can_be_drawn_without_crossings_are() {
    // Two chains whose nodes are listed in opposite orders.
    let crossed = [(0, 3), (1, 2), (3, 4), (2, 5), (4, 7), (5, 6)];
    let rails: Vec<_> =
        (0..9).flat_map(|rung| [(2 * rung, 2 * rung + 3), (2 * rung + 1, 2 * rung + 2)]).collect();
    let tree: Vec<_> = (1..40).map(|node| ((node - 1) / 3, node)).collect();
    let merging: Vec<_> = (1..40).map(|node| (40 - node, 40 - (node - 1) / 3 - 1)).collect();
    // Two diamonds in a row, the parts of both listed alternately.
    let diamonds = [(0, 5), (0, 2), (5, 3), (2, 3), (3, 1), (3, 6), (6, 4), (1, 4)];
    for (name, nodes, edges) in [
        ("crossed", 8, &crossed[..]),
        ("rails", 20, &rails),
        ("tree", 40, &tree),
        ("merging", 40, &merging),
        ("diamonds", 7, &diamonds),
    ] {
        assert_eq!(crossings(nodes, edges), 0, "{name}");
    }
    // K2,2 on two levels has one at least.
    assert_eq!(crossings(4, &[(0, 2), (0, 3), (1, 2), (1, 3)]), 1);
}

#[test]
fn large_graphs_are_drawn_in_levels() {
    let many: Vec<_> = (1..2_001).map(|node| (node / 2, node)).collect();
    // Each node after the first chain of 250 adds bends on almost all levels.
    let long: Vec<_> = (1..250).flat_map(|node| [(node - 1, node), (0, node)]).collect();
    let dense: Vec<_> = (0..142 * 142).map(|edge| (edge / 142, 142 + edge % 142)).collect();
    for (nodes, edges) in [(2_001, many), (250, long), (284, dense)] {
        let sizes: Vec<Size> =
            (0..nodes).map(|node| Size { width: 100.0, height: 20.0 + f64::from(node % 3) }).collect();
        let layout = lay_out(&sizes, &edges);
        assert_eq!(layout.mode, Mode::Levels);
        assert!(layout.lines.iter().all(|line| line.len() == 2));
        check_nodes(&sizes, &layout).unwrap();
        check_lines(&sizes, &edges, &layout).unwrap();
        let one_level: Vec<f64> =
            layout.places.iter().filter(|place| place.level == 1).map(|place| place.y).collect();
        assert!(one_level.is_sorted());
    }
}

#[test]
fn cycles_are_drawn_straight() {
    let layout = lay_out(&sizes(3), &[(0, 1), (1, 2), (2, 0), (1, 1), (0, 1), (2, 7)]);
    assert_eq!(layout.places.iter().map(|place| place.level).collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(layout.lines[2], [(448.0, 20.0), (160.0, 20.0)]);
    assert_eq!(layout.lines[3], [(384.0, 20.0), (224.0, 20.0)]);
    assert_eq!(layout.lines[4], layout.lines[0]);
    assert_eq!(layout.lines[5], []);
}

#[test]
fn sizes_without_meaning_count_as_zero() {
    let odd = [f64::NAN, f64::INFINITY, -5.0].map(|length| Size { width: length, height: length });
    let zero = [Size { width: 0.0, height: 0.0 }; 3];
    let edges = [(0, 1), (1, 2), (0, 2)];
    assert_eq!(lay_out(&odd, &edges), lay_out(&zero, &edges));
}

/// That the nodes keep their distances, and that the drawing begins at 0 and contains them.
fn check_nodes(sizes: &[Size], layout: &Layout) -> Result<(), TestCaseError> {
    let mut columns: Vec<Vec<(Place, Size)>> = Vec::new();
    for (&place, &size) in layout.places.iter().zip(sizes) {
        columns.resize(columns.len().max(place.level + 1), Vec::new());
        columns[place.level].push((place, size));
        prop_assert!(place.x >= 0.0 && place.x + size.width <= layout.width + TOLERANCE);
        prop_assert!(place.y >= -TOLERANCE && place.y + size.height <= layout.height + TOLERANCE);
    }
    let mut left = 0.0;
    for column in &mut columns {
        prop_assert!(!column.is_empty());
        column.sort_by(|(one, _), (other, _)| one.y.total_cmp(&other.y));
        for pair in column.windows(2) {
            prop_assert!(pair[1].0.y >= pair[0].0.y + pair[0].1.height + NODE_GAP - TOLERANCE, "{:?}", pair);
        }
        prop_assert!(column.iter().all(|(place, _)| is_near(place.x, left)));
        left = column.iter().map(|(place, size)| place.x + size.width).fold(0.0, f64::max) + LEVEL_GAP;
    }
    prop_assert!(is_near(layout.width, left - LEVEL_GAP) || layout.places.is_empty());
    Ok(())
}

/// That lines lead rightwards from border to border, inside of the drawing.
fn check_lines(sizes: &[Size], edges: &[(usize, usize)], layout: &Layout) -> Result<(), TestCaseError> {
    let y = centres(layout, sizes);
    prop_assert_eq!(layout.lines.len(), edges.len());
    for (line, &(source, target)) in layout.lines.iter().zip(edges) {
        let right = layout.places[source].x + sizes[source].width;
        prop_assert_eq!(line[0], (right, y[source]));
        prop_assert_eq!(line[line.len() - 1], (layout.places[target].x, y[target]));
        prop_assert!(line.windows(2).all(|points| points[0].0 < points[1].0), "{:?}", line);
        prop_assert!(
            line.iter().all(|(_, y)| (-TOLERANCE..layout.height + TOLERANCE).contains(y)),
            "{:?}",
            line
        );
    }
    Ok(())
}

/// That no line passes over a node.
fn check_passages(sizes: &[Size], layout: &Layout) -> Result<(), TestCaseError> {
    for points in layout.lines.iter().flat_map(|line| line.windows(2)) {
        let ((left, from), (right, to)) = (points[0], points[1]);
        let height_at = |x: f64| from + (to - from) * (x.clamp(left, right) - left) / (right - left);
        for (place, size) in layout.places.iter().zip(sizes) {
            let is_beside = right <= place.x + TOLERANCE || left >= place.x + size.width - TOLERANCE;
            let heights = [height_at(place.x), height_at(place.x + size.width)];
            let is_above = heights.iter().all(|y| *y <= place.y + TOLERANCE);
            let is_below = heights.iter().all(|y| *y >= place.y + size.height - TOLERANCE);
            prop_assert!(is_beside || is_above || is_below, "{:?} passes over {:?}", points, place);
        }
    }
    Ok(())
}

fn any_sizes() -> impl Strategy<Value = Vec<Size>> {
    let length = || prop_oneof![Just(0.0), Just(40.0), 1.0..300.0];
    prop::collection::vec((length(), length()).prop_map(|(width, height)| Size { width, height }), 1..30)
}

/// Sizes, and edges between any two nodes.
fn any_graph() -> impl Strategy<Value = (Vec<Size>, Vec<(usize, usize)>)> {
    any_sizes().prop_flat_map(|sizes| {
        let node = 0..sizes.len();
        (Just(sizes), prop::collection::vec((node.clone(), node), 0..60))
    })
}

/// Sizes, and edges that close no cycle: they lead to the higher of two ranks, which the indexes do not show.
fn any_dag() -> impl Strategy<Value = (Vec<Size>, Vec<(usize, usize)>)> {
    any_graph().prop_flat_map(|(sizes, edges)| {
        let ranks = Just((0..sizes.len()).collect::<Vec<_>>()).prop_shuffle();
        ranks.prop_map(move |ranks| {
            let sorted = |&(one, other): &(usize, usize)| {
                if ranks[one] < ranks[other] { (one, other) } else { (other, one) }
            };
            let edges = edges.iter().filter(|(one, other)| one != other).map(sorted);
            (sizes.clone(), edges.collect())
        })
    })
}

proptest! {
    #[test]
    fn drawings_are_tidy((sizes, edges) in any_dag()) {
        let layout = lay_out(&sizes, &edges);
        prop_assert_eq!(layout.mode, Mode::Layered);
        check_nodes(&sizes, &layout)?;
        check_lines(&sizes, &edges, &layout)?;
        check_passages(&sizes, &layout)?;
        for &(source, target) in &edges {
            prop_assert!(layout.places[source].level < layout.places[target].level);
        }
    }

    #[test]
    fn the_order_of_edges_does_not_matter((sizes, edges) in any_dag()) {
        let mut layout = lay_out(&sizes, &edges);
        let reversed: Vec<_> = edges.into_iter().rev().collect();
        layout.lines.reverse();
        prop_assert_eq!(lay_out(&sizes, &reversed), layout);
    }

    #[test]
    fn cycles_are_drawn((sizes, edges) in any_graph()) {
        let layout = lay_out(&sizes, &edges);
        check_nodes(&sizes, &layout)?;
        prop_assert!(layout.lines.iter().all(|line| line.len() >= 2));
    }
}
