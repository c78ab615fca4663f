//! Buttons and menus: from what was pressed to the response.

use std::time::Instant;

use serde_json::{Value, json};

use super::{Message, Place, Press, Response, Visit, callback, plain, to_discord};
use crate::{
    id::{CardKey, TopicId},
    reply::Reply,
    request::Request,
};

impl Visit<'_> {
    pub(super) async fn press(&self, press: &Press, chosen: Option<&str>, ephemeral: bool, rows: &[Value]) -> Response {
        let r = self.door.replies();
        // What only the presser sees may change in place; a public message stays as it is for the others.
        let own = ephemeral || self.incoming.direct;
        let turn_to = |reply: &Reply, page| {
            let message = self.privately(reply, page);
            if own { Response::update(&message) } else { Response::message(&message) }
        };
        if !self.is_current(press, chosen) {
            return Response::message(&Message::notice(&r.outdated_button));
        }
        match press {
            Press::Open(topic) => turn_to(&self.reply(&Request::LookUp { name: topic.to_string() }), 0),
            Press::OpenChosen => turn_to(&self.reply(&Request::LookUp { name: chosen.unwrap_or_default().to_owned() }), 0),
            Press::Page { card, page } => {
                let mut response = turn_to(&self.reply(&Request::Card(card.clone())), *page);
                // Who has said whether it helped is not asked again on the next page.
                if own
                    && !rows.iter().any(is_feedback)
                    && let Some(rows) = response.body["data"]["components"].as_array_mut()
                {
                    rows.retain(|row| !is_feedback(row));
                }
                response
            }
            Press::Share(topic) => {
                let card = CardKey { topic: topic.clone(), details: 0, flags: Vec::new() };
                self.share(&self.reply(&Request::Card(card)))
            }
            Press::ShareTip(tip) => self.share(&self.reply(&Request::ThatTip { tip: tip.clone() })),
            Press::Sources(topic) => self.show(&Request::Sources { topic: topic.clone() }),
            Press::Clinics => self.show(&Request::Clinics),
            Press::Feedback { topic, helped } => self.feedback(topic, *helped, own, rows),
            Press::Tip { category, turn } => self.tip(category.clone(), *turn, own),
            Press::Private { asker, level, marks } => {
                if *asker != self.incoming.member {
                    return Response::message(&Message::notice(&r.not_yours));
                }
                let known = self.door.app.knowledge().flags.iter().map(|f| &f.id);
                let flags = self.door.seal.read(*asker, marks, known);
                let reply = self.reply(&Request::Concern { level: *level, flags });
                Response::message(&self.privately(&reply, 0)).urgent(true)
            }
            Press::Alert => self.alert(),
            Press::Pointer => self.publicly(&Message { content: r.pointer.clone(), ..Message::default() }),
            Press::Why(tip) => self.show(&Request::ThatTip { tip: tip.clone() }),
            Press::TipFeedback { tip, helped } => self.feedback(&TopicId::new(tip.as_str()), *helped, own, rows),
            Press::Swap(tip) => self.weekly_swap(tip).await,
            Press::Unswap(tip) => self.weekly_unswap(tip).await,
            Press::Skip(date) => self.weekly_skip(*date).await,
            Press::Unskip => self.weekly_unskip().await,
            Press::StopWeekly => self.weekly_stop_confirmed().await,
            Press::Erase => self.club_erase_confirmed().await,
            Press::RemoveClinic(mark) => self.clinic_remove_confirmed(mark).await,
            Press::Cancel => Response::update(&Message::notice(&r.club_kept)),
        }
    }

    /// Whether what a button names is still there: topics and tips come and go with upgrades.
    fn is_current(&self, press: &Press, chosen: Option<&str>) -> bool {
        let knowledge = self.door.app.knowledge();
        let topic = match press {
            Press::Open(topic) | Press::Share(topic) | Press::Sources(topic) | Press::Feedback { topic, .. } => topic.as_str(),
            Press::Page { card, .. } => card.topic.as_str(),
            Press::OpenChosen => chosen.unwrap_or_default(),
            Press::ShareTip(tip) | Press::Why(tip) | Press::TipFeedback { tip, .. } => return knowledge.tip(tip).is_some(),
            Press::Swap(_)
            | Press::Unswap(_)
            | Press::Skip(_)
            | Press::Unskip
            | Press::StopWeekly
            | Press::Clinics
            | Press::Tip { .. }
            | Press::Private { .. }
            | Press::Alert
            | Press::Pointer
            | Press::Erase
            | Press::RemoveClinic(_)
            | Press::Cancel => return true,
        };
        knowledge.topic(topic).is_some()
    }

    fn share(&self, reply: &Reply) -> Response {
        self.publicly(&to_discord::message(reply, self.door.replies(), Place::Public, 0))
    }

    /// Posts for all to see, at most once in a cool-down.
    fn publicly(&self, message: &Message) -> Response {
        match self.door.cooldown.pass("post", self.incoming.member, Instant::now()) {
            Ok(()) => Response::message(message),
            Err(left) => Response::message(&Message::notice(self.door.wait(left))),
        }
    }

    fn alert(&self) -> Response {
        let r = self.door.replies();
        if self.door.cooldown.pass("alert", self.incoming.member, Instant::now()).is_err() {
            return Response::message(&Message::notice(&r.alert_already)).urgent(true);
        }
        // The mention names the member to those who read along; it pings nobody.
        let words = plain(&r.alert).replace("{number}", &self.door.emergency_number(&self.club));
        let content = words.replace("{member}", &format!("<@{}>", self.incoming.member));
        Response::message(&Message { content, ..Message::default() }).urgent(true)
    }

    fn feedback(&self, topic: &TopicId, helped: bool, own: bool, rows: &[Value]) -> Response {
        // A public answer keeps its buttons for others: there, one member's presses in a row count once.
        let counts = own || self.door.cooldown.pass("feedback", self.incoming.member, Instant::now()).is_ok();
        if counts {
            let (clubs, topic) = (self.door.clubs.clone(), topic.clone());
            // The presser does not wait for the count.
            tokio::spawn(async move { clubs.count_feedback(&topic, helped).await });
        }
        let thanks = &self.door.replies().feedback_thanks;
        if !own {
            return Response::message(&Message::notice(thanks));
        }
        // The row that was pressed goes, so that one press is one press.
        let rest: Vec<&Value> = rows.iter().filter(|row| !is_feedback(row)).collect();
        let data = json!({ "content": thanks, "components": rest, "allowed_mentions": { "parse": [] } });
        Response { body: json!({ "type": callback::UPDATE, "data": data }), urgent: false }
    }
}

/// Whether a row of buttons is the one that asks whether an answer helped.
fn is_feedback(row: &Value) -> bool {
    let ids = row["components"].as_array().into_iter().flatten().filter_map(|b| b["custom_id"].as_str());
    ids.map(Press::from_custom_id).any(|p| matches!(p, Ok(Press::Feedback { .. })))
}
