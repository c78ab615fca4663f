//! `/club`: what a club's organizers see and change. Each change answers with the settings as they are now.

use jiff::civil::Date;
use serenity::model::application::ButtonStyle;
use sha2::{Digest, Sha256};

use super::{Message, Options, Place, Press, Response, Visit, plain, shorten, to_discord};
use crate::{
    club::{CLINICS_MAX, Choices, ClinicFault, Visible, check_clinic, is_stale},
    commands::Verb,
    id::ClubId,
    knowledge::Replies,
    reply::{Audience, Block, Clinic, Item, Kind, Reply},
    store::ChangeError,
};

/// Why a change was refused.
enum Refusal {
    Region(String),
    NothingGiven,
    Exists(String),
    Missing(String),
    Gone,
    Full,
    Fault(ClinicFault),
    Day(String),
}

impl Refusal {
    fn words(&self, r: &Replies) -> String {
        /// What somebody typed is repeated this far.
        const TYPED: usize = 80;
        let plain = |typed: &str| plain(&shorten(typed, TYPED));
        match self {
            Self::Region(region) => r.club_region_unknown.replace("{region}", &plain(region)),
            Self::NothingGiven => r.club_nothing_set.clone(),
            Self::Exists(name) => r.club_clinic_exists.replace("{clinic}", &plain(name)),
            Self::Missing(name) => r.club_clinic_unknown.replace("{clinic}", &plain(name)),
            Self::Gone => r.club_clinic_gone.clone(),
            Self::Full => r.club_clinics_full.replace("{max}", &CLINICS_MAX.to_string()),
            Self::Fault(fault) => r.club_clinic_fault.replace("{fault}", &fault.to_string()),
            Self::Day(day) => r.club_date_fault.replace("{date}", &plain(day)),
        }
    }
}

/// A clinic's name as a button can carry it: the names may be longer than a `custom_id`.
fn mark(name: &str) -> String {
    Sha256::digest(name.as_bytes())[..8].iter().map(|b| format!("{b:02x}")).collect()
}

fn place(choices: &Choices, name: &str) -> Option<usize> {
    choices.clinics.iter().position(|c| c.name.eq_ignore_ascii_case(name))
}

