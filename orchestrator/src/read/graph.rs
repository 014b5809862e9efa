//! Graphs to draw: of a template, and of a task with the state of its steps.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::Row;
use tasker_templates::{
    layout::{self, Layout, Mode, Size},
    template::{Graph, StepType, Template},
};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    discovery::{DependencyGraph, EdgeKind, graph_of},
    reader::Reader,
};
use crate::{
    catalog::{Release, deciders},
    error::Error,
    state::StepState,
};

/// The size of a step's box, in pixels: as wide as its name, within limits.
const HEIGHT: f64 = 44.0;
const BATCH_HEIGHT: f64 = 60.0;
const LETTER: f64 = 7.5;
const MARGIN: f64 = 32.0;
const NARROWEST: f64 = 96.0;
const WIDEST: f64 = 280.0;

/// A graph with a place for each step and a line for each dependency, from left to right. Lengths are pixels, from the top
/// left corner.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DrawnGraph {
    /// What it shows.
    pub kind: GraphKind,
    /// The steps of the template, in its order. The workers of a batch are one node.
    pub nodes: Vec<DrawnNode>,
    /// The dependencies.
    pub edges: Vec<DrawnEdge>,
    /// The width of the drawing.
    pub width: f64,
    /// The height of the drawing.
    pub height: f64,
    /// How it was laid out.
    pub mode: GraphMode,
    /// What follows from it.
    pub analysis: GraphAnalysis,
}

/// How a graph was laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GraphMode {
    /// With few crossings, and lines around the steps.
    Layered,
    /// In columns, with straight lines: for large graphs.
    Levels,
}

impl From<Mode> for GraphMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Layered => Self::Layered,
            Mode::Levels => Self::Levels,
        }
    }
}

/// What a graph shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GraphKind {
    /// A template.
    Template,
    /// A task.
    Task,
}

/// A step in a drawing.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DrawnNode {
    /// The name of the template step.
    pub id: String,
    /// The same, for people.
    pub name: String,
    /// The type of the step.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    pub step_type: StepType,
    /// The callable of its handler.
    pub handler: String,
    /// The length of the longest path to it.
    pub level: usize,
    /// The left edge.
    pub x: f64,
    /// The top edge.
    pub y: f64,
    /// The width.
    pub width: f64,
    /// The height.
    pub height: f64,
    /// Of batch workers: how many there are.
    pub group: Option<BatchGroup>,
    /// Its state. None in a template, for a step that was not created, and for batch workers.
    #[schema(value_type = Option<String>)]
    pub state: Option<StepState>,
    /// The number of its current attempt; of batch workers, the highest.
    pub attempt: u32,
    /// The maximum number of attempts.
    pub max_attempts: u32,
    /// When the current attempt started; of batch workers, the first.
    pub started_at: Option<DateTime<Utc>>,
    /// When the current attempt ended; of batch workers, the last.
    pub finished_at: Option<DateTime<Utc>>,
    /// Whether it was created. In a template: whether it is created with each task.
    pub created: bool,
}

/// The workers of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BatchGroup {
    /// Their number.
    pub total: i64,
    /// Their number by state.
    pub by_state: BTreeMap<String, i64>,
}

/// A dependency in a drawing.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DrawnEdge {
    /// The step that must complete first.
    pub from: String,
    /// The step that depends on it.
    pub to: String,
    /// The kind.
    pub kind: EdgeKind,
    /// Whether the task takes this way: both steps were created, or one will never be. None while that is open.
    pub taken: Option<bool>,
    /// The corners of its line, from the first step's border to the other's.
    #[schema(value_type = Vec<Vec<f64>>)]
    pub points: Vec<(f64, f64)>,
}

/// What follows from a graph.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct GraphAnalysis {
    /// The steps that depend on none.
    pub roots: Vec<String>,
    /// The steps that none depends on.
    pub leaves: Vec<String>,
    /// The steps, each after all that it depends on.
    pub execution_order: Vec<String>,
    /// The number of steps of the widest level.
    pub parallel_branches: usize,
    /// The chain of steps that took longest, up to now. In a template: the chain with the most steps.
    pub critical_path: Vec<String>,
    /// How long these steps ran together, in seconds.
    pub critical_path_seconds: Option<f64>,
    /// The steps that failed for good and keep others from running.
    pub blocked_by: Vec<Blocker>,
    /// The steps that are enqueued.
    pub ready: Vec<String>,
}

