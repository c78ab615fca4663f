//! The parts of the shards that this copy runs, among all copies.
//!
//! A part is run by who holds its lease. It changes hands in one way, whoever begins it: the new copy takes the lease and connects,
//! and the old one closes when the new one is up. Both hear of the same events for that moment; Discord takes one first response to
//! an interaction, and one message with the same nonce. A copy that cannot reach the store keeps what it runs: it cannot know whether
//! it alone is cut off or the store is away for all, and two copies that answer are better than none.

use std::{collections::BTreeSet, mem};

use jiff::Timestamp;
use tokio::{
    sync::{oneshot, watch},
    task::JoinHandle,
    time::{Instant, sleep},
};

use super::{
    parts::{Part, Scene, copy},
    turn::{Turn, patiently},
};
use crate::{
    discord::gateway::{Gateway, Shards, Stop, Up},
    store::StoreError,
};

/// Runs parts of the shards.
pub(super) struct Shared<F> {
    turn: Turn,
    /// How many parts there are, and shards, unless other copies run otherwise already.
    plan: (u32, u32),
    open: F,
    /// In the order in which they were taken.
    parts: Vec<Running>,
    /// Gateways that are saying goodbye.
    closing: Vec<JoinHandle<Result<(), Stop>>>,
    renewed: Option<Instant>,
    /// Nothing is taken before this. After the store was away, those who hold something renew it first.
    quiet: Option<Instant>,
    /// The others do not count on this copy before this: it could not connect.
    out: Option<Instant>,
    /// The store did not answer the last time.
    trouble: bool,
    standing_by: bool,
}

/// A part that is run.
struct Running {
    part: Part,
    up: watch::Receiver<BTreeSet<u32>>,
    state: State,
    /// The gateway stops when this is dropped.
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), Stop>>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum State {
    /// It is being connected, in this copy's turn.
    Starting(Instant),
    Held,
    /// It is another copy's, or will be: it runs on until that one is ready.
    Leaving,
}

impl Running {
    fn is_up(&self) -> bool {
        self.up.borrow().len() >= self.part.shards().count() as usize
    }

    fn is_leaving(&self) -> bool {
        self.state == State::Leaving
    }

    fn is_starting(&self) -> bool {
        matches!(self.state, State::Starting(_))
    }
}

impl<F: Fn(Shards, Up) -> Gateway> Shared<F> {
    /// Parts for whoever has the turn, `of` so many of `total` shards.
    pub(super) fn new(turn: Turn, of: u32, total: u32, open: F) -> Self {
        Self {
            turn,
            plan: (of, total),
            open,
            parts: Vec::new(),
            closing: Vec::new(),
            renewed: None,
            quiet: None,
            out: None,
            trouble: false,
            standing_by: false,
        }
    }

    /// Runs parts until told to stop; then until other copies have taken them over, where there are any.
    pub(super) async fn run(mut self, stop: impl Future<Output = ()>) -> Result<(), Stop> {
        tokio::pin!(stop);
        loop {
            self.ended().await?;
            let soon = match self.round().await {
                Ok(soon) => {
                    if mem::take(&mut self.trouble) {
                        tracing::info!("the store answers again");
                    }
                    soon
                }
                Err(error) => {
                    if !mem::replace(&mut self.trouble, true) {
                        tracing::warn!(%error, "the store does not answer; this copy goes on with the shards that it runs");
                    }
                    self.quiet = Some(Instant::now() + self.turn.timings.lease);
                    false
                }
            };
            let pause = if soon { self.turn.timings.look } else { self.turn.timings.tick };
            tokio::select! {
                () = sleep(pause) => {}
                () = &mut stop => break,
            }
        }
        self.leave().await;
        Ok(())
    }

