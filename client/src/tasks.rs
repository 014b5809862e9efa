//! Many tasks: finding, counting and creating them.

use reqwest::Method;

use crate::{
    client::Client,
    error::Result,
    list::List,
    types::{CheckedTask, CreatedItem, CreatedTasks, TaskBatch, TaskCount, TaskRequest, TaskSummary},
};

impl Client {
    /// The tasks, newest first.
    ///
    /// ```no_run
    /// # use std::time::Duration;
    /// # use tasker_client::{Client, TaskState};
    /// # async fn example(client: Client) -> tasker_client::Result<()> {
    /// let day = Duration::from_secs(24 * 3600);
    /// let mut blocked = client.tasks().state(TaskState::BlockedByFailures).created_after(day).stream();
    /// while let Some(task) = blocked.next().await {
    ///     println!("{}", task?.task_id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn tasks(&self) -> List<TaskSummary> {
        self.list_at(&["v1", "tasks"])
    }

    /// Checks a request to create a task: its template, and its input. Creates none.
    pub async fn check_task(&self, task: &TaskRequest) -> Result<CheckedTask> {
        self.route(Method::POST, &["v1", "tasks", "validate"]).json(task).send().await
    }

    /// Creates up to 1,000 tasks. Returns the result of each request, in order: each stands for itself.
    pub async fn create_tasks(&self, tasks: Vec<TaskRequest>) -> Result<Vec<CreatedItem>> {
        let request = self.route(Method::POST, &["v1", "tasks", "batch"]).json(&TaskBatch { tasks });
        Ok(request.send::<CreatedTasks>().await?.items)
    }
}

impl List<TaskSummary> {
    /// Counts the tasks that match, of them the newest 10,000. The list has neither a limit nor a cursor.
    pub async fn count(self) -> Result<TaskCount> {
        self.request.below("count").send().await
    }

    /// As [`List::count`], and the number of each group: by `state`, `namespace` or `template`.
    pub async fn count_by(self, by: &str) -> Result<TaskCount> {
        self.query("by", by).count().await
    }
}
