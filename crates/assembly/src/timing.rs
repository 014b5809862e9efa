//! Every time that an orchestrator, its hosts and the queues between them must agree on, each with its reason. The
//! tests check each inequality that the reasons name.

use std::time::Duration;

/// How long a received step message stays invisible to other hosts, unless the host extends it. A host that runs the step
/// extends it three times in this time. Shorter: more requests to the queue. Longer: a dead host's steps wait longer.
pub const STEP_VISIBILITY: Duration = Duration::from_secs(30);

/// The shortest visibility of a step message: a host checks its leases four times in a second.
pub const MIN_STEP_VISIBILITY: Duration = Duration::from_secs(1);

/// How long a received report stays invisible to other orchestrators, at most. Applying a batch takes milliseconds.
pub const MAX_REPORT_VISIBILITY: Duration = Duration::from_secs(30);

/// How long a lease store remembers that an execution has ended, for queues that keep a message until it is
/// acknowledged (in memory and in PGMQ). A copy of a step message that arrives within this time is dropped.
///
/// A copy whose acknowledgement failed arrives one visibility time later, so an hour covers many failures in sequence. The
/// store holds one entry for each execution in this time: at 6,000 steps a second, an hour is 21.6 million rows. A copy
/// that waits longer in a backlog runs once more, and the orchestrator drops its report.
pub const SETTLED_FOR: Duration = Duration::from_secs(3600);

/// How often in sequence the acknowledgement of a copy may fail before its execution is forgotten. This extends
/// [`SETTLED_FOR`] for long visibility times.
const REDELIVERIES: u32 = 20;

/// How long SQS keeps a message, as the deployment's templates set it.
pub const SQS_RETENTION: Duration = Duration::from_secs(4 * 24 * 3600);

/// How long the lease table in DynamoDB remembers that an execution has ended. SQS may deliver a copy at any time until
/// the message's retention ends, even of a message that was deleted. An item costs the same write however long it stays,
/// so it stays for the whole retention and no copy can run.
pub const SQS_SETTLED_FOR: Duration = SQS_RETENTION;

/// How often expired leases are deleted from PostgreSQL. DynamoDB and the leases in memory do this themselves.
pub const LEASE_CLEARANCE: Duration = Duration::from_secs(60);

/// How long the running steps of `tasker worker` may continue after a request to stop, by default. Kubernetes kills a
/// process 30 seconds after that request; the rest is for the last reports.
pub const WORKER_DRAIN: Duration = Duration::from_secs(20);

/// After how many receives SQS moves a message to its dead-letter queue, as the deployment's templates set it. Each
/// hand-back while a service is away costs one, so there are enough for twenty minutes. A step that kills its hosts is given
/// up long before, because its lease counts them.
pub const MAX_RECEIVES: u32 = 50;

/// How long the function that runs steps may take, as the deployment's templates set it.
pub const FUNCTION_TIMEOUT: Duration = Duration::from_secs(300);

/// The maximum run time of a step in a function, by default. Longer steps go to the queue of long steps. The rest of
/// [`FUNCTION_TIMEOUT`] is for reading the batch and for [`LAST_WORDS`].
pub const LONGEST_FUNCTION_STEP: Duration = Duration::from_secs(295);

/// How long before its deadline a function stops its steps, to send their reports and to return.
pub const LAST_WORDS: Duration = Duration::from_secs(2);

/// How long the function of the API may take, as the deployment's templates set it. API Gateway waits no longer either.
pub const API_TIMEOUT: Duration = Duration::from_secs(30);

/// How long before its deadline that function answers a request that waits for a task: time to read the task, and to finish
/// the work after the request.
pub const LAST_ANSWER: Duration = Duration::from_secs(5);

/// The longest time for which the `tasker` command asks the API to wait for a task, again and again. The rest of
/// [`API_TIMEOUT`] is for starting a function and for [`LAST_ANSWER`].
pub const WAIT_PIECE: Duration = Duration::from_secs(20);

/// How long the function that calls webhooks may take, as the deployment's templates set it: a request, its report, and a start.
pub const DELIVER_TIMEOUT: Duration = Duration::from_secs(60);

/// How long after a delivery was handed over the orchestrator sends it again if no outcome has come: longer than the function
/// that calls webhooks may take, and than a backlog of its queue usually waits.
pub const DELIVERY_LEASE: Duration = Duration::from_secs(300);

/// How long ECS waits after SIGTERM before it kills a container, as the deployment's templates set it: the longest that
/// Fargate allows.
pub const CONTAINER_STOP: Duration = Duration::from_secs(120);

/// How long the running steps of the container for long steps may continue after SIGTERM, by default. The rest of
/// [`CONTAINER_STOP`] is for the last reports and for returning unfinished steps to the queue.
pub const CONTAINER_DRAIN: Duration = Duration::from_secs(110);