    /// Fails where a gateway ended for good; the others are closed then.
    async fn ended(&mut self) -> Result<(), Stop> {
        while let Some(at) = self.parts.iter().position(|running| running.task.is_finished()) {
            let running = self.parts.remove(at);
            self.release(&running.part).await;
            if let Ok(Err(stop)) = running.task.await {
                self.turn.release(&copy(self.turn.me)).await;
                for Running { part, .. } in &self.parts {
                    self.release(part).await;
                }
                self.close_all().await;
                return Err(stop);
            }
        }
        Ok(())
    }

    /// Renews what is held, and takes or gives a part where that is due. Returns whether something is about to change.
    async fn round(&mut self) -> Result<bool, StoreError> {
        let timings = self.turn.timings;
        let now = Timestamp::now();
        if self.renewed.is_none_or(|at| at.elapsed() >= timings.tick) {
            self.renew().await?;
            self.renewed = Some(Instant::now());
        }
        let scene = Scene::read(&patiently(&timings, self.turn.store.leases(now)).await?);
        self.connect().await?;
        self.close_those_taken_over(&scene);
        let wants = self.share_out(&scene).await?;
        Ok(wants || self.parts.iter().any(|running| running.state != State::Held))
    }

    async fn renew(&mut self) -> Result<(), StoreError> {
        if self.out.is_none_or(|until| Instant::now() >= until) {
            self.hold(&copy(self.turn.me)).await?;
        }
        for at in 0..self.parts.len() {
            let running = &self.parts[at];
            if running.is_leaving() {
                continue;
            }
            let (part, up) = (running.part, running.is_up());
            if !self.hold(&part.lease()).await? {
                tracing::warn!(%part, "another copy has taken over shards of this one");
                self.parts[at].state = State::Leaving;
            } else if up {
                self.hold(&part.ready()).await?;
            }
        }
        Ok(())
    }

    async fn hold(&self, name: &str) -> Result<bool, StoreError> {
        self.turn.keep(name, self.turn.timings.lease).await
    }

    /// Sees to the part that is being connected, if one is.
    async fn connect(&mut self) -> Result<(), StoreError> {
        let timings = self.turn.timings;
        let Some(at) = self.parts.iter().position(Running::is_starting) else { return Ok(()) };
        let running = &mut self.parts[at];
        let State::Starting(since) = running.state else { return Ok(()) };
        let part = running.part;
        if running.is_up() {
            running.state = State::Held;
            tracing::info!(%part, "these shards are run here");
            self.turn.pass().await;
            self.hold(&part.ready()).await?;
        } else if since.elapsed() > timings.start_of(part.shards().count()) {
            tracing::warn!(%part, "these shards could not be connected in time; another copy may try");
            self.leave_part(at);
            self.out = Some(Instant::now() + timings.start);
            self.turn.pass().await;
            self.release(&part).await;
            self.turn.release(&copy(self.turn.me)).await;
        } else {
            self.turn.take().await?;
        }
        Ok(())
    }

    /// Leaves a part to another copy. What is connected of it runs on meanwhile; what is not would log in beside that one.
    fn leave_part(&mut self, at: usize) {
        if self.parts[at].up.borrow().is_empty() {
            let part = self.parts.remove(at);
            self.close(part);
        } else {
            self.parts[at].state = State::Leaving;
        }
    }

    /// Closes what another copy has connected by now. What nobody has taken over is run on, however long that takes.
    fn close_those_taken_over(&mut self, scene: &Scene) {
        let me = self.turn.me;
        let over = |running: &mut Running| running.is_leaving() && scene.ready.get(&running.part).is_some_and(|copy| *copy != me);
        let over: Vec<Running> = self.parts.extract_if(.., over).collect();
        over.into_iter().for_each(|running| self.close(running));
        self.closing.retain(|task| !task.is_finished());
    }

    fn close(&mut self, Running { part, stop, task, .. }: Running) {
        tracing::info!(%part, "these shards are no longer run here");
        drop(stop);
        self.closing.push(task);
    }

