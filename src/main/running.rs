//! What every command needs that runs until it is told to stop.

use anyhow::Context;

/// Threads for what waits for the network.
pub fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    // With one worker, a burst of events starves the tasks that would answer them.
    let workers = std::thread::available_parallelism().map_or(2, usize::from).max(2);
    tokio::runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build().context("cannot start threads")
}

/// Ends at Ctrl-C or, on Unix, at the signal that service managers send. Listens from the call on, not only once it is awaited; inside
/// a runtime.
pub fn told_to_stop() -> impl Future<Output = ()> {
    #[cfg(unix)]
    let terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
    async move {
        let interrupt = async {
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        #[cfg(unix)]
        {
            let terminate = async {
                match terminate {
                    Ok(mut signal) => drop(signal.recv().await),
                    Err(_) => std::future::pending().await,
                }
            };
            tokio::select! { () = interrupt => {}, () = terminate => {} }
        }
        #[cfg(not(unix))]
        interrupt.await;
    }
}
