//! From a decision to a reply. Every sentence comes from a card, a flag or `replies.toml`.

use jiff::{Span, civil::Date};

use super::{Decision, Verdict};
use crate::{
    club::Club,
    id::{CardKey, EvidenceId, SourceId, TopicId},
    knowledge::{Flag, Knowledge, LineKind, Region, Section, Slot, Statement, Topic},
    limits,
    reply::{Audience, Block, Choice, Cited, Grade, Item, Kind, Level, Number, Ranked, Reply},
};

/// A card is due for a new check after this many months (`evidence/README`: guidelines yearly).
const REVIEW_MONTHS: i32 = 12;
/// Neighbors offered below an answer.
const CHOICES_MAX: usize = 4;
/// A runner-up is offered from this probability on.
const RUNNER_UP_MIN: f32 = 0.08;
/// Topics offered in a near tie, if they are at least this likely.
const TIE_CHOICES_MAX: usize = 3;
const TIE_CHOICE_MIN: f32 = 0.05;
/// Regions whose numbers are listed where the asker's region is unknown, in this order.
const MAIN_REGIONS: [&str; 9] = ["us", "uk", "eu", "ie", "ca", "au", "nz", "in", "za"];

/// The reply to a decision.
pub fn compose(knowledge: &Knowledge, decision: &Decision, club: &Club, today: Date) -> Reply {
    let writer = Writer { knowledge, club, today };
    match decision.verdict {
        Verdict::Safety => writer.safety(decision),
        Verdict::Answer => writer.answer(decision),
        Verdict::Clarify => writer.clarify(decision),
        Verdict::OutOfScope => writer.out_of_scope(decision),
        Verdict::Empty => writer.empty(),
    }
}

/// Writes replies from the knowledge, for a club, on a day.
pub(super) struct Writer<'a> {
    pub(super) knowledge: &'a Knowledge,
    pub(super) club: &'a Club,
    pub(super) today: Date,
}

