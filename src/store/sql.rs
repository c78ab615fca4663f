//! What both kinds of store say to their database, in SQL that both take. This file is compiled once for each kind, as a part of
//! it: `super` has the kind ([`super::Own`]), what its errors mean, and the one query in which they differ.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use jiff::{Timestamp, civil::Date};

use super::fault;
use crate::{
    club::{Choices, Visible},
    id::{ClubId, TopicId},
    reply::Clinic,
    store::{
        Change, Changes, Claim, Feedback, Lease, Store, StoreError, Version,
        backup::{Backup, Count, FORM, Kept, Woken},
    },
    weekly::Weeks,
};

/// A row of a club joined with one of its clinics: club, region, visible; name, phone, hours, languages, link, last checked.
type Row = (
    i64,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
);

const CLUBS: &str = "SELECT club.id, region, visible, name, phone, hours, languages, link, last_checked \
                     FROM club LEFT JOIN clinic ON clinic.club = club.id ORDER BY club.id, place";
const CLUB: &str = "SELECT club.id, region, visible, name, phone, hours, languages, link, last_checked \
                    FROM club LEFT JOIN clinic ON clinic.club = club.id WHERE club.id = $1 ORDER BY place";
const SAVE: &str = "INSERT INTO club (id, region, visible) VALUES ($1, $2, $3) \
                    ON CONFLICT (id) DO UPDATE SET region = excluded.region, visible = excluded.visible, left_at = NULL";
const SAVE_CLINIC: &str = "INSERT INTO clinic (club, place, name, phone, hours, languages, link, last_checked) \
                           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const ERASE_CLINICS: &str = "DELETE FROM clinic WHERE club = $1";
const ERASE: &str = "DELETE FROM club WHERE id = $1";
const LEFT: &str = "UPDATE club SET left_at = $2 WHERE id = $1 AND left_at IS NULL";
const PRESENT: &str = "UPDATE club SET left_at = NULL WHERE id = $1 AND left_at IS NOT NULL";
// The mask of 42 bits makes the shift a logical one.
const OF_SHARD: &str = "SELECT id, left_at IS NOT NULL FROM club WHERE ((id >> 22) & 4398046511103) % $2 = $1";
const ERASE_LEFT: &str = "DELETE FROM club WHERE left_at < $1 RETURNING id";
const COUNT: &str = "INSERT INTO feedback (topic, helped, not_helped) VALUES ($1, $2, $3) ON CONFLICT (topic) DO UPDATE \
                     SET helped = feedback.helped + excluded.helped, not_helped = feedback.not_helped + excluded.not_helped";
const FEEDBACK: &str = "SELECT topic, helped, not_helped FROM feedback ORDER BY topic";
const PROBE: &str = "UPDATE probe SET writes = writes + 1 WHERE id = 1";

const WEEKLY: &str = "SELECT state, version FROM weekly WHERE club = $1";
const THERE: &str = "INSERT INTO club (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET left_at = NULL";
const START_WEEKLY: &str =
    "INSERT INTO weekly (club, wake_at, version, state) VALUES ($1, $2, 0, $3) ON CONFLICT (club) DO NOTHING";
const CHANGE_WEEKLY: &str = "UPDATE weekly SET wake_at = $2, state = $3, version = version + 1 WHERE club = $1 AND version = $4";
const STOP_WEEKLY: &str = "DELETE FROM weekly WHERE club = $1";
const ALL_LEFT: &str = "SELECT id, left_at FROM club WHERE left_at IS NOT NULL";
const ALL_WEEKLY: &str = "SELECT club, wake_at, state FROM weekly";
const ANYTHING: &str = "SELECT (SELECT count(*) FROM club) + (SELECT count(*) FROM feedback)";
const HERE: &str = "INSERT INTO copy (id, seen_at) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at";
const GONE: &str = "DELETE FROM copy WHERE seen_at < $1";
const COPIES: &str = "SELECT count(*) FROM copy";
const LEASE: &str = "INSERT INTO lease (name, holder, until) VALUES ($1, $2, $4) ON CONFLICT (name) DO UPDATE \
                     SET holder = excluded.holder, until = excluded.until \
                     WHERE lease.holder = excluded.holder OR lease.until <= $3";