/// The times of one installation's queues and leases. All processes of an installation must use the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// How long a received step message stays invisible to other hosts.
    pub step_visibility: Duration,
    /// How long a lease on an execution lasts without renewal: nine tenths of `step_visibility`, so that a host that
    /// receives the message again finds the lease free. The last tenth is the margin for clocks that differ.
    pub lease_term: Duration,
    /// How long a received report stays invisible to other orchestrators: at most `step_visibility`, because the reports
    /// that a dead orchestrator had received must be visible again before their hosts seem silent.
    pub report_visibility: Duration,
    /// How long a lease store remembers that an execution has ended: longer than a copy of its message can still arrive.
    pub settled_for: Duration,
}

impl Timing {
    /// For queues that keep a message until it is acknowledged: in memory and in PGMQ. A `step_visibility` under
    /// [`MIN_STEP_VISIBILITY`] is raised to it.
    pub fn until_acknowledged(step_visibility: Duration) -> Self {
        let step_visibility = step_visibility.max(MIN_STEP_VISIBILITY);
        let settled_for = SETTLED_FOR.max(step_visibility.saturating_mul(REDELIVERIES));
        Self::of(step_visibility, settled_for)
    }

    /// For queues in SQS and leases in DynamoDB.
    pub fn sqs() -> Self {
        Self::of(STEP_VISIBILITY, SQS_SETTLED_FOR)
    }