/// A step that keeps others from running.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Blocker {
    /// The step.
    pub step: String,
    /// The reason.
    pub because: String,
}

/// The steps of a task with the same template step.
#[derive(Debug, Default)]
pub(super) struct Standing {
    total: i64,
    pub(super) by_state: BTreeMap<String, i64>,
    /// Of a batch, which goes on without those.
    isolated: i64,
    pub(super) attempt: u32,
    started_at: Option<DateTime<Utc>>,
    finished_at: Option<DateTime<Utc>>,
    pub(super) error_type: Option<String>,
}

impl Standing {
    fn has(&self, state: StepState) -> bool {
        self.by_state.contains_key(state.as_str())
    }

    /// The state of all of them.
    fn state(&self) -> Option<StepState> {
        match self.by_state.len() {
            1 => self.by_state.keys().next().and_then(|name| StepState::from_name(name)),
            _ => None,
        }
    }

    /// How long they ran.
    fn seconds(&self, now: DateTime<Utc>) -> f64 {
        let Some(started_at) = self.started_at else { return 0.0 };
        let running = self.has(StepState::InProgress);
        let end = self.finished_at.filter(|_| !running).unwrap_or(now);
        (end - started_at).as_seconds_f64().max(0.0)
    }

    fn blocks(&self) -> bool {
        self.by_state.get(StepState::Error.as_str()).copied().unwrap_or(0) > self.isolated
    }
}

impl DrawnGraph {
    /// The graph of a template.
    ///
    /// # Errors
    /// [`Error::Damaged`]: its dependencies are a cycle.
    pub fn of_template(template: &Template) -> Result<Self, Error> {
        let graph = graph_of(template)?;
        let deciders = deciders(template, &graph);
        let layout = lay_out(template, &graph);
        let mut drawn = draw(template, &graph, &layout);
        for (node, deciders) in drawn.nodes.iter_mut().zip(&deciders) {
            node.created = deciders.is_empty() && node.step_type != StepType::BatchWorker;
        }
        let longest = longest_path(&graph, |_| 1.0);
        drawn.analysis.critical_path =
            longest.0.iter().map(|&step| template.steps[step].name.clone()).collect();
        Ok(drawn)
    }
}

impl Reader {
    /// Returns the graph of a published template version.
    pub async fn template_graph(
        &self,
        namespace: &str,
        name: &str,
        version: &str,
    ) -> Result<DrawnGraph, Error> {
        DrawnGraph::of_template(&self.template(namespace, name, version).await?)
    }

    /// Returns the graph of a task.
    pub async fn task_graph(&self, task: Uuid) -> Result<DrawnGraph, Error> {
        let release = self.release_of(task).await?;
        let has_ended = self.task_state(task).await?.is_terminal();
        let standings = self.standings(task, &release).await?;
        let now = self.now().await?;
        let layout = release.layout.get_or_init(|| lay_out(&release.template, &release.graph));
        let mut drawn = draw(&release.template, &release.graph, layout);
        drawn.kind = GraphKind::Task;
        for ((node, standing), fixed) in drawn.nodes.iter_mut().zip(&standings).zip(&release.steps) {
            node.max_attempts = fixed.max_attempts;
            node.created = standing.total > 0;
            node.attempt = standing.attempt;
            node.started_at = standing.started_at;
            node.finished_at = standing.finished_at;
            if node.step_type == StepType::BatchWorker {
                node.group = Some(BatchGroup { total: standing.total, by_state: standing.by_state.clone() });
            } else {
                node.state = standing.state();
            }
        }
        let decided = decided(&standings, &release);
        let mut edges = drawn.edges.iter_mut();
        for (from, to) in edges_of(&release.graph) {
            let Some(edge) = edges.next() else { break };
            edge.taken = match (standings[from].total > 0, standings[to].total > 0) {
                (true, true) => Some(true),
                _ if has_ended || decided[to] => Some(false),
                _ => None,
            };
        }
        let name = |step: usize| release.steps[step].name.clone();
        let (path, seconds) = longest_path(&release.graph, |step| standings[step].seconds(now));
        let analysis = &mut drawn.analysis;
        analysis.critical_path =
            path.into_iter().filter(|&step| standings[step].started_at.is_some()).map(name).collect();
        analysis.critical_path_seconds = Some(seconds);
        let steps = || standings.iter().enumerate();
        analysis.ready = steps()
            .filter(|(_, standing)| standing.has(StepState::Enqueued))
            .map(|(step, _)| name(step))
            .collect();
        analysis.blocked_by = steps()
            .filter(|(_, standing)| standing.blocks())
            .map(|(step, standing)| Blocker { step: name(step), because: why_blocked(standing) })
            .collect();
        Ok(drawn)
    }