impl Visit<'_> {
    pub(super) fn own_club(&self) -> Option<ClubId> {
        self.incoming.club.filter(|_| self.incoming.allowed(Verb::ClubShow))
    }

    /// The clinics that the club named itself; none where the store does not answer.
    pub(super) async fn own_clinics(&self) -> Option<Vec<Clinic>> {
        Some(self.door.clubs.choices(self.own_club()?).await.ok()?.clinics)
    }

    /// Applies a change and shows the settings, or says what was wrong.
    async fn change(&self, change: impl FnOnce(&mut Choices) -> Result<(), Refusal>) -> Response {
        match self.save(change).await {
            Ok(choices) => Response::message(&self.settings(&self.door.replies().club_saved, &choices)),
            Err(response) => response,
        }
    }

    /// Applies a change; where it was not, what was wrong, as a response.
    async fn save(&self, change: impl FnOnce(&mut Choices) -> Result<(), Refusal>) -> Result<Choices, Response> {
        let r = self.door.replies();
        let say = |words: &str| Response::message(&Message::notice(words));
        let club = self.own_club().ok_or_else(|| say(&r.not_allowed))?;
        self.door.clubs.change(club, change).await.map_err(|error| match error {
            ChangeError::Refused(refusal) => say(&refusal.words(r)),
            ChangeError::NoStore | ChangeError::Slow | ChangeError::Store(_) => {
                tracing::warn!("a change of a club's settings was not saved");
                say(&r.store_down)
            }
        })
    }

    /// The settings as a message for organizers.
    fn settings(&self, title: &str, choices: &Choices) -> Message {
        let r = self.door.replies();
        let club = self.door.app.defaults().with(choices);
        let region = club.region.as_deref().and_then(|code| self.door.app.knowledge().region(code));
        let region = region.map_or(r.club_region_none.clone(), |region| r.club_region.replace("{region}", &region.name));
        let visible = if club.visible == Visible::Everyone { &r.club_visible_everyone } else { &r.club_visible_me };
        let mut blocks = vec![Block::Bullets { heading: String::new(), items: vec![Item::plain(region), Item::plain(visible)] }];
        blocks.push(Block::Clinics { heading: r.club_clinics.clone(), clinics: club.clinics.clone() });
        if choices.clinics.is_empty() {
            blocks.push(Block::Paragraph { heading: String::new(), items: vec![Item::plain(&r.club_clinics_default)] });
        }
        let stale = choices.clinics.iter().filter(|c| is_stale(c, self.today()));
        let stale: Vec<Item> = stale.map(|c| Item::plain(r.club_clinic_stale.replace("{clinic}", &c.name))).collect();
        if !stale.is_empty() {
            blocks.push(Block::Caution { heading: String::new(), items: stale });
        }
        let reply = Reply { blocks, audience: Audience::OnlyAsker, ..Reply::new(Kind::Notice, title) };
        to_discord::message(&reply, r, Place::Private, 0)
    }

    pub(super) async fn club_show(&self) -> Response {
        let r = self.door.replies();
        let Some(club) = self.own_club() else { return Response::message(&Message::notice(&r.not_allowed)) };
        match self.door.clubs.choices(club).await {
            Ok(choices) => Response::message(&self.settings(&r.club_title, &choices)),
            Err(_) => Response::message(&Message::notice(&r.store_unread)),
        }
    }

    pub(super) async fn club_set(&self, options: &Options) -> Response {
        let region = options.text("region").map(str::to_owned);
        let visible = options.visible("visible");
        // Stored by its first code, whichever name or code was typed.
        let code = region.as_deref().map(|typed| {
            let known = self.door.app.knowledge().region(typed);
            known.and_then(|r| r.codes.first().cloned()).ok_or_else(|| Refusal::Region(typed.to_owned()))
        });
        self.change(|choices| {
            if code.is_none() && visible.is_none() {
                return Err(Refusal::NothingGiven);
            }
            if let Some(code) = code {
                choices.region = Some(code?);
            }
            choices.visible = visible.or(choices.visible);
            Ok(())
        })
        .await
    }

    pub(super) async fn clinic_add(&self, options: &Options) -> Response {
        let today = self.today();
        self.change(|choices| {
            let mut clinic = Clinic {
                name: String::new(),
                phone: String::new(),
                hours: String::new(),
                languages: Vec::new(),
                link: String::new(),
                last_checked: None,
            };
            fill(&mut clinic, options, today)?;
            if place(choices, &clinic.name).is_some() {
                return Err(Refusal::Exists(clinic.name));
            }
            if choices.clinics.len() >= CLINICS_MAX {
                return Err(Refusal::Full);
            }
            choices.clinics.push(clinic);
            Ok(())
        })
        .await
    }

    pub(super) async fn clinic_edit(&self, options: &Options) -> Response {
        let today = self.today();
        let which = options.text("clinic").unwrap_or_default().to_owned();
        self.change(|choices| {
            let at = place(choices, &which).ok_or(Refusal::Missing(which))?;
            fill(&mut choices.clinics[at], options, today)?;
            let name = choices.clinics[at].name.clone();
            let twice = choices.clinics.iter().filter(|c| c.name.eq_ignore_ascii_case(&name)).count() > 1;
            if twice { Err(Refusal::Exists(name)) } else { Ok(()) }
        })
        .await
    }

    pub(super) async fn clinic_remove(&self, options: &Options) -> Response {
        let r = self.door.replies();
        let which = options.text("clinic").unwrap_or_default();
        let own = match self.own_clinics().await {
            Some(own) => own,
            None => return Response::message(&Message::notice(&r.store_unread)),
        };
        match own.iter().find(|c| c.name.eq_ignore_ascii_case(which)) {
            None => Response::message(&Message::notice(Refusal::Missing(which.to_owned()).words(r))),
            Some(clinic) => {
                let words = r.club_clinic_sure.replace("{clinic}", &plain(&clinic.name));
                self.ask_first(words, &Press::RemoveClinic(mark(&clinic.name)), &r.button_remove)
            }
        }
    }

    pub(super) async fn clinic_remove_confirmed(&self, marked: &str) -> Response {
        let r = self.door.replies();
        let mut removed = String::new();
        let saved = self
            .save(|choices| {
                let at = choices.clinics.iter().position(|c| mark(&c.name) == marked).ok_or(Refusal::Gone)?;
                removed = choices.clinics.remove(at).name;
                Ok(())
            })
            .await;
        match saved {
            Ok(_) => Response::update(&Message::notice(r.club_clinic_removed.replace("{clinic}", &plain(&removed)))),
            Err(response) => response,
        }
    }

    pub(super) fn club_erase(&self) -> Response {
        let r = self.door.replies();
        self.ask_first(r.club_erase_sure.clone(), &Press::Erase, &r.button_erase)
    }

    pub(super) async fn club_erase_confirmed(&self) -> Response {
        let r = self.door.replies();
        let Some(club) = self.own_club() else { return Response::message(&Message::notice(&r.not_allowed)) };
        let words = match self.door.clubs.erase(club).await {
            Ok(true) => &r.club_erased,
            Ok(false) => &r.club_nothing_stored,
            Err(_) => return Response::message(&Message::notice(&r.store_down)),
        };
        Response::update(&Message::notice(words))
    }

    /// A question with a button that does it and one that leaves all as it is.
    pub(super) fn ask_first(&self, words: String, press: &Press, label: &str) -> Response {
        let yes = to_discord::button(press, label).style(ButtonStyle::Danger);
        let no = to_discord::button(&Press::Cancel, &self.door.replies().button_cancel);
        Response::message(&Message { rows: vec![to_discord::row(vec![yes, no])], ..Message::notice(words) })
    }
}

/// Puts the options that were given into a clinic. Whoever adds or edits has checked it, today unless they say when.
fn fill(clinic: &mut Clinic, options: &Options, today: Date) -> Result<(), Refusal> {
    let put = |field: &mut String, name: &str| {
        if let Some(text) = options.text(name) {
            *field = text.to_owned();
        }
    };
    put(&mut clinic.name, "name");
    put(&mut clinic.phone, "phone");
    put(&mut clinic.hours, "hours");
    put(&mut clinic.link, "link");
    if let Some(languages) = options.text("languages") {
        clinic.languages = languages.split(',').map(str::trim).filter(|l| !l.is_empty()).map(str::to_owned).collect();
    }
    clinic.last_checked = match options.text("checked") {
        Some(day) => Some(day.parse().ok().filter(|d| *d <= today).ok_or_else(|| Refusal::Day(day.to_owned()))?),
        None => Some(today),
    };
    check_clinic(clinic).map_err(Refusal::Fault)
}
