//! A circuit breaker: after failures in sequence it refuses calls for a pause, then lets one through as a probe.
//!
//! It keeps callers from waiting for a service that is away. It repeats nothing itself.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tasker_telemetry::metrics;

/// When a breaker opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerSettings {
    /// How many failures in sequence open it. At least 1.
    pub failures: u32,
    /// The first pause. It doubles with each probe that fails.
    pub first_pause: Duration,
    /// The longest pause, before jitter, which shortens each by up to a half.
    pub longest_pause: Duration,
}

/// What a breaker does with calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// It lets all through.
    Closed,
    /// It refuses all.
    Open,
    /// The pause is over: the next call is a probe, or one is under way.
    HalfOpen,
}

impl Condition {
    /// The name of the condition: `closed`, `open`, `half-open`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half-open",
        }
    }
}

/// A call was refused, because the ones before it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it failed several times in sequence; the next try is in {} s", .wait.as_secs_f64().ceil())]
pub struct Paused {
    /// When to try again.
    pub wait: Duration,
}

/// How long to wait while a probe is under way.
const DURING_PROBE: Duration = Duration::from_secs(1);

/// The state of a breaker. It has no clock and no dice of its own.
#[derive(Debug, Clone, Default)]
struct State {
    /// Failures in sequence while it is closed.
    failures: u32,
    /// None while it is closed.
    opened: Option<Opened>,
}

#[derive(Debug, Clone, Copy)]
struct Opened {
    until: Instant,
    /// The pause that led to `until`, before jitter.
    pause: Duration,
    is_probed: bool,
}

impl State {
    /// Lets a call through, and returns whether it is a probe.
    fn admit(&mut self, now: Instant) -> Result<bool, Paused> {
        match &mut self.opened {
            None => Ok(false),
            Some(opened) if now < opened.until => {
                Err(Paused { wait: opened.until.saturating_duration_since(now) })
            }
            Some(Opened { is_probed: true, .. }) => Err(Paused { wait: DURING_PROBE }),
            Some(opened) => {
                opened.is_probed = true;
                Ok(true)
            }
        }
    }

    /// A call that succeeded. One that began before the breaker opened proves nothing.
    fn succeeded(&mut self, is_probe: bool) {
        if is_probe || self.opened.is_none() {
            *self = Self::default();
        }
    }

    /// A call that failed. `dice` is from [0, 1).
    fn failed(&mut self, is_probe: bool, settings: &BreakerSettings, now: Instant, dice: f64) {
        let pause = match &self.opened {
            Some(opened) if is_probe => (opened.pause * 2).min(settings.longest_pause),
            Some(_) => return,
            None => {
                self.failures = self.failures.saturating_add(1);
                if self.failures < settings.failures {
                    return;
                }
                settings.first_pause.min(settings.longest_pause)
            }
        };
        let until = now + pause.mul_f64(1.0 - dice / 2.0);
        *self = Self { failures: 0, opened: Some(Opened { until, pause, is_probed: false }) };
    }

    /// A probe ended without a result: the next call is one.
    fn lost(&mut self, is_probe: bool) {
        if let Some(opened) = self.opened.as_mut().filter(|_| is_probe) {
            opened.is_probed = false;
        }
    }

    fn condition(&self, now: Instant) -> Condition {
        match &self.opened {
            None => Condition::Closed,
            Some(opened) if now < opened.until => Condition::Open,
            Some(_) => Condition::HalfOpen,
        }
    }
}

/// What tells breakers the time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Instant + Send + Sync>);

impl Clock {
    /// A clock of the caller, for reproducible runs.
    pub fn new(now: impl Fn() -> Instant + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new(Instant::now)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Clock")
    }
}

/// A circuit breaker for one service.
pub struct Breaker {
    /// What it stands before, for the log.
    name: String,
    settings: BreakerSettings,
    clock: Clock,
    state: Mutex<State>,
}

impl fmt::Debug for Breaker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Breaker({}, {})", self.name, self.condition().as_str())
    }
}

