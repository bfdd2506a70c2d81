//! Signals that end the program: in good order, not at once.

use std::{future::pending, io, sync::OnceLock};

use tokio::sync::watch;

static INTERRUPTED: OnceLock<watch::Receiver<bool>> = OnceLock::new();

/// From now on Ctrl-C, and the system's wish that the program ends, only make [`interrupted`] resolve. Needs a runtime.
pub(crate) fn listen() -> io::Result<()> {
    let (tell, interrupted) = watch::channel(false);
    let signal = first()?;
    tokio::spawn(async move {
        signal.await;
        // The program may have ended.
        let _ = tell.send(true);
        // Whoever still listens would otherwise see an error.
        pending::<()>().await;
    });
    // Set twice only by mistake, and then the first one counts.
    let _ = INTERRUPTED.set(interrupted);
    Ok(())
}

/// Resolves once the program is to end. May be awaited in several places.
pub(crate) async fn interrupted() {
    let Some(mut interrupted) = INTERRUPTED.get().cloned() else {
        return pending().await;
    };
    if interrupted.wait_for(|interrupted| *interrupted).await.is_err() {
        pending::<()>().await;
    }
}

#[cfg(unix)]
fn first() -> io::Result<impl std::future::Future<Output = ()>> {
    use tokio::signal::unix::{signal, SignalKind};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn first() -> io::Result<impl std::future::Future<Output = ()>> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            pending::<()>().await;
        }
    })
}