impl Writer<'_> {
    fn region(&self) -> Option<&Region> {
        self.club.region.as_deref().and_then(|code| self.knowledge.region(code))
    }

    fn answer(&self, decision: &Decision) -> Reply {
        let first = decision.first_topic().and_then(|id| self.knowledge.topic(id.as_str()));
        let Some(topic) = first else { return self.out_of_scope(decision) };
        let slots: Vec<Slot> = decision.slots.iter().map(|s| s.slot).collect();
        let flags: Vec<&Flag> = decision.safety.hits.iter().filter_map(|h| self.knowledge.flag(&h.flag)).collect();
        let mut reply = self.card(topic, &slots, decision.topics.clone(), &flags);
        if decision.cut {
            reply.blocks.push(Block::Note(self.knowledge.replies.cut_long.clone()));
        }
        reply
    }

    /// A topic's card, fitted to details, with a pointer to care where routine flags were found.
    pub(super) fn card(&self, topic: &Topic, slots: &[Slot], ranked: Vec<Ranked>, flags: &[&Flag]) -> Reply {
        let r = &self.knowledge.replies;
        let mut reply = Reply::new(Kind::Answer, topic.title.clone());
        let mut cites = Cites::default();
        if !flags.is_empty() {
            reply.level = Level::Routine;
            reply.flags = flags.iter().map(|f| f.id.clone()).collect();
            let items = flags.iter().take(2).map(|f| Item::plain(f.action.clone())).collect();
            reply.blocks.push(Block::Caution { heading: r.routine_pointer.clone(), items });
        }
        let section = |section| topic.section(section).map(|s| cites.item(self.knowledge, s)).collect::<Vec<Item>>();
        self.sections(topic, slots, section, &mut reply.blocks);
        let wants_clinic = matches!(topic.id.as_str(), "care.clinic" | "care.professional") || !flags.is_empty();
        if wants_clinic && !self.club.clinics.is_empty() {
            reply.blocks.push(Block::Clinics { heading: r.clinic_routine.clone(), clinics: self.club.clinics.clone() });
        }
        if topic.id.kind() != "meta" {
            reply.blocks.push(Block::Note(r.uncertain.clone()));
            reply.blocks.push(Block::Note(self.review(&topic.reviewed_by, topic.reviewed_on)));
        }
        reply.choices = self.neighbors(topic, &ranked);
        reply.choices_heading = if reply.choices.is_empty() { String::new() } else { r.head_neighbors.clone() };
        reply.topics = ranked;
        let details = slots.iter().fold(0, |bits, slot| bits | 1 << slot.number());
        reply.card = Some(CardKey { topic: topic.id.clone(), details, flags: reply.flags.clone() });
        reply.sources = cites.sources;
        reply.sources_heading = if reply.sources.is_empty() { String::new() } else { r.head_sources.clone() };
        fit_to_limits(&mut reply);
        reply
    }

    fn sections(&self, topic: &Topic, slots: &[Slot], mut of: impl FnMut(Section) -> Vec<Item>, blocks: &mut Vec<Block>) {
        let r = &self.knowledge.replies;
        let mut push = |block: fn(String, Vec<Item>) -> Block, heading: &str, items: Vec<Item>| {
            if !items.is_empty() {
                blocks.push(block(heading.to_owned(), items));
            }
        };
        let paragraph: fn(String, Vec<Item>) -> Block = |heading, items| Block::Paragraph { heading, items };
        let steps: fn(String, Vec<Item>) -> Block = |heading, items| Block::Steps { heading, items };
        let caution: fn(String, Vec<Item>) -> Block = |heading, items| Block::Caution { heading, items };
        push(paragraph, "", of(Section::Say));
        push(paragraph, &r.head_may_be, of(Section::MayBe));
        let fits = topic.fits.iter().filter(|f| f.when.iter().all(|s| slots.contains(s)));
        let fits: Vec<Item> = fits.take(2).map(|f| Item::plain(f.statement.text.clone())).collect();
        push(paragraph, &r.head_fit, fits);
        push(paragraph, &r.head_why, of(Section::Why));
        push(paragraph, &r.head_chain, of(Section::Chain));
        push(steps, &r.head_try, of(Section::Try));
        push(caution, &r.head_avoid, of(Section::Avoid));
        push(paragraph, &r.head_course, of(Section::Course));
        push(caution, &r.head_watch_for, of(Section::WatchFor));
        push(paragraph, &r.head_see_someone, of(Section::SeeSomeone));
    }

    pub(super) fn review(&self, by: &str, on: Date) -> String {
        let r = &self.knowledge.replies;
        let due = on.checked_add(Span::new().months(REVIEW_MONTHS)).is_ok_and(|due| due < self.today);
        let signed = if by.is_empty() {
            r.not_reviewed.clone()
        } else {
            r.reviewed.replace("{name}", by).replace("{date}", &on.to_string())
        };
        if due { format!("{signed} {}", r.review_overdue.replace("{date}", &on.to_string())) } else { signed }
    }

    /// Runner-ups first, then the card's own links.
    fn neighbors(&self, topic: &Topic, ranked: &[Ranked]) -> Vec<Choice> {
        let likely = ranked.iter().skip(1).filter(|r| r.confidence >= RUNNER_UP_MIN).map(|r| &r.id);
        let mut choices: Vec<Choice> = Vec::new();
        for id in likely.take(2).chain(&topic.links) {
            self.offer(id, topic, &mut choices);
        }
        choices.truncate(CHOICES_MAX);
        choices
    }

    fn offer(&self, id: &TopicId, but: &Topic, choices: &mut Vec<Choice>) {
        if *id == but.id || choices.iter().any(|c| c.topic == *id) {
            return;
        }
        if let Some(neighbor) = self.knowledge.topic(id.as_str()) {
            choices.push(Choice { topic: id.clone(), label: neighbor.title.clone() });
        }
    }

    fn clarify(&self, decision: &Decision) -> Reply {
        let r = &self.knowledge.replies;
        let mut reply = Reply::new(Kind::Clarify, r.clarify_title.clone());
        reply.level = decision.safety.level();
        reply.flags = decision.safety.hits.iter().map(|h| h.flag.clone()).collect();
        reply.blocks.push(Block::Paragraph { heading: String::new(), items: vec![Item::plain(r.clarify.clone())] });
        self.push_routine(decision, &mut reply);
        let likely = decision.topics.iter().take(TIE_CHOICES_MAX).filter(|t| t.confidence >= TIE_CHOICE_MIN);
        reply.topics = likely.cloned().collect();
        let label = |t: &Ranked| self.knowledge.topic(t.id.as_str()).map_or(String::new(), |k| k.title.clone());
        reply.choices = reply.topics.iter().map(|t| Choice { topic: t.id.clone(), label: label(t) }).collect();
        reply.choices_heading = r.head_choices.clone();
        reply.blocks.push(Block::Note(r.uncertain.clone()));
        reply
    }

    /// A routine concern points to care even where no card is shown.
    fn push_routine(&self, decision: &Decision, reply: &mut Reply) {
        let flags: Vec<&Flag> = decision.safety.hits.iter().filter_map(|h| self.knowledge.flag(&h.flag)).collect();
        if flags.is_empty() {
            return;
        }
        let r = &self.knowledge.replies;
        let items = flags.iter().take(2).map(|f| Item::plain(f.action.clone())).collect();
        reply.blocks.push(Block::Caution { heading: r.routine_pointer.clone(), items });
        if !self.club.clinics.is_empty() {
            reply.blocks.push(Block::Clinics { heading: r.clinic_routine.clone(), clinics: self.club.clinics.clone() });
        }
    }

    fn out_of_scope(&self, decision: &Decision) -> Reply {
        let r = &self.knowledge.replies;
        let mut reply = Reply::new(Kind::OutOfScope, r.out_of_scope_title.clone());
        reply.level = decision.safety.level();
        reply.flags = decision.safety.hits.iter().map(|h| h.flag.clone()).collect();
        let items = vec![Item::plain(r.out_of_scope.clone()), Item::plain(r.out_of_scope_pointer.clone())];
        reply.blocks.push(Block::Paragraph { heading: String::new(), items });
        self.push_routine(decision, &mut reply);
        if decision.safety.hits.is_empty() && !self.club.clinics.is_empty() {
            reply.blocks.push(Block::Clinics { heading: r.clinic_routine.clone(), clinics: self.club.clinics.clone() });
        }
        reply
    }

    fn empty(&self) -> Reply {
        let r = &self.knowledge.replies;
        let mut reply = Reply::new(Kind::OutOfScope, r.out_of_scope_title.clone());
        reply.blocks.push(Block::Paragraph { heading: String::new(), items: vec![Item::plain(r.empty_question.clone())] });
        reply
    }

    fn safety(&self, decision: &Decision) -> Reply {
        let worst = decision.safety.level();
        let hits: Vec<(&Flag, Level)> =
            decision.safety.hits.iter().filter_map(|h| self.knowledge.flag(&h.flag).map(|f| (f, h.level))).collect();
        let mut reply = Reply::new(Kind::Safety, String::new());
        reply.level = worst;
        reply.flags = decision.safety.hits.iter().map(|h| h.flag.clone()).collect();
        reply.topics = decision.topics.iter().filter(|t| t.id.kind() != "meta").cloned().collect();
        reply.audience = Audience::OnlyAsker;
        let worst_flags: Vec<&Flag> = hits.iter().filter(|(_, level)| *level == worst).map(|(f, _)| *f).collect();
        if hits.iter().any(|(f, _)| f.crisis) {
            self.crisis(&worst_flags, &mut reply);
        } else {
            self.danger(worst, &worst_flags, decision, &mut reply);
        }
        reply
    }

    /// Crisis line, emergency number, a kind sentence; no clinic, no tips, no neighbors.
    fn crisis(&self, worst: &[&Flag], reply: &mut Reply) {
        let r = &self.knowledge.replies;
        reply.title = r.crisis_title.clone();
        reply.topics.clear();
        let lines = |region: &Region, kind| region.lines.iter().filter(move |l| l.kind == kind).cloned().collect::<Vec<_>>();
        let mut items = Vec::new();
        match self.region() {
            Some(region) => {
                let crisis = lines(region, LineKind::Crisis);
                let number = crisis.first().map_or("", |l| l.number.as_str());
                let lead = r.crisis_call.replace("{number}", number).replace("{region}", &region.name);
                reply.blocks.push(Block::Lead(if number.is_empty() { r.crisis_call_unknown.clone() } else { lead }));
                let emergency = lines(region, LineKind::Emergency);
                let number = emergency.first().map_or("", |l| l.number.as_str());
                items.push(Item::plain(r.crisis_emergency.replace("{number}", number)));
                self.push_numbers(&r.head_crisis_lines, crisis.iter().map(|l| (region, l)), reply);
            }
            None => {
                reply.blocks.push(Block::Lead(r.crisis_call_unknown.clone()));
                items.push(Item::plain(r.crisis_emergency_unknown.clone()));
                let lines = self.main_lines(&[LineKind::Crisis, LineKind::Emergency]);
                self.push_numbers(&r.head_crisis_lines, lines.iter().map(|(region, line)| (*region, line)), reply);
            }
        }
        items.insert(0, Item::plain(r.crisis_kind.clone()));
        reply.blocks.insert(1, Block::Paragraph { heading: String::new(), items });
        // Another emergency beside the crisis ("took the whole box") still says what to do.
        let others: Vec<Item> = worst.iter().filter(|f| !f.crisis).map(|f| Item::plain(f.action.clone())).collect();
        if !others.is_empty() {
            reply.blocks.insert(2, Block::Steps { heading: r.head_now.clone(), items: others });
        }
    }

    fn danger(&self, level: Level, worst: &[&Flag], decision: &Decision, reply: &mut Reply) {
        let r = &self.knowledge.replies;
        let emergency = level == Level::Emergency;
        let first = worst.first().copied();
        reply.title = if emergency { r.emergency_title.clone() } else { r.urgent_title.clone() };
        let action = first.map_or(String::new(), |f| f.action.clone());
        let mut steps: Vec<Item> = Vec::new();
        if emergency {
            reply.blocks.push(Block::Lead(match self.emergency_number() {
                Some((region, number)) => r.emergency_call.replace("{number}", number).replace("{region}", &region.name),
                None => r.emergency_call_unknown.clone(),
            }));
            // A rule may raise an urgent flag: what raised it says what to do.
            let raised = first.filter(|f| f.level < level).map(|f| f.raises.clone()).filter(|t| !t.is_empty());
            steps.extend(self.beside_the_call(&raised.unwrap_or(action)));
        } else {
            reply.blocks.push(Block::Lead(action));
        }
        steps.extend(first.iter().flat_map(|f| &f.steps).map(Item::plain));
        let second = worst.get(1).map(|f| f.action.as_str());
        steps.extend(second.and_then(|action| if emergency { self.beside_the_call(action) } else { Some(Item::plain(action)) }));
        if !steps.is_empty() {
            reply.blocks.push(Block::Steps { heading: r.head_now.clone(), items: steps });
        }
        let quoted: Vec<String> = decision.flagged_words.iter().map(|w| format!("\"{w}\"")).collect();
        let mut why = Vec::new();
        if !quoted.is_empty() {
            why.push(Item::plain(r.saw_words.replace("{words}", &quoted.join(", "))));
        }
        why.extend(worst.iter().take(2).map(|f| Item::plain(f.concern.clone())));
        reply.blocks.push(Block::Paragraph { heading: r.head_why_safety.clone(), items: why });
        if emergency {
            self.push_help(level, worst, reply);
        }
        if !emergency && let Some(flag) = first.filter(|f| !f.raises.is_empty()) {
            let items = vec![Item::plain(flag.raises.clone())];
            reply.blocks.push(Block::Caution { heading: r.head_worse.clone(), items });
        }
        self.push_clinics(emergency, reply);
        if !emergency {
            self.push_help(level, worst, reply);
        }
        reply.blocks.push(Block::Note(r.safety_mistaken.clone()));
        if let Some(flag) = first {
            reply.blocks.push(Block::Note(self.review(&flag.reviewed_by, flag.reviewed_on)));
        }
        if emergency && let Some(clinic) = self.club.clinics.first() {
            let name = format!("{}, {}", clinic.name, clinic.phone);
            reply.blocks.push(Block::Note(r.clinic_afterwards.replace("{clinic}", &name)));
        }
        let mut cites = Cites::default();
        for source in worst.iter().take(2).flat_map(|f| &f.sources) {
            cites.place(self.knowledge, source, None);
        }
        reply.sources = cites.sources;
        reply.sources_heading = if reply.sources.is_empty() { String::new() } else { r.head_sources.clone() };
        fit_to_limits(reply);
    }

    /// What an action says beside "call": the first line of an emergency has said that.
    fn beside_the_call(&self, action: &str) -> Option<Item> {
        let rest = action.strip_prefix(self.knowledge.replies.emergency_step.as_str()).unwrap_or(action).trim_start();
        (!rest.is_empty()).then(|| Item::plain(rest))
    }

    fn emergency_number(&self) -> Option<(&Region, &str)> {
        let region = self.region()?;
        let line = region.lines.iter().find(|l| l.kind == LineKind::Emergency)?;
        Some((region, &line.number))
    }

    /// The numbers to call: the region's, or those of the main regions.
    fn push_help(&self, level: Level, worst: &[&Flag], reply: &mut Reply) {
        let r = &self.knowledge.replies;
        let poison = worst.iter().any(|f| f.lines.contains(&LineKind::Poison));
        let mut kinds = if level == Level::Emergency { vec![LineKind::Emergency] } else { vec![LineKind::Advice] };
        if poison {
            kinds.push(LineKind::Poison);
        }
        let heading = if level == Level::Emergency { &r.emergency_numbers } else { &r.head_advice };
        // What makes an urgent matter an emergency is said with it: whom to call then.
        let worse = if level == Level::Urgent { vec![LineKind::Emergency] } else { Vec::new() };
        match self.region() {
            Some(region) => {
                let of = |kinds: &[LineKind]| region.lines.iter().filter(|l| kinds.contains(&l.kind)).collect::<Vec<_>>();
                self.push_numbers(heading, of(&kinds).into_iter().map(|l| (region, l)), reply);
                self.push_numbers(&r.emergency_numbers, of(&worse).into_iter().map(|l| (region, l)), reply);
            }
            None => {
                let lines = self.main_lines(if level == Level::Emergency { &kinds } else { &worse });
                self.push_numbers(&r.emergency_numbers, lines.iter().map(|(region, line)| (*region, line)), reply);
            }
        }
    }

    /// The first line of each kind for each main region.
    fn main_lines(&self, kinds: &[LineKind]) -> Vec<(&Region, crate::knowledge::Line)> {
        let regions = MAIN_REGIONS.iter().filter_map(|code| self.knowledge.region(code));
        let mut lines = Vec::new();
        for region in regions {
            for kind in kinds {
                lines.extend(region.lines.iter().find(|l| l.kind == *kind).map(|l| (region, l.clone())));
            }
        }
        lines
    }

    fn push_numbers<'l>(
        &self,
        heading: &str,
        lines: impl Iterator<Item = (&'l Region, &'l crate::knowledge::Line)>,
        reply: &mut Reply,
    ) {
        let numbers: Vec<Number> = lines
            .map(|(region, line)| Number {
                whom: format!("{}, {}", region.name, line.kind.name()),
                number: line.number.clone(),
                note: line.note.clone(),
            })
            .collect();
        if !numbers.is_empty() {
            reply.blocks.push(Block::Numbers { heading: heading.to_owned(), numbers });
        }
    }

    fn push_clinics(&self, emergency: bool, reply: &mut Reply) {
        if !emergency && !self.club.clinics.is_empty() {
            let heading = self.knowledge.replies.clinic_urgent.clone();
            reply.blocks.push(Block::Clinics { heading, clinics: self.club.clinics.clone() });
        }
    }
}

