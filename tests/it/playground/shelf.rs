//! The knowledge shelf: all that the bot knows can be found and read.

use super::*;

#[tokio::test]
async fn everything_that_the_bot_knows_stands_on_it_and_opens() {
    let page = Page::open().await;
    let app = app();
    let knowledge = app.knowledge();
    let index = page.json("/api/shelf").await;
    let ids = |list: &str| {
        let mut ids: Vec<String> =
            index[list].as_array().expect("a list").iter().map(|e| e["id"].as_str().expect("an id").to_owned()).collect();
        ids.sort_unstable();
        ids
    };
    assert_eq!(ids("topics"), knowledge.topics.iter().map(|t| t.id.to_string()).collect::<Vec<_>>());
    assert_eq!(ids("flags"), knowledge.flags.iter().map(|f| f.id.to_string()).collect::<Vec<_>>());
    assert_eq!(ids("tips"), knowledge.tips.iter().map(|t| t.id.to_string()).collect::<Vec<_>>());

    for topic in &knowledge.topics {
        let card = page.json(&format!("/api/shelf/topic/{}", topic.id)).await;
        assert!(html(&card).contains("<h2>"), "{}", topic.id);
        assert!(card["phrases"]["count"].as_u64().is_some_and(|count| count >= topic.asks.len() as u64), "{}", topic.id);
        let sample = card["phrases"]["sample"].as_array().expect("phrases").len();
        assert!((10..=12).contains(&sample), "{}: {sample}", topic.id);
        assert_eq!(card["reviewed_on"], topic.reviewed_on.to_string());
    }
    for flag in &knowledge.flags {
        let opened = page.json(&format!("/api/shelf/flag/{}", flag.id)).await;
        assert_eq!((&opened["level"], &opened["concern"]), (&json!(flag.level.name()), &json!(flag.concern)));
        assert_eq!(opened["says"].as_array().map(Vec::len), Some(flag.says.len()), "{}", flag.id);
        assert_eq!(opened["look_alikes"].as_array().map(Vec::len), Some(flag.look_alikes.len()), "{}", flag.id);
        assert_eq!(opened["rules"].as_array().map(Vec::len), Some(flag.rules.len()), "{}", flag.id);
        assert_eq!(opened["sources"].as_array().map(Vec::len), Some(flag.sources.len()), "{}", flag.id);
    }
    for tip in &knowledge.tips {
        let opened = page.json(&format!("/api/shelf/tip/{}", tip.id)).await;
        assert_eq!((&opened["title"], &opened["category"]), (&json!(tip.title), &json!(tip.category)));
    }
    for missing in ["/api/shelf/topic/pain.nowhere", "/api/shelf/flag/rf.no", "/api/shelf/tip/tip.999", "/api/shelf/book/1"] {
        assert_eq!(page.get(missing).await.status(), StatusCode::NOT_FOUND, "{missing}");
    }
}

#[tokio::test]
async fn a_card_shows_its_sources_with_their_grades() {
    let page = Page::open().await;
    let card = page.json("/api/shelf/topic/pain.outside").await;
    let text = html(&card);
    assert!(
        text.contains("<summary>Sources (") && text.contains("evidence)</small>") && text.contains("https://doi.org/"),
        "{text}"
    );
    let card = page.json("/api/shelf/flag/rf.acute_compartment?region=uk").await;
    assert!(html(&card).contains("tel:999"), "{card}");
}

#[tokio::test]
async fn search_looks_through_all_of_it() {
    let page = Page::open().await;
    let search = async |typed: &str| page.json(&format!("/api/shelf/search?typed={}", typed.replace(' ', "%20"))).await;
    let first = |found: &Value| found["found"][0]["id"].as_str().unwrap_or_default().to_owned();
    assert_eq!(first(&search("outside of the knee").await), "pain.outside");
    let found = search("swollen calf").await;
    assert!(found["found"].as_array().expect("a list").iter().any(|e| e["id"] == "rf.dvt"), "{found}");
    let found = search("sleep").await;
    assert!(found["found"].as_array().expect("a list").iter().any(|e| e["sort"] == "tip"), "{found}");
    assert_eq!(first(&search("tip.001").await), "tip.001");
    // A slip finds what is near, and says so.
    let near = search("ouutside nee").await;
    assert_eq!((&near["near"], near["found"].as_array().is_some_and(|f| !f.is_empty())), (&json!(true), true), "{near}");
    assert_eq!(search("").await["found"], json!([]));
    // What is left out is said.
    let many = search("knee").await;
    assert_eq!((many["found"].as_array().map(Vec::len), &many["more"]), (Some(40), &json!(true)));
    assert_eq!(search("tip.001").await["more"], false);
}