const RELEASE: &str = "DELETE FROM lease WHERE name = $1 AND holder = $2";
const LEASES_OVER: &str = "DELETE FROM lease WHERE until <= $1";
const LEASES: &str = "SELECT name, holder FROM lease ORDER BY name";

/// An id as its column holds it: the same 64 bits.
fn key(club: ClubId) -> i64 {
    club.0.cast_signed()
}

#[async_trait]
impl Store for super::Own {
    async fn clubs(&self) -> Result<Vec<(ClubId, Choices)>, StoreError> {
        clubs(sqlx::query_as(CLUBS).fetch_all(self.reader()).await.map_err(fault)?)
    }

    async fn club(&self, club: ClubId) -> Result<Option<Choices>, StoreError> {
        let rows = sqlx::query_as(CLUB).bind(key(club)).fetch_all(self.reader()).await.map_err(fault)?;
        Ok(clubs(rows)?.pop().map(|(_, choices)| choices))
    }

    async fn save_club(&self, club: ClubId, choices: &Choices) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        save(&mut write, club, choices).await?;
        super::tell(&mut write, club).await?;
        write.commit().await.map_err(fault)
    }

    async fn erase_club(&self, club: ClubId) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let erased = sqlx::query(ERASE).bind(key(club)).execute(&mut *write).await.map_err(fault)?.rows_affected() > 0;
        if erased {
            super::tell(&mut write, club).await?;
        }
        write.commit().await.map_err(fault)?;
        if erased {
            self.forget().await;
        }
        Ok(erased)
    }

    async fn club_left(&self, club: ClubId, at: Timestamp) -> Result<(), StoreError> {
        let left = sqlx::query(LEFT).bind(key(club)).bind(at.as_millisecond());
        left.execute(self.writer()).await.map(drop).map_err(fault)
    }

    async fn club_present(&self, club: ClubId) -> Result<(), StoreError> {
        sqlx::query(PRESENT).bind(key(club)).execute(self.writer()).await.map(drop).map_err(fault)
    }

    async fn reconcile(&self, present: &[ClubId], shard: (u64, u64), at: Timestamp) -> Result<usize, StoreError> {
        let present: HashSet<ClubId> = present.iter().copied().collect();
        let (index, count) = shard;
        let mut write = self.write().await?;
        let rows = sqlx::query_as(OF_SHARD).bind(index.cast_signed()).bind(count.max(1).cast_signed());
        let stored: Vec<(i64, bool)> = rows.fetch_all(&mut *write).await.map_err(fault)?;
        let mut newly = 0;
        for (id, left) in stored {
            let there = present.contains(&ClubId(id.cast_unsigned()));
            if there && left {
                sqlx::query(PRESENT).bind(id).execute(&mut *write).await.map_err(fault)?;
            } else if !there && !left {
                sqlx::query(LEFT).bind(id).bind(at.as_millisecond()).execute(&mut *write).await.map_err(fault)?;
                newly += 1;
            }
        }
        write.commit().await.map_err(fault)?;
        Ok(newly)
    }

    async fn erase_left_before(&self, before: Timestamp) -> Result<Vec<ClubId>, StoreError> {
        let mut write = self.write().await?;
        let ids = sqlx::query_scalar(ERASE_LEFT).bind(before.as_millisecond()).fetch_all(&mut *write).await.map_err(fault)?;
        let erased: Vec<ClubId> = ids.into_iter().map(|id: i64| ClubId(id.cast_unsigned())).collect();
        for club in &erased {
            super::tell(&mut write, *club).await?;
        }
        write.commit().await.map_err(fault)?;
        if !erased.is_empty() {
            self.forget().await;
        }
        Ok(erased)
    }

    async fn count_feedback(&self, topic: &TopicId, helped: bool) -> Result<(), StoreError> {
        let count = sqlx::query(COUNT).bind(topic.as_str()).bind(i64::from(helped)).bind(i64::from(!helped));
        count.execute(self.writer()).await.map(drop).map_err(fault)
    }

    async fn feedback(&self) -> Result<Vec<Feedback>, StoreError> {
        let rows: Vec<(String, i64, i64)> = sqlx::query_as(FEEDBACK).fetch_all(self.reader()).await.map_err(fault)?;
        let feedback = |(topic, helped, not_helped): (String, i64, i64)| Feedback {
            topic: TopicId::new(&topic),
            helped: helped.cast_unsigned(),
            not_helped: not_helped.cast_unsigned(),
        };
        Ok(rows.into_iter().map(feedback).collect())
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.is_ours().await?;
        let written = sqlx::query(PROBE).execute(self.writer()).await.map_err(fault)?.rows_affected();
        if written != 1 {
            return Err(StoreError::Damaged("the row of the health check is missing".into()));
        }
        // The readers are other connections.
        sqlx::query(CLUB).bind(0i64).fetch_optional(self.reader()).await.map(drop).map_err(fault)
    }

    async fn weekly(&self, club: ClubId) -> Result<Option<(Weeks, Version)>, StoreError> {
        let row = sqlx::query_as(WEEKLY).bind(key(club)).fetch_optional(self.reader()).await.map_err(fault)?;
        row.map(|(state, version): (String, i64)| Ok((weeks(&state)?, Version(version)))).transpose()
    }

    async fn save_weekly(
        &self,
        club: ClubId,
        weeks: &Weeks,
        wake: Option<Timestamp>,
        seen: Option<Version>,
    ) -> Result<Option<Version>, StoreError> {
        if let Some(seen) = seen {
            return change(self.writer(), &Change { club, weeks: weeks.clone(), wake, seen }).await;
        }
        let mut write = self.write().await?;
        sqlx::query(THERE).bind(key(club)).execute(&mut *write).await.map_err(fault)?;
        let row = sqlx::query(START_WEEKLY).bind(key(club)).bind(wake.map(Timestamp::as_millisecond)).bind(state(weeks)?);
        let started = row.execute(&mut *write).await.map_err(fault)?.rows_affected() == 1;
        write.commit().await.map_err(fault)?;
        Ok(started.then_some(Version(0)))
    }

    async fn save_many(&self, changes: &[Change]) -> Result<Vec<Option<Version>>, StoreError> {
        let mut write = self.write().await?;
        let mut versions = Vec::with_capacity(changes.len());
        for one in changes {
            versions.push(change(&mut *write, one).await?);
        }
        write.commit().await.map_err(fault)?;
        Ok(versions)
    }

    async fn stop_weekly(&self, club: ClubId) -> Result<bool, StoreError> {
        let stopped = sqlx::query(STOP_WEEKLY).bind(key(club)).execute(self.writer()).await.map_err(fault)?.rows_affected() > 0;
        if stopped {
            self.forget().await;
        }
        Ok(stopped)
    }

    async fn claim(&self, now: Timestamp, until: Timestamp, max: u32) -> Result<Vec<Claim>, StoreError> {
        let claim = sqlx::query_as(super::CLAIM).bind(now.as_millisecond()).bind(until.as_millisecond()).bind(i64::from(max));
        let rows: Vec<(i64, String, i64)> = claim.fetch_all(self.writer()).await.map_err(fault)?;
        let claim = |(club, state, version): (i64, String, i64)| match weeks(&state) {
            Ok(weeks) => Some(Claim { club: ClubId(club.cast_unsigned()), weeks, version: Version(version) }),
            // One row that cannot be read must not keep the others from their tips.
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a weekly tip in the store cannot be read");
                None
            }
        };
        let mut claims: Vec<Claim> = rows.into_iter().filter_map(claim).collect();
        // The rows of an update have no order.
        claims.sort_unstable_by_key(|c| (c.weeks.open.as_ref().map(|o| o.due).or(c.weeks.next), c.club));
        Ok(claims)
    }

    async fn claim_plan(&self) -> Result<String, StoreError> {
        let explain = sqlx::query(sqlx::AssertSqlSafe(format!("{} {}", super::EXPLAIN, super::CLAIM)));
        let rows = explain.bind(0i64).bind(0i64).bind(1i64).fetch_all(self.reader()).await.map_err(fault)?;
        let line = |row| sqlx::Row::try_get::<String, _>(row, super::EXPLAINED).map_err(fault);
        Ok(rows.iter().map(line).collect::<Result<Vec<_>, _>>()?.join("\n"))
    }

    async fn copies(&self, me: u64, now: Timestamp, gone_before: Timestamp) -> Result<u64, StoreError> {
        let mut write = self.write().await?;
        let here = sqlx::query(HERE).bind(me.cast_signed()).bind(now.as_millisecond());
        here.execute(&mut *write).await.map_err(fault)?;
        sqlx::query(GONE).bind(gone_before.as_millisecond()).execute(&mut *write).await.map_err(fault)?;
        let count: i64 = sqlx::query_scalar(COPIES).fetch_one(&mut *write).await.map_err(fault)?;
        write.commit().await.map_err(fault)?;
        Ok(count.cast_unsigned())
    }

    async fn lease(&self, name: &str, holder: u64, now: Timestamp, until: Timestamp) -> Result<bool, StoreError> {
        let lease = sqlx::query(LEASE).bind(name).bind(holder.cast_signed());
        let lease = lease.bind(now.as_millisecond()).bind(until.as_millisecond());
        Ok(lease.execute(self.writer()).await.map_err(fault)?.rows_affected() == 1)
    }

    async fn release(&self, name: &str, holder: u64) -> Result<(), StoreError> {
        sqlx::query(RELEASE).bind(name).bind(holder.cast_signed()).execute(self.writer()).await.map(drop).map_err(fault)
    }

    async fn leases(&self, now: Timestamp) -> Result<Vec<Lease>, StoreError> {
        sqlx::query(LEASES_OVER).bind(now.as_millisecond()).execute(self.writer()).await.map_err(fault)?;
        let rows: Vec<(String, i64)> = sqlx::query_as(LEASES).fetch_all(self.reader()).await.map_err(fault)?;
        Ok(rows.into_iter().map(|(name, holder)| Lease { name, holder: holder.cast_unsigned() }).collect())
    }

    async fn changes(&self) -> Result<Option<Box<dyn Changes>>, StoreError> {
        self.listen().await
    }

    async fn export(&self) -> Result<Backup, StoreError> {
        // All of it is of one moment.
        let mut read = self.reader().begin_with(super::SNAPSHOT).await.map_err(fault)?;
        let choices = clubs(sqlx::query_as(CLUBS).fetch_all(&mut *read).await.map_err(fault)?)?;
        let left: Vec<(i64, i64)> = sqlx::query_as(ALL_LEFT).fetch_all(&mut *read).await.map_err(fault)?;
        let weekly: Vec<(i64, Option<i64>, String)> = sqlx::query_as(ALL_WEEKLY).fetch_all(&mut *read).await.map_err(fault)?;
        let feedback: Vec<(String, i64, i64)> = sqlx::query_as(FEEDBACK).fetch_all(&mut *read).await.map_err(fault)?;
        drop(read);
        let left: HashMap<i64, i64> = left.into_iter().collect();
        let mut woken: HashMap<i64, (Option<i64>, String)> =
            weekly.into_iter().map(|(club, wake, state)| (club, (wake, state))).collect();
        let instant = |ms: i64| Timestamp::from_millisecond(ms).map_err(|e| StoreError::Damaged(e.into()));
        let kept = choices.into_iter().map(|(club, choices)| {
            let weekly = woken.remove(&key(club)).map(|(wake, state)| {
                Ok::<_, StoreError>(Woken { weeks: weeks(&state)?, wake_at: wake.map(instant).transpose()? })
            });
            let left_at = left.get(&key(club)).map(|ms| instant(*ms)).transpose()?;
            Ok(Kept { club, left_at, choices, weekly: weekly.transpose()? })
        });
        let clubs = kept.collect::<Result<Vec<_>, StoreError>>()?;
        let count = |(of, helped, not_helped): (String, i64, i64)| Count {
            of: TopicId::new(&of),
            helped: helped.cast_unsigned(),
            not_helped: not_helped.cast_unsigned(),
        };
        Ok(Backup { form: FORM, clubs, feedback: feedback.into_iter().map(count).collect() })
    }

    async fn import(&self, backup: &Backup) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        let there: i64 = sqlx::query_scalar(ANYTHING).fetch_one(&mut *write).await.map_err(fault)?;
        if there > 0 {
            return Err(StoreError::NotEmpty);
        }
        for Kept { club, left_at, choices, weekly } in &backup.clubs {
            save(&mut write, *club, choices).await?;
            if let Some(at) = left_at {
                let left = sqlx::query(LEFT).bind(key(*club)).bind(at.as_millisecond());
                left.execute(&mut *write).await.map_err(fault)?;
            }
            if let Some(Woken { weeks, wake_at }) = weekly {
                let row = sqlx::query(START_WEEKLY).bind(key(*club)).bind(wake_at.map(Timestamp::as_millisecond));
                let row = row.bind(state(weeks)?);
                row.execute(&mut *write).await.map_err(fault)?;
            }
        }
        for Count { of, helped, not_helped } in &backup.feedback {
            let count = sqlx::query(COUNT).bind(of.as_str()).bind(helped.cast_signed()).bind(not_helped.cast_signed());
            count.execute(&mut *write).await.map_err(fault)?;
        }
        write.commit().await.map_err(fault)
    }

    async fn close(&self) {
        // The last connection to a SQLite file writes the log back into it.
        self.reader().close().await;
        self.writer().close().await;
    }
}