    fn of(step_visibility: Duration, settled_for: Duration) -> Self {
        Self {
            step_visibility,
            lease_term: step_visibility / 10 * 9,
            report_visibility: MAX_REPORT_VISIBILITY.min(step_visibility),
            settled_for,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each transport, with the shortest, the usual and a long visibility where it can be set.
    fn all() -> Vec<Timing> {
        let seconds = [0, 1, 5, 30, 600, 86_400];
        let mut all: Vec<Timing> =
            seconds.map(|seconds| Timing::until_acknowledged(Duration::from_secs(seconds))).to_vec();
        all.push(Timing::sqs());
        all
    }

    #[test]
    fn a_lease_ends_before_its_message_is_visible_again() {
        for timing in all() {
            assert!(timing.lease_term < timing.step_visibility, "{timing:?}");
        }
    }

    #[test]
    fn the_clocks_of_hosts_on_aws_may_differ_by_seconds() {
        // DynamoDB compares a lease's end with the clock of the requesting host; AWS keeps its clocks within a
        // millisecond.
        let timing = Timing::sqs();
        assert!(timing.lease_term + Duration::from_secs(1) <= timing.step_visibility, "{timing:?}");
    }

    #[test]
    fn sqs_counts_visibility_in_whole_seconds() {
        let timing = Timing::sqs();
        assert_eq!(timing.step_visibility.subsec_nanos(), 0);
        assert_eq!(timing.report_visibility.subsec_nanos(), 0);
    }

    #[test]
    fn a_report_is_visible_again_no_later_than_a_step() {
        for timing in all() {
            assert!(timing.report_visibility <= timing.step_visibility, "{timing:?}");
        }
    }

    #[test]
    fn an_ended_execution_is_remembered_while_copies_of_its_message_can_arrive() {
        for timing in all() {
            assert!(timing.settled_for >= timing.step_visibility * REDELIVERIES, "{timing:?}");
        }
        assert!(Timing::sqs().settled_for >= SQS_RETENTION);
    }

    #[test]
    fn expired_leases_are_deleted_soon_beside_the_time_that_they_are_kept() {
        assert!(LEASE_CLEARANCE * 10 <= SETTLED_FOR);
    }

    #[test]
    fn a_function_has_time_for_the_longest_step_and_its_last_words() {
        assert!(LONGEST_FUNCTION_STEP + LAST_WORDS < FUNCTION_TIMEOUT);
    }

    #[test]
    fn a_request_that_waits_is_answered_before_the_functions_deadline() {
        // A function that starts with the request needs about a second.
        assert!(Duration::from_secs(1) + WAIT_PIECE + LAST_ANSWER < API_TIMEOUT);
    }

    #[test]
    fn a_delivery_has_its_outcome_before_it_is_sent_again() {
        // What a killed function leaves is visible again later, and is dropped then.
        assert!(DELIVER_TIMEOUT * 2 < DELIVERY_LEASE && DELIVERY_LEASE < DELIVER_TIMEOUT * 6);
    }

    #[test]
    fn a_container_has_time_to_report_after_its_drain() {
        assert!(CONTAINER_DRAIN + LAST_WORDS < CONTAINER_STOP);
    }

    #[test]
    fn a_message_reaches_the_dead_letter_queue_before_its_retention_ends() {
        // AWS recommends that the queue of a function hides a message for six times the function's timeout.
        assert!(FUNCTION_TIMEOUT * 6 * MAX_RECEIVES < SQS_RETENTION);
    }

    #[test]
    fn a_message_outlives_an_outage_of_fifteen_minutes_and_is_received_soon_after_it() {
        let waited: Duration = (1..MAX_RECEIVES).map(tasker_transport::outage_delay).sum();
        assert!(waited > Duration::from_secs(15 * 60), "{waited:?}");
        assert!(tasker_transport::LONGEST_OUTAGE_DELAY < Duration::from_secs(30));
    }

    #[test]
    fn a_report_that_waits_for_the_database_arrives_before_its_host_seems_silent() {
        // The third visibility time of a silent host is for this.
        for timing in all().into_iter().filter(|timing| timing.step_visibility >= STEP_VISIBILITY) {
            assert!(tasker_transport::LONGEST_OUTAGE_DELAY < timing.step_visibility, "{timing:?}");
        }
    }

    #[test]
    fn the_deployments_templates_set_the_same_times() {
        let sam = include_str!("../../../infra/sam/template.yaml");
        let queues = include_str!("../../../infra/terraform/queues.tf");
        let functions = include_str!("../../../infra/terraform/functions.tf");
        let long_steps = include_str!("../../../infra/terraform/long_steps.tf");
        let says = |text: &str, setting: String| assert!(text.contains(&setting), "no `{setting}`");
        says(sam, format!("MessageRetentionPeriod: {}\n", SQS_RETENTION.as_secs()));
        says(sam, format!("maxReceiveCount: {MAX_RECEIVES}\n"));
        says(sam, format!("Timeout: {}\n", FUNCTION_TIMEOUT.as_secs()));
        says(
            queues,
            format!("message_retention_seconds         = {} * 86400\n", SQS_RETENTION.as_secs() / 86_400),
        );
        says(queues, format!("timeout, receives = {MAX_RECEIVES}, namespace = null }}\n"));
        says(queues, format!("receives = {MAX_RECEIVES}, namespace = null }} if var.long_steps"));
        says(functions, format!("run-steps   = {{ memory = 1769, timeout = {},", FUNCTION_TIMEOUT.as_secs()));
        says(functions, format!("api         = {{ memory = 512, timeout = {},", API_TIMEOUT.as_secs()));
        let sam_api = sam.split_once("-api\"\n      Description: Serves the API\n").unwrap().1;
        says(&sam_api[..sam_api.find("Role:").unwrap()], format!("Timeout: {}\n", API_TIMEOUT.as_secs()));
        says(long_steps, format!("stopTimeout = {}\n", CONTAINER_STOP.as_secs()));
        says(functions, format!("deliver     = {{ memory = 256, timeout = {},", DELIVER_TIMEOUT.as_secs()));
        let sam_deliver = sam.split_once("-deliver\"\n      Description: Calls webhooks\n").unwrap().1;
        says(
            &sam_deliver[..sam_deliver.find("Role:").unwrap()],
            format!("Timeout: {}\n", DELIVER_TIMEOUT.as_secs()),
        );
        let rest = FUNCTION_TIMEOUT.saturating_sub(LONGEST_FUNCTION_STEP);
        says(functions, format!("local.shared_functions[\"run-steps\"].timeout - {}\n", rest.as_secs()));
    }

    /// The behaviour of a host within the times above.
    #[cfg(feature = "host")]
    mod of_hosts {
        use tasker_runtime_host::{HostConfig, Worker};

        use super::*;

        fn between_renewals(timing: &Timing) -> Duration {
            timing.step_visibility / Worker::RENEWALS + Worker::PULSE
        }

        #[test]
        fn a_host_renews_a_lease_before_it_ends() {
            for timing in all() {
                assert!(between_renewals(&timing) < timing.lease_term, "{timing:?}");
            }
        }

        #[test]
        fn one_renewal_may_fail_where_the_visibility_is_as_usual() {
            for timing in all().into_iter().filter(|timing| timing.step_visibility >= STEP_VISIBILITY) {
                assert!(between_renewals(&timing) * 2 < timing.lease_term, "{timing:?}");
            }
        }

        #[test]
        fn what_a_dead_orchestrator_had_received_is_visible_before_its_host_seems_silent() {
            for timing in all() {
                // The last heartbeat that was applied may be one interval older than the report.
                let silent_after = timing.step_visibility * Worker::SILENT_AFTER;
                assert!(timing.report_visibility + between_renewals(&timing) < silent_after, "{timing:?}");
            }
        }

        #[test]
        fn a_dead_hosts_message_is_visible_before_the_host_seems_silent() {
            for timing in all() {
                assert!(timing.step_visibility < timing.step_visibility * Worker::SILENT_AFTER, "{timing:?}");
            }
        }

        #[test]
        fn an_ended_execution_is_remembered_while_a_host_puts_off_its_copies() {
            for timing in all() {
                assert!(timing.settled_for > Worker::MAX_COPY_DELAY, "{timing:?}");
            }
            assert!(SQS_SETTLED_FOR >= Worker::MAX_COPY_DELAY * MAX_RECEIVES);
        }

        #[test]
        fn a_copy_of_a_long_step_reaches_the_dead_letter_queue_before_its_retention_ends() {
            assert!(Worker::MAX_COPY_DELAY * MAX_RECEIVES < SQS_RETENTION);
        }

        #[test]
        fn a_cancelled_step_has_ended_when_the_function_must() {
            assert!(Duration::from_millis(HostConfig::default().cancel_grace_ms) <= LAST_WORDS);
        }
    }
}