/// The references of a reply, numbered as they are cited.
#[derive(Default)]
pub(super) struct Cites {
    pub(super) sources: Vec<Cited>,
    places: Vec<SourceId>,
}

impl Cites {
    fn item(&mut self, knowledge: &Knowledge, statement: &Statement) -> Item {
        self.resting(knowledge, &statement.text, &statement.evidence, &statement.sources)
    }

    /// Words with the findings and references that they rest on.
    pub(super) fn resting(&mut self, knowledge: &Knowledge, text: &str, evidence: &[EvidenceId], sources: &[SourceId]) -> Item {
        let mut cites = Vec::new();
        for id in evidence {
            if let Some(finding) = knowledge.findings.get(id) {
                cites.extend(finding.sources.iter().map(|s| self.place(knowledge, s, Some(finding.grade))));
            }
        }
        cites.extend(sources.iter().map(|s| self.place(knowledge, s, None)));
        cites.sort_unstable();
        cites.dedup();
        Item { text: text.to_owned(), cites }
    }

    fn place(&mut self, knowledge: &Knowledge, id: &SourceId, grade: Option<Grade>) -> usize {
        if let Some(at) = self.places.iter().position(|p| p == id) {
            let cited = &mut self.sources[at];
            cited.grade = match (cited.grade, grade) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
            return at;
        }
        let source = knowledge.sources.get(id);
        self.places.push(id.clone());
        self.sources.push(Cited {
            title: source.map_or(String::new(), crate::knowledge::Source::line),
            grade,
            link: source.and_then(crate::knowledge::Source::link),
            page_seen: source.is_some_and(|s| s.page_seen),
        });
        self.places.len() - 1
    }
}

/// Takes the least needed parts away until the reply fits the platform: a later part of the card can be opened by its topic.
fn fit_to_limits(reply: &mut Reply) {
    while reply.body_length() > limits::REPLY_BODY {
        let spare = reply.blocks.iter().rposition(|b| matches!(b, Block::Paragraph { items, .. } if items.len() > 1));
        match spare.map(|at| &mut reply.blocks[at]) {
            Some(Block::Paragraph { items, .. }) => drop(items.pop()),
            _ => break,
        }
    }
    while reply.total_length() > limits::REPLY_TOTAL && reply.sources.pop().is_some() {
        let left = reply.sources.len();
        for item in reply.blocks.iter_mut().flat_map(Block::items_mut) {
            item.cites.retain(|&c| c < left);
        }
    }
}
