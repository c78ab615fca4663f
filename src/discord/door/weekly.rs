//! `/weekly`: one tip a week for a club. Each change answers with how it now stands, in every reader's own time.

use std::time::Duration;

use async_trait::async_trait;
use jiff::{Timestamp, civil::Date};
use serenity::builder::{CreateButton, CreateEmbed};
use tokio::time::timeout;

use super::{Message, Options, Press, Response, Visit, plain, shorten, to_discord};
use crate::{
    id::{ClubId, PlaceId, RoleId, TipId},
    knowledge::{Replies, Tip},
    limits,
    request::Request,
    schedule::{Due, day_from_name, day_name, time_from_text},
    store::{Store, Version},
    tips::{choose, coming, worker, zones},
    weekly::{Cause, End, Pause, Plan, Weeks},
};

/// How long a command may take: Discord gives 3 s for the first answer, which has to travel too.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// How long a look at a channel may take, before that.
const LOOK: Duration = Duration::from_millis(1_000);
/// Dates that are shown ahead.
const AHEAD: usize = 3;
/// Dates for which a tip can be pinned.
const PINNABLE: usize = 12;
/// What somebody typed is repeated this far.
const TYPED: usize = 80;

/// Knows the channels in which tips are to be posted.
#[async_trait]
pub trait Places: Send + Sync + 'static {
    /// What would keep a tip out of a channel; `None` where nothing is known to.
    async fn hindrance(&self, club: ClubId, place: PlaceId) -> Option<Cause>;
}

/// Why something was not done, in words.
type Refusal = String;

