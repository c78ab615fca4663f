//! Every sentence that the bot itself says (`replies.toml`). Cards, flags and tips speak for themselves.

use super::{fields::Fields, problem::Notes, topic::check_words};

macro_rules! replies {
    ($($(#[$doc:meta])* $name:ident $(($($slot:literal),*))?;)*) => {
        /// The bot's own sentences, by name.
        #[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
        pub struct Replies {
            $($(#[$doc])* pub $name: String,)*
        }

        /// Reads `replies.toml`.
        pub(super) fn read(mut fields: Fields<'_>, notes: &mut Notes) -> Replies {
            let mut replies = Replies::default();
            $({
                let text = fields.text(notes, stringify!($name));
                check_words(&text, notes);
                let slots: &[&str] = &[$($($slot),*)?];
                for slot in slots {
                    if !text.words.contains(slot) && !text.words.is_empty() {
                        notes.error(text.span.clone(), format!("`{}` does not use {slot}", stringify!($name)), format!("put {slot} where it belongs"));
                    }
                }
                replies.$name = text.words;
            })*
            fields.finish(notes);
            replies
        }
    };
}

replies! {
    /// Heading of what it may be.
    head_may_be;
    /// Heading of why.
    head_why;
    /// Heading of the whole chain.
    head_chain;
    /// Heading of what to try.
    head_try;
    /// Heading of what to avoid.
    head_avoid;
    /// Heading of the time course.
    head_course;
    /// Heading of what to look out for.
    head_watch_for;
    /// Heading of when to see someone.
    head_see_someone;
    /// Heading of the neighbors.
    head_neighbors;
    /// Heading of the sources.
    head_sources;
    /// Heading of the reasons of a safety reply.
    head_why_safety;
    /// Heading of what the asker's own details change.
    head_fit;
    /// Heading of the options of a near tie.
    head_choices;
    /// Heading of the steps of a safety reply.
    head_now;
    /// Heading of what makes an urgent matter an emergency.
    head_worse;
    /// Heading of medical advice lines.
    head_advice;
    /// Heading of crisis lines.
    head_crisis_lines;
    /// Said on each card: what a chat cannot do.
    uncertain;
    /// Said on each card until a clinician has signed.
    not_reviewed;
    /// Said once a clinician has signed.
    reviewed("{name}", "{date}");
    /// Said when the review is overdue.
    review_overdue("{date}");
    /// Before a routine concern.
    routine_pointer;
    /// Title of an emergency reply.
    emergency_title;
    /// Title of an urgent reply.
    urgent_title;
    /// Title of the crisis reply.
    crisis_title;
    /// First line of an emergency where the region is known.
    emergency_call("{number}", "{region}");
    /// First line of an emergency where it is not.
    emergency_call_unknown;
    /// Before the list of numbers of the main regions.
    emergency_numbers;
    /// First line of the crisis card where the region is known.
    crisis_call("{number}", "{region}");
    /// First line of the crisis card where it is not.
    crisis_call_unknown;
    /// The kind sentence of the crisis card.
    crisis_kind;
    /// Emergency number on the crisis card, region known.
    crisis_emergency("{number}");
    /// Emergency number on the crisis card, region unknown.
    crisis_emergency_unknown;
    /// Before the words that raised a flag.
    saw_words("{words}");
    /// The last line of an emergency card.
    clinic_afterwards("{clinic}");
    /// Before the clinics of an urgent reply.
    clinic_urgent;
    /// Before the clinics of an ordinary answer.
    clinic_routine;
    /// If the words were about something else.
    safety_mistaken;
    /// A near tie.
    clarify;
    /// Title of a near tie.
    clarify_title;
    /// Nothing fits.
    out_of_scope;
    /// Title where nothing fits.
    out_of_scope_title;
    /// Where to look instead.
    out_of_scope_pointer;
    /// Title of the list of topics.
    topics_title;
    /// Nothing was typed.
    empty_question;
    /// Contraindication of a tip.
    tip_caution("{text}");
    /// A text was longer than is read.
    cut_long;
}
