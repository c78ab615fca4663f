//! What one copy of the program changes, told to all others: NOTIFY in the transaction of the change, LISTEN in every copy.

use async_trait::async_trait;
use sqlx::postgres::{PgListener, PgPool};

use super::{StoreError, Write, fault::fault};
use crate::{id::ClubId, store::Changes};

/// What is listened to, within this program's database. What is told is a club's number and nothing else.
const CHANNEL: &str = "patella_club";

/// Tells all copies, once the transaction is done, that a club's settings changed.
pub(super) async fn tell(write: &mut Write, club: ClubId) -> Result<(), StoreError> {
    let tell = sqlx::query("SELECT pg_notify($1, $2)").bind(CHANNEL).bind(club.to_string());
    tell.execute(&mut **write).await.map(drop).map_err(fault)
}

/// A connection that listens.
pub(super) struct Listener(PgListener);

impl Listener {
    /// Listens from when this returns.
    pub(super) async fn open(pool: &PgPool) -> Result<Self, StoreError> {
        let mut listener = PgListener::connect_with(pool).await.map_err(fault)?;
        // It would connect again while it is given up half-way, and nobody would know that something was missed.
        listener.eager_reconnect(false);
        listener.listen(CHANNEL).await.map_err(fault)?;
        Ok(Self(listener))
    }
}

#[async_trait]
impl Changes for Listener {
    async fn next(&mut self) -> Result<ClubId, StoreError> {
        loop {
            let told = self.0.try_recv().await.map_err(fault)?;
            let Some(told) = told else { return Err(StoreError::Unreachable("the connection that listens broke".into())) };
            // What is no club's number was told by another program.
            if let Ok(club) = told.payload().parse() {
                return Ok(ClubId(club));
            }
        }
    }
}