impl Breaker {
    /// A closed breaker. The name is for the log.
    pub fn new(name: impl Into<String>, settings: BreakerSettings, clock: Clock) -> Self {
        Self { name: name.into(), settings, clock, state: Mutex::default() }
    }

    fn now(&self) -> Instant {
        (self.clock.0)()
    }

    /// What it stands before, for metrics. Not the host of a webhook: there may be any number.
    fn kind(&self) -> &'static str {
        match self.name.as_str() {
            "database" => "database",
            "queue" => "queue",
            "blob store" => "blob_store",
            _ => "webhook",
        }
    }

    /// Makes a call, unless it is refused. `is_away` says which errors mean that the service is away.
    ///
    /// # Errors
    /// That of the call, or `paused` of the refusal.
    pub async fn call<T, E>(
        &self,
        call: impl Future<Output = Result<T, E>>,
        is_away: impl FnOnce(&E) -> bool,
        paused: impl FnOnce(Paused) -> E,
    ) -> Result<T, E> {
        let pass = self.admit().map_err(paused)?;
        let result = call.await;
        pass.ended(result.as_ref().err().is_some_and(is_away));
        result
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What it does with calls now.
    pub fn condition(&self) -> Condition {
        self.state().condition(self.now())
    }

    /// Whether [`Breaker::admit`] would let a call through now.
    ///
    /// # Errors
    /// [`Paused`] if not.
    pub fn check(&self) -> Result<(), Paused> {
        self.state().clone().admit(self.now()).map(drop)
    }

    /// Whether nothing has failed since the last success.
    pub fn is_untroubled(&self) -> bool {
        let state = self.state();
        state.opened.is_none() && state.failures == 0
    }

    /// Lets a call through, whose result the caller must tell.
    ///
    /// # Errors
    /// [`Paused`] while it is open.
    pub fn admit(&self) -> Result<Pass<'_>, Paused> {
        let is_probe = self.state().admit(self.now()).inspect_err(|_| {
            if let Some(metrics) = metrics() {
                metrics.breaker_refused.add(1, [self.kind().into()]);
            }
        })?;
        Ok(Pass { breaker: self, is_probe, has_ended: false })
    }
}

/// A call that was let through. If it is dropped without a result, for example because its caller has gone, it counts as
/// neither.
#[must_use]
#[derive(Debug)]
pub struct Pass<'a> {
    breaker: &'a Breaker,
    is_probe: bool,
    has_ended: bool,
}