    /// Returns how the steps of a task stand, for each step of its template.
    pub(super) async fn standings(&self, task: Uuid, release: &Release) -> Result<Vec<Standing>, Error> {
        let rows = sqlx::query(
            "SELECT template_step, state, count(*) AS total, count(*) FILTER (WHERE isolated) AS isolated,
                 max(attempt) AS attempt, min(started_at) AS started_at, max(finished_at) AS finished_at,
                 min(last_failure ->> 'error_type') FILTER (WHERE state = 'error') AS error_type
             FROM tasker.steps WHERE task_id = $1 GROUP BY template_step, state",
        )
        .bind(task)
        .fetch_all(&self.pool)
        .await?;
        let mut standings: Vec<Standing> = release.steps.iter().map(|_| Standing::default()).collect();
        for row in rows {
            let step: i32 = row.try_get("template_step")?;
            let Some(standing) = standings.get_mut(step.unsigned_abs() as usize) else { continue };
            let total: i64 = row.try_get("total")?;
            standing.total += total;
            standing.by_state.insert(row.try_get("state")?, total);
            standing.isolated += row.try_get::<i64, _>("isolated")?;
            standing.attempt = standing.attempt.max(row.try_get::<i32, _>("attempt")?.unsigned_abs());
            let started_at: Option<DateTime<Utc>> = row.try_get("started_at")?;
            standing.started_at = standing.started_at.into_iter().chain(started_at).min();
            standing.finished_at = standing.finished_at.max(row.try_get("finished_at")?);
            standing.error_type = standing.error_type.take().or(row.try_get("error_type")?);
        }
        Ok(standings)
    }
}

/// For each step, whether the decisions that could create it have all ended, or will never run.
fn decided(standings: &[Standing], release: &Release) -> Vec<bool> {
    let mut decided = vec![false; standings.len()];
    // Decisions before what they decide.
    for &step in &release.graph.order {
        let deciders = &release.deciders[step];
        decided[step] = !deciders.is_empty()
            && deciders.iter().all(|&decider| {
                let standing = &standings[decider];
                let has_ended =
                    matches!(standing.state(), Some(StepState::Complete | StepState::ResolvedManually));
                has_ended || standing.total == 0 && decided[decider]
            });
    }
    decided
}

fn why_blocked(standing: &Standing) -> String {
    let failed = standing.by_state.get(StepState::Error.as_str()).copied().unwrap_or(0);
    let kind = standing.error_type.as_deref().map(|kind| format!(" ({kind})")).unwrap_or_default();
    match standing.total {
        1 => format!("it failed for good in attempt {}{kind}", standing.attempt),
        total => format!("{failed} of {total} failed for good{kind}"),
    }
}

/// The dependencies in the order of [`DependencyGraph`].
fn edges_of(graph: &Graph) -> impl Iterator<Item = (usize, usize)> {
    graph.parents.iter().enumerate().flat_map(|(to, parents)| parents.iter().map(move |&from| (from, to)))
}

