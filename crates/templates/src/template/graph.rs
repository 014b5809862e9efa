//! The DAG of a template: dependencies between steps, by step index.

use std::collections::{BTreeSet, HashMap};

use super::model::Template;

/// The edges of a template's DAG.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graph {
    /// The direct dependencies of each step, in the order of the template.
    pub parents: Vec<Vec<usize>>,
    /// The direct dependents of each step.
    pub children: Vec<Vec<usize>>,
    /// All steps in topological order.
    pub order: Vec<usize>,
}

impl Graph {
    /// Builds the DAG of a template. All dependencies must exist.
    ///
    /// # Errors
    /// A cycle, as step indexes: each depends on the next, and the last on the first.
    pub fn new(template: &Template) -> Result<Self, Vec<usize>> {
        let index: HashMap<&str, usize> =
            template.steps.iter().enumerate().map(|(index, step)| (step.name.as_str(), index)).collect();
        let mut parents: Vec<Vec<usize>> = Vec::with_capacity(template.steps.len());
        for step in &template.steps {
            let mut of_step = Vec::with_capacity(step.dependencies.len());
            for parent in step.dependencies.iter().filter_map(|name| index.get(name.as_str()).copied()) {
                if !of_step.contains(&parent) {
                    of_step.push(parent);
                }
            }
            parents.push(of_step);
        }
        Self::from_parents(parents)
    }

    fn from_parents(parents: Vec<Vec<usize>>) -> Result<Self, Vec<usize>> {
        let mut children = vec![Vec::new(); parents.len()];
        for (step, of_step) in parents.iter().enumerate() {
            for &parent in of_step {
                children[parent].push(step);
            }
        }
        // Kahn's algorithm. A step that it cannot order is on a cycle or depends on one.
        let mut remaining: Vec<usize> = parents.iter().map(Vec::len).collect();
        let mut order: Vec<usize> = (0..parents.len()).filter(|&step| remaining[step] == 0).collect();
        let mut next = 0;
        while let Some(&step) = order.get(next) {
            next += 1;
            for &child in &children[step] {
                remaining[child] -= 1;
                if remaining[child] == 0 {
                    order.push(child);
                }
            }
        }
        if order.len() == parents.len() {
            return Ok(Self { parents, children, order });
        }
        Err(find_cycle(&parents, &remaining))
    }

    /// All direct and indirect dependencies of a step, sorted by index.
    pub fn ancestors(&self, step: usize) -> Vec<usize> {
        let mut found = BTreeSet::new();
        let mut open = self.parents[step].clone();
        while let Some(ancestor) = open.pop() {
            if found.insert(ancestor) {
                open.extend(&self.parents[ancestor]);
            }
        }
        found.into_iter().collect()
    }

    /// All direct and indirect dependents of a step, in topological order.
    pub fn descendants(&self, step: usize) -> Vec<usize> {
        let mut found = BTreeSet::new();
        let mut open = self.children[step].clone();
        while let Some(descendant) = open.pop() {
            if found.insert(descendant) {
                open.extend(&self.children[descendant]);
            }
        }
        self.order.iter().copied().filter(|step| found.contains(step)).collect()
    }

    /// The length of the longest path to each step.
    pub fn depths(&self) -> Vec<usize> {
        let mut depths = vec![0; self.parents.len()];
        for &step in &self.order {
            depths[step] = self.parents[step].iter().map(|&parent| depths[parent] + 1).max().unwrap_or(0);
        }
        depths
    }
}

/// Follows unordered parents from an unordered step until a step repeats.
fn find_cycle(parents: &[Vec<usize>], remaining: &[usize]) -> Vec<usize> {
    let mut path: Vec<usize> = remaining.iter().position(|&count| count > 0).into_iter().collect();
    while let Some(&step) = path.last() {
        let Some(&parent) = parents[step].iter().find(|&&parent| remaining[parent] > 0) else { break };
        if let Some(start) = path.iter().position(|&seen| seen == parent) {
            return path.split_off(start);
        }
        path.push(parent);
    }
    path
}