impl Pass<'_> {
    /// The service did what was asked, or refused it for its content.
    pub fn succeeded(mut self) {
        self.has_ended = true;
        self.breaker.state().succeeded(self.is_probe);
        if self.is_probe {
            tracing::info!(service = self.breaker.name, "a service responds again");
        }
    }

    /// The service is away.
    pub fn failed(mut self) {
        self.has_ended = true;
        let (now, dice) = (self.breaker.now(), f64::from(uuid::Uuid::new_v4().as_bytes()[0]) / 256.0);
        let mut state = self.breaker.state();
        let was_closed = state.opened.is_none();
        state.failed(self.is_probe, &self.breaker.settings, now, dice);
        if was_closed && let Some(opened) = &state.opened {
            let pause = opened.until.saturating_duration_since(now);
            if let Some(metrics) = metrics() {
                metrics.breaker_opened.add(1, [self.breaker.kind().into()]);
            }
            tracing::warn!(
                service = self.breaker.name,
                ?pause,
                "a service is away; calls to it are refused for a while"
            );
        }
    }

    /// Tells a result: whether the service is away.
    pub fn ended(self, is_away: bool) {
        if is_away { self.failed() } else { self.succeeded() }
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if !self.has_ended {
            self.breaker.state().lost(self.is_probe);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SETTINGS: BreakerSettings = BreakerSettings {
        failures: 3,
        first_pause: Duration::from_secs(1),
        longest_pause: Duration::from_secs(8),
    };

    /// What happens to a breaker.
    #[derive(Debug, Clone)]
    enum Step {
        Admit,
        /// The oldest (true) or newest (false) call under way ends: with success, failure, or none.
        End(bool, Option<bool>),
        Wait(u64),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            3 => Just(Step::Admit),
            4 => (any::<bool>(), prop::option::weighted(0.9, prop::bool::weighted(0.3)))
                .prop_map(|(oldest, result)| Step::End(oldest, result)),
            2 => (0_u64..4000).prop_map(Step::Wait),
        ];
        prop::collection::vec(step, 1..200)
    }

    proptest! {
        /// Against the rules, told from the history alone: open exactly for the pause after failures in sequence, one probe at
        /// a time, closed by its success only.
        #[test]
        fn it_follows_its_rules(steps in steps(), dice in 0.0..1.0_f64) {
            let (start, mut elapsed) = (Instant::now(), Duration::ZERO);
            let mut state = State::default();
            let mut under_way: Vec<bool> = Vec::new();
            let (mut in_sequence, mut open_since, mut pauses) = (0, None::<Duration>, 0_u32);
            for step in steps {
                let now = start + elapsed;
                let pause = Duration::from_secs(1_u64 << pauses.saturating_sub(1).min(3));
                let shortest = pause.mul_f64(1.0 - dice / 2.0);
                match step {
                    Step::Wait(millis) => elapsed += Duration::from_millis(millis),
                    Step::Admit => {
                        let probes = under_way.iter().filter(|probe| **probe).count();
                        let admitted = state.admit(now);
                        match open_since {
                            None => prop_assert_eq!(admitted, Ok(false)),
                            Some(since) if elapsed < since + shortest => {
                                prop_assert_eq!(admitted, Err(Paused { wait: (since + shortest).saturating_sub(elapsed) }));
                            }
                            Some(_) if probes > 0 => prop_assert!(admitted.is_err()),
                            Some(_) => prop_assert_eq!(admitted, Ok(true)),
                        }
                        under_way.extend(admitted.ok());
                        prop_assert!(under_way.iter().filter(|probe| **probe).count() <= 1);
                    }
                    Step::End(..) if under_way.is_empty() => {}
                    Step::End(oldest, result) => {
                        let is_probe = under_way.remove(if oldest { 0 } else { under_way.len() - 1 });
                        match result {
                            None => state.lost(is_probe),
                            Some(true) => state.succeeded(is_probe),
                            Some(false) => state.failed(is_probe, &SETTINGS, now, dice),
                        }
                        match (open_since, result) {
                            (None, Some(true)) => in_sequence = 0,
                            (None, Some(false)) => {
                                in_sequence += 1;
                                if in_sequence == SETTINGS.failures {
                                    (open_since, pauses) = (Some(elapsed), 1);
                                }
                            }
                            (Some(_), Some(true)) if is_probe => {
                                (open_since, in_sequence, pauses) = (None, 0, 0);
                            }
                            (Some(_), Some(false)) if is_probe => {
                                (open_since, pauses) = (Some(elapsed), pauses + 1);
                            }
                            _ => {}
                        }
                    }
                }
                prop_assert_eq!(state.condition(start + elapsed) == Condition::Closed, open_since.is_none());
            }
        }
    }

    #[test]
    fn it_opens_probes_and_closes() {
        let (start, elapsed) = (Instant::now(), Arc::new(Mutex::new(Duration::ZERO)));
        let passed = Arc::clone(&elapsed);
        let clock = Clock::new(move || start + *passed.lock().unwrap());
        let breaker = Breaker::new("test", SETTINGS, clock);
        for _ in 0..SETTINGS.failures {
            assert_eq!(breaker.condition(), Condition::Closed);
            breaker.admit().unwrap().failed();
        }
        assert_eq!(breaker.condition(), Condition::Open);
        let wait = breaker.admit().unwrap_err().wait;
        assert!(wait > SETTINGS.first_pause / 3 && wait <= SETTINGS.first_pause, "{wait:?}");
        *elapsed.lock().unwrap() += wait;
        assert_eq!(breaker.condition(), Condition::HalfOpen);
        let probe = breaker.admit().unwrap();
        assert!(breaker.admit().is_err(), "one probe at a time");
        drop(probe);
        breaker.admit().unwrap().succeeded();
        assert_eq!(breaker.condition(), Condition::Closed);
        assert!(breaker.is_untroubled());
    }
}
