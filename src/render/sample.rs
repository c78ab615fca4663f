//! Replies that the renderers' tests share: an answer with every sort of block, and a safety reply.

use jiff::civil::date;

use crate::{
    id::{FlagId, TopicId},
    reply::{Audience, Block, Choice, Cited, Clinic, Grade, Item, Kind, Level, Number, Picture, Ranked, Reply},
};

fn item(text: &str, cites: &[usize]) -> Item {
    Item { text: text.into(), cites: cites.to_vec() }
}

/// An answer that uses every block but the lead.
pub fn answer() -> Reply {
    Reply {
        kind: Kind::Answer,
        level: Level::None,
        flags: vec![],
        topics: vec![
            Ranked { id: TopicId::new("pain.outside"), confidence: 0.912_345 },
            Ranked { id: TopicId::new("tip.strength"), confidence: 0.38 },
        ],
        title: "Pain on the outside of the knee".into(),
        blocks: vec![
            Block::Paragraph {
                heading: "What it may be".into(),
                items: vec![item("It may be irritation where the iliotibial band crosses the bone.", &[0])],
            },
            Block::Steps {
                heading: "What to try".into(),
                items: vec![item("Halve your weekly distance for two weeks.", &[1, 0]), item("Keep to flat ground.", &[])],
            },
            Block::Bullets { heading: "What to leave for now".into(), items: vec![item("Long downhills.", &[1])] },
            Block::Caution { heading: "Look out for".into(), items: vec![item("A knee that swells or locks.", &[])] },
            Block::Clinics {
                heading: "A clinic".into(),
                clinics: vec![Clinic {
                    name: "Harbor Physio".into(),
                    phone: "(555) 010-0199".into(),
                    hours: "Mo-Fr 8-18".into(),
                    languages: vec!["English".into(), "Spanish".into()],
                    link: "https://harbor.example/".into(),
                    last_checked: Some(date(2026, 11, 1)),
                }],
            },
            Block::Note("Not yet reviewed by a clinician.".into()),
        ],
        choices: vec![Choice { topic: TopicId::new("pain.front"), label: "Pain at the front".into() }],
        choices_heading: "Did you mean".into(),
        picture: Some(Picture { name: "side".into(), alt: "A knee from the side".into() }),
        sources: vec![
            Cited {
                title: "Willy 2019, Patellofemoral pain".into(),
                grade: Some(Grade::Strong),
                link: Some("https://doi.example/10.1?a=1&b=2".into()),
                page_seen: true,
            },
            Cited { title: "General knowledge".into(), grade: None, link: None, page_seen: false },
        ],
        sources_heading: "Sources".into(),
        audience: Audience::AskersChoice,
        card: None,
        tip: None,
    }
}

/// An emergency.
pub fn emergency() -> Reply {
    Reply {
        kind: Kind::Safety,
        level: Level::Emergency,
        flags: vec![FlagId::new("rf.chest")],
        topics: vec![],
        title: "This may be an emergency".into(),
        blocks: vec![
            Block::Lead("Call your local emergency number now.".into()),
            Block::Numbers {
                heading: "Emergency numbers".into(),
                numbers: vec![
                    Number { whom: "United States".into(), number: "911".into(), note: String::new() },
                    Number { whom: "Crisis Text Line".into(), number: "text HOME to 741741".into(), note: "Any hour.".into() },
                ],
            },
            Block::Paragraph { heading: String::new(), items: vec![item("You wrote: chest pain.", &[])] },
        ],
        choices: vec![],
        choices_heading: String::new(),
        picture: None,
        sources: vec![],
        sources_heading: String::new(),
        audience: Audience::OnlyAsker,
        card: None,
        tip: None,
    }
}

/// An answer whose every text tries to break out of the form that it is put into.
pub fn hostile() -> Reply {
    let evil = "<script>alert('x')</script> & \"more\"\u{1b}[2J";
    let mut reply = answer();
    reply.title = evil.into();
    reply.blocks = vec![
        Block::Lead(evil.into()),
        Block::Paragraph { heading: evil.into(), items: vec![item(evil, &[0])] },
        Block::Steps { heading: evil.into(), items: vec![item(evil, &[0])] },
        Block::Bullets { heading: evil.into(), items: vec![item(evil, &[0])] },
        Block::Caution { heading: evil.into(), items: vec![item(evil, &[0])] },
        Block::Numbers {
            heading: evil.into(),
            numbers: vec![Number { whom: evil.into(), number: evil.into(), note: evil.into() }],
        },
        Block::Clinics {
            heading: evil.into(),
            clinics: vec![Clinic {
                name: evil.into(),
                phone: evil.into(),
                hours: evil.into(),
                languages: vec![evil.into()],
                link: "javascript:alert(1)".into(),
                last_checked: None,
            }],
        },
        Block::Note(evil.into()),
    ];
    reply.choices = vec![Choice { topic: TopicId::new("\"><script>"), label: evil.into() }];
    reply.choices_heading = evil.into();
    reply.picture = Some(Picture { name: evil.into(), alt: evil.into() });
    reply.sources =
        vec![Cited { title: evil.into(), grade: None, link: Some(format!("https://x.example/{evil}")), page_seen: true }];
    reply.sources_heading = evil.into();
    reply
}