/// Writes a club's choices as part of a transaction.
async fn save(write: &mut super::Write, club: ClubId, choices: &Choices) -> Result<(), StoreError> {
    let Choices { clinics, region, visible } = choices;
    let row = sqlx::query(SAVE).bind(key(club)).bind(region.as_deref()).bind(visible.map(Visible::name));
    row.execute(&mut **write).await.map_err(fault)?;
    sqlx::query(ERASE_CLINICS).bind(key(club)).execute(&mut **write).await.map_err(fault)?;
    for (place, clinic) in (0i64..).zip(clinics) {
        let Clinic { name, phone, hours, languages, link, last_checked } = clinic;
        let languages = serde_json::to_string(languages).map_err(|e| StoreError::Failed(e.into()))?;
        let row = sqlx::query(SAVE_CLINIC).bind(key(club)).bind(place).bind(name.as_str()).bind(phone.as_str());
        let row = row.bind(hours.as_str()).bind(languages).bind(link.as_str()).bind(last_checked.map(|d| d.to_string()));
        row.execute(&mut **write).await.map_err(fault)?;
    }
    Ok(())
}

/// Writes a weekly tip over the version that was read; the new version.
async fn change<'e>(
    executor: impl sqlx::Executor<'e, Database = super::Database>,
    Change { club, weeks, wake, seen: Version(seen) }: &Change,
) -> Result<Option<Version>, StoreError> {
    let row = sqlx::query(CHANGE_WEEKLY).bind(key(*club)).bind(wake.map(Timestamp::as_millisecond)).bind(state(weeks)?);
    let changed = row.bind(*seen).execute(executor).await.map_err(fault)?.rows_affected() == 1;
    Ok(changed.then_some(Version(seen + 1)))
}

