//! Where tips go: what a worker asks of it, and what it may answer.

use async_trait::async_trait;
use jiff::{Timestamp, civil::Date};

use super::deck;
use crate::{
    id::{ClubId, PlaceId, RoleId},
    reply::Reply,
    weekly::Cause,
};

/// A tip to post.
#[derive(Debug)]
pub struct Post<'a> {
    /// Whose.
    pub club: ClubId,
    /// Where.
    pub place: PlaceId,
    /// Who is pinged.
    pub role: Option<RoleId>,
    /// What is said.
    pub reply: &'a Reply,
    /// What tells this post from every other; see [`mark`].
    pub mark: u64,
}

/// How posting ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Posted {
    /// It is there.
    There,
    /// It is not, and will not be before somebody changes something.
    Refused(Cause),
    /// It is not, for now.
    NotYet,
    /// It may be there.
    Unknown,
}

/// What a look for a post found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// It is there.
    There,
    /// It is not.
    NotThere,
    /// Nobody can say before somebody changes something.
    Refused(Cause),
    /// Nobody can say now.
    NotYet,
}

/// What organizers are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// The tip of a date was left out.
    Missed(Date),
    /// It cannot be seen whether the tip of a date was posted.
    Unknown(Date),
    /// The tips are paused.
    Paused(Cause),
}

/// Where tips go.
#[async_trait]
pub trait Outbox: Send + Sync + 'static {
    /// Posts a tip. Two posts with the same mark within a few minutes make one message.
    async fn post(&self, post: Post<'_>) -> Posted;

    /// Looks for the post with this mark that was begun at `since` or later.
    async fn find(&self, place: PlaceId, mark: u64, since: Timestamp) -> Found;

    /// Tells organizers, in the channel of the tips or another. Best effort.
    async fn tell(&self, club: ClubId, place: PlaceId, news: News);
}

/// What tells the post of a club and a date from every other.
pub fn mark(club: ClubId, date: Date) -> u64 {
    deck::mixed(club, &date.to_string())
}
