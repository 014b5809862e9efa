//! Resolves names with the system's resolver, in a bounded number of threads.
//!
//! A lookup cannot be interrupted: it occupies its thread until the resolver gives up, however early its guest ends.
//! Without a bound, guests that ask for names of a silent server would take all threads for blocking work.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use tokio::sync::Semaphore;

/// The maximum number of concurrent lookups of this host. Far below the number of threads for blocking work (512).
const MAX_LOOKUPS: usize = 64;

type Lookup = Arc<dyn Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync>;

/// The system's resolver.
pub(super) struct Resolver {
    lookup: Lookup,
    turns: Arc<Semaphore>,
}

impl Resolver {
    pub(super) fn of_system() -> Self {
        Self::with(Arc::new(|name, port| (name, port).to_socket_addrs().map(Iterator::collect)), MAX_LOOKUPS)
    }

    fn with(lookup: Lookup, most: usize) -> Self {
        Self { lookup, turns: Arc::new(Semaphore::new(most)) }
    }

    /// The addresses of a name. Keeps `held` until the lookup ends, which may be long after the caller has given up.
    pub(super) async fn resolve<H: Send + 'static>(
        &self,
        name: &str,
        port: u16,
        held: H,
    ) -> io::Result<Vec<SocketAddr>> {
        let turn = self.turns.clone().acquire_owned().await.map_err(io::Error::other)?;
        let (lookup, name) = (self.lookup.clone(), name.to_owned());
        let looked = tokio::task::spawn_blocking(move || {
            let _held = (turn, held);
            lookup(&name, port)
        });
        looked.await.map_err(io::Error::other)?
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use std::sync::{Condvar, Mutex};
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn lookups_that_hang_occupy_a_bounded_number_of_threads() {
        let gate = Arc::new((Mutex::new(false), Condvar::new()));
        let begun = Arc::new(AtomicUsize::new(0));
        let resolver = {
            let (gate, begun) = (gate.clone(), begun.clone());
            Resolver::with(
                Arc::new(move |_, _| {
                    begun.fetch_add(1, SeqCst);
                    let closed = gate.0.lock().unwrap();
                    drop(gate.1.wait_while(closed, |open| !*open).unwrap());
                    Ok(Vec::new())
                }),
                2,
            )
        };
        let held = Arc::new(());
        for _ in 0..5 {
            let resolved = resolver.resolve("silent.example", 80, held.clone());
            assert!(tokio::time::timeout(Duration::from_millis(50), resolved).await.is_err());
        }
        // Two lookups hang, though nobody waits for them; the others never began.
        assert_eq!(begun.load(SeqCst), 2);
        assert_eq!(Arc::strong_count(&held), 3, "a lookup that hangs counts for its execution");
        *gate.0.lock().unwrap() = true;
        gate.1.notify_all();
        assert!(resolver.resolve("silent.example", 80, ()).await.unwrap().is_empty());
    }
}