/// A weekly tip as its column holds it.
fn state(weeks: &Weeks) -> Result<String, StoreError> {
    serde_json::to_string(weeks).map_err(|e| StoreError::Failed(e.into()))
}

/// The weekly tip that a column holds.
fn weeks(state: &str) -> Result<Weeks, StoreError> {
    serde_json::from_str(state).map_err(|e| StoreError::Damaged(e.into()))
}

/// Rows in the order of clubs, and of their clinics, to clubs.
fn clubs(rows: Vec<Row>) -> Result<Vec<(ClubId, Choices)>, StoreError> {
    let mut clubs: Vec<(ClubId, Choices)> = Vec::new();
    for (id, region, visible, name, phone, hours, languages, link, last_checked) in rows {
        let id = ClubId(id.cast_unsigned());
        if clubs.last().is_none_or(|(last, _)| *last != id) {
            let visible = visible.as_deref().and_then(Visible::from_name);
            clubs.push((id, Choices { clinics: Vec::new(), region, visible }));
        }
        // A club without clinics is one row with nothing on the clinic's side.
        let (Some(name), Some(phone), Some(hours), Some(languages), Some(link)) = (name, phone, hours, languages, link) else {
            continue;
        };
        let languages = serde_json::from_str(&languages).map_err(|e| StoreError::Damaged(e.into()))?;
        let last_checked = last_checked.map(|d| d.parse::<Date>()).transpose().map_err(|e| StoreError::Damaged(e.into()))?;
        if let Some((_, choices)) = clubs.last_mut() {
            choices.clinics.push(Clinic { name, phone, hours, languages, link, last_checked });
        }
    }
    Ok(clubs)
}