/// Finds a place for each step.
fn lay_out(template: &Template, graph: &Graph) -> Layout {
    let sizes: Vec<Size> = template.steps.iter().map(|step| size(&step.name, step.step_type)).collect();
    let edges: Vec<(usize, usize)> = edges_of(graph).collect();
    layout::lay_out(&sizes, &edges)
}

fn size(name: &str, step_type: StepType) -> Size {
    let letters = f64::from(u16::try_from(name.chars().count()).unwrap_or(u16::MAX));
    Size {
        width: letters.mul_add(LETTER, MARGIN).clamp(NARROWEST, WIDEST),
        height: if step_type == StepType::BatchWorker { BATCH_HEIGHT } else { HEIGHT },
    }
}

/// Draws a template. Nothing is known of any task.
fn draw(template: &Template, graph: &Graph, layout: &Layout) -> DrawnGraph {
    let dependencies = DependencyGraph::of(template, graph);
    let nodes = dependencies.nodes.into_iter().zip(&layout.places).zip(&template.steps);
    let nodes = nodes.map(|((node, place), step)| {
        let Size { width, height } = size(&step.name, step.step_type);
        DrawnNode {
            id: node.id,
            name: node.name,
            step_type: node.step_type,
            handler: node.handler,
            level: node.level,
            x: place.x,
            y: place.y,
            width,
            height,
            group: None,
            state: None,
            attempt: 0,
            max_attempts: step.retry.max_attempts.max(1),
            started_at: None,
            finished_at: None,
            created: false,
        }
    });
    let edges = dependencies.edges.into_iter().zip(&layout.lines);
    let edges = edges.map(|(edge, line)| DrawnEdge {
        from: edge.from,
        to: edge.to,
        kind: edge.kind,
        taken: None,
        points: line.clone(),
    });
    DrawnGraph {
        kind: GraphKind::Template,
        nodes: nodes.collect(),
        edges: edges.collect(),
        width: layout.width,
        height: layout.height,
        mode: layout.mode.into(),
        analysis: GraphAnalysis {
            roots: dependencies.roots,
            leaves: dependencies.leaves,
            execution_order: dependencies.execution_order,
            parallel_branches: dependencies.parallel_branches,
            critical_path: Vec::new(),
            critical_path_seconds: None,
            blocked_by: Vec::new(),
            ready: Vec::new(),
        },
    }
}

/// Returns the chain of steps with the highest sum of weights, and that sum.
fn longest_path(graph: &Graph, weight: impl Fn(usize) -> f64) -> (Vec<usize>, f64) {
    let mut sums = vec![0.0_f64; graph.parents.len()];
    let mut before: Vec<Option<usize>> = vec![None; graph.parents.len()];
    for &step in &graph.order {
        let longest =
            graph.parents[step].iter().copied().max_by(|&one, &other| sums[one].total_cmp(&sums[other]));
        before[step] = longest;
        sums[step] = longest.map_or(0.0, |parent| sums[parent]) + weight(step);
    }
    let mut path = Vec::new();
    let mut next = graph.order.iter().copied().max_by(|&one, &other| sums[one].total_cmp(&sums[other]));
    let sum = next.map_or(0.0, |step| sums[step]);
    while let Some(step) = next {
        path.push(step);
        next = before[step];
    }
    path.reverse();
    (path, sum)
}

#[cfg(test)]
mod tests {
    use tasker_templates::template::parse;

    use super::*;

    #[test]
    fn the_critical_path_is_the_chain_that_took_longest() {
        let template = parse(
            "{ name: t, namespace_name: n, version: 1.0.0, steps: [
                { name: a, handler: { callable: h } },
                { name: quick, dependencies: [a], handler: { callable: h } },
                { name: slow, dependencies: [a], handler: { callable: h } },
                { name: end, dependencies: [quick, slow], handler: { callable: h } }] }",
        )
        .unwrap()
        .template;
        let graph = Graph::new(&template).unwrap();
        let (path, seconds) = longest_path(&graph, |step| [1.0, 2.0, 5.0, 1.0][step]);
        assert_eq!((path, seconds), (vec![0, 2, 3], 7.0));
    }
}
