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
    /// What flags' actions say first in an emergency, and replies have said before.
    emergency_step;
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
    /// Heading of topics that can be opened.
    head_open;
    /// Title of the list of causes.
    causes_title;
    /// Title of the list of faults.
    faults_title;
    /// Title where there is no tip to show.
    tip_title;
    /// No tip fits the category and season.
    no_tip;
    /// A card that cites nothing.
    no_sources;
    /// Title of the clinics.
    clinics_title;
    /// The club trusts none.
    no_clinics;
    /// What a named clinic means and does not mean.
    clinics_note;
    /// Title of the privacy notice.
    privacy_title;
    /// What happens with the words.
    privacy_words;
    /// What is counted.
    privacy_kept;
    /// What is stored about a club.
    privacy_club;
    /// What Discord keeps.
    privacy_discord;
    /// The button of the next page.
    button_more("{page}", "{pages}");
    /// The button of the first page.
    button_start;
    /// The place in a long answer.
    page("{page}", "{pages}");
    /// The button of the references.
    button_sources;
    /// The button of the clinics.
    button_clinics;
    /// The button that posts the plain card for all.
    button_share;
    /// The button of the first neighbor.
    button_not_this("{topic}");
    /// The button that counts an answer as helpful.
    button_helpful;
    /// The button that counts it as not.
    button_not_helpful;
    /// The button of the next tip.
    button_another_tip;
    /// The button of a safety reply that was posted without its concern.
    button_private;
    /// The button that alerts the channel.
    button_alert;
    /// The button that posts the pointer.
    button_pointer;
    /// The button that confirms erasing.
    button_erase;
    /// The button that confirms removing a clinic.
    button_remove;
    /// The button that leaves all as it is.
    button_cancel;
    /// Asked again too soon.
    cooldown("{seconds}");
    /// A button that is not understood.
    outdated_button;
    /// A command that is not understood.
    unknown_command;
    /// Somebody else pressed.
    not_yours;
    /// No permission.
    not_allowed;
    /// A club command outside a club.
    only_in_server;
    /// After feedback.
    feedback_thanks;
    /// Posted when the asker presses for help.
    alert("{member}", "{number}");
    /// In that post, where the region is unknown.
    alert_number_unknown;
    /// In that post, where nobody has a name.
    alert_nameless;
    /// Pressed again at once.
    alert_already;
    /// The public pointer.
    pointer;
    /// A safety reply where others read along, level urgent; names no concern.
    public_urgent("{number}");
    /// The crisis card where others read along; names no concern.
    public_crisis("{number}");
    /// Below a safety reply where others read along.
    public_private;
    /// A message without text was chosen.
    no_words;
    /// Below a safety reply to a message that was chosen.
    chosen_by_other;
    /// Heading of the reasons.
    why_title;
    /// Title of help.
    help_title;
    /// First lines of help.
    help_intro;
    /// Heading of the commands.
    help_commands;
    /// Heading of the club commands.
    help_organizers;
    /// Other ways to ask.
    help_ways;
    /// Title where no topic is near to what was typed.
    no_topic_title;
    /// What to do then.
    no_topic;
    /// The store failed.
    store_down;
    /// Settings could not be read.
    store_unread;
    /// Title of the settings.
    club_title;
    /// The region that is set.
    club_region("{region}");
    /// No region is set.
    club_region_none;
    /// The visibility, private.
    club_visible_me;
    /// The visibility, public.
    club_visible_everyone;
    /// Heading of the clinics.
    club_clinics;
    /// The operator's clinics are shown.
    club_clinics_default;
    /// A clinic whose entry is old.
    club_clinic_stale("{clinic}");
    /// Title after a change.
    club_saved;
    /// `/club set` without options.
    club_nothing_set;
    /// A region that is not known.
    club_region_unknown("{region}");
    /// A second clinic of that name.
    club_clinic_exists("{clinic}");
    /// A clinic that is not there.
    club_clinic_unknown("{clinic}");
    /// A clinic that was removed in the meantime.
    club_clinic_gone;
    /// Too many clinics.
    club_clinics_full("{max}");
    /// A clinic with a fault.
    club_clinic_fault("{fault}");
    /// A date that cannot be read.
    club_date_fault("{date}");
    /// Before a clinic is removed.
    club_clinic_sure("{clinic}");
    /// After a clinic was removed.
    club_clinic_removed("{clinic}");
    /// Before erasing.
    club_erase_sure;
    /// After erasing.
    club_erased;
    /// Nothing was stored.
    club_nothing_stored;
    /// After cancelling.
    club_kept;
    /// Button: end the weekly tips.
    button_stop;
    /// Button: another weekly tip.
    button_swap;
    /// Button: leave a week out.
    button_skip;
    /// Button: take it back.
    button_undo;
    /// Button below a weekly tip.
    button_why_tip;
    /// Title of how the weekly tips stand.
    weekly_title;
    /// The same after they began.
    weekly_started;
    /// Weekly tips cannot begin.
    weekly_not_started("{channel}", "{cause}");
    /// The same after a pause began.
    weekly_paused;
    /// The same after a pause.
    weekly_resumed;
    /// The same after a tip was chosen.
    weekly_pinned("{tip}");
    /// There are none.
    weekly_none;
    /// Where they are posted.
    weekly_where("{channel}");
    /// When.
    weekly_when("{day}", "{time}", "{zone}");
    /// Who is pinged.
    weekly_pings("{role}");
    /// Nobody is.
    weekly_pings_nobody;
    /// The last one was posted.
    weekly_last_posted("{date}", "{tip}");
    /// The last one was left out.
    weekly_last_missed("{date}", "{tip}");
    /// Nobody knows.
    weekly_last_unknown("{date}", "{tip}");
    /// What went wrong.
    weekly_trouble("{when}", "{cause}");
    /// Paused by an organizer.
    weekly_is_paused;
    /// Paused by the bot.
    weekly_is_refused;
    /// Heading of the coming dates.
    weekly_next;
    /// Beside a tip that the club chose.
    weekly_by_you;
    /// Below the dates.
    weekly_own_time;
    /// Above a preview.
    weekly_preview("{when}", "{channel}");
    /// A button was pressed too late.
    weekly_moved_on;
    /// Asked before they end.
    weekly_stop_sure;
    /// They ended.
    weekly_stopped;
    /// No channel.
    weekly_channel_fault;
    /// No day.
    weekly_day_fault("{day}");
    /// No time.
    weekly_time_fault("{time}");
    /// No zone.
    weekly_zone_fault("{zone}");
    /// No zone, with near ones.
    weekly_zone_near("{zone}", "{near}");
    /// No tip.
    weekly_tip_fault("{tip}");
    /// No coming date.
    weekly_week_fault("{week}");
    /// Cause: the channel is gone.
    weekly_no_channel;
    /// Cause: not allowed.
    weekly_no_permission;
    /// Cause: the history cannot be read.
    weekly_no_history;
    /// Cause: refused.
    weekly_refused;
    /// Cause: Discord is away.
    weekly_unreachable;
    /// Cause: the zone is unknown.
    weekly_no_zone;
    /// News: left out.
    weekly_told_missed("{date}", "{channel}");
    /// News: not known.
    weekly_told_unknown("{date}", "{channel}");
    /// News: paused.
    weekly_told_paused("{channel}", "{cause}");
    /// A fault of ours.
    incident("{code}");
    /// A text was longer than is read.
    cut_long;
}
