//! All that a door calls: a request in, a reply out.

use std::sync::{Arc, PoisonError, RwLock};

use jiff::civil::Date;

use crate::{
    answer::{self, Decision},
    base::Base,
    club::Club,
    encoder::Encoder,
    id::TopicId,
    intent::{self, Ranker},
    knowledge::Knowledge,
    limits,
    net::Net,
    reply::{Choice, Level, Reply},
    request::{Ask, Request},
    suggest::Suggester,
};

/// The bot of the moment, for those who outlive a change of its knowledge. Cheap to clone; all clones change together.
#[derive(Clone)]
pub struct Live(Arc<RwLock<Arc<App>>>);

impl Live {
    /// The bot as it is now. Who answers keeps it until the answer is made, so that one answer comes from one knowledge.
    pub fn now(&self) -> Arc<App> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts another bot in its place.
    pub fn replace(&self, app: App) {
        let app = Arc::new(app);
        let before = std::mem::replace(&mut *self.0.write().unwrap_or_else(PoisonError::into_inner), app);
        // Freed when nobody waits for it.
        drop(before);
    }
}

impl From<Arc<App>> for Live {
    fn from(app: Arc<App>) -> Self {
        Self(Arc::new(RwLock::new(app)))
    }
}

/// The bot. Read-only and shareable between threads.
pub struct App {
    knowledge: Knowledge,
    ranker: Ranker,
    net: Net,
    suggester: Suggester,
    defaults: Club,
}

/// What was meant where a topic was asked for.
#[derive(Debug)]
pub enum Named {
    /// This topic, or the one that is nearest to the words.
    Topic(TopicId),
    /// The words raise a red flag: what was decided.
    Alarm(Box<Decision>),
    /// No topic.
    Nothing,
}

impl App {
    /// Builds the bot from its base, the encoder and the operator's default settings.
    pub fn new(base: Base, encoder: &'static Encoder, defaults: Club) -> Self {
        let Base { knowledge, ranker } = base;
        let suggester = Suggester::new(&knowledge);
        let net = Net::new(encoder, &knowledge);
        Self { knowledge, ranker, net, suggester, defaults }
    }

    /// What the bot knows.
    pub fn knowledge(&self) -> &Knowledge {
        &self.knowledge
    }

    /// The encoder's reading of questions.
    pub fn net(&self) -> &Net {
        &self.net
    }

    /// The operator's settings, for whom no club's are known.
    pub fn defaults(&self) -> &Club {
        &self.defaults
    }

    /// Answers a request with the operator's settings. `today` is for the review dates that a card shows and for the season of
    /// tips; nothing else depends on it.
    pub fn handle(&self, request: &Request, today: Date) -> Reply {
        self.handle_for(request, &self.defaults, today)
    }

    /// Answers a request with a club's settings.
    pub fn handle_for(&self, request: &Request, club: &Club, today: Date) -> Reply {
        let knowledge = &self.knowledge;
        match request {
            Request::Ask(ask) => self.reply_to(&self.explain(ask), club, today),
            Request::LookUp { name } => answer::look_up(knowledge, name, club, today),
            Request::Card(key) => answer::card(knowledge, key, club, today),
            Request::Sources { topic } => answer::sources(knowledge, topic, club, today),
            Request::Concern { level, flags } => answer::concern(knowledge, *level, flags, club, today),
            Request::Topics => answer::topics(knowledge),
            Request::TopicsOf { kind } => answer::topics_of(knowledge, kind),
            Request::Tip { category, turn } => answer::tip(knowledge, category.as_deref(), *turn, club, today),
            Request::ThatTip { tip } => answer::that_tip(knowledge, tip, club, today),
            Request::Clinics => answer::clinics(knowledge, club),
            Request::Privacy => answer::privacy(knowledge),
            Request::Help => answer::help(knowledge),
        }
    }

    /// What somebody means who typed this where a topic is asked for: red flags before all that is not a topic's own name.
    pub fn named(&self, typed: &str) -> Named {
        let known = self.knowledge.topics.iter().find(|t| t.id.as_str() == typed || t.title.eq_ignore_ascii_case(typed));
        if let Some(topic) = known {
            return Named::Topic(topic.id.clone());
        }
        if typed.is_empty() {
            return Named::Nothing;
        }
        let decision = self.explain(&Ask { text: typed.to_owned() });
        if decision.safety.level() >= Level::Urgent {
            return Named::Alarm(Box::new(decision));
        }
        self.suggest(typed, 1).into_iter().next().map_or(Named::Nothing, |nearest| Named::Topic(nearest.topic))
    }

    /// The reply where no topic is near to what was typed: those that are asked for most are offered.
    pub fn no_topic(&self) -> Reply {
        self.with_menu(answer::no_topic(&self.knowledge))
    }

    /// A reply that leads nowhere by itself, with a menu of topics to open.
    pub fn with_menu(&self, mut reply: Reply) -> Reply {
        if reply.choices.is_empty() {
            reply.choices = self.suggest("", limits::SELECT_OPTIONS);
            reply.choices_heading.clone_from(&self.knowledge.replies.head_open);
        }
        reply
    }

    /// The reply to a question that [`App::explain`] has decided.
    pub fn reply_to(&self, decision: &Decision, club: &Club, today: Date) -> Reply {
        answer::compose(&self.knowledge, decision, club, today)
    }

    /// Whether a text raises a red flag that is answered by a safety reply.
    pub fn is_urgent(&self, text: &str) -> bool {
        answer::is_urgent(&self.knowledge, &self.net, text)
    }

    /// Topics whose titles or whose phrasings are near to what is being typed, best first, misspelled or not; with nothing
    /// typed, the topics that begin each kind.
    pub fn suggest(&self, typed: &str, max: usize) -> Vec<Choice> {
        self.suggester.suggest(&self.knowledge, &self.ranker, typed, max)
    }

    /// What the linear reader and the encoder each make of a question, apart: a probability for each of [`Knowledge::topics`], and
    /// last that it is nobody's business. The encoder's is empty for a text without words.
    pub fn readers(&self, text: &str) -> (Vec<f32>, Vec<f32>) {
        let reading = self.knowledge.lexicon.read(text);
        let slots = intent::slots(&self.knowledge, &reading);
        let ranking = self.ranker.rank(&self.knowledge, &reading, &slots, &[]);
        let mut linear = vec![ranking.none; self.knowledge.topics.len() + 1];
        ranking.topics.iter().for_each(|&(at, share)| linear[at] = share);
        (linear, self.net.hear(&self.knowledge, text, &reading).topics)
    }

    /// Why a question is answered as it is.
    pub fn explain(&self, ask: &Ask) -> Decision {
        answer::decide(&self.knowledge, &self.ranker, &self.net, ask)
    }
}