impl Visit<'_> {
    /// The club and its weekly tip; where it cannot be had, what to say.
    async fn weekly(&self) -> Result<(ClubId, &dyn Store, Option<(Weeks, Version)>), Refusal> {
        let r = self.door.replies();
        let club = self.own_club().ok_or_else(|| r.not_allowed.clone())?;
        let store = self.door.clubs.store().ok_or_else(|| r.store_unread.clone())?;
        match timeout(PATIENCE, store.weekly(club)).await {
            Ok(Ok(found)) => Ok((club, &**store, found)),
            _ => Err(r.store_unread.clone()),
        }
    }

    /// Changes the weekly tip of a club, once more where somebody else changed it in between.
    async fn change_weekly(
        &self,
        change: impl Fn(Option<Weeks>, Timestamp) -> Result<Weeks, Refusal>,
    ) -> Result<(ClubId, Weeks), Refusal> {
        let r = self.door.replies();
        for _ in 0..2 {
            let (club, store, found) = self.weekly().await?;
            let (before, seen) = found.map_or((None, None), |(weeks, version)| (Some(weeks), Some(version)));
            let now = Timestamp::now();
            let weeks = change(before, now)?;
            // A post whose end is not known is looked at first, whatever else was changed.
            let wake = if weeks.open.is_some() { Some(now) } else { worker::wake(club, &weeks, now) };
            match timeout(PATIENCE, store.save_weekly(club, &weeks, wake, seen)).await {
                Ok(Ok(Some(_))) => return Ok((club, weeks)),
                Ok(Ok(None)) => {}
                _ => {
                    tracing::warn!("a change of a weekly tip was not saved");
                    break;
                }
            }
        }
        Err(r.store_down.clone())
    }

    /// The same for a tip that must have been started.
    async fn change_started(
        &self,
        change: impl Fn(&mut Weeks, Timestamp) -> Result<(), Refusal>,
    ) -> Result<(ClubId, Weeks), Refusal> {
        self.change_weekly(|before, now| {
            let mut weeks = before.ok_or_else(|| self.door.replies().weekly_none.clone())?;
            change(&mut weeks, now)?;
            Ok(weeks)
        })
        .await
    }

    pub(super) async fn weekly_start(&self, options: &Options) -> Response {
        let r = self.door.replies();
        let typed = |name: &str| options.text(name).unwrap_or_default();
        let shown = |name: &str| plain(&shorten(typed(name), TYPED));
        let refuse = |words: String| Response::message(&Message::notice(words));
        let Some(place) = options.id("channel") else { return refuse(r.weekly_channel_fault.clone()) };
        let Some(day) = day_from_name(typed("day")) else { return refuse(r.weekly_day_fault.replace("{day}", &shown("day"))) };
        let Some(time) = time_from_text(typed("time")) else {
            return refuse(r.weekly_time_fault.replace("{time}", &shown("time")));
        };
        let Some(zone) = zones::zone(typed("zone")) else {
            let near: Vec<String> = zones::find(typed("zone"), Timestamp::now(), AHEAD).into_iter().map(|z| z.name).collect();
            let words = if near.is_empty() { &r.weekly_zone_fault } else { &r.weekly_zone_near };
            return refuse(words.replace("{zone}", &shown("zone")).replace("{near}", &plain(&near.join(", "))));
        };
        let place = PlaceId(place);
        if let Some(why) = self.hindrance(place).await {
            let words = plain(&r.weekly_not_started).replace("{channel}", &format!("<#{place}>"));
            return refuse(words.replace("{cause}", &plain(cause(r, why))));
        }
        let plan = Plan { place, day, time, zone, role: options.id("role").map(RoleId) };
        let started = self
            .change_weekly(|before, now| {
                Weeks::start(before, plan.clone(), now).ok_or_else(|| r.weekly_zone_fault.replace("{zone}", &shown("zone")))
            })
            .await;
        self.stands(started, &r.weekly_started)
    }

    /// What would keep a tip out of a channel. Who is not told in time goes on without: the worker meets it again.
    async fn hindrance(&self, place: PlaceId) -> Option<Cause> {
        let (club, places) = self.own_club().zip(self.door.places.as_deref())?;
        timeout(LOOK, places.hindrance(club, place)).await.ok().flatten()
    }

    pub(super) async fn weekly_show(&self) -> Response {
        let r = self.door.replies();
        match self.weekly().await {
            Err(refusal) => Response::message(&Message::notice(refusal)),
            Ok((_, _, None)) => Response::message(&Message::notice(&r.weekly_none)),
            Ok((club, _, Some((weeks, _)))) => self.stands(Ok((club, weeks)), &r.weekly_title),
        }
    }

    pub(super) async fn weekly_pause(&self) -> Response {
        let paused = self.change_started(|weeks, _| {
            weeks.pause(Pause::Organizer);
            Ok(())
        });
        self.stands(paused.await, &self.door.replies().weekly_paused)
    }

    pub(super) async fn weekly_resume(&self) -> Response {
        let r = self.door.replies();
        let resumed = self.change_started(|weeks, now| {
            let zone = plain(&weeks.plan.zone);
            if weeks.resume(now) { Ok(()) } else { Err(r.weekly_zone_fault.replace("{zone}", &zone)) }
        });
        self.stands(resumed.await, &r.weekly_resumed)
    }

    pub(super) async fn weekly_stop(&self) -> Response {
        let r = self.door.replies();
        match self.weekly().await {
            Err(refusal) => Response::message(&Message::notice(refusal)),
            Ok((_, _, None)) => Response::message(&Message::notice(&r.weekly_none)),
            Ok(_) => self.ask_first(r.weekly_stop_sure.clone(), &Press::StopWeekly, &r.button_stop),
        }
    }

    pub(super) async fn weekly_stop_confirmed(&self) -> Response {
        let r = self.door.replies();
        let stopped = async {
            let (club, store, _) = self.weekly().await?;
            timeout(PATIENCE, store.stop_weekly(club)).await.ok().and_then(Result::ok).ok_or_else(|| r.store_down.clone())
        };
        match stopped.await {
            Ok(true) => Response::update(&Message::notice(&r.weekly_stopped)),
            Ok(false) => Response::update(&Message::notice(&r.weekly_none)),
            Err(refusal) => Response::message(&Message::notice(refusal)),
        }
    }

    pub(super) async fn weekly_preview(&self) -> Response {
        match self.weekly().await {
            Err(refusal) => Response::message(&Message::notice(refusal)),
            Ok((_, _, None)) => Response::message(&Message::notice(&self.door.replies().weekly_none)),
            Ok((club, _, Some((weeks, _)))) => Response::message(&self.preview(club, &weeks, None)),
        }
    }

    pub(super) async fn weekly_swap(&self, tip: &TipId) -> Response {
        let r = self.door.replies();
        let tips = &self.door.app.knowledge().tips;
        let swapped = self.change_weekly(|before, _| {
            let mut weeks = before.ok_or_else(|| r.weekly_none.clone())?;
            let club = self.own_club().ok_or_else(|| r.not_allowed.clone())?;
            let next = weeks.next.and_then(|due| choose(tips, club, &weeks, due));
            let Some((_, round)) = next.filter(|(next, _)| next.id == *tip) else { return Err(r.weekly_moved_on.clone()) };
            weeks.pass_over(tip, round);
            Ok(weeks)
        });
        self.previewed(swapped.await, Some(Press::Unswap(tip.clone())))
    }

    pub(super) async fn weekly_unswap(&self, tip: &TipId) -> Response {
        let r = self.door.replies();
        let back = self.change_started(|weeks, _| {
            let passed = weeks.had.iter().rposition(|had| had.tip == *tip);
            let posted = weeks.last.as_ref().is_some_and(|last| last.tip == *tip);
            let Some(at) = passed.filter(|_| !posted) else { return Err(r.weekly_moved_on.clone()) };
            weeks.had.remove(at);
            Ok(())
        });
        self.previewed(back.await, None)
    }

    pub(super) async fn weekly_skip(&self, date: Date) -> Response {
        let r = self.door.replies();
        let skipped = self.change_started(|weeks, _| if weeks.skip(date) { Ok(()) } else { Err(r.weekly_moved_on.clone()) });
        self.previewed(skipped.await, Some(Press::Unskip))
    }

    pub(super) async fn weekly_unskip(&self) -> Response {
        let r = self.door.replies();
        let back = self.change_started(|weeks, now| {
            if weeks.paused.is_some() {
                return Err(r.weekly_moved_on.clone());
            }
            if weeks.resume(now) { Ok(()) } else { Err(r.weekly_moved_on.clone()) }
        });
        self.previewed(back.await, None)
    }

    pub(super) async fn weekly_pin(&self, options: &Options) -> Response {
        let r = self.door.replies();
        let typed = |name: &str| options.text(name).unwrap_or_default();
        let shown = |name: &str| plain(&shorten(typed(name), TYPED));
        let tips = &self.door.app.knowledge().tips;
        let named = |tip: &&Tip| tip.id.as_str() == typed("tip") || tip.title.eq_ignore_ascii_case(typed("tip"));
        let Some(tip) = tips.iter().find(named) else {
            return Response::message(&Message::notice(r.weekly_tip_fault.replace("{tip}", &shown("tip"))));
        };
        let pinned = self.change_started(|weeks, _| {
            let club = self.own_club().ok_or_else(|| r.not_allowed.clone())?;
            let dates = coming(tips, club, weeks, PINNABLE);
            let date = typed("week").parse::<Date>().ok().filter(|date| dates.iter().any(|(due, _)| due.date == *date));
            let date = date.ok_or_else(|| r.weekly_week_fault.replace("{week}", &shown("week")))?;
            weeks.pins.insert(date, tip.id.clone());
            Ok(())
        });
        self.stands(pinned.await, &r.weekly_pinned.replace("{tip}", &tip.title))
    }

    /// The dates for which a tip can be pinned, as they are shown and as they are written.
    pub(super) async fn coming_dates(&self) -> Vec<(String, String)> {
        let Ok((club, _, Some((weeks, _)))) = self.weekly().await else { return Vec::new() };
        let dates = coming(&self.door.app.knowledge().tips, club, &weeks, PINNABLE);
        let shown = |(due, tip): (Due, &Tip)| {
            (format!("{} ({}; now: {})", due.date, day_name(due.date.weekday()), tip.title), due.date.to_string())
        };
        dates.into_iter().map(shown).collect()
    }

    /// How it stands after a change, or why nothing was changed.
    fn stands(&self, changed: Result<(ClubId, Weeks), Refusal>, title: &str) -> Response {
        match changed {
            Ok((club, weeks)) => Response::message(&self.standing(club, &weeks, title)),
            Err(refusal) => Response::message(&Message::notice(refusal)),
        }
    }

    fn standing(&self, club: ClubId, weeks: &Weeks, title: &str) -> Message {
        let r = self.door.replies();
        let tips = &self.door.app.knowledge().tips;
        let Plan { place, day, time, zone, role } = &weeks.plan;
        let line = |words: &str, parts: &[(&str, String)]| {
            parts.iter().fold(plain(words), |line, (name, part)| line.replace(&format!("{{{name}}}"), part))
        };
        let mut lines = vec![
            line(&r.weekly_where, &[("channel", format!("<#{place}>"))]),
            line(
                &r.weekly_when,
                &[("day", day_name(*day).to_owned()), ("time", time.strftime("%H:%M").to_string()), ("zone", plain(zone))],
            ),
            match role {
                Some(role) => line(&r.weekly_pings, &[("role", format!("<@&{}>", role.0))]),
                None => plain(&r.weekly_pings_nobody),
            },
        ];
        if let Some(last) = &weeks.last {
            let words = match last.end {
                End::Posted => &r.weekly_last_posted,
                End::Missed => &r.weekly_last_missed,
                End::Unknown => &r.weekly_last_unknown,
            };
            let title = tips.iter().find(|t| t.id == last.tip).map_or(last.tip.as_str(), |t| t.title.as_str());
            lines.push(line(words, &[("date", last.date.to_string()), ("tip", plain(title))]));
        }
        if let Some(trouble) = &weeks.trouble {
            let since = format!("<t:{}:R>", trouble.since.as_second());
            lines.push(format!("> {}", line(&r.weekly_trouble, &[("cause", plain(cause(r, trouble.cause))), ("when", since)])));
        }
        match weeks.paused {
            Some(Pause::Organizer) => lines.push(plain(&r.weekly_is_paused)),
            Some(Pause::Refused) => lines.push(plain(&r.weekly_is_refused)),
            None => {
                lines.push(format!("**{}**", plain(&r.weekly_next)));
                lines.extend(coming(tips, club, weeks, AHEAD).into_iter().map(|(due, tip)| {
                    let pinned = if weeks.pinned(due.date) == Some(&tip.id) {
                        format!(" ({})", plain(&r.weekly_by_you))
                    } else {
                        String::new()
                    };
                    format!("- <t:{0}:F>, <t:{0}:R>: {1}{pinned}", due.at.as_second(), plain(&tip.title))
                }));
                lines.push(format!("-# {}", plain(&r.weekly_own_time)));
            }
        }
        let description = shorten(&lines.join("\n"), limits::EMBED_DESCRIPTION);
        let embed = CreateEmbed::new().title(shorten(title, limits::EMBED_TITLE)).description(description);
        Message { embeds: vec![embed], ephemeral: true, ..Message::default() }
    }

    /// The preview after a change, in place of the one before.
    fn previewed(&self, changed: Result<(ClubId, Weeks), Refusal>, undo: Option<Press>) -> Response {
        match changed {
            Ok((club, weeks)) => Response::update(&self.preview(club, &weeks, undo)),
            Err(refusal) => Response::message(&Message::notice(refusal)),
        }
    }

    /// The next tip as it will stand in the channel, with what can be done about it.
    fn preview(&self, club: ClubId, weeks: &Weeks, undo: Option<Press>) -> Message {
        let r = self.door.replies();
        let Some((due, tip)) = coming(&self.door.app.knowledge().tips, club, weeks, 1).pop() else {
            return Message::notice(&r.weekly_is_paused);
        };
        let reply = self.reply(&Request::ThatTip { tip: tip.id.clone() });
        let mut message = self.privately(&reply, 0);
        message.content = plain(&r.weekly_preview)
            .replace("{when}", &format!("<t:{}:F>", due.at.as_second()))
            .replace("{channel}", &format!("<#{}>", weeks.plan.place));
        let mut buttons: Vec<CreateButton> = vec![
            to_discord::button(&Press::Swap(tip.id.clone()), &r.button_swap),
            to_discord::button(&Press::Skip(due.date), &r.button_skip),
        ];
        if let Some(undo) = undo {
            buttons.push(to_discord::button(&undo, &r.button_undo));
        }
        message.rows.push(to_discord::row(buttons));
        message
    }
}

/// A cause in plain words, with what to do.
pub fn cause(r: &Replies, cause: Cause) -> &str {
    match cause {
        Cause::NoChannel => &r.weekly_no_channel,
        Cause::NoPermission => &r.weekly_no_permission,
        Cause::NoHistory => &r.weekly_no_history,
        Cause::Gone | Cause::Refused => &r.weekly_refused,
        Cause::Unreachable => &r.weekly_unreachable,
        Cause::NoZone => &r.weekly_no_zone,
    }
}