    /// Takes a part that is free, or gives one to a copy that has fewer. Returns whether there is one to take.
    async fn share_out(&mut self, scene: &Scene) -> Result<bool, StoreError> {
        let (me, (of, total)) = (self.turn.me, self.plan);
        let quiet = self.quiet.is_some_and(|until| Instant::now() < until);
        if quiet || self.parts.iter().any(Running::is_starting) {
            return Ok(false);
        }
        if scene.free(of, total).is_some() {
            self.standing_by = false;
            return if scene.takes(me) { self.take().await.map(|()| true) } else { Ok(true) };
        }
        if self.parts.is_empty() && !mem::replace(&mut self.standing_by, true) {
            tracing::info!("all shards are run by other copies; this one stands by");
        }
        if scene.gives(me)
            && !self.parts.iter().any(Running::is_leaving)
            && let Some(running) = self.parts.last_mut()
        {
            running.state = State::Leaving;
            let part = running.part;
            tracing::info!(%part, "another copy has fewer shards; these are for it");
            self.release(&part).await;
        }
        Ok(false)
    }

    /// Takes a free part, in this copy's turn.
    async fn take(&mut self) -> Result<(), StoreError> {
        let (of, total) = self.plan;
        if !self.turn.take().await? {
            return Ok(());
        }
        // Looked at anew in the turn, in which nobody else takes a part: so all copies share the shards out in the same way.
        let now = Timestamp::now();
        let scene = Scene::read(&patiently(&self.turn.timings, self.turn.store.leases(now)).await?);
        let free = scene.free(of, total).filter(|_| scene.takes(self.turn.me));
        let taken = match free {
            Some(part) if self.hold(&part.lease()).await? => Some(part),
            _ => None,
        };
        let Some(part) = taken else {
            self.turn.give_back().await;
            return Ok(());
        };
        if (part.of, part.total) != (of.min(total), total) {
            tracing::warn!(%part, "other copies share the shards out in another way than this one would; it follows them");
        }
        // One that nobody else took is run on. What of it is not connected yet logs in in this turn.
        if let Some(running) = self.parts.iter_mut().find(|running| running.part == part) {
            running.state = State::Starting(Instant::now());
            return Ok(());
        }
        let (up, told) = watch::channel(BTreeSet::new());
        let (stop, stopped) = oneshot::channel::<()>();
        let gateway = (self.open)(part.shards(), up);
        let task = tokio::spawn(gateway.run(async {
            let _ = stopped.await;
        }));
        self.parts.push(Running { part, up: told, state: State::Starting(Instant::now()), stop, task });
        Ok(())
    }

    /// Gives everything back, and waits until others have it. Where there is nobody else, or no store, it does not wait.
    async fn leave(mut self) {
        let timings = self.turn.timings;
        self.turn.release(&copy(self.turn.me)).await;
        if self.parts.iter().any(Running::is_starting) {
            self.turn.pass().await;
        }
        for at in (0..self.parts.len()).rev() {
            if !self.parts[at].is_leaving() {
                let part = self.parts[at].part;
                self.leave_part(at);
                self.release(&part).await;
            }
        }
        let end = Instant::now() + timings.hand_over_of(self.parts.iter().map(|running| running.part.shards().count()));
        let mut heard = Instant::now();
        // A store that is away for a moment is no reason to leave members without answers.
        while !self.parts.is_empty() && Instant::now() < end && heard.elapsed() < timings.lease {
            if let Ok(leases) = patiently(&timings, self.turn.store.leases(Timestamp::now())).await {
                heard = Instant::now();
                let scene = Scene::read(&leases);
                if scene.copies.is_empty() {
                    break;
                }
                self.close_those_taken_over(&scene);
            }
            sleep(timings.look).await;
        }
        self.close_all().await;
    }

    async fn close_all(&mut self) {
        mem::take(&mut self.parts).into_iter().for_each(|running| self.close(running));
        for task in self.closing.drain(..) {
            let _ = task.await;
        }
    }

    /// Gives a part back.
    async fn release(&self, part: &Part) {
        self.turn.release(&part.ready()).await;
        self.turn.release(&part.lease()).await;
    }
}
